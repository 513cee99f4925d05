import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import AuditEntry, ChargePoint, Refusal, UnknownCard
from ocpp_server.services.card import unknown_cards
from ocpp_server.services.station import charge_points, credentials, refusals
from ocpp_server.store import Store
from portal.context import Context
from tests.portal.conftest import PARTIAL

REASONS = (
    "unknown_identity",
    "missing_credentials",
    "wrong_credentials",
    "subprotocol",
    "no_subprotocol",
    "no_identity",
    "not_websocket",
    "insecure",
    "flood",
    "too_long",
    "something_new",
)
Add = Callable[..., ChargePoint]


def refuse(store: Store, reason: str, identity: str = "BOX-7", at: int | None = None, **more: str) -> None:
    facts = {"address": "192.168.1.7", "path": f"/ocpp/{identity}", "detail": "<b>", "user_agent": "Box/1", **more}
    at = clock.to_ms(clock.now()) if at is None else at
    store.write(lambda unit: refusals.record(unit, at, identity=identity, reason=reason, **facts))


def tap(store: Store, id_tag: str, station: int = 1, action: str = "Authorize") -> None:
    store.write(lambda unit: unknown_cards.tapped(unit, id_tag, station, action, clock.to_ms(clock.now())))


def kept(store: Store, model: type = Refusal) -> list:
    with store.reading():
        return list(model.select().order_by(model.id))


def station(store: Store, identity: str = "BOX-7") -> ChargePoint | None:
    with store.reading():
        return charge_points.find(identity)


def recorded(store: Store) -> list[tuple[str, str]]:
    with store.reading():
        return [
            (row.action, row.target) for row in AuditEntry.select().order_by(AuditEntry.id) if row.action[:3] != "acc"
        ]


@pytest.mark.parametrize("known", ["unknown", "known", "deleted"])
@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_is_explained(
    operator: FlaskClient, store: Store, add_station: Add, reason: str, known: str
) -> None:
    if known != "unknown":
        added = add_station("box-7", label="Gate")
        if known == "deleted":
            store.write(lambda unit: charge_points.delete(unit, added.id))
    refuse(store, reason)
    page = operator.get("/inbox")
    assert page.status_code == 200
    assert "192.168.1.7" in page.text
    assert "Box/1" in page.text
    assert "<b>" not in page.text


@pytest.mark.parametrize(
    ("reason", "detail", "words"),
    [
        ("subprotocol", "The station offers only ocpp2.0.1, not ocpp1.6.", "speaks OCPP 2"),
        ("subprotocol", "The station offers only ocpp1.5, not ocpp1.6.", "no version of OCPP"),
        ("no_identity", "", "ws://localhost/ocpp/"),
        ("not_websocket", "", "ws://localhost/ocpp/BOX-7"),
        ("insecure", "", "wss://"),
        ("flood", "", "far more messages"),
        ("too_long", "", "CSMS_MAX_MESSAGE_SIZE"),
        ("wrong_credentials", "", "must wait for up to a minute"),
    ],
)
def test_what_is_mended_at_the_station_says_what_to_do_there(
    viewer: FlaskClient, store: Store, reason: str, detail: str, words: str
) -> None:
    refuse(store, reason, detail=detail)
    assert words in viewer.get("/inbox").text


def test_an_unknown_station_is_added_with_one_click(operator: FlaskClient, store: Store) -> None:
    refuse(store, "unknown_identity", "BOX 7&x")
    text = operator.get("/inbox").text
    assert 'href="/stations/add?identity=BOX+7%26x"' in text
    assert '<input type="hidden" name="identity" value="BOX 7&amp;x">' in text
    assert operator.post("/inbox/add", data={"identity": "BOX 7&x", "registration": "pending"}).status_code == 303
    added = station(store, "BOX 7&x")
    assert added is not None
    assert added.registration == "pending"
    page = operator.get("/inbox").text
    assert "was added as pending" in page
    assert f'href="/stations/{added.id}/connect"' in page
    assert "Nothing to look into" in page
    assert recorded(store) == [("station.add", "BOX 7&x")]


@pytest.mark.parametrize(("default", "label"), [("accepted", "Add this station"), ("pending", "Add as pending")])
def test_the_setting_for_new_stations_is_the_main_button(
    operator: FlaskClient, app: Flask, store: Store, default: str, label: str
) -> None:
    context = app.extensions["chargeyard"]
    app.extensions["chargeyard"] = Context(store, replace(context.settings, default_registration=default))
    refuse(store, "unknown_identity")
    assert f'<button class="btn btn-sm btn-primary">{label}</button>' in operator.get("/inbox").text
    operator.post("/inbox/add", data={"identity": "BOX-7"})
    added = station(store)
    assert added is not None
    assert added.registration == default


