"""A station's local list is brought in step with the cards, whatever the station answers."""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ocpp_server import clock, dispatch, frames, outgoing, stations
from ocpp_server.frames import CallError, CallResult
from ocpp_server.jobs import local_lists as job
from ocpp_server.models import Command, IdTag, LocalList, LocalListEntry
from ocpp_server.services import commands
from ocpp_server.services.card import id_tag_import, id_tags
from ocpp_server.services.card.id_tag_import import Line
from ocpp_server.services.configuration import configuration
from ocpp_server.services.errors import Invalid
from ocpp_server.services.local_list import local_lists
from ocpp_server.services.local_list import steps as local_list_steps
from ocpp_server.services.station import charge_points
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.local_lists import HeldList
from tests.ocpp_server.conftest import Clock

Reply = dict[str, Any] | str | None


class Keeper:
    """A connected station that keeps a list; `refuse` are its next answers to SendLocalList in place of its own."""

    def __init__(self, store: Store, settings: Settings, identity: str = "CP-1", **limits: int) -> None:
        self.store, self.settings = store, settings
        self.station = stations.of(store.write(lambda unit: charge_points.add(unit, identity)))
        self.id = self.station.id
        self.held = HeldList(**limits)
        self.refuse: list[Reply] = []
        self.is_deaf = False
        self.connect()
        for key, value in zip(("SendLocalListMaxLength", "LocalAuthListMaxLength"), limits.values(), strict=False):
            self.report(key, value)

    def report(self, key: str, value: object) -> None:
        item = {"key": key, "value": str(value), "readonly": True}
        self.store.write(lambda unit: configuration.report(unit, self.id, item, clock.now()))

    def connect(self) -> None:
        self.station.begin_connection(lambda: None, lambda reason: None)

    def session(self) -> Any:
        return SimpleNamespace(station=self.station, connected_at=clock.now() - timedelta(minutes=1))

    def keep(self, keeps: str = "all", *groups: str) -> None:
        self.store.write(lambda unit: local_lists.keep(unit, self.id, keeps, groups))

    def serve(self) -> list[dict[str, Any]]:
        """Answer everything that waits; the updates that came."""
        before = len(self.held.messages)
        while (claimed := self.store.write(lambda unit: commands.claim(unit, self.id))) is not None:
            self.answer(claimed)
        return self.held.messages[before:]

    def answer(self, claimed: commands.Claimed) -> None:
        reply: Reply = self.held.answer(claimed.action, claimed.payload) if not self.refuse else self.refuse.pop(0)
        if reply is None:
            self.store.write(lambda unit: commands.lost(unit, claimed))
            return
        if isinstance(reply, str):
            error = CallError(claimed.message_id, reply, "no", {}, "[]")
            self.store.write(lambda unit: outgoing.conclude(unit, self.station, claimed, error))
            return
        result = CallResult(claimed.message_id, reply, json.dumps([3, claimed.message_id, reply]))
        self.store.write(lambda unit: outgoing.conclude(unit, self.station, claimed, result))

    @property
    def row(self) -> LocalList:
        with self.store.reading():
            return LocalList.get(LocalList.charge_point == self.id)

    def noted(self) -> dict[str, str]:
        """What Chargeyard believes that the station holds, by tag in small letters."""
        with self.store.reading():
            rows = list(LocalListEntry.select().where(LocalListEntry.charge_point_id == self.id))
        return {row.id_tag.lower(): row.status for row in rows}


@pytest.fixture
def keeper(store: Store, settings: Settings, time: Clock) -> Callable[..., Keeper]:
    return lambda *arguments, **more: Keeper(store, settings, *arguments, **more)


@pytest.fixture
def tick(store: Store, settings: Settings, time: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list]:
    """Some time goes by and the job runs; the updates that a station was sent and answered."""

    def run(keeper: Keeper, online: bool = True, **more: bool) -> list[dict[str, Any]]:
        time.go_on(seconds=20)
        monkeypatch.setattr(job.sessions, "get", lambda number: keeper.session() if online else None)
        chosen = Settings(**{**vars(settings), **more})
        job.keep_local_lists(store, chosen)
        return keeper.serve() if online else []

    return run


def add_cards(store: Store, *tags: str, **fields: Any) -> None:
    def work(unit: Any) -> None:
        for tag in tags:
            id_tags.add(unit, tag, **fields)

    store.write(work)


