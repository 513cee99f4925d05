"""Requests for diagnostics, from the asking to each of their ends."""

from datetime import timedelta
from typing import Any

import pytest

from ocpp_server.frames import CallError
from ocpp_server.jobs.diagnostics import end_silent_diagnostics
from ocpp_server.jobs.file_links import expire_file_links
from ocpp_server.models import ChargePoint, DiagnosticsRequest
from ocpp_server.operations import diagnostics as operation
from ocpp_server.outgoing import Conclusion
from ocpp_server.services import commands
from ocpp_server.services.diagnostics import diagnostics, states
from ocpp_server.services.diagnostics.states import Step, after_answer, after_failure, after_silence, after_word
from ocpp_server.services.errors import Invalid
from ocpp_server.services.file import file_transfers
from ocpp_server.services.file.file_transfers import Peer
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.ocpp_server.conftest import NOON, Clock, Speaker

PEER = Peer("HTTP", "192.0.2.1")


class Asked:
    """CP-1 and what it was asked."""

    def __init__(self, store: Store, settings: Settings, time: Clock, speaker: Speaker) -> None:
        self.store, self.settings, self.time, self.speaker = store, settings, time, speaker

    def ask(self, **fields: Any) -> None:
        def work(unit: Any) -> None:
            point = ChargePoint.get_by_id(self.speaker.station.id)
            diagnostics.ask(unit, self.settings, point, by="Olga", **fields)

        self.store.write(work)

    def taken(self, answer: Any) -> dict[str, Any]:
        """The station answers; the payload of the request."""
        station = self.speaker.station

        def work(unit: Any) -> dict[str, Any]:
            claimed = commands.claim(unit, station.id)
            assert claimed is not None
            if isinstance(answer, CallError):
                commands.refused(unit, claimed, answer)
            elif answer is None:
                commands.timed_out(unit, claimed)
            else:
                commands.answered(unit, claimed, answer)
                operation.answered(Conclusion(unit, station, claimed, answer))
            return claimed.payload

        return self.store.write(work)

    def says(self, *words: str) -> None:
        for word in words:
            assert self.speaker.ask("DiagnosticsStatusNotification", {"status": word}) == {}

    def arrives(self) -> None:
        link = self.row.link_id
        facts = {"file_name": "log.zip", "size": 5, "sha256": "0", "stored_as": "x"}
        self.store.write(lambda unit: file_transfers.begin_upload(unit, self.settings, link, PEER, 5))
        self.store.write(lambda unit: file_transfers.finish_upload(unit, self.settings, link, PEER, **facts))

    def wait(self, **duration: float) -> None:
        self.time.go_on(**duration)
        end_silent_diagnostics(self.store, self.settings)

    @property
    def row(self) -> DiagnosticsRequest:
        with self.store.reading():
            return DiagnosticsRequest.select().order_by(DiagnosticsRequest.id.desc()).get()

    @property
    def state(self) -> tuple[str, str]:
        return self.row.state, self.row.reason


@pytest.fixture
def asked(store: Store, settings: Settings, time: Clock, speaker: Speaker) -> Asked:
    return Asked(store, settings, time, speaker)


def test_the_log_of_a_range_arrives(asked: Asked) -> None:
    asked.ask(start_time=NOON - timedelta(days=1), stop_time=NOON, retries=2, retry_interval=30)
    payload = asked.taken({"fileName": "log.zip"})
    location = payload.pop("location")
    assert "/files/" in location
    assert location.endswith("/")
    assert payload == {
        "startTime": "2026-11-21T12:00:00Z",
        "stopTime": "2026-11-22T12:00:00Z",
        "retries": 2,
        "retryInterval": 30,
    }
    assert (asked.row.state, asked.row.file_name) == ("promised", "log.zip")
    asked.says("Uploading")
    assert asked.state == ("uploading", "")
    asked.arrives()
    assert asked.state == ("arrived", "")
    asked.says("Uploaded", "UploadFailed")
    assert asked.state == ("arrived", ""), "what is here is here, whatever the station says"
    assert asked.row.received_file_id is not None
    assert asked.row.requested_by == "Olga"


def test_a_file_may_overtake_the_answer(asked: Asked) -> None:
    asked.ask()
    asked.arrives()
    asked.taken({"fileName": "log.zip"})
    assert (asked.row.state, asked.row.file_name) == ("arrived", "log.zip")


@pytest.mark.parametrize("words", [(), ("Uploading",)])
def test_no_file_name_means_that_there_is_nothing_unless_a_file_comes(asked: Asked, words: tuple[str, ...]) -> None:
    asked.ask()
    asked.taken({})
    assert asked.state == ("nothing", "")
    asked.says(*words)
    asked.arrives()
    assert asked.state == ("arrived", "")


def test_a_failed_upload_ends_it_and_another_try_of_the_station_counts(asked: Asked) -> None:
    asked.ask()
    asked.taken({"fileName": "x"})
    asked.says("Uploading", "UploadFailed")
    assert asked.state == ("failed", "upload_failed")
    asked.says("Uploading")
    asked.arrives()
    assert asked.state == ("arrived", "")


