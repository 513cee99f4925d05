"""Local lists through the API: what a station keeps, how far it is, and what it holds."""

from collections.abc import Callable

import pytest

from ocpp_server.models import AuditEntry, ChargePoint, Command, LocalList
from ocpp_server.services.card import id_tags
from ocpp_server.services.local_list import records
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store, Unit
from tests.portal.api.conftest import Api

LIST = "/stations/CP-1/local-list"


@pytest.fixture(autouse=True)
def station(store: Store) -> ChargePoint:
    def work(unit: Unit) -> ChargePoint:
        for tag in ("A", "B", "C/1"):
            id_tags.add(unit, tag, parent_id_tag="Fleet" if tag != "A" else None)
        return charge_points.add(unit, "CP-1")

    return store.write(work)


def hold(store: Store, station: ChargePoint, *tags: str) -> None:
    """The station has accepted a list of these."""
    data = [{"idTag": tag, "idTagInfo": {"status": "Accepted", "parentIdTag": "Fleet"}} for tag in tags]
    payload = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": data}
    store.write(lambda unit: records.apply(unit, station.id, payload))


def test_a_station_keeps_nothing_until_it_is_told(api: Api) -> None:
    found = api.get(LIST).json
    assert (found["keeps"], found["groups"], found["version"], found["entries"]) == ("none", [], None, 0)
    assert (found["per_message"], found["max_length"]) == (20, None)
    assert api.get("/local-lists").json == {"items": [], "next": None}


def test_what_a_station_keeps_is_chosen_and_on_record(api: Api, store: Store) -> None:
    assert api.patch(LIST, {"keeps": "groups", "groups": ["Fleet"]}).json["groups"] == ["Fleet"]
    (item,) = api.get("/local-lists", state="behind").json["items"]
    assert (item["station"], item["keeps"]) == ("CP-1", "groups")
    assert api.get("/local-lists", state="in_step").json["items"] == []
    with store.reading():
        entry = AuditEntry.get()
    assert (entry.action, entry.target) == ("local_list.keep", "CP-1")
    assert "Fleet" in entry.detail


@pytest.mark.parametrize(
    "body", [{}, {"keeps": "some"}, {"keeps": "groups"}, {"keeps": "groups", "groups": ["\u200b"]}]
)
def test_a_choice_that_cannot_be_is_refused(api: Api, body: dict) -> None:
    assert api.patch(LIST, body).status_code == 422


def test_bringing_it_in_step_is_asked_for_and_waits_for_the_station(api: Api, store: Store) -> None:
    assert api.post(f"{LIST}/sync", {}).status_code == 422
    api.patch(LIST, {"keeps": "all"})
    answer = api.post(f"{LIST}/sync", {"whole": True})
    assert (answer.status_code, answer.json["state"]) == (202, "behind")
    with store.reading():
        assert "operator" in LocalList.get().asked_by
        assert not Command.select().exists()


def test_an_update_by_hand_needs_a_connected_station_and_cards(api: Api) -> None:
    assert api.post(f"{LIST}/send", {"kind": "Full"}).status_code == 409
    answer = api.post(f"{LIST}/send", {"kind": "Remove"})
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"field": "id_tags", "message": "Name at least one card."}]


def test_entries_come_in_parts(api: Api, store: Store, station: ChargePoint) -> None:
    hold(store, station, "C/1", "b", "A")
    first = api.get(f"{LIST}/entries", limit=2).json
    assert [item["id_tag"] for item in first["items"]] == ["A", "b"]
    rest = api.get(f"{LIST}/entries", limit=2, cursor=first["next"]).json
    assert rest["items"] == [{"id_tag": "C/1", "status": "Accepted", "parent_id_tag": "Fleet", "expiry_date": None}]
    assert rest["next"] is None


def test_a_card_is_told_where_it_is_and_where_not(api: Api, store: Store, station: ChargePoint) -> None:
    api.patch(LIST, {"keeps": "groups", "groups": ["fleet"]})
    hold(store, station, "A", "B")
    stands = lambda tag: [item["state"] for item in api.get(f"/id-tags/{tag}/local-lists").json["items"]]  # noqa: E731
    assert (stands("A"), stands("B"), stands("C/1")) == (["to_go"], ["held"], ["missing"])
    api.patch("/id-tags/B", {"expiry_date": "2099-01-01T00:00:00.5Z"})
    assert stands("B") == ["outdated"]
    api.patch("/id-tags/B", {"status": "blocked"})
    assert stands("B") == ["to_go"]
    api.patch(LIST, {"keeps": "none"})
    assert (stands("A"), stands("C/1")) == (["held"], ["not_kept"])
    store.write(lambda unit: LocalList.update(keeps="all", cutoff=3).execute())
    assert stands("C/1") == ["left_out"]


def test_a_viewer_sees_and_changes_nothing(as_role: Callable[[str], Api]) -> None:
    viewer = as_role("viewer")
    assert viewer.get(LIST).status_code == 200
    assert viewer.get(f"{LIST}/entries").status_code == 200
    assert viewer.patch(LIST, {"keeps": "all"}).status_code == 403
    assert viewer.post(f"{LIST}/sync", {}).status_code == 403
    assert viewer.post(f"{LIST}/send", {"kind": "Full"}).status_code == 403