def change(store: Store, tag: str, **fields: Any) -> None:
    store.write(lambda unit: id_tags.update(unit, id_tags.find(tag).id, **fields))


def shape(messages: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Kind and tags of each update; a removal has a minus."""
    return [
        (
            message["updateType"],
            [("" if "idTagInfo" in item else "-") + item["idTag"] for item in message["localAuthorizationList"]],
        )
        for message in messages
    ]


def test_a_list_goes_out_whole_then_in_parts_with_rising_versions(store, keeper, tick):
    add_cards(store, "E", "d", "C", "b", "A")
    station = keeper(per_message=2)
    station.keep()
    messages = tick(station)
    assert shape(messages) == [("Full", ["A", "b"]), ("Differential", ["C", "d"]), ("Differential", ["E"])]
    assert [message["listVersion"] for message in messages] == [1, 2, 3]
    assert station.row.state == "in_step"
    assert (station.row.version, station.row.entries, station.row.wanted) == (3, 5, 5)
    assert station.noted().keys() == station.held.entries.keys()
    assert tick(station) == []


def test_only_valid_cards_are_in_it_with_group_and_expiry(store, keeper, tick, cards):
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    assert station.held.entries == {
        "good": {"status": "Accepted", "parentIdTag": "Fleet", "expiryDate": "2026-12-22T12:00:00Z"},
        "mate": {"status": "Accepted", "parentIdTag": "Fleet"},
        "plain": {"status": "Accepted"},
    }


def test_a_station_keeps_the_cards_of_its_groups(store, keeper, tick, cards):
    station = keeper(per_message=100)
    station.keep("groups", "FLEET")
    tick(station)
    assert set(station.held.entries) == {"good", "mate"}
    change(store, "PLAIN", parent_id_tag="fleet")
    change(store, "Mate", parent_id_tag=None)
    assert shape(tick(station)) == [("Differential", ["-MATE", "PLAIN"])]
    station.keep("groups", "nobody")
    assert shape(tick(station)) == [("Full", [])]


def test_each_change_of_a_card_is_one_small_update(store, keeper, tick):
    add_cards(store, "A", "B")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    change(store, "A", status="blocked")
    assert shape(tick(station)) == [("Differential", ["-A"])]
    change(store, "A", status="accepted")
    assert shape(tick(station)) == [("Differential", ["A"])]
    store.write(lambda unit: id_tags.delete(unit, id_tags.find("A").id))
    assert shape(tick(station)) == [("Differential", ["-A"])]
    change(store, "B", label="only for people")
    assert tick(station) == []
    change(store, "B", id_tag="C")
    assert shape(tick(station)) == [("Differential", ["-B", "C"])]
    assert set(station.held.entries) == {"c"}


def test_a_card_whose_time_passes_leaves_the_list(store, keeper, tick, time):
    add_cards(store, "A")
    add_cards(store, "B", expiry_date=time.now + timedelta(minutes=5))
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    assert set(station.held.entries) == {"a", "b"}
    time.go_on(minutes=5)
    assert shape(tick(station)) == [("Differential", ["-B"])]
    assert tick(station) == []


def test_many_changes_at_once_go_out_in_parts(store, keeper, tick):
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    lines = [Line(number, {"id_tag": f"T{number:04}"}) for number in range(450)]
    store.write(lambda unit: id_tag_import.apply(unit, lines))
    messages = tick(station)
    assert [len(message["localAuthorizationList"]) for message in messages] == [100, 100, 100, 100, 50]
    assert len(station.held.entries) == 450
    assert station.noted().keys() == station.held.entries.keys()


def test_a_blocked_card_leaves_before_the_rest_of_a_long_list_is_sent(store, keeper, tick):
    add_cards(store, "A", "B", "C", "D")
    station = keeper(per_message=1)
    station.keep()
    original = station.held.answer

    def block_meanwhile(action: str, payload: dict[str, Any]) -> Any:
        if payload.get("listVersion") == 2:
            change(store, "A", status="blocked")
            change(store, "D", status="blocked")
        return original(action, payload)

    station.held.answer = block_meanwhile
    assert [tags for _, tags in shape(tick(station))] == [["A"], ["B"], ["-A"], ["C"]]
    assert station.noted().keys() == station.held.entries.keys() == {"b", "c"}


def test_a_blocked_card_leaves_before_many_new_ones_come(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=2)
    station.keep()
    tick(station)
    add_cards(store, *(f"T{number}" for number in range(5)))
    change(store, "A", status="blocked")
    assert shape(tick(station))[0] == ("Differential", ["-A"])
    assert len(station.held.entries) == 5


def test_after_very_many_changes_the_whole_list_is_sent(store, keeper, tick, monkeypatch):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    monkeypatch.setattr(local_list_steps, "_MANY", 2)
    add_cards(store, "B", "C", "D")
    assert shape(tick(station)) == [("Full", ["A", "B", "C", "D"])]
    assert tick(station) == []


def test_cards_beyond_the_stations_room_are_left_out_the_newest_first(store, keeper, tick):
    add_cards(store, "E", "D", "C", "B", "A")
    station = keeper(per_message=2, total=3)
    station.keep()
    tick(station)
    assert set(station.held.entries) == {"e", "d", "c"}
    assert (station.row.wanted, station.row.left_out) == (3, 2)
    change(store, "D", status="blocked")
    assert shape(tick(station)) == [("Differential", ["-D", "B"])]
    change(store, "D", status="accepted")
    assert shape(tick(station)) == [("Differential", ["-B", "D"])]
    assert tick(station) == []


def test_a_list_never_overflows_while_it_changes(store, keeper, tick):
    add_cards(store, *(f"A{number}" for number in range(6)))
    add_cards(store, *(f"B{number}" for number in range(6)))
    station = keeper(per_message=2, total=6)
    station.keep()
    tick(station)

    def block(unit: Any) -> None:
        for number in range(6):
            id_tags.update(unit, id_tags.find(f"A{number}").id, status="blocked")

    store.write(block)
    tick(station)
    assert set(station.held.entries) == {f"b{number}" for number in range(6)}
    assert station.row.refusals == 0


@pytest.mark.parametrize("answer", ["VersionMismatch", "Failed"])
def test_a_refused_change_leads_to_the_whole_list(store, keeper, tick, answer):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    add_cards(store, "B")
    station.refuse = [{"status": answer}]
    assert shape(tick(station)) == [("Full", ["A", "B"])]
    assert station.row.state == "in_step"
    assert station.row.version == station.held.version


def test_a_refused_whole_list_is_shown_and_not_repeated_until_a_boot_or_a_day(store, keeper, tick, time):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    station.refuse = [{"listVersion": 4}, {"status": "Failed"}]
    assert tick(station) == []
    assert (station.row.state, station.row.reason, station.row.version) == ("refused", "Failed", 4)
    assert tick(station) == []
    station.station.note_boot(clock.to_ms(clock.now()), "1", "1")
    station.refuse = [{"listVersion": 4}, {"status": "Failed"}]
    tick(station)
    assert station.refuse == []
    time.go_on(hours=25)
    assert shape(tick(station)) == [("Full", ["A"])]
    assert (station.row.state, station.row.reason) == ("in_step", "")


def test_two_refusals_in_a_row_end_the_attempt(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    add_cards(store, "B")
    station.refuse = [{"status": "VersionMismatch"}, {"listVersion": 1}, {"status": "VersionMismatch"}]
    assert tick(station) == []
    assert (station.row.state, station.row.reason) == ("refused", "VersionMismatch")


@pytest.mark.parametrize("answers", [[{"listVersion": -1}], ["NotSupported"], [{"listVersion": 0}, "NotImplemented"]])
def test_a_station_without_a_list_is_not_asked_again(keeper, tick, answers):
    station = keeper(per_message=100)
    station.keep()
    station.refuse = list(answers)
    assert tick(station) == []
    assert (station.row.state, station.row.version) == ("unsupported", 0)
    assert tick(station) == []
    station.station.note_boot(clock.to_ms(clock.now()), "2", "1")
    assert shape(tick(station)) == [("Full", [])]


def test_not_supported_keeps_the_version(store, keeper, tick):
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    add_cards(store, "A")
    station.refuse = [{"status": "NotSupported"}]
    tick(station)
    assert (station.row.state, station.row.version) == ("unsupported", 1)


def test_a_station_that_cannot_tell_its_version_still_gets_its_list(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    station.refuse = ["InternalError"]
    assert tick(station) == []
    assert shape(tick(station)) == [("Full", ["A"])]
    assert tick(station) == []


@pytest.mark.parametrize("arrived", [True, False])
def test_after_a_lost_answer_the_version_tells_whether_the_update_arrived(store, keeper, tick, arrived):
    add_cards(store, "A", "B", "C")
    station = keeper(per_message=1)
    station.keep()
    original = station.held.answer

    def once(action: str, payload: dict[str, Any]) -> Any:
        if payload.get("listVersion") != 2:
            return original(action, payload)
        station.held.answer = original
        if arrived:
            original(action, payload)
        return None

    station.held.answer = once
    tick(station)
    assert station.row.state == "behind"
    left = [("Differential", ["C"])] if arrived else [("Differential", ["B"]), ("Differential", ["C"])]
    assert shape(tick(station)) == left
    assert set(station.held.entries) == {"a", "b", "c"}
    assert station.noted().keys() == station.held.entries.keys()


def test_a_station_that_forgot_its_list_gets_all_of_it_after_its_boot(store, keeper, tick, time):
    add_cards(store, "A", "B")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    station.held.version, station.held.entries = 0, {}
    assert tick(station) == []
    station.station.note_boot(clock.to_ms(clock.now()), "1", "1")
    assert shape(tick(station)) == [("Full", ["A", "B"])]
    station.held.version = 77
    time.go_on(seconds=1)
    station.station.note_boot(clock.to_ms(clock.now()), "1", "1")
    assert shape(tick(station)) == [("Full", ["A", "B"])]
    assert station.row.version == 78


def test_lost_connections_make_messages_shorter_and_end_in_a_refusal(store, keeper, tick):
    add_cards(store, *(f"T{number:03}" for number in range(64)))
    station = keeper(per_message=64)
    station.keep()
    station.held.answer = lambda action, payload: (
        {"listVersion": 0} if action == "GetLocalListVersion" else sizes.append(len(payload["localAuthorizationList"]))
    )
    sizes: list[int] = []
    for _ in range(12):
        tick(station)
    assert sizes == [64, 64, 32, 16, 8, 4, 2, 1]
    assert (station.row.state, station.row.reason) == ("refused", "lost")


def test_an_offline_station_waits_and_is_brought_in_step_when_it_returns(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    change(store, "A", status="blocked")
    tick(station, online=False)
    assert station.row.state == "behind"
    assert shape(tick(station)) == [("Differential", ["-A"])]


def test_a_change_that_does_not_concern_a_station_leaves_it_in_step(store, keeper, tick, cards):
    station = keeper(per_message=100)
    station.keep("groups", "Fleet")
    tick(station)
    add_cards(store, "OTHER")
    tick(station, online=False)
    assert station.row.state == "in_step"


def test_only_some_whole_lists_are_under_way_at_a_time(store, keeper, tick, monkeypatch):
    monkeypatch.setattr(job, "_WHOLE_AT_ONCE", 1)
    one, other = keeper(), keeper("CP-2")
    sessions = {station.id: station.session() for station in (one, other)}
    one.keep()
    other.keep()
    monkeypatch.setattr(job.sessions, "get", sessions.get)
    job.keep_local_lists(store, one.settings)
    job.keep_local_lists(store, one.settings)
    assert (one.row.state, other.row.state) == ("sending", "behind")
    one.serve()
    job.keep_local_lists(store, one.settings)
    assert (one.row.state, other.row.state) == ("in_step", "sending")


def test_switches_silence_it_but_not_what_an_operator_asks_for(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    assert tick(station, spontaneous_calls=False) == []
    station.station.spontaneous_calls = False
    assert tick(station) == []
    store.write(lambda unit: local_lists.sync(unit, station.id, by="Anna"))
    assert shape(station.serve()) == [("Full", ["A"])]
    with store.reading():
        assert {command.requested_by for command in Command.select()} == {"Anna"}
    add_cards(store, "B")
    assert tick(station) == []


def test_what_is_asked_for_waits_for_a_station_that_is_away(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    station.station.end_connection()
    store.write(lambda unit: local_lists.sync(unit, station.id, by="Anna"))
    assert station.row.state == "behind"
    station.connect()
    assert shape(tick(station, spontaneous_calls=False)) == [("Full", ["A"])]


def test_without_a_choice_there_is_nothing_to_bring_in_step(store, keeper):
    station = keeper()
    with pytest.raises(Invalid):
        store.write(lambda unit: local_lists.sync(unit, station.id, by="Anna"))


@pytest.mark.parametrize(("keeps", "groups"), [("some", ()), ("groups", ()), ("groups", ("x" * 21,))])
def test_a_choice_that_cannot_be_is_refused(store, keeper, keeps, groups):
    station = keeper()
    with pytest.raises(Invalid):
        station.keep(keeps, *groups)


def test_another_choice_while_a_list_goes_out_starts_anew(store, keeper, tick, cards):
    station = keeper(per_message=100)
    station.keep()
    store.write(lambda unit: local_lists.sync(unit, station.id, by="Anna"))
    first = store.write(lambda unit: commands.claim(unit, station.id))
    station.answer(first)
    second = store.write(lambda unit: commands.claim(unit, station.id))
    assert second.action == "SendLocalList"
    station.keep("groups", "Fleet")
    station.answer(second)
    assert shape(tick(station)) == [("Full", ["Good", "MATE"])]


def test_a_conflict_leads_to_the_whole_list_once_an_hour(store, keeper, tick, time):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    for _ in range(2):
        store.write(lambda unit: local_lists.conflict(unit, station.id))
        sent = tick(station)
    assert sent == []
    assert [message["updateType"] for message in station.held.messages] == ["Full", "Full"]
    time.go_on(hours=1)
    store.write(lambda unit: local_lists.conflict(unit, station.id))
    assert len(tick(station)) == 1


def test_a_conflict_while_an_update_is_under_way_is_followed_by_the_whole_list(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    add_cards(store, "B")
    store.write(lambda unit: local_lists.sync(unit, station.id, by="Anna"))
    store.write(lambda unit: local_lists.conflict(unit, station.id))
    assert station.row.conflict_at is not None
    assert shape(station.serve()) == [("Differential", ["B"]), ("Full", ["A", "B"])]
    assert station.row.state == "in_step"


def test_a_station_tells_of_its_conflict_by_a_status(store, settings, keeper, tick):
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    payload = {"connectorId": 0, "status": "Available", "errorCode": "LocalListConflict"}
    call = frames.parse(json.dumps([2, "1", "StatusNotification", payload]))
    store.write(lambda unit: dispatch.answer(unit, station.station, settings, call))
    assert station.row.state == "behind"


def test_updates_are_kept_as_long_as_the_message_log(store, settings, keeper, tick, time):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    ask_by_hand(store, station, {"listVersion": 5, "updateType": "Differential"})
    time.go_on(days=29)
    job.forget_updates(store, settings)
    assert len(asked(store)) == 3
    time.go_on(days=2)
    job.forget_updates(store, settings)
    assert asked(store) == [("Chargeyard", "GetLocalListVersion"), ("Anna", "SendLocalList")]


def asked(store: Store) -> list[tuple[str, str]]:
    with store.reading():
        return [(command.requested_by, command.action) for command in Command.select().order_by(Command.id)]


def ask_by_hand(store: Store, station: Keeper, payload: dict[str, Any]) -> None:
    store.write(lambda unit: commands.request(unit, station.id, "SendLocalList", payload, by="Anna"))
    station.serve()


def test_what_is_sent_by_hand_is_known_and_put_right(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    odd = {"idTag": "ODD", "idTagInfo": {"status": "Blocked"}}
    ask_by_hand(store, station, {"listVersion": 5, "updateType": "Full", "localAuthorizationList": [odd]})
    assert station.noted() == {"odd": "Blocked"}
    assert (station.row.keeps, station.row.version) == ("none", 5)
    station.keep()
    assert [message["listVersion"] for message in tick(station)] == [6]
    ask_by_hand(store, station, {"listVersion": 9, "updateType": "Differential", "localAuthorizationList": [odd]})
    assert shape(tick(station)) == [("Differential", ["-ODD"])]
    assert station.row.version == 10


@pytest.mark.parametrize(("held", "follows"), [(1, []), (40, [("Full", ["A"])])])
def test_what_is_refused_by_hand_has_the_version_checked(store, keeper, tick, held, follows):
    """The operator named an old version, or the station has another list than we think."""
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    assert station.held.version == 1
    station.held.version = held
    ask_by_hand(store, station, {"listVersion": 1, "updateType": "Differential"})
    assert station.row.state == "behind"
    assert shape(tick(station)) == follows
    assert station.row.state == "in_step"
    ask_by_hand(store, station, {"listVersion": 11, "updateType": "Full"})
    assert station.noted() == {}
    assert shape(tick(station)) == [("Full", ["A"])]


def test_a_version_by_hand_that_no_station_could_mean_does_no_harm(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    ask_by_hand(store, station, {"listVersion": 2**70, "updateType": "Full"})
    (message,) = tick(station)
    assert (message["updateType"], message["listVersion"]) == ("Full", 1)


def test_a_station_that_tells_nonsense_is_refused(keeper, tick):
    station = keeper(per_message=100)
    station.keep()
    station.refuse = [{"listVersion": "many"}]
    tick(station)
    assert (station.row.state, station.row.reason) == ("refused", "no version")


def test_the_whole_list_sent_by_hand_is_not_sent_again(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    data = [{"idTag": "A", "idTagInfo": {"status": "Accepted"}}]
    ask_by_hand(store, station, {"listVersion": 5, "updateType": "Full", "localAuthorizationList": data})
    assert tick(station) == []
    assert station.row.state == "in_step"


def test_the_last_version_there_is_is_followed_by_a_whole_list_with_the_first(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.held.version = 2**31 - 1
    station.keep()
    (message,) = tick(station)
    assert (message["updateType"], message["listVersion"]) == ("Full", 1)


def test_a_request_that_ended_unheard_is_asked_about(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    store.write(lambda unit: local_lists.sync(unit, station.id, by="Anna"))
    store.write(lambda unit: Command.delete().execute())
    assert shape(tick(station)) == [("Full", ["A"])]


def test_a_request_that_is_taken_back_stops_it(store, keeper, tick):
    station = keeper(per_message=100)
    station.keep()
    store.write(lambda unit: local_lists.sync(unit, station.id, by="Anna"))
    store.write(lambda unit: commands.cancel(unit, station.row.command_id))
    assert (station.row.state, station.row.reason) == ("refused", "cancelled")


class Moody:
    """A station that answers as it pleases: it may lose an update, or its answer, or refuse."""

    def __init__(self, chance: random.Random, held: HeldList) -> None:
        self.chance, self.held, self.original = chance, held, held.answer
        self.is_moody = True

    def answer(self, action: str, payload: dict[str, Any]) -> Any:
        mood = self.chance.random() if self.is_moody else 1
        if mood < 0.1:
            return None
        if mood < 0.25:
            self.original(action, payload)
            return None
        if mood < 0.4 and action == "SendLocalList":
            return {"status": self.chance.choice(["Failed", "VersionMismatch"])}
        if mood < 0.45:
            # It loses its memory, which takes a restart.
            self.held.version, self.held.entries = 0, {}
            return None
        return self.original(action, payload)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_list_ends_as_it_should_be(store, keeper, tick, seed):
    chance = random.Random(seed)
    station = keeper(per_message=2, total=6)
    moody = Moody(chance, station.held)
    station.held.answer = moody.answer
    station.keep()
    for _ in range(40):
        happen(store, station, chance)
        if chance.random() < 0.5:
            tick(station)
    moody.is_moody = False
    for _ in range(2):
        # What was refused is tried again after a boot.
        station.station.note_boot(clock.to_ms(clock.now()), "1", "1")
        tick(station)
    with store.reading():
        cards = [card for card in IdTag.select().order_by(IdTag.id) if card.status == "accepted"]
    keeps_all = station.row.keeps == "all"
    wanted = [card.id_tag.lower() for card in cards if keeps_all or card.parent_id_tag][:6]
    assert station.row.state == "in_step"
    assert station.held.entries.keys() == set(wanted)
    assert station.noted().keys() == station.held.entries.keys()
    assert station.row.entries == len(wanted)


def happen(store: Store, station: Keeper, chance: random.Random) -> None:
    """Something happens to a card or to the list."""
    tag = f"T{chance.randrange(12):02}"

    def work(unit: Any) -> None:
        card, what = id_tags.find(tag), chance.random()
        if what < 0.05:
            local_lists.conflict(unit, station.id)
        elif what < 0.1:
            local_lists.keep(unit, station.id, *chance.choice([("all",), ("groups", ["Fleet"])]))
        elif what < 0.15:
            local_lists.sync(unit, station.id, by="Anna", whole=chance.random() < 0.5)
        elif card is None:
            id_tags.add(unit, tag, parent_id_tag=chance.choice([None, "Fleet"]))
        elif what < 0.3:
            id_tags.delete(unit, card.id)
        else:
            id_tags.update(unit, card.id, status=chance.choice(["accepted", "blocked"]))

    store.write(work)
