"""CSV that is safe to open, and comes back as it was."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from portal import spreadsheets


@pytest.mark.parametrize("text", ["=1+1", "+49", "-5", "@x", "\tx", "plain", "'quoted", "", "a=b"])
def test_a_cell_runs_no_formula_and_can_be_read_back(text):
    cell = spreadsheets.text_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t"))
    assert spreadsheets.plain_text(cell) == text


def test_a_time_names_its_offset():
    noon = datetime(2026, 7, 1, 12, 0, 0, 999, tzinfo=UTC)
    assert spreadsheets.time_cell(noon, ZoneInfo("Europe/Berlin")) == "2026-07-01T14:00:00+02:00"
    assert spreadsheets.time_cell(None, UTC) == ""


def test_the_file_begins_with_a_mark_and_comes_in_chunks():
    chunks = list(spreadsheets.encode(["a", "b"], [[["1", 'x,"y"']], [["2", "Ä"]]]))
    assert chunks == [b"\xef\xbb\xbfa,b\r\n", b'1,"x,""y"""\r\n', "2,Ä\r\n".encode()]
