"""How many messages a station may send: enough for any honest one, not enough to fill the disk.

A station that was offline delivers what it kept as fast as it is answered, thousands of messages in a row, and must
not be hindered. A faulty or hostile one never stops. So each station has an allowance that refills slowly: while most
of it is left nothing happens, then the station is slowed (nothing more is read from its socket for a moment), and
when all is spent it is cut off. It keeps its place when it connects anew: an honest station then goes on delivering,
at the pace of the refill, and nothing is lost, because stations keep what was not acknowledged.
"""

#: Messages in a row: three days of two connectors that report each minute, and their answers are written meanwhile.
BURST = 10_000
#: Messages a second that may go on for ever: two connectors that report each second, and as much again.
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

    def take(self, now: float) -> float:
        """Count a message; the seconds to wait before the next is read. Raises Flooded."""
        if self._since is not None:
            self._left = min(float(BURST), self._left + (now - self._since) * SUSTAINED)
        self._since = now
        if self._left < 1:
            raise Flooded(f"{BURST:,} messages and more, faster than {SUSTAINED:g} a second for a long time")
        self._left -= 1
        return PAUSE if self._left < SLOW_BELOW else 0.0
