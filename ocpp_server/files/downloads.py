"""A file on its way to a station: read in a native thread, in constant memory, whole or in ranges."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from ocpp_server.files.native import Patience, in_thread

PIECE_BYTES = 262_144
#: A reader that takes no piece within this is cut off, in seconds.
IDLE = 120.0


def response(request: Request, path: Path, *, file_name: str, size: int, sha256: str, at: datetime) -> Response:
    """A file as the answer to a request, or the part or the head of it that is asked for.

    Raises FileNotFoundError, and RequestedRangeNotSatisfiable.
    """
    pieces = Pieces(path)
    answer = Response(pieces, mimetype="application/octet-stream", direct_passthrough=True)
    answer.content_length = size
    answer.last_modified = at
    answer.set_etag(sha256)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file_name, safe='')}"
    answer.headers["Cache-Control"] = "private"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    try:
        return answer.make_conditional(request, accept_ranges=True, complete_length=size)
    except BaseException:
        pieces.close()
        raise


class Pieces:
    """A file as an iterable that can be entered anywhere, as werkzeug's ranges want it."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = in_thread(io.FileIO, str(path))  # type: ignore[assignment]

    def __iter__(self) -> "Pieces":
        return self

    def __next__(self) -> bytes:
        piece = in_thread(self._file.read, PIECE_BYTES)
        if not piece:
            raise StopIteration
        return piece

    def seekable(self) -> bool:
        return True

    def seek(self, position: int) -> None:
        self._file.seek(position)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()


class Watched:
    """Passes pieces on, cuts off a reader that takes none, and tells how many bytes went out.

    `on_progress(sent)` is called now and then, `on_end(sent, is_complete)` once, where anything was asked for.
    """

    def __init__(
        self,
        pieces: Iterator[bytes],
        on_progress: Callable[[int], None],
        on_end: Callable[[int, bool], None],
    ) -> None:
        self._pieces = pieces
        self._on_progress = on_progress
        self._on_end = on_end
        self._patience = Patience(IDLE)
        self.sent = 0
        self._is_complete = False

    def __iter__(self) -> "Watched":
        return self

    def __next__(self) -> bytes:
        self._patience.end()
        self._on_progress(self.sent)
        try:
            piece = next(self._pieces)
        except StopIteration:
            self._is_complete = True
            raise
        self.sent += len(piece)
        self._patience.renew()
        return piece

    def close(self) -> None:
        self._patience.end()
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
        self._on_end(self.sent, self._is_complete)
