"""Configuration, refusals and the audit log."""

from collections.abc import Callable

from ocpp_server import clock
from ocpp_server.models import ChargePoint
from ocpp_server.services.configuration import configuration
from ocpp_server.services.station import refusals
from ocpp_server.store import Store
from tests.portal.api.conftest import Api


def test_the_configuration_is_listed_by_key(api: Api, store: Store, add_station: Callable[..., ChargePoint]) -> None:
    station, now = add_station(), clock.now()

    def work(unit: object) -> None:
        for key, value in (("B", "2"), ("A", None), ("C", "3")):
            configuration.report(unit, station.id, {"key": key, "value": value, "readonly": key == "B"}, now)
        configuration.report_unknown(unit, station.id, "D", now)

    store.write(work)
    first = api.get("/stations/CP-1/configuration", limit=2).json
    assert first["items"][1] == {
        "key": "B",
        "value": "2",
        "readonly": True,
        "known": True,
        "awaits_reboot": False,
        "seen_at": clock.iso(now),
    }
    rest = api.get("/stations/CP-1/configuration", cursor=first["next"]).json["items"]
    assert [(item["key"], item["known"]) for item in rest] == [("C", True), ("D", False)]


def refuse(store: Store, identity: str) -> None:
    facts = {"path": f"/ocpp/{identity}", "reason": "unknown_identity", "detail": "", "user_agent": ""}
    at = clock.to_ms(clock.now())
    store.write(lambda unit: refusals.record(unit, at, address="10.0.0.9", identity=identity, **facts))


def test_refusals_are_listed_and_dismissed(api: Api, store: Store) -> None:
    for identity in ("CP-8", "CP-9", "CP-9"):
        refuse(store, identity)
    items = {item["identity"]: item for item in api.get("/refusals").json["items"]}
    assert {identity: item["count"] for identity, item in items.items()} == {"CP-8": 1, "CP-9": 2}
    assert api.get("/refusals", identity="CP-8").json["items"] == [items["CP-8"]]
    assert api.delete(f"/refusals/{items['CP-9']['id']}").status_code == 204
    assert api.delete(f"/refusals/{items['CP-9']['id']}").status_code == 404
    assert len(api.get("/refusals").json["items"]) == 1


def test_every_change_is_on_record(as_role: Callable[[str], Api], store: Store) -> None:
    api, admin = as_role("operator"), as_role("admin")
    api.post("/stations", {"identity": "CP-1", "password": "0123456789abcdef"})
    api.patch("/stations/CP-1", {"label": "Gate", "password": None})
    api.post("/id-tags", {"id_tag": "A", "status": "blocked"})
    api.patch("/id-tags/A", {"status": "accepted"})
    api.delete("/id-tags/A")
    api.post("/id-tags", {"id_tag": ""})
    api.delete("/stations/CP-1")
    refuse(store, "CP-1")
    api.delete("/refusals/1")
    entries = admin.get("/audit").json["items"]
    assert [(entry["action"], entry["target"], entry["detail"]) for entry in reversed(entries)] == [
        ("station.add", "CP-1", "password=set"),
        ("station.change", "CP-1", "label=Gate, password=removed"),
        ("card.add", "A", "status=blocked"),
        ("card.change", "A", "status=accepted"),
        ("card.delete", "A", ""),
        ("station.delete", "CP-1", ""),
        ("inbox.dismiss", "CP-1", "unknown_identity"),
    ]
    assert {(entry["who"], entry["address"]) for entry in entries} == {("token 1: operator", "127.0.0.1")}


def test_the_audit_log_is_filtered_and_comes_in_parts(as_role: Callable[[str], Api]) -> None:
    admin = as_role("admin")
    for number in range(3):
        admin.post("/id-tags", {"id_tag": f"T{number}"})
    admin.post("/stations", {"identity": "CP-1"})
    first = admin.get("/audit", topic="card", limit=2).json
    rest = admin.get("/audit", topic="card", cursor=first["next"]).json
    assert [entry["target"] for entry in first["items"] + rest["items"]] == ["T2", "T1", "T0"]
    assert [entry["target"] for entry in admin.get("/audit", q="cp-1").json["items"]] == ["CP-1"]
    assert admin.get("/audit", until="2020-01-01").json["items"] == []
