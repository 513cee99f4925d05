from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Refusal
from ocpp_server.store import Store

REASONS = (
    "unknown_identity",
    "missing_credentials",
    "wrong_credentials",
    "subprotocol",
    "no_subprotocol",
    "no_identity",
    "not_websocket",
    "rejected",
    "flood",
    "something_new",
)


def refuse(store: Store, reason: str, identity: str = "BOX-7") -> Refusal:
    now = clock.now()
    fields = {"first_at": now, "last_at": now, "address": "192.168.1.7", "path": f"/ocpp/{identity}"}
    return store.write(lambda unit: Refusal.create(reason=reason, identity=identity, detail="<b>", **fields))


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_is_explained(
    operator: FlaskClient, store: Store, add_station: Callable[..., ChargePoint], reason: str, known: bool
) -> None:
    refuse(store, reason)
    if known:
        add_station("box-7")
    page = operator.get("/inbox")
    assert page.status_code == 200
    assert "192.168.1.7" in page.text
    assert "<b>" not in page.text


def test_an_unknown_station_is_one_click_from_being_added(operator: FlaskClient, store: Store) -> None:
    refuse(store, "unknown_identity", "BOX 7&x")
    assert 'href="/stations/add?identity=BOX+7%26x"' in operator.get("/inbox").text


def test_what_was_dismissed_is_gone_and_the_rest_stays(operator: FlaskClient, store: Store) -> None:
    first, second = refuse(store, "unknown_identity"), refuse(store, "flood", "BOX-8")
    assert operator.post("/inbox/dismiss", data={"id": first.id}).status_code == 303
    text = operator.get("/inbox").text
    assert "BOX-7" not in text
    assert "BOX-8" in text
    operator.post("/inbox/dismiss", data={"id": second.id})
    assert "Nothing to look into" in operator.get("/inbox").text


def test_the_menu_counts_what_waits(viewer: FlaskClient, store: Store) -> None:
    refuse(store, "unknown_identity")
    refuse(store, "flood")
    assert '<span class="badge bg-red-lt ms-auto">2</span>' in viewer.get("/stations").text


def test_a_viewer_sees_no_button(viewer: FlaskClient, store: Store) -> None:
    refuse(store, "unknown_identity")
    assert "Dismiss" not in viewer.get("/inbox").text
