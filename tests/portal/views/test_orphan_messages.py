"""The list of messages that fit no session."""

from datetime import UTC, datetime

import pytest

from ocpp_server.models import OrphanMessage
from tests import charging

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def orphan(store):
    def work(unit):
        station = charging.station("CP-9")
        return OrphanMessage.create(
            charge_point=station,
            action="StopTransaction",
            payload='{"x": 1}',
            reason="No such session",
            received_at=NOON,
        )

    return store.write(work)


def test_a_message_without_a_session_is_shown_until_it_is_resolved(client, log_in, orphan):
    log_in(client, "operator")
    assert 'href="/sessions/orphans"' in client.get("/sessions").text
    page = client.get("/sessions/orphans").text
    for text in ("CP-9", "StopTransaction", "No such session", "{&#34;x&#34;: 1}"):
        assert text in page
    assert client.post(f"/sessions/orphans/{orphan.id}/resolve").status_code == 303
    assert "Every message fits a session" in client.get("/sessions/orphans").text
    assert "CP-9" in client.get("/sessions/orphans?state=resolved").text
    client.post(f"/sessions/orphans/{orphan.id}/resolve", data={"resolved": "no"})
    assert "CP-9" in client.get("/sessions/orphans").text


def test_a_message_that_does_not_exist_is_not_found(client, log_in):
    log_in(client, "operator")
    assert client.post("/sessions/orphans/4711/resolve").status_code == 404


def test_a_viewer_resolves_nothing(client, log_in, orphan):
    log_in(client, "viewer")
    assert "Mark as resolved" not in client.get("/sessions/orphans").text
    assert client.post(f"/sessions/orphans/{orphan.id}/resolve").status_code == 403