def test_a_transfer_that_breaks_off_is_on_record_and_goes_on(asked: Asked) -> None:
    asked.ask()
    asked.taken({"fileName": "x"})
    asked.says("Uploading")
    link = asked.row.link_id
    asked.store.write(lambda unit: file_transfers.fail_upload(unit, link, PEER, "The connection broke off."))
    assert (asked.row.state, asked.row.detail) == ("uploading", "The connection broke off.")


def test_uploaded_without_a_file_is_not_believed_for_long(asked: Asked) -> None:
    asked.ask()
    asked.taken({"fileName": "x"})
    asked.says("Uploading", "Uploaded")
    assert asked.state == ("uploaded", "")
    asked.wait(minutes=5)
    assert asked.state == ("failed", "never_arrived")


@pytest.mark.parametrize("words", [(), ("Uploading",)])
def test_silence_ends_it_and_a_late_file_is_welcome(asked: Asked, words: tuple[str, ...]) -> None:
    asked.ask()
    asked.taken({"fileName": "x"})
    asked.says(*words)
    asked.wait(minutes=29)
    assert asked.row.ended_at is None
    asked.wait(minutes=1)
    assert asked.state == ("silent", "no_answer")
    asked.arrives()
    assert asked.state == ("arrived", "")


def test_a_file_on_its_way_is_no_silence(asked: Asked) -> None:
    asked.ask()
    asked.taken({"fileName": "x"})
    asked.says("Uploading")
    link = asked.row.link_id
    asked.time.go_on(minutes=29)
    asked.store.write(lambda unit: file_transfers.progress(unit, link, PEER, 3))
    asked.wait(minutes=29)
    assert asked.state == ("uploading", "")


def test_the_end_of_the_address_is_the_end_of_the_request(asked: Asked, store: Store, settings: Settings) -> None:
    asked.ask()
    asked.taken(None)
    asked.time.go_on(hours=13)
    expire_file_links(store, settings)
    assert asked.state == ("silent", "no_answer")


@pytest.mark.parametrize(
    ("code", "end"), [("NotSupported", ("unsupported", "refused")), ("InternalError", ("failed", "refused"))]
)
def test_a_refusal_keeps_the_stations_words(asked: Asked, code: str, end: tuple[str, str]) -> None:
    asked.ask()
    asked.taken(CallError("1", code, "no log", {}, ""))
    assert asked.state == end
    assert asked.row.detail == f"{code}: no log"


def test_a_station_that_is_away_was_not_asked(asked: Asked, store: Store) -> None:
    asked.ask()
    asked.time.go_on(minutes=2)
    store.write(commands.expire)
    assert asked.state == ("not_sent", "offline")


def test_idle_says_nothing(asked: Asked) -> None:
    asked.ask()
    asked.taken({"fileName": "x"})
    asked.arrives()
    asked.says("Idle")
    assert asked.state == ("arrived", "")


def test_a_word_without_a_request_is_kept(asked: Asked) -> None:
    asked.says("Uploading")
    assert asked.speaker.rows("SELECT kind, word, is_expected FROM station_notice") == [
        ("diagnostics", "Uploading", False)
    ]


def test_what_is_sent_by_hand_to_another_address_is_followed_too(asked: Asked, store: Store) -> None:
    payload = {"location": "ftp://me:secret@files.example/logs", "startTime": "2026-11-21T12:00:00Z"}
    station = asked.speaker.station
    store.write(lambda unit: commands.request(unit, station.id, "GetDiagnostics", payload, by="Olga"))
    asked.taken({"fileName": "x"})
    assert (asked.row.state, asked.row.location) == ("promised", "ftp://me:********@files.example/logs")
    assert asked.row.start_time == NOON - timedelta(days=1)
    asked.says("Uploading", "Uploaded")
    assert asked.state == ("delivered", "")


def test_the_end_of_a_range_comes_after_its_beginning(asked: Asked) -> None:
    with pytest.raises(Invalid):
        asked.ask(start_time=NOON, stop_time=NOON)


def test_the_address_is_no_secret_of_the_record(asked: Asked) -> None:
    asked.ask()
    payload = asked.taken({})
    token = payload["location"].split("/")[4]
    for table in ("command", "frame", "diagnostics_request"):
        rows = asked.speaker.rows(f"SELECT * FROM {table}")
        assert token not in str(rows)


def test_states_in_short() -> None:
    assert after_answer("uploading", "") is None
    assert after_word("cancelled", "Uploading", comes_here=True) is None
    assert after_word("uploaded", "Uploaded", comes_here=True) is None
    assert after_failure("asked", "cancelled", "") == Step("cancelled", "taken_back")
    assert after_failure("asked", "lost", "") is None
    assert after_failure("promised", "error", "NotSupported") is None
    assert [state for state in states.STATES if after_silence(state)] == list(states.OPEN)
