"""Who means harm at the addresses of files gets a clear refusal, and nothing is left of the attempt."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

import gevent
import pytest
from gevent.event import Event

from ocpp_server import leftovers
from ocpp_server.files import bodies, downloads
from ocpp_server.models import AuditEntry, FileLink, FirmwareImage, ReceivedFile
from ocpp_server.services.file import file_links, file_transfers
from ocpp_server.settings import Settings
from ocpp_server.shelf import Shelf
from tests.wire.transfers import Files, ask, begin, chunks, finish, path_of
from tests.wire.yard import Yard, eventually

LIMIT = 100_000
FORM = "Content-Type: multipart/form-data; boundary=xyz"
PART = b"--xyz\r\nContent-Disposition: form-data; name=a"
CLIMBING = ["../../../etc/passwd", "..\\..\\boot.ini", "a/../../b", "/..", "..", " .. /x"]
ODD = {
    "/etc/passwd": "passwd",
    "C:\\Windows\\win.ini": "win.ini",
    "CON": "_CON",
    "nul.log": "_nul.log",
    "LPT1.txt": "_LPT1.txt",
    ".htaccess": "_.htaccess",
    "evil\u202etxt.exe": "evil_txt.exe",
    "logs. . ": "logs",
    "x" * 5000 + ".log": "x" * 179 + "…" + "x" * 16 + ".log",
    "%2e%2e": "%2e%2e",
    "<script>alert(1)</script>": "script>",
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, received_max_size=LIMIT, received_per_station=2 * LIMIT, received_total=3 * LIMIT)


@pytest.fixture
def files(yard: Yard, quiet: None) -> Iterator[Files]:
    files = Files(yard, yard.row(FileLink.charge_point.rel_model).id)
    file_transfers.strangers.clear()
    yield files
    known = len(yard.rows(ReceivedFile)) + len(yard.rows(FirmwareImage))
    assert len(files.on_disk()) == known, "something was left behind"
    assert yard.connect().boot()["status"] == "Accepted"


def put(files: Files, target: str, body: bytes = b"log") -> tuple[int, str]:
    answer, text = ask(files.yard.port, "PUT", target, body=body)
    return answer.status, text.decode()


@pytest.mark.parametrize("name", CLIMBING)
def test_a_name_that_climbs_is_refused(files: Files, name: str) -> None:
    offer = files.expect()
    status, text = put(files, path_of(offer) + quote(name))
    assert (status, text) == (400, "The file's name is a path that climbs out of its folder.\n")
    assert files.events(offer) == ["refused"]


def test_a_path_that_climbs_unencoded_is_refused(files: Files) -> None:
    assert put(files, path_of(files.expect()) + "../../../etc/passwd")[0] == 400
    assert put(files, "/files/../../etc/passwd")[0] == 404


@pytest.mark.parametrize("name", ["a\0.log", "a\r\nSet-Cookie: x=1", "a\x1b[2J"])
def test_a_name_with_control_characters_is_refused(files: Files, name: str) -> None:
    assert put(files, path_of(files.expect()) + quote(name)) == (400, "The file's name holds a control character.\n")


@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_is_made_safe(files: Files, name: str) -> None:
    assert put(files, path_of(files.expect()) + quote(name))[0] == 201
    assert files.yard.row(ReceivedFile).file_name == ODD[name]


def test_a_name_that_is_no_utf8_is_made_safe(files: Files) -> None:
    assert put(files, path_of(files.expect()) + "%ff%fe.log")[0] == 201
    assert files.yard.row(ReceivedFile).file_name == "\ufffd\ufffd.log"


def test_a_climbing_name_in_a_form_is_refused(files: Files) -> None:
    form = b'--xyz\r\nContent-Disposition: form-data; name=f; filename="../../x"\r\n\r\nlog\r\n--xyz--\r\n'
    headers = ["Content-Type: multipart/form-data; boundary=xyz"]
    answer, _ = ask(files.yard.port, "POST", path_of(files.expect()), headers, form)
    assert answer.status == 400


@pytest.mark.parametrize(
    "form", [b"", b"no form", b"--xyz--\r\n", b"--xyz\r\n\r\nno name", b"--xyz\r\n" + b"A" * 90_000]
)
def test_a_broken_form_is_refused(files: Files, form: bytes) -> None:
    headers = ["Content-Type: multipart/form-data; boundary=xyz", f"Content-Length: {len(form)}"]
    with begin(files.yard.port, "POST", path_of(files.expect()), headers) as sock:
        sock.sendall(form)
        assert finish(sock)[0].status == 400


@pytest.mark.parametrize(
    ("start", "status"),
    [(b"no boundary", 400), (b"--xyz\r\nX: ", 400), (PART + b"\r\n\r\n", 413), (PART + b"; filename=f\r\n\r\n", 413)],
    ids=["preamble", "header", "field", "file"],
)
def test_a_form_without_end_is_refused_wherever_it_has_none(
    files: Files, start: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "PIECE_BYTES", 16_384)
    offer = files.expect()
    with begin(files.yard.port, "POST", path_of(offer), [FORM, "Transfer-Encoding: chunked"]) as sock:

        def flood() -> None:
            with suppress(OSError):
                sock.sendall(chunks([start] + [b"A" * 65_536] * 40))

        sender = gevent.spawn(flood)
        assert finish(sock)[0].status == status
        sender.kill()
    assert files.events(offer) == ["began", "failed"]


def test_a_form_that_goes_on_for_too_long_is_refused(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LONGEST", 0)
    with begin(files.yard.port, "POST", path_of(files.expect()), [FORM, "Transfer-Encoding: chunked"]) as sock:
        sock.sendall(chunks([PART + b"\r\n\r\n", b"x" * 150_000, b""]))
        answer, body = finish(sock)
    assert (answer.status, body) == (408, b"The transfer took too long.\n")


def test_what_follows_the_file_of_a_form_is_not_waited_for(files: Files) -> None:
    offer = files.expect()
    with begin(files.yard.port, "POST", path_of(offer), [FORM, "Transfer-Encoding: chunked"]) as sock:
        sock.sendall(chunks([PART + b"; filename=f\r\n\r\n", b"x" * 90_000, b"\r\n--xyz--\r\n", b"x" * 60_000]))
        assert finish(sock)[0].status == 201
        sock.sendall(chunks([b""]))


def test_a_file_that_is_announced_too_large_is_refused_before_it_comes(files: Files) -> None:
    offer = files.expect()
    with begin(files.yard.port, "PUT", path_of(offer) + "a.log", [f"Content-Length: {LIMIT + 1}"]) as sock:
        answer, body = finish(sock)
    assert (answer.status, body) == (413, b"A file has 100,000 bytes at most here.\n")
    assert files.events(offer) == ["refused"]


def test_a_body_without_end_is_refused_and_cut_off(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "MAX_BYTES", 300_000)
    offer = files.expect()
    with begin(files.yard.port, "PUT", path_of(offer) + "a.log", ["Transfer-Encoding: chunked"]) as sock:
        cut_off = Event()

        def endless() -> None:
            with suppress(OSError):
                while True:
                    sock.sendall(chunks([b"x" * 10_000]))
            cut_off.set()

        gevent.spawn(endless)
        answer, body = finish(sock)
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert body == b"The file has more than the 100000 bytes that may come now.\n"
        assert cut_off.wait(timeout=10)
    assert files.events(offer) == ["began", "failed"]


def test_a_body_that_nobody_wants_is_not_read_for_ever(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "PATIENCE", 0.05)
    with begin(files.yard.port, "PUT", "/files/nothing/a.log", ["Content-Length: 1000000000"]) as sock:
        sock.sendall(b"x")
        assert finish(sock)[0].status == 404
        assert sock.recv(10) == b""


def test_a_connection_whose_body_was_refused_serves_no_second_request(files: Files) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    answer, _ = ask(files.yard.port, "PUT", "/files/nothing/a.log", body=smuggled)
    assert (answer.status, answer.headers["connection"]) == (404, "close")


def test_a_sender_that_stalls_is_cut_off(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "IDLE", 0.05)
    offer = files.expect()
    with begin(files.yard.port, "PUT", path_of(offer) + "a.log", ["Content-Length: 1000"]) as sock:
        sock.sendall(b"x")
        answer, body = finish(sock)
    assert (answer.status, body) == (408, b"Nothing came for too long.\n")
    assert files.yard.row(FileLink).reason == "Nothing came for too long."


def test_a_reader_that_takes_nothing_is_cut_off(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "IDLE", 0.05)
    offer = files.offer(b"x" * 30_000_000)
    with begin(files.yard.port, "GET", path_of(offer)):
        eventually(lambda: files.events(offer) == ["failed"])


def test_a_wrong_token_finds_nothing(files: Files) -> None:
    for target in ("/files/", "/files/x", "/files/%00/x", "/files/" + "x" * 5000, "/files/é/é"):
        assert put(files, target)[0] in (400, 404)
    entry = files.yard.row(AuditEntry)
    assert (entry.action, entry.address) == ("firmware.file.refused", "127.0.0.1")
    assert "There is nothing at this address." in entry.detail


def test_an_expired_link_is_refused(files: Files) -> None:
    offer = files.expect(minutes=-1)
    assert put(files, path_of(offer)) == (410, "This address has expired. Ask again from the portal.\n")
    files.yard.store.write(file_links.expire)
    assert put(files, path_of(offer))[0] == 410
    assert files.events(offer) == ["refused", "refused"]


def test_a_closed_link_is_refused(files: Files) -> None:
    offer = files.expect()
    files.yard.store.write(lambda unit: file_links.close(unit, offer.link_id))
    assert put(files, path_of(offer)) == (410, "This address is closed.\n")


def test_a_second_use_is_refused(files: Files) -> None:
    offer = files.expect()
    assert put(files, path_of(offer) + "a.log")[0] == 201
    status, text = put(files, path_of(offer) + "b.log")
    assert (status, text) == (409, "A file was received at this address already. It takes only one.\n")
    assert files.events(offer) == ["began", "received", "refused"]


def test_two_at_once_on_one_link_are_one_file(files: Files) -> None:
    offer = files.expect()
    with begin(files.yard.port, "PUT", path_of(offer) + "a.log", ["Content-Length: 6"]) as first:
        first.sendall(b"fir")
        eventually(lambda: files.events(offer) == ["began"])
        answer, _ = ask(files.yard.port, "PUT", path_of(offer) + "b.log", body=b"second")
        assert (answer.status, answer.headers["retry-after"]) == (409, "60")
        first.sendall(b"st!")
        assert finish(first)[0].status == 201
    assert files.on_disk() == [b"first!"]


def test_a_link_serves_one_purpose_only(files: Files) -> None:
    answer, text = ask(files.yard.port, "GET", path_of(files.expect()))
    assert (answer.status, text) == (405, b"Files are only sent to this address.\n")
    assert ask(files.yard.port, "DELETE", path_of(files.expect()))[0].status == 405


def test_the_room_of_a_station_ends(files: Files) -> None:
    for _ in range(2):
        assert put(files, path_of(files.expect()), b"x" * LIMIT)[0] == 201
    status, text = put(files, path_of(files.expect()), b"x")
    assert (status, text.partition(".")[0]) == (
        413,
        "The files kept of this station take all the room they may",
    )


def test_a_hammered_link_keeps_a_bounded_record(files: Files) -> None:
    offer = files.expect(minutes=-1)
    for _ in range(130):
        put(files, path_of(offer))
    assert files.events(offer) == ["refused"] * 100


def test_a_fault_of_ours_leaves_the_link_to_be_tried_again(
    files: Files, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    offer = files.expect()

    def fail(shelf: Shelf, limit: int) -> None:
        raise OSError("the disk is broken")

    with monkeypatch.context() as broken:
        broken.setattr(Shelf, "begin", fail)
        assert put(files, path_of(offer))[0] == 500
    assert files.yard.row(FileLink).reason == "Chargeyard failed to take the file; its log says more."
    assert put(files, path_of(offer))[0] == 201
    caplog.clear()
    assert "the disk is broken" in capfd.readouterr().err


def test_a_request_without_any_length_is_refused(files: Files) -> None:
    with begin(files.yard.port, "PUT", path_of(files.expect()) + "a.log") as sock:
        assert finish(sock)[0].status == 411


def test_an_empty_file_is_refused(files: Files) -> None:
    with begin(files.yard.port, "PUT", path_of(files.expect()) + "a.log", ["Content-Length: 0"]) as sock:
        assert finish(sock)[1] == b"The file is empty.\n"


def test_chunks_that_are_none_are_refused(files: Files) -> None:
    with begin(files.yard.port, "PUT", path_of(files.expect()) + "a.log", ["Transfer-Encoding: chunked"]) as sock:
        sock.sendall(b"zz\r\nhello\r\n")
        assert finish(sock)[0].status == 400


def test_who_resets_the_connection_harms_nothing(files: Files) -> None:
    offer = files.expect()
    sock = begin(files.yard.port, "PUT", path_of(offer) + "a.log", ["Content-Length: 50000"])
    sock.sendall(b"x" * 1000)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
    eventually(lambda: files.events(offer)[-1:] == ["failed"])
