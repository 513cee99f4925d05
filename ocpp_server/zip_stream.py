"""A zip archive that is written while it is read: nothing of it is ever in memory or on the disk as a whole."""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any


class _Sink:
    """Takes what zipfile writes; without seek and tell it writes sizes behind the members, as streams need."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        data, self._parts = b"".join(self._parts), []
        return data


def stream(members: Iterable[tuple[str, Iterable[bytes]]], at: datetime) -> Iterator[bytes]:
    """The archive of these named contents, in pieces; one for each piece of content."""
    sink: Any = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in members:
            info = zipfile.ZipInfo(name, at.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
                    yield sink.take()
            yield sink.take()
    yield sink.take()
