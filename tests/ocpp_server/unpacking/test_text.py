"""Log files as lines."""

import pytest

from ocpp_server.unpacking import text
from ocpp_server.unpacking.text import Page


def pieces(content: bytes, size: int = 7) -> list[bytes]:
    return [content[first : first + size] for first in range(0, len(content), size)]


LINES = "".join(f"line {number}\n" for number in range(1, 101)).encode()


def test_pages_follow_each_other_to_the_end() -> None:
    first = text.page(pieces(LINES), 1, 40)
    assert (first.lines[0], first.lines[-1], first.next) == ((1, "line 1"), (40, "line 40"), 41)
    last = text.page(pieces(LINES), 81, 40)
    assert (last.lines[0], last.lines[-1], last.next) == ((81, "line 81"), (100, "line 100"), None)
    assert text.page(pieces(LINES), 500, 40) == Page((), None)


def test_a_last_line_without_an_end_and_windows_ends_are_shown() -> None:
    assert text.page([b"a\r\nb"], 1, 9).lines == ((1, "a"), (2, "b"))
    assert text.page([], 1, 9) == Page((), None)


def test_a_search_finds_lines_without_regard_to_case() -> None:
    found = text.search(pieces(b"ok\nError: x\nok\nERROR: y\n"), "error")
    assert found == Page(((2, "Error: x"), (4, "ERROR: y")), None)
    assert text.search(pieces("Straße\n".encode()), "STRASSE").lines == ((1, "Straße"),)


def test_a_search_goes_on_where_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_HITS", 30)
    first = text.search(pieces(LINES), "line")
    assert (len(first.lines), first.next) == (30, 31)
    assert first.next is not None
    assert text.search(pieces(LINES), "line", first.next).lines[0] == (31, "line 31")


def test_a_search_that_has_seen_enough_pauses_and_gets_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_SEARCHED", 300)
    place: int | None = 1
    hits, steps = [], 0
    while place is not None:
        found = text.search(pieces(LINES, 50), "99", place)
        hits += found.lines
        assert found.next is None or found.next > place
        place, steps = found.next, steps + 1
    assert (hits, steps > 1) == ([(99, "line 99")], True)


def test_other_encodings_and_broken_bytes_are_readable() -> None:
    assert text.page(pieces("größe\nx\n".encode("utf-16"), 3), 1, 9).lines == ((1, "größe"), (2, "x"))
    assert text.page(pieces(b"\xef\xbb\xbfa\n"), 1, 9).lines == ((1, "a"),)
    assert text.page([b"a\xffb\n"], 1, 9).lines == ((1, "a\N{REPLACEMENT CHARACTER}b"),)


def test_an_endless_line_is_cut_and_does_not_fill_the_memory() -> None:
    endless = (b"x" * 65_536 for _ in range(200))
    ((number, line),) = text.page(endless, 1, 9).lines
    assert (number, len(line)) == (1, text.LINE_LENGTH + 2)


def test_of_a_long_line_the_place_of_the_hit_is_shown() -> None:
    ((_, line),) = text.search([b"a" * 5000 + b"needle" + b"b" * 5000], "needle").lines
    assert "needle" in line
    assert line.startswith("… ")
    assert line.endswith(" …")


@pytest.mark.parametrize(
    ("start", "is_text"),
    [
        (b"", True),
        (b"2026 ok\n", True),
        ("größe".encode(), True),
        ("x".encode("utf-16"), True),
        (b"\x7fELF\0\0", False),
        (bytes(range(1, 32)), False),
        (b"\xff\xfe\xfd" * 9 + b"a", True),
    ],
)
def test_text_is_told_from_other_things(start: bytes, is_text: bool) -> None:
    assert text.is_text(start) is is_text
