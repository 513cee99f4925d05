"""Finding sessions."""

from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock
from ocpp_server.services.card import id_tags
from ocpp_server.services.session import session_search
from ocpp_server.services.session.session_search import FEW, Filter, Found
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


def found(store, sort="started", descending=True, **wanted):
    with store.reading():
        return Found(Filter(**wanted)).ids(sort, descending, 100, 0)


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


@pytest.fixture
def history(store):
    """A dozen sessions at three stations, alike in many ways; three of them run."""

    def work(unit):
        stations = [charging.station(identity) for identity in ("b-2", "A-1", "C-3")]
        for number in range(12):
            begin, hours = NOON + DAY * (number % 5), None if number % 4 == 3 else number % 3 + 1
            facts = {"id_tag": ("x", "X", "y")[number % 3], "energy_wh": 1000 * (number % 4)}
            flags = "estimated" if number % 5 else ""
            charging.session(stations[number % 2 or number % 3], begin, hours, flags=flags, **facts)

    store.write(work)


@pytest.mark.parametrize("sort", session_search.SORTS)
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"text": "a"},
        {"text": "x"},
        {"state": "finished"},
        {"state": "running"},
        {"state": "flagged"},
        {"charge_point_id": 2},
        {"since": NOON + DAY},
        {"before": NOON + 3 * DAY, "text": "1", "state": "finished"},
    ],
)
def test_every_page_of_many_sessions_is_that_of_few(store, history, monkeypatch, sort, descending, wanted):
    whole = found(store, sort, descending, **wanted)
    assert whole
    monkeypatch.setattr(session_search, "FEW", 0)
    with store.reading():
        many = Found(Filter(**wanted))
        assert many.total == len(whole)
        pages = [many.ids(sort, descending, 5, offset) for offset in (0, 5, 10)]
    assert pages == [whole[:5], whole[5:10], whole[10:]]


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


@pytest.mark.parametrize("few", [FEW, 0])
def test_chunks_hold_every_session_once_and_no_connection_between_them(store, monkeypatch, few):
    def work(unit):
        station = charging.station()
        return [charging.session(station, NOON + timedelta(minutes=number // 3)).id for number in range(10)]

    monkeypatch.setattr(session_search, "FEW", few)
    expected = store.write(work)[::-1]
    ids = []
    for chunk in session_search.in_chunks(store, Filter(text="card"), size=4):
        assert store.database.is_closed()
        assert len(chunk) <= 4
        ids += [session.id for session in chunk]
    assert ids == expected
