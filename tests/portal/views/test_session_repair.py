"""Ending a forgotten session by hand."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import AuditEntry, Connector, Transaction
from ocpp_server.store import Store
from tests import charging


@pytest.fixture
def forgotten(store: Store) -> Transaction:
    """It began five hours ago; an hour later the connector was free."""
    began = clock.now().replace(microsecond=0) - timedelta(hours=5)

    def work(unit: object) -> Transaction:
        station = charging.station("CP-1", label="Gate")
        free = {"status": "Available", "status_at": began + timedelta(hours=1), "received_at": began}
        Connector.create(charge_point=station, connector_id=1, **free)
        return charging.session(station, began, None, energy_wh=7000, values_until=began + timedelta(minutes=50))

    return store.write(work)


def row(store: Store, session: Transaction) -> Transaction:
    with store.reading():
        return Transaction.get_by_id(session.id)


def test_the_overview_and_the_session_say_that_it_looks_forgotten(
    viewer: FlaskClient, operator: FlaskClient, forgotten: Transaction
) -> None:
    assert "at Gate looks forgotten" in viewer.get("/").text
    seen, offered = (client.get(f"/sessions/{forgotten.id}").text for client in (viewer, operator))
    assert "The connector has reported since that it is available." in seen
    assert f"/sessions/{forgotten.id}/end" not in seen
    assert f"/sessions/{forgotten.id}/end" in offered


def test_it_is_ended_as_proposed_and_this_is_taken_back(
    operator: FlaskClient, store: Store, forgotten: Transaction
) -> None:
    form = operator.get(f"/sessions/{forgotten.id}/end").text
    assert "7.00 kWh" in form
    proposed = form.partition('name="ended_at"')[2].partition('value="')[2].partition('"')[0]
    answer = operator.post(f"/sessions/{forgotten.id}/end", data={"ended_at": proposed, "meter_stop": ""})
    assert answer.status_code == 303
    assert row(store, forgotten).stopped_at == forgotten.values_until
    shown = operator.get(f"/sessions/{forgotten.id}").text
    assert "Ended by hand" in shown
    assert "looks forgotten" not in operator.get("/").text
    assert operator.post(f"/sessions/{forgotten.id}/reopen").status_code == 303
    assert row(store, forgotten).stopped_at is None
    with store.reading():
        assert [entry.action for entry in AuditEntry.select().order_by(AuditEntry.id)][-2:] == [
            "session.end",
            "session.reopen",
        ]


def test_a_reading_is_typed_in_kwh(operator: FlaskClient, store: Store, forgotten: Transaction) -> None:
    ended = (clock.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    operator.post(f"/sessions/{forgotten.id}/end", data={"ended_at": ended, "meter_stop": "9,5"})
    assert (row(store, forgotten).meter_stop, row(store, forgotten).energy_wh) == (9500, 8500)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"ended_at": "yesterday"}, "Type when the session ended."),
        ({"ended_at": "2001-01-01T10:00"}, "cannot end before it began"),
        ({"ended_at": "8999-01-01T10:00"}, "This is in the future."),
        ({"meter_stop": "much"}, "This must be a number of kWh."),
        ({"meter_stop": "1e999"}, "This must be a number of kWh."),
    ],
)
def test_a_mistake_is_explained_and_changes_nothing(
    operator: FlaskClient, store: Store, forgotten: Transaction, form: dict, words: str
) -> None:
    ended = (clock.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    answer = operator.post(f"/sessions/{forgotten.id}/end", data={"ended_at": ended, "meter_stop": "", **form})
    assert answer.status_code == 422
    assert words in answer.text
    assert row(store, forgotten).stopped_at is None


def test_a_viewer_ends_and_reopens_nothing(viewer: FlaskClient, forgotten: Transaction) -> None:
    for path in ("end", "reopen"):
        assert viewer.post(f"/sessions/{forgotten.id}/{path}").status_code == 403


def test_an_ended_session_is_neither_ended_again_nor_reopened(operator: FlaskClient, store: Store) -> None:
    began = clock.now() - timedelta(hours=5)
    ended = store.write(lambda unit: charging.session(charging.station(), began))
    assert operator.get(f"/sessions/{ended.id}/end").location == f"/sessions/{ended.id}"
    operator.post(f"/sessions/{ended.id}/reopen")
    assert "Only a session that was ended by hand" in operator.get(f"/sessions/{ended.id}").text
    assert row(store, ended).stopped_at is not None
