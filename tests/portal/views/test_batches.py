"""One request to many stations, from the list to the result."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.frames import CallError
from ocpp_server.models import AuditEntry, ChargePoint, Command, CommandBatch, TriggeredMessage
from ocpp_server.services import batches, commands
from ocpp_server.store import Store
from tests.charging import session

Add = Callable[..., ChargePoint]
CHANGE = {"operation": "ChangeConfiguration", "key": "HeartbeatInterval", "value": "60"}


def rows(store: Store, table: type) -> list[Any]:
    store.write(lambda unit: None)
    with store.reading():
        return list(table.select().order_by(table.id))


def conclude(store: Store, outcomes: dict[int, Any]) -> None:
    """Each station, by its id, does with its next command what is said."""

    def work(unit: Any) -> None:
        for charge_point_id, outcome in outcomes.items():
            claimed = commands.claim(unit, charge_point_id)
            if outcome == "silent":
                commands.timed_out(unit, claimed)
            elif isinstance(outcome, CallError):
                commands.refused(unit, claimed, outcome)
            else:
                commands.answered(unit, claimed, outcome)

    store.write(work)


def test_the_list_offers_actions_for_the_chosen_stations(operator: FlaskClient, add_station: Add) -> None:
    station = add_station()
    page = operator.get("/stations").text
    assert re.search(rf'name="station" value="{station.id}" form="many"', page)
    assert '<option value="Reset">' in page
    assert '<option value="RemoteStopTransaction">' not in page


def test_choosing_nothing_leads_back_to_the_list(operator: FlaskClient, add_station: Add) -> None:
    add_station()
    for form in ({"operation": "Reset"}, {"station": "1"}, {"station": "1", "operation": "RemoteStopTransaction"}):
        done = operator.post("/batches/new", data=form, follow_redirects=True)
        assert "Choose stations and an action first" in done.text


def test_form_and_confirmation_come_before_anything_is_sent(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    ids = [str(add_station(f"CP-{number}").id) for number in range(3)]
    add_station("CP-9", registration="rejected")
    store.write(lambda unit: session(ChargePoint.get_by_id(1), clock.now(), hours=None))
    chosen = {"operation": "Reset", "station": [*ids, "4"]}
    form = operator.post("/batches/new", data=chosen)
    assert "Reset: 4 stations" in form.text
    assert "Reset: 1 station<" in operator.post("/batches/new", data={**chosen, "station": ids[:1]}).text
    page = operator.post("/batches/new", data={**chosen, "send": "1", "type": "Hard"}).text
    assert "This asks 3 stations." in page
    assert "1 session is running on these 4 stations. A hard reset ends it." in page
    assert "4 stations are offline: the request waits for 1 min and is then given up." in page
    assert "1 station is left out because of its registration." in page
    assert rows(store, Command) == []
    done = operator.post("/batches/new", data={**chosen, "type": "Hard", "confirmed": "1"})
    assert done.location == "/batches/1"
    assert [row.state for row in rows(store, Command)] == ["queued"] * 3 + ["cancelled"]


def test_a_mistake_is_explained_at_the_form(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    form = {"operation": "RemoteStartTransaction", "station": str(station.id), "send": "1", "idTag": "X" * 21}
    done = operator.post("/batches/new", data=form)
    assert done.status_code == 422
    assert "longer than 20" in done.text
    assert rows(store, CommandBatch) == []


def test_all_that_fit_the_search_are_chosen_beyond_the_page(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    for number in range(60):
        add_station(f"CP-{number:02}", location="North" if number < 55 else "South")
    form = {**CHANGE, "all": "1", "query": "q=north&sort=-identity", "confirmed": "1"}
    done = operator.post("/batches/new", data={**form, "send": "1"})
    assert done.status_code == 303
    assert len(rows(store, Command)) == 55
    assert len({row.batch_id for row in rows(store, Command)}) == 1


def test_the_result_counts_every_outcome_and_names_each_station(
    operator: FlaskClient, viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    ids = [add_station(f"CP-{number:02}").id for number in range(8)]
    operator.post("/batches/new", data={**CHANGE, "station": ids, "confirmed": "1"})
    page = viewer.get("/batches/1").text
    assert "0 of 8 are done: 8 wait." in page
    assert "commands from:#live" in page
    refusal = CallError("1", "InternalError", "out of memory", {}, "")
    answers: dict[int, Any] = {
        ids[0]: {"status": "Accepted"},
        ids[1]: {"status": "RebootRequired"},
        ids[2]: {"status": "Rejected"},
        ids[3]: {"status": "NotSupported"},
        ids[4]: "silent",
        ids[5]: refusal,
        ids[6]: refusal,
    }
    conclude(store, answers)
    assert "7 of 8 are done" in viewer.get("/batches/1").text
    store.write(lambda unit: commands.cancel(unit, 8))
    page = viewer.get("/batches/1").text
    words = "Of 8: 2 accepted, 2 refused, 2 answered with an error, 1 did not answer, 1 was taken back."
    assert words in page
    assert "commands from:#live" not in page
    assert "<code>InternalError</code> ×2" in page
    assert "Ask these" not in page
    assert "Ask these 6 stations again" in operator.get("/batches/1").text
    for kind, names in (
        ("good", ["CP-00", "CP-01"]),
        ("refused", ["CP-02", "CP-03"]),
        ("silent", ["CP-04"]),
        ("error", ["CP-05", "CP-06"]),
        ("cancelled", ["CP-07"]),
        ("offline", []),
        ("", [f"CP-{number:02}" for number in range(8)]),
    ):
        assert re.findall(r">(CP-\d\d)</a>", viewer.get(f"/batches/1?kind={kind}").text) == names, kind
    assert "out of memory" in viewer.get("/batches/1?kind=error").text
    assert "Change configuration" in viewer.get("/batches").text


def test_those_who_did_not_do_it_are_asked_again(operator: FlaskClient, store: Store, add_station: Add) -> None:
    ids = [add_station(f"CP-{number}").id for number in range(3)]
    operator.post("/batches/new", data={**CHANGE, "station": ids, "confirmed": "1"})
    conclude(store, {ids[0]: {"status": "Accepted"}, ids[1]: {"status": "Rejected"}, ids[2]: "silent"})
    page = operator.post("/batches/1/again").text
    assert re.findall(r'name="station" value="(\d+)"', page) == [str(ids[1]), str(ids[2])]
    assert 'value="HeartbeatInterval"' in page
    assert "Change configuration: 2 stations" in page


def test_those_that_need_a_reset_are_offered_one(operator: FlaskClient, store: Store, add_station: Add) -> None:
    ids = [add_station(f"CP-{number}").id for number in range(3)]
    operator.post("/batches/new", data={**CHANGE, "station": ids, "confirmed": "1"})
    conclude(store, {ids[0]: {"status": "Accepted"}})
    assert "Reset the" not in operator.get("/batches/1").text
    assert "No station waits for a reset" in operator.post("/batches/1/reset", follow_redirects=True).text
    conclude(store, {ids[1]: {"status": "RebootRequired"}, ids[2]: {"status": "Rejected"}})
    assert "Reset the station that needs it" in operator.get("/batches/1").text
    page = operator.post("/batches/1/reset").text
    assert re.findall(r'name="station" value="(\d+)"', page) == [str(ids[1])]
    assert "Reset: 1 station" in page


def test_what_is_not_sent_is_taken_back(operator: FlaskClient, store: Store, add_station: Add) -> None:
    ids = [add_station(f"CP-{number}").id for number in range(3)]
    operator.post("/batches/new", data={**CHANGE, "station": ids, "confirmed": "1"})
    conclude(store, {ids[0]: {"status": "Accepted"}})
    assert "2 requests were taken back" in operator.post("/batches/1/cancel", follow_redirects=True).text
    assert "Of 3: 1 accepted, 2 were taken back." in operator.get("/batches/1").text


def test_each_station_is_on_record_and_a_viewer_asks_nothing(
    operator: FlaskClient, viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    ids = [add_station(f"CP-{number}").id for number in range(3)]
    assert viewer.post("/batches/new", data={**CHANGE, "station": ids, "confirmed": "1"}).status_code == 403
    operator.post("/batches/new", data={**CHANGE, "station": ids, "confirmed": "1"})
    entries = [entry for entry in rows(store, AuditEntry) if entry.action == "command.ChangeConfiguration"]
    assert [entry.target for entry in entries] == ["CP-0", "CP-1", "CP-2"]
    assert json.loads(entries[0].detail) == {"key": "HeartbeatInterval", "value": "60"}


@pytest.mark.parametrize("path", ["/batches/1", "/batches"])
def test_the_number_of_queries_does_not_grow(
    operator: FlaskClient, store: Store, queries: Callable, add_station: Add, path: str
) -> None:
    ids = [add_station(f"CP-{number:03}").id for number in range(60)]
    counts = []
    for size in (3, 60):
        store.write(lambda unit: (Command.delete().execute(), CommandBatch.delete().execute()))
        done = operator.post("/batches/new", data={**CHANGE, "station": ids[:size], "confirmed": "1"})
        with queries() as statements:
            assert operator.get(path if path == "/batches" else done.location).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 10


def test_the_pages_say_what_to_do_while_there_is_nothing(viewer: FlaskClient) -> None:
    assert "No request to many stations yet" in viewer.get("/batches").text
    assert viewer.get("/batches/7").status_code == 404


def test_a_trigger_to_many_tells_how_many_messages_came(
    operator: FlaskClient, store: Store, add_station: Callable[..., ChargePoint]
) -> None:
    stations = [add_station(f"CP-{number}") for number in (1, 2)]
    payload = {"requestedMessage": "Heartbeat"}

    def work(unit: Any) -> int:
        ids = [station.id for station in stations]
        batch, asked = batches.request(unit, ids, "TriggerMessage", payload, by="Otto")
        for station in stations:
            commands.answered(unit, commands.claim(unit, station.id), {"status": "Accepted"})
        TriggeredMessage.create(command=asked[0].id, at=clock.now(), text='[2,"x","Heartbeat",{}]')
        return batch.id

    assert operator.get(f"/batches/{store.write(work)}").text.count("1 message came") == 1
