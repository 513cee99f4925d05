"""What a station sent, looked into: lists, text, search, download, and what is refused."""

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import pytest
from flask import Flask
from flask.testing import FlaskClient
from gevent.monkey import get_original

from ocpp_server import clock
from ocpp_server.files.native import in_thread
from ocpp_server.models import ChargePoint, ReceivedFile
from ocpp_server.services.file import file_limits
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from ocpp_server.unpacking import archives
from ocpp_server.unpacking.archives import Contents
from portal import file_contents
from portal.file_contents import View
from tests.portal.conftest import PARTIAL

LOG = "".join(f"line {number} <ok>\n" for number in range(1, 1201)).encode()
Send = Callable[..., str]


@pytest.fixture
def send(store: Store, settings: Settings, add_station: Callable[..., ChargePoint]) -> Send:
    """CP-1 sent this; the address of its page."""

    def arrive(content: bytes, name: str = "log.txt") -> str:
        station = add_station()
        incoming = file_limits.shelf(settings).begin(1 << 30)
        incoming.write(content)
        stored_as = incoming.keep()
        facts = {"file_name": name, "size": len(content), "sha256": incoming.sha256, "received_at": clock.now()}
        file = store.write(lambda unit: ReceivedFile.create(charge_point=station, stored_as=stored_as, **facts))
        return f"/firmware/received/{file.id}"

    return arrive


def a_zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_text_is_shown_page_by_page_with_line_numbers(operator: FlaskClient, send: Send) -> None:
    address = send(LOG)
    page = operator.get(address).text
    assert '<li value="1" id="line-1">line 1 &lt;ok&gt;</li>' in page
    assert "line 500 " in page
    assert "line 501 " not in page
    assert "Go on at line 501" in page
    last = operator.get(f"{address}?line=1001", headers=PARTIAL).text
    assert "line 1200 " in last
    assert "Go on at line" not in last
    assert "From the beginning" in last


def test_a_search_shows_its_lines_with_the_place_marked(operator: FlaskClient, send: Send) -> None:
    address = send(LOG)
    page = operator.get(f"{address}?q=LINE+119", headers=PARTIAL).text
    assert page.count("<mark>line 119</mark>") == 11
    assert '<li value="1199"' in page
    assert "No line contains “nowhere”." in operator.get(f"{address}?q=nowhere").text
    assert operator.get(f"{address}?q=<ok>", headers=PARTIAL).text.count("<mark>&lt;ok&gt;</mark>") == 200


def test_an_archive_is_listed_and_its_files_are_read(operator: FlaskClient, send: Send) -> None:
    address = send(a_zip(**{"ocpp.log": LOG, "old.gz": gzip.compress(b"old\n"), "../x": b"x"}), "log.zip")
    page = operator.get(address).text
    assert f'href="{address}?in=0">ocpp.log</a>' in page
    assert "Its name leads to another folder" in page
    assert "line 7 " in operator.get(f"{address}?in=0&line=7").text
    assert '<li value="1" id="line-1">old</li>' in operator.get(f"{address}?in=1").text
    assert "Its name leads to another folder" in operator.get(f"{address}?in=2").text
    assert operator.get(f"{address}/part?in=0").data == LOG
    assert operator.get(f"{address}/part").status_code == 404


def test_a_packed_text_is_shown_at_once(operator: FlaskClient, send: Send) -> None:
    assert "line 3 " in operator.get(send(gzip.compress(LOG), "ocpp.log.gz")).text


def test_a_part_is_downloaded_under_a_name_of_its_own(operator: FlaskClient, send: Send) -> None:
    answer = operator.get(send(a_zip(log=LOG), "größe.zip") + "/part?in=0")
    assert answer.data == LOG
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe.zip-0"
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_a_part_that_cannot_be_opened_is_refused_with_the_reason(operator: FlaskClient, send: Send) -> None:
    address = send(a_zip(**{"../log": LOG}), "log.zip")
    answer = operator.get(f"{address}/part?in=0")
    assert answer.status_code == 422
    assert "Its name leads to another folder" in answer.text
    assert "Download this part" not in operator.get(f"{address}?in=0").text


def test_a_part_that_turns_out_damaged_is_broken_off(operator: FlaskClient, send: Send) -> None:
    answer = operator.get(send(gzip.compress(os.urandom(200_000))[:100_000]) + "/part?in=0")
    assert answer.status_code == 200
    with pytest.raises(OSError, match="damaged"):
        _ = answer.data


def test_a_look_that_takes_too_long_is_given_up(
    operator: FlaskClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_contents, "_LONGEST", -1)
    address = send(a_zip(log=LOG), "log.zip")
    page = operator.get(f"{address}?in=0").text
    assert "It takes too long to read here" in page
    assert "Download this part" in page
    assert operator.get(f"{address}/part?in=0").data == LOG


def test_a_look_keeps_no_connection_to_the_database(
    operator: FlaskClient, send: Send, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    free: list[bool] = []

    def look(*args: Any) -> View:
        free.append(store.database.is_closed())
        return View(())

    monkeypatch.setattr(file_contents, "look", look)
    assert "This is no text" in operator.get(send(LOG)).text
    assert free == [True]


def test_looks_that_take_long_hold_up_no_files_on_their_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = get_original("threading", "Event")()

    def look_into(*args: Any, **more: Any) -> Contents:
        assert gate.wait(20)
        return Contents("zip")

    monkeypatch.setattr(archives, "look_into", look_into)
    looks = [gevent.spawn(file_contents.look, tmp_path, (), "log", 1, "") for _ in range(4)]
    gevent.sleep(0)
    with gevent.Timeout(5):
        assert in_thread(len, LOG) == len(LOG)
    gate.set()
    assert [look.get() for look in looks] == [View((), contents=Contents("zip"))] * 4


def test_the_whole_file_is_a_click_away(operator: FlaskClient, send: Send) -> None:
    address = send(LOG)
    assert f'href="{address}/file"' in operator.get(address).text


def test_what_is_no_text_or_damaged_is_said_to_be(operator: FlaskClient, send: Send) -> None:
    assert "This is no text" in operator.get(send(b"\x7fELF\0\0\0")).text


def test_a_damaged_archive_is_said_to_be(operator: FlaskClient, send: Send) -> None:
    assert "It is damaged" in operator.get(send(gzip.compress(LOG)[:200])).text


def test_a_file_that_is_gone_is_no_error(operator: FlaskClient, send: Send, app: Flask, settings: Settings) -> None:
    address = send(LOG)
    for path in settings.files_folder.rglob("*"):
        if path.is_file():
            path.unlink()
    assert "The file is no longer kept" in operator.get(address).text
    assert operator.get(f"{address}/part?in=0").status_code == 404


@pytest.mark.parametrize("members", ["x", "1.2.3", "-1", "0.", "99999999"])
def test_a_strange_place_is_not_found(operator: FlaskClient, send: Send, members: str) -> None:
    assert operator.get(send(LOG), query_string={"in": members}).status_code == 404


def test_a_place_that_is_not_there_is_said_to_be(operator: FlaskClient, send: Send) -> None:
    assert operator.get(send(a_zip(log=LOG)), query_string={"in": "5"}).status_code == 200


def test_logs_may_hold_secrets_so_viewers_do_not_read_them(viewer: FlaskClient, send: Send) -> None:
    address = send(LOG)
    assert viewer.get(address).status_code == 403
    assert viewer.get(f"{address}/part?in=0").status_code == 403
