"""A station's local list on its page, many lists at once, and one card in all of them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock, outgoing, stations
from ocpp_server.frames import CallResult
from ocpp_server.models import AuditEntry, ChargePoint, Command, CommandBatch, IdTag, LocalList
from ocpp_server.services import commands
from ocpp_server.services.card import id_tags
from ocpp_server.services.configuration import configuration
from ocpp_server.services.local_list import local_lists
from ocpp_server.store import Store
from tests.local_lists import HeldList
from tests.portal.conftest import PARTIAL

Add = Callable[..., ChargePoint]


@pytest.fixture
def station(store: Store, add_station: Add) -> ChargePoint:
    """CP-1, and four cards: A and B of a group, C of none, X blocked."""

    def work(unit: Any) -> None:
        for tag in ("A", "B"):
            id_tags.add(unit, tag, label=f"Van {tag}", parent_id_tag="Fleet")
        id_tags.add(unit, "C")
        id_tags.add(unit, "X", status="blocked")

    store.write(work)
    return add_station("CP-1", label="Gate")


def path_of(station: ChargePoint) -> str:
    return f"/stations/{station.id}/local-list"


def keep(store: Store, station: ChargePoint, keeps: str = "all", *groups: str) -> None:
    store.write(lambda unit: local_lists.keep(unit, station.id, keeps, groups))


def serve(store: Store, station: ChargePoint, held: HeldList, **reply: Any) -> None:
    """The station answers all that it is asked; `reply` in place of its own answer to an update."""
    known = stations.of(station)
    known.begin_connection(lambda: None, lambda reason: None)
    store.write(lambda unit: local_lists.sync(unit, station.id, by="Anna"))
    while (claimed := store.write(lambda unit: commands.claim(unit, station.id))) is not None:
        result = reply if reply and claimed.action == "SendLocalList" else held.answer(claimed.action, claimed.payload)
        answer = CallResult(claimed.message_id, result, json.dumps([3, claimed.message_id, result]))
        store.write(lambda unit: outgoing.conclude(unit, known, claimed, answer))  # noqa: B023 - run at once
    known.end_connection()


def test_nothing_is_kept_at_first(viewer: FlaskClient, station: ChargePoint) -> None:
    page = viewer.get(path_of(station)).text
    assert "Chargeyard does not touch this station" in page
    assert "The list is empty" in page
    assert "a careful guess: the station does not tell" in page
    assert 'name="keeps"' not in page


def test_an_operator_chooses_and_it_is_on_record(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    page = operator.get(path_of(station)).text
    assert "3 now, and those to come" in page
    assert 'name="group" value="Fleet"' in page
    answer = operator.post(path_of(station), data={"keeps": "groups", "group": ["Fleet"]})
    assert answer.status_code == 303
    page = operator.get(answer.location).text
    assert "Saved. The list goes out by itself." in page
    assert "It goes out when the station is back." in page
    assert 'value="Fleet" checked' in page
    with store.reading():
        entry = AuditEntry.select().where(AuditEntry.action == "local_list.keep").get()
    assert (entry.target, entry.detail) == ("CP-1", "keeps=groups, groups=Fleet")


def test_no_group_is_no_choice(operator: FlaskClient, station: ChargePoint) -> None:
    answer = operator.post(path_of(station), data={"keeps": "groups"})
    assert answer.status_code == 422
    assert "Choose at least one group." in answer.text


def test_the_page_shows_what_the_station_holds(viewer: FlaskClient, store: Store, station: ChargePoint) -> None:
    keep(store, station)
    serve(store, station, HeldList())
    page = viewer.get(path_of(station)).text
    assert "In step" in page
    assert "3 cards" in page
    assert page.count("May charge") == 3
    assert "Full, version 1, 3 entries" in page
    assert "Van A" in viewer.get(f"{path_of(station)}?q=a").text
    assert "Van A" not in viewer.get(f"{path_of(station)}?q=C").text
    assert "No card fits" in viewer.get(f"{path_of(station)}?q=zzz").text
    store.write(lambda unit: id_tags.update(unit, id_tags.find("A").id, status="blocked"))
    assert "Is to be changed" in viewer.get(path_of(station)).text


def test_what_it_holds_is_a_file_too(
    viewer: FlaskClient, store: Store, station: ChargePoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.views.local_lists._CHUNK", 2)
    store.write(lambda unit: id_tags.add(unit, "=1", expiry_date=datetime(2099, 1, 2, 3, 4, tzinfo=UTC)))
    keep(store, station)
    serve(store, station, HeldList())
    assert "Export CSV" in viewer.get(path_of(station)).text
    lines = viewer.get(f"{path_of(station)}.csv").data.decode("utf-8-sig").splitlines()
    assert lines == [
        "id_tag,status,parent_id_tag,expiry_date",
        "'=1,Accepted,,2099-01-02T03:04:00+00:00",
        "A,Accepted,Fleet,",
        "B,Accepted,Fleet,",
        "C,Accepted,,",
    ]


def test_what_is_missing_and_what_has_no_room_is_listed(
    viewer: FlaskClient, store: Store, station: ChargePoint
) -> None:
    for key, value in (("SendLocalListMaxLength", "1"), ("LocalAuthListMaxLength", "2")):
        item = {"key": key, "value": value}
        store.write(lambda unit, item=item: configuration.report(unit, station.id, item, clock.now()))
    keep(store, station)
    assert "<code>A</code>" in viewer.get(f"{path_of(station)}?show=missing").text
    serve(store, station, HeldList(per_message=1, total=2))
    assert "Nothing is missing" in viewer.get(f"{path_of(station)}?show=missing").text
    page = viewer.get(f"{path_of(station)}?show=left_out").text
    assert "1 card does not fit into this station" in page
    assert "<code>C</code>" in page
    assert "<code>A</code>" not in page


def test_a_refusal_is_shown_with_its_reason_and_a_way_on(
    operator: FlaskClient, store: Store, station: ChargePoint
) -> None:
    keep(store, station)
    serve(store, station, HeldList(), status="Failed")
    page = operator.get(path_of(station)).text
    assert "The station could not store the list." in page
    assert "Bring in step now" in page
    answer = operator.post(f"{path_of(station)}/sync", data={"whole": "1"})
    assert answer.status_code == 303
    with store.reading():
        assert LocalList.get().asked_by == "Operator (operator@example.com)"


@pytest.mark.parametrize(
    ("status", "words"), [("NotSupported", "keeps no list of cards"), ("Odd", "The station answered with an error")]
)
def test_each_refusal_has_words(
    viewer: FlaskClient, store: Store, station: ChargePoint, status: str, words: str
) -> None:
    keep(store, station)
    serve(store, station, HeldList(), status=status)
    assert words in viewer.get(path_of(station)).text


def test_without_a_choice_there_is_nothing_to_send(operator: FlaskClient, station: ChargePoint) -> None:
    answer = operator.post(f"{path_of(station)}/sync")
    assert "Choose first which cards this station keeps." in operator.get(answer.location).text


def test_a_silenced_station_says_so(viewer: FlaskClient, store: Store, station: ChargePoint, monkeypatch: Any) -> None:
    keep(store, station)
    store.write(lambda unit: ChargePoint.update(spontaneous_calls=False).execute())
    monkeypatch.setattr("ocpp_server.sessions.is_connected", lambda number: True)
    assert "Unasked messages to this station are switched off." in viewer.get(path_of(station)).text


def test_settings_that_keep_a_list_from_being_of_use_are_named(
    operator: FlaskClient, store: Store, station: ChargePoint
) -> None:
    off = {"LocalAuthListEnabled": "false", "LocalAuthorizeOffline": "False", "SupportedFeatureProfiles": "Core"}
    for key, value in off.items():
        item = {"key": key, "value": value}
        store.write(lambda unit, item=item: configuration.report(unit, station.id, item, clock.now()))
    assert "is switched off" not in operator.get(path_of(station)).text
    keep(store, station)
    page = operator.get(path_of(station)).text
    assert "local list is switched off" in page
    assert "ChangeConfiguration?key=LocalAuthListEnabled&amp;value=true" in page
    assert "lets nobody charge by its list" in page
    assert "does not name local lists" in page


def test_a_conflict_is_told(viewer: FlaskClient, store: Store, station: ChargePoint) -> None:
    keep(store, station)
    serve(store, station, HeldList())
    store.write(lambda unit: local_lists.conflict(unit, station.id))
    page = viewer.get(path_of(station)).text
    assert "Last conflict" in page
    assert "Changes wait" in page


def test_parts_of_the_page_come_alone(viewer: FlaskClient, station: ChargePoint) -> None:
    for part in ("state", "entries"):
        answer = viewer.get(path_of(station), headers={**PARTIAL, "HX-Target": f"div#{part}"})
        assert f'id="{part}"' in answer.text
        assert "<html" not in answer.text


def test_all_lists_are_found_by_state(
    viewer: FlaskClient, store: Store, station: ChargePoint, add_station: Add
) -> None:
    add_station("CP-2", label="Hall")
    keep(store, station)
    serve(store, station, HeldList())
    found = lambda query: [name for name in ("Gate", "Hall") if name in viewer.get(f"/cards/lists{query}").text]  # noqa: E731
    assert found("") == ["Gate", "Hall"]
    assert found("?list=in_step") == ["Gate"]
    assert found("?list=none") == ["Hall"]
    assert found("?q=hall") == ["Hall"]
    assert "No station fits" in viewer.get("/cards/lists?list=refused").text
    assert 'name="action"' not in viewer.get("/cards/lists").text


def test_many_stations_are_given_their_cards_at_once(
    operator: FlaskClient, store: Store, station: ChargePoint, add_station: Add
) -> None:
    other = add_station("CP-2")
    chosen = {"station": [station.id, other.id]}
    page = operator.post("/cards/lists", data={**chosen, "action": "all"}).text
    assert "Each of the 2 stations gets the 3 cards that are valid now" in page
    assert "2 stations are offline" in page
    assert operator.post("/cards/lists", data={**chosen, "action": "groups", "confirmed": "1"}).status_code == 422
    data = {**chosen, "action": "groups", "group": ["Fleet"], "confirmed": "1"}
    assert operator.post("/cards/lists", data=data).status_code == 303
    with store.reading():
        assert [row.groups for row in LocalList.select()] == ['["Fleet"]', '["Fleet"]']
    data = {"all": "1", "query": "q=CP-2&list=waiting", "action": "none", "confirmed": "1"}
    operator.post("/cards/lists", data=data)
    with store.reading():
        assert [row.keeps for row in LocalList.select().order_by(LocalList.charge_point)] == ["groups", "none"]
    operator.post("/cards/lists", data={**chosen, "action": "sync", "confirmed": "1"})
    with store.reading():
        assert [bool(row.asked_by) for row in LocalList.select().order_by(LocalList.charge_point)] == [True, False]


def test_nothing_chosen_does_nothing(operator: FlaskClient, station: ChargePoint) -> None:
    answer = operator.post("/cards/lists", data={"action": "all"})
    assert "Choose stations and an action first." in operator.get(answer.location).text


def test_a_card_shows_station_by_station_who_has_it(
    viewer: FlaskClient, store: Store, station: ChargePoint, add_station: Add
) -> None:
    with store.reading():
        card = IdTag.get(IdTag.id_tag == "A")
    path = f"/cards/{card.id}/lists"
    assert "No station keeps cards" in viewer.get(path).text
    keep(store, station)
    keep(store, add_station("CP-2"), "groups", "Fleet")
    keep(store, add_station("CP-3"), "groups", "Others")
    serve(store, station, HeldList())
    page = viewer.get(path).text
    assert "1 station has it, 1 waits for it." in page
    assert "Not for this station" in page
    store.write(lambda unit: id_tags.update(unit, card.id, status="blocked"))
    page = viewer.get(path).text
    assert "0 stations have it, 1 still has it and should not." in page
    assert "Still has it" in page


def ask(operator: FlaskClient, station: ChargePoint, **form: Any) -> Any:
    return operator.post(f"/stations/{station.id}/commands/SendLocalList", data=form)


def sent(store: Store) -> dict[str, Any]:
    with store.reading():
        return json.loads(Command.select().order_by(Command.id.desc()).get().payload)


def test_an_update_by_hand_is_warned_of_and_has_the_next_version(
    operator: FlaskClient, store: Store, station: ChargePoint
) -> None:
    keep(store, station, "groups", "Fleet")
    serve(store, station, HeldList())
    page = ask(operator, station, kind="Full").text
    assert "What the list holds now is replaced. Its list then has 2 cards." in page
    assert "it puts right what differs" in page
    assert ask(operator, station, kind="Full", confirmed="1").status_code == 303
    assert (sent(store)["listVersion"], len(sent(store)["localAuthorizationList"])) == (2, 2)
    assert ask(operator, station, kind="Differential", id_tags="a\nX\nNEW").status_code == 303
    fleet = {"status": "Accepted", "parentIdTag": "Fleet"}
    assert sent(store)["localAuthorizationList"] == [
        {"idTag": "A", "idTagInfo": fleet},
        {"idTag": "X"},
        {"idTag": "NEW"},
    ]
    ask(operator, station, kind="Remove", id_tags="A", listVersion="77")
    assert sent(store) == {
        "listVersion": 77,
        "updateType": "Differential",
        "localAuthorizationList": [{"idTag": "A"}],
    }
    answer = ask(operator, station, kind="Remove")
    assert answer.status_code == 422
    assert "Name at least one card." in answer.text


def test_what_was_sent_by_hand_can_be_sent_again(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    for form, expected in (
        ({"kind": "Clear", "confirmed": "1"}, 'value="Clear" checked'),
        ({"kind": "Remove", "id_tags": "A\nB"}, 'value="Remove" checked'),
        ({"kind": "Full", "id_tags": "A", "confirmed": "1"}, 'value="Full" checked'),
    ):
        ask(operator, station, **form)
        with store.reading():
            number = Command.select().order_by(Command.id.desc()).get().id
        assert expected in operator.get(f"/stations/{station.id}/commands/SendLocalList?again={number}").text


def test_many_stations_get_the_same_update(
    operator: FlaskClient, store: Store, station: ChargePoint, add_station: Add
) -> None:
    other = add_station("CP-2")
    data = {"station": [station.id, other.id], "operation": "SendLocalList", "kind": "Full", "confirmed": "1"}
    assert operator.post("/batches/new", data=data).status_code == 303
    with store.reading():
        assert CommandBatch.get().action == "SendLocalList"
    assert len(sent(store)["localAuthorizationList"]) == 3


def test_a_viewer_changes_nothing(viewer: FlaskClient, station: ChargePoint) -> None:
    for path in (path_of(station), f"{path_of(station)}/sync", "/cards/lists"):
        assert viewer.post(path, data={"keeps": "all", "action": "all"}).status_code == 403
