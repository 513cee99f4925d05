"""Firmware that stations fetch and files that they send, by HTTP, as they are meant to."""

import gzip
import http.client
import os
import socket

import pytest

from ocpp_server.models import FileLink, ReceivedFile
from ocpp_server.services.file import file_links
from ocpp_server.shelf import Shelf
from tests.fake_charge_point import FakeChargePoint
from tests.wire.transfers import Files, ask, begin, chunks, finish, path_of, sha256
from tests.wire.yard import Yard, eventually

IMAGE = os.urandom(700_000)
LOG = b"2026-11-22 all is well\n" * 10_000


@pytest.fixture
def files(yard: Yard, charge_point: FakeChargePoint) -> Files:
    return Files(yard, yard.row(FileLink.charge_point.rel_model).id)


# -- firmware ----------------------------------------------------------------------------------------------------


def test_a_station_fetches_its_firmware_at_the_address_that_it_connected_to(files: Files) -> None:
    offer = files.offer(IMAGE)
    assert offer.location.startswith(f"http://127.0.0.1:{files.yard.port}/files/")
    assert offer.location.endswith("/fw_1.2.bin")
    answer, body = ask(files.yard.port, "GET", path_of(offer))
    assert (answer.status, body) == (200, IMAGE)
    assert answer.headers["content-length"] == str(len(IMAGE))
    assert answer.headers["accept-ranges"] == "bytes"
    assert "set-cookie" not in answer.headers
    eventually(lambda: files.events(offer) == ["fetched"])
    link = files.yard.row(FileLink)
    assert (link.uses, link.transferred, link.protocol) == (1, len(IMAGE), "HTTP")


def test_head_tells_the_size_and_counts_as_no_use(files: Files) -> None:
    offer = files.offer(IMAGE)
    answer, _ = ask(files.yard.port, "HEAD", path_of(offer))
    assert (answer.status, answer.headers["content-length"]) == (200, str(len(IMAGE)))
    assert files.yard.row(FileLink).uses == 0


def test_a_broken_off_download_is_resumed_where_it_ended(files: Files) -> None:
    offer = files.offer(IMAGE)
    answer, body = ask(files.yard.port, "GET", path_of(offer), ["Range: bytes=0-299999"])
    assert (answer.status, body) == (206, IMAGE[:300_000])
    answer, body = ask(files.yard.port, "GET", path_of(offer), ["Range: bytes=300000-"])
    assert (answer.status, body) == (206, IMAGE[300_000:])
    assert answer.headers["content-range"] == f"bytes 300000-{len(IMAGE) - 1}/{len(IMAGE)}"
    eventually(lambda: files.events(offer) == ["fetched"])


def test_a_range_behind_the_end_is_refused_with_the_size(files: Files) -> None:
    answer, body = ask(files.yard.port, "GET", path_of(files.offer(IMAGE)), ["Range: bytes=700000-"])
    assert (answer.status, body) == (416, b"The file has 700000 bytes.\n")


def test_a_reader_that_leaves_in_the_middle_is_on_record_and_may_come_back(files: Files) -> None:
    offer = files.offer(os.urandom(20_000_000))
    sock = begin(files.yard.port, "GET", path_of(offer))
    sock.recv(1000)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
    eventually(lambda: files.events(offer) == ["failed"])
    assert ask(files.yard.port, "HEAD", path_of(offer))[0].status == 200


# -- what stations send ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_station_appends_its_own_name_to_the_address(files: Files, method: str) -> None:
    offer = files.expect()
    target = path_of(offer) + "diag%202026-11-22T10:00:00Z.log"
    answer, body = ask(files.yard.port, method, target, body=LOG)
    name = "diag 2026-11-22T10:00:00Z.log"
    assert answer.status == 201
    assert body.decode() == f"Received {name}: {len(LOG)} bytes, SHA-256 {sha256(LOG)}.\n"
    received = files.yard.row(ReceivedFile)
    assert (received.file_name, received.size, received.sha256) == (name, len(LOG), sha256(LOG))
    assert (received.link_id, received.protocol) == (offer.link_id, "HTTP")
    assert files.on_disk() == [LOG]
    assert files.events(offer) == ["began", "received"]
    assert files.yard.row(FileLink).state == "done"


