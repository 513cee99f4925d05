"""The Sessions pages."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock
from ocpp_server.models import Frame, Transaction
from ocpp_server.services.card import id_tags
from tests import charging, queries

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def operator(client, log_in):
    log_in(client, "operator")
    client.set_cookie("tz", "Europe/Berlin")
    return client


@pytest.fixture
def session(store):
    """A finished session of Anna's card, with two readings."""

    def work(unit):
        id_tags.add(unit, "04A1", label="Anna")
        station = charging.station("CP-1", label="Gate")
        session = charging.session(
            station,
            NOON,
            2,
            id_tag="04a1",
            stop_id_tag="04B2",
            stop_reason="EVDisconnected",
            meter_stop=15000,
            energy_wh=14000,
            flags="clock_unset something_new",
            start_reported_at=NOON - timedelta(hours=5),
        )
        samples = [{"value": "8000"}, {"value": "7.2", "unit": "kW", "measurand": "Power.Active.Import", "phase": "L1"}]
        charging.reading(session, NOON, samples, energy_wh=8000, power_w=7200)
        charging.reading(session, NOON + timedelta(hours=1), [], energy_wh=9000, power_w=6800)
        return session

    return store.write(work)


def rows(answer):
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_an_empty_list_says_what_to_do_next(operator):
    page = operator.get("/sessions").text
    assert "No sessions yet" in page
    assert "No session fits" in operator.get("/sessions?q=x").text


def test_the_list_shows_who_charged_what_where_and_when(operator, session):
    page = operator.get("/sessions").text
    for text in ("22 Nov 2026 13:00", "Gate", "connector 1", "Anna", "04a1", "2 h 00 min", "14.00 kWh", "2 remarks"):
        assert text in page


def test_a_running_session_shows_its_power(operator, store):
    store.write(lambda unit: charging.session(charging.station(), clock.now(), None, power_w=7400))
    page = operator.get("/sessions?state=running").text
    assert "Running" in page
    assert "7.4 kW" in page


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("q=anna", True),
        ("q=gate", True),
        ("q=nobody", False),
        ("state=running", False),
        ("state=flagged", True),
        ("station=4711", False),
        ("from=2026-11-22&to=2026-11-22", True),
        ("to=2026-11-21", False),
        ("from=2026-11-23", False),
        ("from=nonsense&to=0001-01-01", True),
        ("sort=-energy&page=99", True),
    ],
)
def test_search_filters_and_page_are_in_the_address_and_shape_the_export(operator, session, address, found):
    assert (f'id="session-{session.id}"' in operator.get(f"/sessions?{address}").text) is found
    assert len(rows(operator.get(f"/sessions.csv?{address}"))) == found


def test_a_day_begins_at_the_viewers_midnight(operator, store):
    store.write(lambda unit: charging.session(charging.station(), datetime(2026, 11, 21, 23, 30, tzinfo=UTC)))
    assert len(rows(operator.get("/sessions.csv?from=2026-11-22&to=2026-11-22"))) == 1
    assert rows(operator.get("/sessions.csv?to=2026-11-21")) == []


def test_a_fragment_is_the_results_alone(operator, session):
    page = operator.get("/sessions", headers=FRAGMENT).text
    assert page.lstrip().startswith('<div id="results"')


def test_the_list_takes_as_many_queries_for_200_sessions_as_for_3(operator, store):
    station = store.write(lambda unit: charging.station())

    def add(first, last):
        def work(unit):
            for number in range(first, last):
                id_tags.add(unit, f"TAG{number}", label="x")
                charging.session(station, NOON - timedelta(minutes=number), id_tag=f"tag{number}")

        store.write(work)

    add(0, 3)
    few = queries.count(lambda: operator.get("/sessions"))
    add(3, 200)
    assert queries.count(lambda: operator.get("/sessions")) == few > 0


def test_the_export_has_a_row_per_session(operator, session):
    (row,) = rows(operator.get("/sessions.csv"))
    assert row == {
        "session": str(session.id),
        "station": "CP-1",
        "station_label": "Gate",
        "connector": "1",
        "id_tag": "04a1",
        "card_label": "Anna",
        "card_status_at_start": "Accepted",
        "started_at": "2026-11-22T13:00:00+01:00",
        "stopped_at": "2026-11-22T15:00:00+01:00",
        "duration_seconds": "7200",
        "meter_start_wh": "1000",
        "meter_stop_wh": "15000",
        "energy_kwh": "14.000",
        "stop_reason": "EVDisconnected",
        "stop_id_tag": "04B2",
        "flags": "clock_unset something_new",
    }


def test_the_export_runs_no_formulas(operator, store):
    store.write(lambda unit: charging.session(charging.station("CP-2", label="=cmd()"), NOON, id_tag="@x"))
    (row,) = rows(operator.get("/sessions.csv"))
    assert (row["station_label"], row["id_tag"]) == ("'=cmd()", "'@x")


