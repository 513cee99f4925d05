"""No page reads a large table, or all that a station ever did, to show some rows of it."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from ocpp_server.models import Command, Frame
from ocpp_server.services.session import session_search
from ocpp_server.store import Store
from tests import charging, query_plans
from tests.portal.api.conftest import make_token

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGES = (
    "/",
    "/stations",
    "/stations?state=charging",
    "/stations/1",
    "/stations/1/charging",
    "/stations/1/delete",
    "/sessions",
    "/sessions?state=running",
    "/sessions?state=flagged&sort=-energy",
    "/sessions?from=2026-11-01&sort=-energy",
    "/sessions?station=1&sort=duration",
    "/sessions?page=2",
    *(f"/sessions?sort={order}{sort}" for sort in session_search.SORTS for order in ("", "-")),
    "/sessions/1",
    "/cards",
    "/cards/why?id_tag=CARD-1",
    "/reservations",
    "/reservations?view=week&day=2026-11-20",
    "/sessions/orphans",
    "/stations/1/commands",
    "/stations/1/commands?state=open",
    "/stations/1/commands?state=error",
    "/metrics",
    *(
        f"/stations/1/messages?{search}"
        for search in ("", "q=x", "action=Reset", "show=errors", "show=odd", "session=1")
    ),
    *(f"/settings/audit?{search}" for search in ("", "q=x", "topic=card", "from=2026-11-01&to=2026-11-02")),
)


API = (
    "/transactions",
    "/transactions?station=CP-1",
    "/transactions?id_tag=CARD-1",
    "/transactions?running=true",
    "/transactions?until=2026-11-01T00:00:00Z",
    "/transactions?since=2026-11-01T00:00:00Z&station=CP-1",
    "/transactions/1/meter-values",
    "/stations/CP-1/messages?action=Reset&until=2026-11-01T00:00:00Z",
    "/stations/CP-1/commands?state=queued",
    "/stations/CP-1/commands?state=error&action=Reset",
    "/audit?q=x",
)


@pytest.fixture
def yard(store: Store, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of each: the plans of SQLite are the same for millions. And lists behave as if sessions were many."""
    if engine != "sqlite":
        pytest.skip("PostgreSQL plans by what is in the tables")
    monkeypatch.setattr(session_search, "FEW", 0)

    def work(unit: object) -> None:
        for identity in ("CP-1", "CP-2"):
            station = charging.station(identity)
            charging.session(station, NOON - timedelta(hours=3), flags="estimated", energy_wh=1000)
            charging.session(station, NOON - timedelta(hours=1), None)
            Command.create(charge_point=station, action="Reset", payload="{}", requested_at=NOON)
            values = {"outgoing": False, "message_type": 2, "message_id": "1", "action": "Heartbeat", "text": "[]"}
            Frame.create(charge_point_id=station.id, at=NOON, note="odd", **values)

    store.write(work)


@pytest.mark.usefixtures("yard")
@pytest.mark.parametrize("address", PAGES)
def test_a_page_walks_through_no_large_table(admin: FlaskClient, store: Store, address: str) -> None:
    with query_plans.watching(store) as statements:
        assert admin.get(address).status_code == 200
    assert statements.ran
    assert statements.walks() == []


@pytest.mark.usefixtures("yard")
@pytest.mark.parametrize("address", API)
def test_a_list_of_the_api_walks_through_no_large_table(client: FlaskClient, store: Store, address: str) -> None:
    headers = {"Authorization": f"Bearer {make_token(store, 'admin')}"}
    with query_plans.watching(store) as statements:
        assert client.get(f"/api/v1{address}", headers=headers).status_code == 200
    assert statements.walks() == []


@pytest.mark.usefixtures("yard")
@pytest.mark.parametrize("address", ["/sessions.csv", "/sessions.csv?q=CARD", "/settings/audit.csv?q=x"])
def test_an_export_walks_in_the_order_of_an_index(admin: FlaskClient, store: Store, address: str) -> None:
    with query_plans.watching(store) as statements:
        assert admin.get(address).data
    assert statements.walks() == []