def test_a_body_in_chunks_is_taken(files: Files) -> None:
    with begin(files.yard.port, "PUT", path_of(files.expect()) + "a.log", ["Transfer-Encoding: chunked"]) as sock:
        for start in range(0, len(LOG), 7000):
            sock.sendall(chunks([LOG[start : start + 7000]]))
        sock.sendall(chunks([b""]))
        assert finish(sock)[0].status == 201
    assert files.on_disk() == [LOG]


def test_a_station_that_waits_to_be_told_is_told_to_go_on(files: Files) -> None:
    headers = [f"Content-Length: {len(LOG)}", "Expect: 100-continue"]
    with begin(files.yard.port, "PUT", path_of(files.expect()) + "a.log", headers) as sock:
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(LOG)
        assert finish(sock)[0].status == 201


def test_the_first_file_of_a_form_is_taken_with_its_name(files: Files) -> None:
    form = (
        b"--xyz\r\nContent-Disposition: form-data; name=station\r\n\r\nCP-1\r\n"
        b'--xyz\r\nContent-Disposition: form-data; name=file; filename="diag.zip"\r\n'
        b"Content-Type: application/zip\r\n\r\n" + LOG + b"\r\n--xyz--\r\n"
    )
    offer = files.expect()
    headers = ["Content-Type: multipart/form-data; boundary=xyz"]
    assert ask(files.yard.port, "POST", path_of(offer).rstrip("/"), headers, form)[0].status == 201
    assert files.yard.row(ReceivedFile).file_name == "diag.zip"
    assert files.on_disk() == [LOG]


def test_a_raw_body_at_the_address_itself_is_taken(files: Files) -> None:
    headers = ['Content-Disposition: attachment; filename="log.txt"']
    assert ask(files.yard.port, "POST", path_of(files.expect()), headers, LOG)[0].status == 201
    assert files.yard.row(ReceivedFile).file_name == "log.txt"


def test_a_file_that_breaks_off_leaves_nothing_and_may_be_sent_again(files: Files) -> None:
    offer = files.expect()
    with begin(files.yard.port, "PUT", path_of(offer) + "a.log", ["Content-Length: 1000"]) as sock:
        sock.sendall(b"half")
    eventually(lambda: files.events(offer) == ["began", "failed"])
    assert files.yard.row(FileLink).state == "waiting"
    assert files.on_disk() == []
    assert ask(files.yard.port, "PUT", path_of(offer) + "a.log", body=LOG)[0].status == 201


def test_a_file_that_takes_most_of_the_room_on_the_disk_is_kept(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def room(shelf: Shelf) -> int:
        return len(LOG) + 1000 - sum(path.stat().st_size for path in shelf.folder.rglob("*") if path.is_file())

    monkeypatch.setattr(Shelf, "room", room)
    offer = files.expect()
    assert ask(files.yard.port, "PUT", path_of(offer) + "a.log", body=LOG)[0].status == 201
    assert ask(files.yard.port, "PUT", path_of(files.expect()) + "b.log", body=LOG)[0].status == 507
    assert files.on_disk() == [LOG]


def test_listeners_hear_what_became_of_each_transfer(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple] = []
    listen = lambda transfer: heard.append((transfer.link_id, transfer.outcome, transfer.received_file_id))  # noqa: E731
    monkeypatch.setattr(file_links, "_listeners", [listen])
    offer = files.expect()
    ask(files.yard.port, "PUT", path_of(offer), body=LOG)
    assert heard == [(offer.link_id, "received", files.yard.row(ReceivedFile).id)]
    download = files.offer(IMAGE)
    ask(files.yard.port, "GET", path_of(download))
    eventually(lambda: heard[1:] == [(download.link_id, "fetched", None)])


def test_a_damaged_part_of_a_file_breaks_off_instead_of_ending(files: Files, cookie: str, quiet: None) -> None:
    packed = gzip.compress(os.urandom(300_000))[:200_000]
    assert ask(files.yard.port, "PUT", path_of(files.expect()) + "a.log.gz", body=packed)[0].status == 201
    connection = http.client.HTTPConnection("127.0.0.1", files.yard.port, timeout=10)
    address = f"/firmware/received/{files.yard.row(ReceivedFile).id}/part?in=0"
    connection.request("GET", address, headers={"Cookie": cookie})
    answer = connection.getresponse()
    assert answer.status == 200
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    connection.close()