def test_a_long_export_comes_in_chunks_and_leaves_no_connection_open(operator, store):
    def work(unit):
        station = charging.station()
        for number in range(1100):
            charging.session(station, NOON - timedelta(minutes=number // 2), id_tag=f"T{number}")

    store.write(work)
    answer = operator.get("/sessions.csv", buffered=False)
    chunks = list(answer.response)
    assert len(chunks) == 4, "the header and three chunks"
    assert store.database.is_closed()
    assert len({row["session"] for row in csv.DictReader(io.StringIO(b"".join(chunks).decode("utf-8-sig")))}) == 1100


def test_a_session_tells_its_facts_in_words(operator, session):
    page = operator.get(f"/sessions/{session.id}").text
    for text in (
        "Anna",
        "accepted at the start",
        "by the station's clock",
        "22 Nov 2026 08:00",
        "The cable was unplugged from the vehicle.",
        "04B2",
        "Add this card",
        "1.00 kWh to 15.00 kWh",
        "7.0 kW",
        "7.2 kW",
        "clock was not set, or ran ahead.",
        "something_new",
        f'data-source="/sessions/{session.id}/plot.json"',
    ):
        assert text in page, text


def test_a_reading_says_what_the_station_left_out(operator, session):
    page = operator.get(f"/sessions/{session.id}").text
    assert "Energy (meter)</span>" in page
    assert "<strong>8000 Wh</strong>" in page
    assert "Power L1</span>" in page


def test_a_refused_card_is_told(operator, store):
    session = store.write(lambda unit: charging.session(charging.station(), NOON, id_tag_status="Blocked"))
    assert "answered Blocked at the start" in operator.get(f"/sessions/{session.id}").text


def test_a_session_without_readings_says_where_they_come_from(operator, store):
    session = store.write(lambda unit: charging.session(charging.station(), NOON))
    page = operator.get(f"/sessions/{session.id}").text
    assert "MeterValuesSampledData" in page
    assert "plot.js" not in page


def test_a_running_session_is_live(operator, store):
    session = store.write(lambda unit: charging.session(charging.station(), NOON, None))
    page = operator.get(f"/sessions/{session.id}").text
    assert f"topic=transaction-{session.id}" in page
    for block in ("facts", "readings"):
        part = operator.get(f"/sessions/{session.id}", headers={**FRAGMENT, "HX-Target": f"div#{block}"}).text
        assert f'id="{block}"' in part
        assert "<html" not in part


def test_the_plots_columns_are_json(operator, session):
    plot = json.loads(operator.get(f"/sessions/{session.id}/plot.json").data)
    assert plot["at_ms"] == [NOON.timestamp() * 1000, (NOON.timestamp() + 3600) * 1000]
    assert plot["power_w"] == [7200, 6800]
    assert plot["power_is_derived"] is False


def test_the_readings_are_paged(operator, store):
    def work(unit):
        session = charging.session(charging.station(), NOON)
        for number in range(45):
            charging.reading(session, NOON + timedelta(seconds=number), [{"value": f"{number}", "unit": "Wh"}])
        return session.id

    session_id = store.write(work)
    assert "<strong>44 Wh</strong>" in operator.get(f"/sessions/{session_id}").text
    last = operator.get(f"/sessions/{session_id}?page=3").text
    assert "<strong>0 Wh</strong>" in last
    assert "41 to 45 of 45" in last


def test_unreadable_samples_do_not_break_the_page(operator, store, session):
    def work(unit):
        for samples in (
            "",
            "{}",
            "[1, null]",
            '[{"value": null, "unit": 5}]',
            '[{"value": "AF", "format": "SignedData"}]',
        ):
            row = charging.reading(session, NOON + timedelta(hours=2))
            row.samples = samples
            row.save()

    store.write(work)
    page = operator.get(f"/sessions/{session.id}")
    assert page.status_code == 200
    assert "signed data" in page.text


def test_the_messages_of_a_session_begin_where_it_ended(operator, store, session):
    def work(unit):
        values = {"outgoing": False, "message_type": 2, "message_id": "1", "action": "Heartbeat", "text": "[]"}
        return [
            Frame.create(charge_point_id=session.charge_point_id, at=NOON + timedelta(hours=hours), **values).id
            for hours in (1, 2, 3)
        ]

    _, ending, _ = store.write(work)
    answer = operator.get(f"/sessions/{session.id}/messages")
    assert answer.location == f"/stations/{session.charge_point_id}/messages?before={ending + 1}"


def test_what_was_corrected_is_told_and_shown(operator, store, session):
    text = f'[2, "1", "MeterValues", {{"connectorId": 1, "transactionId": "{session.id}"}}]'
    values = {"outgoing": False, "message_type": 2, "message_id": "1", "action": "MeterValues", "text": text}
    facts = {"charge_point_id": session.charge_point_id, "at": NOON + timedelta(minutes=1), **values}
    store.write(lambda unit: Frame.create(**facts))
    assert "put right" not in operator.get(f"/sessions/{session.id}").text
    store.write(lambda unit: Frame.create(**facts, note="transactionId: a text, not a number"))
    shown = operator.get(f"/sessions/{session.id}").text
    assert "1 message of this session was odd and was put right." in shown
    address = f"/stations/{session.charge_point_id}/messages?session={session.id}"
    assert address in shown
    log = operator.get(address).text
    assert log.count('class="log-row') == 1
    assert "a text, not a number" in log
    assert 'class="log-row' not in operator.get(f"{address}99").text


def test_a_session_of_a_deleted_station_stays(operator, store, session):
    def work(unit):
        station = Transaction.get_by_id(session.id).charge_point
        station.deleted_at = NOON
        station.save()

    store.write(work)
    assert "Gate" in operator.get("/sessions").text
    page = operator.get(f"/sessions/{session.id}").text
    assert "(deleted)" in page
    assert f"/stations/{session.charge_point_id}" not in page


def test_a_session_that_does_not_exist_is_not_found(operator):
    for part in ("", "/plot.json", "/messages"):
        assert operator.get(f"/sessions/4711{part}").status_code == 404


def test_a_viewer_reads_everything(client, log_in, session):
    log_in(client, "viewer")
    for address in ("/sessions", f"/sessions/{session.id}", "/sessions.csv", "/sessions/orphans"):
        assert client.get(address).status_code == 200