def test_an_identity_that_cannot_be_added_is_not_offered(operator: FlaskClient, store: Store) -> None:
    refuse(store, "unknown_identity", "a/b")
    text = operator.get("/inbox").text
    assert "has no slash" in text
    assert "Add this station" not in text
    operator.post("/inbox/add", data={"identity": "a/b"})
    assert "has no slash" in operator.get("/inbox").text
    assert kept(store, ChargePoint) == []


def test_a_deleted_station_can_come_back(operator: FlaskClient, store: Store, add_station: Add) -> None:
    gone = add_station("BOX-7")
    store.write(lambda unit: charge_points.delete(unit, gone.id))
    refuse(store, "unknown_identity")
    assert "which was deleted here" in operator.get("/inbox").text
    operator.post("/inbox/add", data={"identity": "BOX-7"})
    back = station(store)
    assert back is not None
    assert back.id == gone.id


def test_a_new_password_is_shown_once_and_never_kept_in_clear(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    locked = add_station("BOX-7", password="an older password")
    refuse(store, "wrong_credentials")
    path = f"/inbox/stations/{locked.id}/password"
    assert f'href="{path}"' in operator.get("/inbox").text
    asked = operator.get(path)
    assert "The old one stops working at once" in asked.text
    answer = operator.post(path)
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'data-copy="(\w{20})"', answer.text)
    assert found is not None
    assert found[1].encode().hex() in answer.text
    now = station(store)
    assert now is not None
    assert credentials.verify(now.password_hash, found[1].encode())
    assert found[1] not in operator.get(path).text
    assert kept(store) == []
    assert recorded(store) == [("station.password", "BOX-7")]
    with store.reading():
        assert found[1] not in "".join(row.detail for row in AuditEntry.select())


