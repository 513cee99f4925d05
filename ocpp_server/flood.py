"""How many messages a station may send without waiting for its answers.

A station has one CALL open at a time (J 4.1.1), and one that waits is slowed by our own answers: it may send as
fast as it likes. One that does not wait could fill the disk and keep everyone busy. So what arrives before the
message in front of it was answered is counted against an allowance that refills slowly: while most of it is left
nothing happens, then the station is slowed (nothing more is read from its socket for a moment), and when all is
spent it is cut off. It keeps its place when it connects anew.
"""

#: Messages that need not wait: a station that was offline may deliver three days of meter values at once.
BURST = 10_000
#: Characters of an ordinary message; a larger one counts as so many of these.
ORDINARY = 4096
#: Messages a second that may go on for ever.
SUSTAINED = 5.0
#: What is left when a station begins to be slowed.
SLOW_BELOW = 5_000
#: Seconds that a slowed station waits before its next message is read: at most twenty a second.
PAUSE = 0.05


class Flooded(Exception):
    """A station has spent its allowance; the text says what it did, in plain words."""


class Allowance:
    """What one station may still send: a token bucket. Times in seconds of any steady clock."""

    __slots__ = ("_left", "_since")

    def __init__(self) -> None:
        self._left = float(BURST)
        self._since: float | None = None

    @property
    def left(self) -> float:
        return self._left

    def take(self, now: float, size: int = 0) -> float:
        """Count a message of so many characters; the seconds to wait before the next is read. Raises Flooded."""
        if self._since is not None:
            self._left = min(float(BURST), self._left + (now - self._since) * SUSTAINED)
        self._since = now
        if self._left < 1:
            raise Flooded(f"{BURST:,} messages and more without waiting for answers")
        self._left -= 1 + size // ORDINARY
        return PAUSE if self._left < SLOW_BELOW else 0.0
