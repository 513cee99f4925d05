"""An archive in pieces."""

import io
import zipfile
from datetime import UTC, datetime

from ocpp_server import zip_stream

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_an_archive_is_written_piece_by_piece_and_can_be_read() -> None:
    taken: list[int] = []

    def numbers() -> object:
        for number in range(5):
            taken.append(number)
            yield b"%d\n" % number

    pieces = zip_stream.stream([("a.txt", numbers()), ("empty", [])], AT)
    first = next(pieces)
    assert taken == [0], "nothing is made before it is wanted"
    whole = first + b"".join(pieces)
    archive = zipfile.ZipFile(io.BytesIO(whole))
    assert archive.testzip() is None
    assert archive.read("a.txt") == b"0\n1\n2\n3\n4\n"
    assert archive.read("empty") == b""
    assert archive.infolist()[0].date_time == (2026, 11, 22, 12, 0, 0)
