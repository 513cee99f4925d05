"""Unknown cards, tapping, checks, and many cards at once."""

from collections.abc import Callable
from datetime import timedelta

from ocpp_server import clock, stations
from ocpp_server.models import ChargePoint, Transaction
from ocpp_server.services.card import unknown_cards
from ocpp_server.store import Store
from tests.portal.api.conftest import Api


def tap(store: Store, id_tag: str, station: ChargePoint) -> None:
    at = clock.to_ms(clock.now())
    store.write(lambda unit: unknown_cards.tapped(unit, id_tag, station.id, "Authorize", at))


def test_unknown_cards_are_listed_dismissed_and_enrolled(
    api: Api, store: Store, add_station: Callable[..., ChargePoint]
) -> None:
    station = add_station()
    for id_tag in ("A/1", "B", "b"):
        tap(store, id_tag, station)
    items = {item["id_tag"]: item for item in api.get("/unknown-cards").json["items"]}
    assert {id_tag: (item["count"], item["station"]) for id_tag, item in items.items()} == {
        "A/1": (1, "CP-1"),
        "b": (2, "CP-1"),
    }
    assert api.delete("/unknown-cards/a/1").status_code == 204
    assert api.delete("/unknown-cards/a/1").status_code == 404
    assert api.post("/id-tags", {"id_tag": "B"}).status_code == 201
    assert api.get("/unknown-cards").json["items"] == []


def test_a_card_is_enrolled_by_tapping(api: Api, store: Store, add_station: Callable[..., ChargePoint]) -> None:
    here, elsewhere = add_station("CP-1"), add_station("CP-2")
    api.post("/id-tags", {"id_tag": "KNOWN"})
    since = clock.iso(clock.now())
    assert api.get("/taps", since=since).json["items"] == []
    tap(store, "NEW", here)
    stations.of(elsewhere).last_tap = ("known", clock.to_ms(clock.now()))
    found = api.get("/taps", since=since).json
    assert {(item["id_tag"], item["known"], item["station"]) for item in found["items"]} == {
        ("NEW", False, "CP-1"),
        ("KNOWN", True, "CP-2"),
    }
    assert [item["id_tag"] for item in api.get("/taps", station="CP-1").json["items"]] == ["NEW"]
    later = clock.iso(clock.now() + timedelta(seconds=5))
    assert api.get("/taps", since=later).json["items"] == []
    assert api.get("/taps", station="CP-9").status_code == 404


def test_why_a_card_is_refused(api: Api, store: Store, add_station: Callable[..., ChargePoint]) -> None:
    unknown = api.get("/card-checks/X").json
    assert (unknown["status"], unknown["rules"]) == ("Invalid", [{"rule": "known", "refuses": True}])
    api.post("/id-tags", {"id_tag": "X", "status": "blocked", "expiry_date": "2020-01-01", "parent_id_tag": "G"})
    found = api.get("/card-checks/x").json
    assert (found["status"], found["parent_id_tag"], found["expiry_date"]) == ("Blocked", "G", "2020-01-01T00:00:00Z")
    assert {rule["rule"] for rule in found["rules"] if rule["refuses"]} == {"blocked", "expired"}
    api.patch("/id-tags/X", {"status": "accepted", "expiry_date": None})
    now = clock.now()
    facts = {
        "charge_point": add_station(),
        "connector_id": 1,
        "id_tag": "X",
        "meter_start": 0,
        "id_tag_status": "Accepted",
    }
    running = store.write(lambda unit: Transaction.create(**facts, started_at=now, start_received_at=now))
    assert api.get("/card-checks/X").json["transaction_id"] == running.id


def test_many_cards_are_taken_over_together_or_not_at_all(api: Api) -> None:
    api.post("/id-tags", {"id_tag": "OLD", "label": "Anna"})
    cards = [{"id_tag": "old", "label": "Berta"}, {"id_tag": "NEW", "expiry_date": "2027-01-31T18:00:00Z"}]
    counts = {"new": 1, "changed": 1, "unchanged": 0}
    assert api.post("/id-tag-imports", {"id_tags": cards, "dry_run": True}).json == counts
    assert api.get("/id-tags/NEW").status_code == 404
    bad = api.post("/id-tag-imports", {"id_tags": [*cards, {"id_tag": "new"}, {"id_tag": "X", "parent_id_tag": "x"}]})
    assert bad.status_code == 422
    assert [error["field"] for error in bad.json["errors"]] == ["id_tags.2.id_tag", "id_tags.3.parent_id_tag"]
    assert api.get("/id-tags/NEW").status_code == 404
    assert api.post("/id-tag-imports", {"id_tags": cards}).json == counts
    assert api.get("/id-tags/NEW").json["expiry_date"] == "2027-01-31T18:00:00Z"
    assert api.get("/id-tags/OLD").json["label"] == "Berta"
