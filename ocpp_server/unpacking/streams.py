"""Bytes piece by piece: out of a file, out of gzip, and as something to read exact numbers of bytes from."""

import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ocpp_server.unpacking.budget import DAMAGED, PIECE, Refused

GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """A file from its beginning."""
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What gzip packed, also several streams behind one another. Raises Refused where it is cut off or wrong."""
    unpacker = zlib.decompressobj(_GZIP)
    has_begun = False
    for piece in pieces:
        while piece:
            if unpacker.eof:
                if not piece.startswith(GZIP_MAGIC[:1]):
                    # Padding behind the last stream, as tapes have it.
                    return
                unpacker = zlib.decompressobj(_GZIP)
            has_begun = True
            if out := _unpack(unpacker, piece):
                yield out
            piece = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        while not unpacker.eof and (out := _unpack(unpacker, b"")):
            yield out
    if has_begun and not unpacker.eof:
        raise Refused(DAMAGED)


def _unpack(unpacker: "zlib._Decompress", piece: bytes) -> bytes:
    try:
        return unpacker.decompress(piece, PIECE)
    except zlib.error as error:
        raise Refused(DAMAGED) from error


class Reader:
    """Exact numbers of bytes out of pieces, never more than a piece of them in memory."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def take(self, size: int) -> bytes:
        """So many bytes, or nothing where the pieces are at their end. For small numbers."""
        self._rest = self._rest or next(self._pieces, b"")
        return b"".join(self.stream(size)) if self._rest else b""

    def stream(self, size: int) -> Iterator[bytes]:
        """The next so many bytes in pieces. Raises Refused where there are fewer."""
        while size > 0:
            piece = self._rest or next(self._pieces, b"")
            if not piece:
                raise Refused(DAMAGED)
            part, self._rest = piece[:size], piece[size:]
            size -= len(part)
            yield part

    def skip(self, size: int) -> None:
        for _ in self.stream(size):
            pass
