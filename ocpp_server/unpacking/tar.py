"""Tar archives as a stream. Python's own reader takes whole headers into memory, however large they say they are."""

from collections.abc import Iterator
from dataclasses import dataclass

from ocpp_server.unpacking.budget import DAMAGED, MAX_MEMBERS, TOO_MANY, Refused
from ocpp_server.unpacking.streams import Reader

BLOCK = 512
#: Names and extended headers longer than this are damage or malice.
_MAX_HEADER = 65_536
#: No length has more digits than this; Python refuses to read those of some thousands.
_MAX_DIGITS = 20
_FILE, _CONTIGUOUS, _OLD_FILE, _FOLDER = b"0", b"7", b"\0", b"5"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL = b"L", b"K", b"x", b"g"


@dataclass(frozen=True, slots=True)
class Member:
    """One entry. `is_file` is false for links, devices and the like; folders are passed over."""

    number: int
    name: str
    size: int
    is_file: bool


def is_header(block: bytes) -> bool:
    """Whether a block is a member's header: its check sum is right."""
    return len(block) == BLOCK and any(block) and _number(block[148:156]) == _check_sum(block)


def members(reader: Reader) -> Iterator[tuple[Member, Iterator[bytes]]]:
    """The members in order, each with its content, which may be left unread. Raises Refused."""
    number, name, size = 0, "", -1
    while any(block := reader.take(BLOCK)):
        if not is_header(block):
            raise Refused(DAMAGED)
        kind, length = block[156:157], _number(block[124:136])
        if kind in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL):
            name, size = _extended(reader, kind, length, name, size)
            continue
        length = size if size >= 0 else length
        content = reader.stream(length)
        if kind != _FOLDER:
            if number >= MAX_MEMBERS:
                raise Refused(TOO_MANY)
            yield Member(number, name or _name(block), length, kind in (_FILE, _CONTIGUOUS, _OLD_FILE)), content
            number += 1
        for _ in content:
            pass
        reader.skip(-length % BLOCK)
        name, size = "", -1


def _extended(reader: Reader, kind: bytes, length: int, name: str, size: int) -> tuple[str, int]:
    """Name and size of the next member, as far as a header of its own tells them."""
    if length > _MAX_HEADER:
        raise Refused(DAMAGED)
    content = reader.take(length)
    reader.skip(-length % BLOCK)
    if kind == _LONG_NAME:
        return _text(content), size
    if kind == _PAX:
        told = dict(_records(content))
        length_told = told.get("size", "")
        return told.get("path", name), _decimal(length_told) if length_told.isdecimal() else size
    return name, size


def _records(content: bytes) -> Iterator[tuple[str, str]]:
    """The `30 path=name` lines of an extended header."""
    while content:
        digits, _, rest = content.partition(b" ")
        length = _decimal(digits) if digits.isdigit() else 0
        if not len(digits) + 1 < length <= len(content):
            raise Refused(DAMAGED)
        record = rest[: length - len(digits) - 1].rstrip(b"\n")
        key, _, value = record.partition(b"=")
        yield _text(key), _text(value)
        content = content[length:]


def _decimal(digits: str | bytes) -> int:
    if len(digits) > _MAX_DIGITS:
        raise Refused(DAMAGED)
    return int(digits)


def _name(block: bytes) -> str:
    name, prefix = _text(block[:100]), _text(block[345:500])
    return f"{prefix}/{name}" if prefix and block[257:262] == b"ustar" and block[262:263] != b" " else name


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")


def _number(field: bytes) -> int:
    """Octal digits, or for large sizes binary behind a first bit."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") if field[0] == 0x80 else -1
    text = field.strip(b" \0")
    return int(text, 8) if text and all(digit in b"01234567" for digit in text) else 0


def _check_sum(block: bytes) -> int:
    return sum(block[:148]) + 8 * 32 + sum(block[156:])
