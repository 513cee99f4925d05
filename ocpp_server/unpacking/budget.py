"""How much may come out of a file before it counts as a bomb, and how long a look may take."""

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PIECE = 65_536
#: What one look may unpack, in bytes, and how many members it may find.
MAX_UNPACKED, MAX_MEMBERS = 1 << 30, 10_000
#: Beyond the first bytes, so many times its packed size is no honest log file: deflate itself ends at 1,032.
MAX_RATIO, RATIO_COUNTS_FROM = 400, 16 << 20


class Refused(ValueError):
    """It is not unpacked; `reason` is a word of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


#: Why something is refused: it unpacks to too much, its index is too large, it is cut off or wrong, it is a link or a
#: device, its name leads elsewhere, it needs a password, it is packed in a way not known here, too deep, or reading it
#: takes too long.
TOO_LARGE, TOO_MANY, DAMAGED, NO_FILE, UNSAFE_NAME = "too_large", "too_many", "damaged", "no_file", "unsafe_name"
LOCKED, UNKNOWN_METHOD, TOO_DEEP, TOO_LONG = "locked", "unknown_method", "too_deep", "too_long"
REASONS = (TOO_LARGE, TOO_MANY, DAMAGED, NO_FILE, UNSAFE_NAME, LOCKED, UNKNOWN_METHOD, TOO_DEEP, TOO_LONG)


@dataclass
class Budget:
    """What is left of one look; `packed` is the size of the whole packed file, `until` when it ends (monotonic)."""

    packed: int
    until: float = math.inf
    unpacked: int = 0
    most: int = MAX_UNPACKED

    def spend(self, size: int) -> None:
        """Raises Refused where it is too much, or too late."""
        self._check_time()
        self.unpacked += size
        is_bomb = self.unpacked > RATIO_COUNTS_FROM and self.unpacked > self.packed * MAX_RATIO
        if self.unpacked > self.most or is_bomb:
            raise Refused(TOO_LARGE)

    def watch(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces, paid for."""
        for piece in pieces:
            self.spend(len(piece))
            yield piece

    def in_time(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces, which were never packed."""
        for piece in pieces:
            self._check_time()
            yield piece

    def _check_time(self) -> None:
        if time.monotonic() > self.until:
            raise Refused(TOO_LONG)
