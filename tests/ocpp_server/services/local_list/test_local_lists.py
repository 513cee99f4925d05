"""When a list is brought in step: who waits, who is left alone, and what a conflict does."""

import json

import pytest

from ocpp_server import dispatch, frames
from ocpp_server.jobs import local_lists as job
from ocpp_server.models import Command
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.local_list import local_lists
from tests.ocpp_server.services.local_list.keeper import add_cards, ask_by_hand, asked, change, shape


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
