"""Finding sessions."""

from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock
from ocpp_server.services.card import id_tags
from ocpp_server.services.session import charging_sessions
from ocpp_server.services.session.charging_sessions import Filter
from tests import charging

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def yard(store):
    """Three sessions: yesterday's, today's, and a running one at another station. By name their ids."""

    def work(unit):
        east = charging.station("EAST", label="East gate")
        west = charging.station("WEST")
        id_tags.add(unit, "ÄB-1", label="Anna's van")
        id_tags.add(unit, "cd-2", label="Bert")
        return {
            "old": charging.session(east, NOON - DAY, 2, id_tag="ÄB-1", energy_wh=9000).id,
            "new": charging.session(east, NOON, 1, id_tag="CD-2", energy_wh=500, flags="estimated").id,
            "running": charging.session(west, NOON + DAY, None, id_tag="x").id,
            "east": east.id,
        }

    return store.write(work)


def found(store, *order, **wanted):
    with store.reading():
        return [session.id for session in charging_sessions.search(Filter(**wanted), *order)]


def test_the_newest_session_comes_first(store, yard):
    assert found(store) == [yard["running"], yard["new"], yard["old"]]


def test_sessions_are_found_by_what_an_operator_knows(store, yard):
    assert found(store, text="b-1") == [yard["old"]]
    assert found(store, text="anna") == [yard["old"]]
    assert found(store, text="bert") == [yard["new"]]
    assert found(store, text="east g") == [yard["new"], yard["old"]]
    assert found(store, text="west") == [yard["running"]]
    assert yard["new"] in found(store, text=str(yard["new"]))
    assert found(store, text="%") == []


@pytest.mark.parametrize("sort", charging_sessions.SORTS)
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("wanted", [{}, {"text": "east"}, {"state": "finished"}, {"state": "running"}])
def test_the_shorter_way_to_the_first_sessions_leads_to_the_same(store, yard, sort, descending, wanted):
    whole = found(store, sort, descending, **wanted)
    with store.reading():
        total = charging_sessions.count(Filter(**wanted))
        query = charging_sessions.search(Filter(**wanted), sort, descending, first=2, total=total)
        assert [session.id for session in query.limit(2)] == whole[:2]
    assert total == len(whole)


def test_sessions_are_narrowed_by_state_station_and_time(store, yard):
    assert found(store, state="running") == [yard["running"]]
    assert found(store, state="finished") == [yard["new"], yard["old"]]
    assert found(store, state="flagged") == [yard["new"]]
    assert found(store, charge_point_id=yard["east"]) == [yard["new"], yard["old"]]
    assert found(store, since=NOON) == [yard["running"], yard["new"]]
    assert found(store, before=NOON) == [yard["old"]]


@pytest.mark.parametrize(
    ("sort", "first"), [("started", "old"), ("station", "old"), ("energy", "running"), ("card", "new")]
)
def test_sessions_are_sorted(store, yard, sort, first):
    assert found(store, sort, False)[0] == yard[first]
    assert found(store, sort, True) == found(store, sort, False)[::-1]


def test_a_running_session_has_lasted_until_now(store, yard):
    clock.use(lambda: NOON + DAY + timedelta(minutes=90))
    try:
        assert found(store, "duration") == [yard["old"], yard["running"], yard["new"]]
    finally:
        clock.use(None)


def test_chunks_hold_every_session_once_and_no_connection_between_them(store):
    def work(unit):
        station = charging.station()
        return [charging.session(station, NOON + timedelta(minutes=number // 3)).id for number in range(10)]

    expected = store.write(work)[::-1]
    ids = []
    for chunk in charging_sessions.in_chunks(store, Filter(), size=4):
        assert store.database.is_closed()
        assert len(chunk) <= 4
        ids += [session.id for session in chunk]
    assert ids == expected


def test_the_stations_to_choose_from_are_those_that_still_exist(store, yard):
    store.write(lambda unit: charging.station("GONE", deleted_at=NOON))
    with store.reading():
        assert [station.identity for station in charging_sessions.stations()] == ["EAST", "WEST"]
