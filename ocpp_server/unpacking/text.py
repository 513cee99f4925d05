"""Log files as lines: a page of them, or those that contain something, in constant memory."""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: Lines are shown up to this many characters; a search ends after so many hits, or when it has seen so many bytes.
LINE_LENGTH, MAX_HITS, MAX_SEARCHED = 2000, 200, 256 << 20
_BLOCK = 1 << 16
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_PLAIN_CONTROLS = set("\t\r\n\f\v\x1b\b")


@dataclass(frozen=True, slots=True)
class Page:
    """Lines with their numbers from 1. `next` is the number of the line to go on with; None at the end."""

    lines: tuple[tuple[int, str], ...]
    next: int | None


def is_text(start: bytes) -> bool:
    """Whether a file that begins like this is worth showing."""
    if any(start.startswith(mark) for mark, _ in _MARKS):
        return True
    if b"\0" in start:
        return False
    text = start.decode("utf-8", "replace")
    odd = sum(letter < " " and letter not in _PLAIN_CONTROLS for letter in text) + text.count(
        "\N{REPLACEMENT CHARACTER}"
    )
    return odd * 10 <= len(text)


def page(pieces: Iterable[bytes], first: int, count: int) -> Page:
    """So many lines from the line `first` on."""
    shown: list[tuple[int, str]] = []
    for number, lines in _blocks(pieces):
        if number + len(lines) <= first:
            continue
        for offset, line in enumerate(lines):
            if number + offset >= first:
                if len(shown) == count:
                    return Page(tuple(shown), number + offset)
                shown.append((number + offset, _shown(line)))
    return Page(tuple(shown), None)


def search(pieces: Iterable[bytes], text: str, first: int = 1) -> Page:
    """The lines from `first` on that contain the text, without regard to case."""
    wanted, seen = text.casefold(), 0
    found: list[tuple[int, str]] = []
    for number, lines in _blocks(pieces):
        if number + len(lines) <= first:
            continue
        seen += sum(map(len, lines))
        if seen > MAX_SEARCHED:
            return Page(tuple(found), max(first, number))
        if wanted not in "\n".join(lines).casefold():
            continue
        for offset, line in enumerate(lines):
            if number + offset >= first and wanted in line.casefold():
                if len(found) == MAX_HITS:
                    return Page(tuple(found), number + offset)
                found.append((number + offset, _shown(line, wanted)))
    return Page(tuple(found), None)


def _blocks(pieces: Iterable[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Whole lines, some at a time, with the number of the first. What is beyond a line's length is dropped."""
    number, rest = 1, ""
    for text in _decoded(pieces):
        *lines, rest = (rest + text).split("\n")
        if lines:
            yield number, lines
            number += len(lines)
        if len(rest) > 2 * _BLOCK:
            rest = rest[:_BLOCK]
    if rest:
        yield number, [rest]


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    decoder: codecs.IncrementalDecoder | None = None
    for piece in pieces:
        if decoder is None:
            name = next((name for mark, name in _MARKS if piece.startswith(mark)), "utf-8")
            decoder = codecs.getincrementaldecoder(name)("replace")
        yield decoder.decode(piece)


def _shown(line: str, wanted: str = "") -> str:
    """The line, or of a long one the part where what is wanted stands."""
    line = line.rstrip("\r")
    if len(line) <= LINE_LENGTH:
        return line
    start = max(0, line.casefold().find(wanted) - 200) if wanted else 0
    part = line[start : start + LINE_LENGTH]
    return f"{'… ' if start else ''}{part}{' …' if start + LINE_LENGTH < len(line) else ''}"