def test_a_station_is_let_in_without_a_password_after_a_question(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    locked = add_station("BOX-7", password="an older password")
    refuse(store, "missing_credentials")
    path = f"/inbox/stations/{locked.id}/no-password"
    assert "Anybody who can reach this server" in operator.get(path).text
    assert kept(store)
    assert operator.post(path).status_code == 303
    now = station(store)
    assert now is not None
    assert (now.password_hash, now.security_profile) == (None, 0)
    assert kept(store) == []


def test_who_needs_a_password_and_has_none_here_is_not_said_to_have_one(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    bare = add_station("BOX-7", security_profile=2)
    refuse(store, "missing_credentials")
    page = operator.get("/inbox").text
    assert "has no password here, and its security profile asks for one" in page
    assert f"/inbox/stations/{bare.id}/password" in page
    assert "without a password" not in page


def test_a_missing_subprotocol_is_allowed_for_one_station(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    strict = add_station("BOX-7")
    refuse(store, "no_subprotocol")
    path = f"/inbox/stations/{strict.id}/subprotocol"
    assert f'action="{path}"' in operator.get("/inbox").text
    assert operator.post(path).status_code == 303
    now = station(store)
    assert now is not None
    assert now.strict_subprotocol is False
    page = operator.get("/inbox").text
    assert f'href="/stations/{strict.id}/edit"' in page
    assert "Nothing to look into" in page


def test_a_station_that_is_online_points_to_somebody_else(
    operator: FlaskClient, store: Store, add_station: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_station("BOX-7", password="an older password")
    refuse(store, "wrong_credentials")
    monkeypatch.setattr("portal.refusals.sessions.is_connected", lambda station_id: True)
    assert "somebody guessing" in operator.get("/inbox").text


def test_an_unknown_card_is_one_click_from_being_added(operator: FlaskClient, store: Store, add_station: Add) -> None:
    add_station("BOX-7", label="Gate")
    tap(store, "04FF", 1)
    tap(store, "04FF", 1)
    tap(store, "<i>", 99, "StartTransaction")
    text = operator.get("/inbox").text
    assert "Card 04FF was held to Gate" in text
    assert "2 times since" in text
    assert 'href="/cards/add?id_tag=04FF"' in text
    assert 'href="/cards/why?id_tag=04FF"' in text
    assert "a station that is gone started a session" in text
    assert "<i>" not in text
    form = operator.get("/cards/add?id_tag=04FF").text
    assert "Tapped at Gate" in form
    assert 'value="04FF"' in form
    operator.post("/cards/add", data={"id_tag": "04ff"})
    assert "04FF" not in operator.get("/inbox").text


def test_both_kinds_stand_together_the_newest_first(viewer: FlaskClient, store: Store) -> None:
    start = clock.to_ms(clock.now())
    for number, kind in enumerate(("refusal", "card") * 20):
        clock.use(lambda moment=start + number: clock.from_ms(moment))
        refuse(store, "unknown_identity", f"N-{number:02}") if kind == "refusal" else tap(store, f"N-{number:02}")
    shown = lambda path: list(dict.fromkeys(re.findall(r"N-\d\d", viewer.get(path).text)))  # noqa: E731
    assert shown("/inbox") == [f"N-{number:02}" for number in range(39, 14, -1)]
    assert shown("/inbox?page=2") == [f"N-{number:02}" for number in range(14, -1, -1)]
    assert shown("/inbox?kind=cards")[:2] == ["N-39", "N-37"]
    assert shown("/inbox?kind=refusals")[:2] == ["N-38", "N-36"]
    assert shown("/inbox?q=n-3") == [f"N-{number}" for number in range(39, 29, -1)]
    assert "No entry fits" in viewer.get("/inbox?q=nothing").text


def test_the_number_of_queries_does_not_grow_with_the_inbox(
    viewer: FlaskClient, store: Store, queries: Callable
) -> None:
    counts = []
    for size in (2, 12):
        for number in range(size):
            refuse(store, REASONS[number % 9], f"BOX-{number}")
            tap(store, f"CARD-{number}")
        with queries() as statements:
            viewer.get("/inbox")
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 10


def test_what_was_dismissed_is_gone_and_the_rest_stays(operator: FlaskClient, store: Store) -> None:
    refuse(store, "unknown_identity")
    refuse(store, "flood", "BOX-8")
    tap(store, "04FF")
    first, second = kept(store)
    assert operator.post("/inbox/dismiss", data={"refusals": first.id}).status_code == 303
    text = operator.get("/inbox").text
    assert "BOX-7" not in text
    assert "BOX-8" in text
    operator.post("/inbox/dismiss", data={"cards": kept(store, UnknownCard)[0].id})
    assert "Ignored. It comes back if it is tapped again" in operator.get("/inbox").text
    operator.post("/inbox/dismiss", data={"refusals": second.id})
    assert "Nothing to look into" in operator.get("/inbox").text
    assert [action for action, _ in recorded(store)] == ["inbox.dismiss"] * 3


def test_dismissing_all_leaves_what_came_after_the_page_was_shown(operator: FlaskClient, store: Store) -> None:
    refuse(store, "unknown_identity", at=1000)
    tap(store, "04FF")
    refuse(store, "flood", "BOX-8", at=clock.to_ms(clock.now()) + 60_000)
    until = re.search(r'name="until" value="(\d+)"', operator.get("/inbox").text)
    assert until is not None
    assert operator.post("/inbox/dismiss-all", data={"until": until[1]}).status_code == 303
    assert [row.identity for row in kept(store)] == ["BOX-8"]
    assert kept(store, UnknownCard) == []
    for odd in ("", "-1", "x"):
        assert operator.post("/inbox/dismiss-all", data={"until": odd}).status_code == 400


def test_the_menu_counts_what_waits_and_follows(viewer: FlaskClient, store: Store) -> None:
    assert "badge bg-red-lt" not in viewer.get("/profile").text
    refuse(store, "unknown_identity")
    tap(store, "04FF")
    text = viewer.get("/profile").text
    assert '<span class="badge bg-red-lt">2</span>' in text
    assert 'hx-get="/inbox/count" hx-trigger="inbox from:#live' in text
    fragment = viewer.get("/inbox/count", headers=PARTIAL).text
    assert fragment.startswith('<span class="menu-count ms-auto" id="count-inbox"')
    assert ">2</span>" in fragment


def test_a_viewer_sees_the_reasons_and_no_button(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    locked = add_station("BOX-7", password="an older password")
    refuse(store, "wrong_credentials")
    tap(store, "04FF")
    text = viewer.get("/inbox").text
    assert "sent a wrong password" in text
    assert "<button" not in text[text.index('id="entries"') : text.index("toasts")].replace(
        '<button class="btn btn-icon', ""
    )
    for path in ("password", "no-password"):
        assert viewer.get(f"/inbox/stations/{locked.id}/{path}").status_code == 403
    assert viewer.post("/inbox/add", data={"identity": "X"}).status_code == 403
