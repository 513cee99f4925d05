"""What goes out to a station: which cards, in which parts, in which order."""

from datetime import timedelta
from typing import Any

from ocpp_server.services.card import id_tag_import, id_tags
from ocpp_server.services.card.id_tag_import import Line
from ocpp_server.services.local_list import steps as local_list_steps
from tests.ocpp_server.services.local_list.keeper import add_cards, change, shape


def test_a_list_goes_out_whole_then_in_parts_with_rising_versions(store, keeper, tick):
    add_cards(store, "E", "d", "C", "b", "A")
    station = keeper(per_message=2)
    station.keep()
    messages = tick(station)
    assert shape(messages) == [("Full", ["A", "b"]), ("Differential", ["C", "d"]), ("Differential", ["E"])]
    assert [message["listVersion"] for message in messages] == [1, 2, 3]
    assert station.row.state == "in_step"
    assert (station.row.version, station.row.entries, station.row.wanted) == (3, 5, 5)
    assert station.noted().keys() == station.held.entries.keys()
    assert tick(station) == []


def test_only_valid_cards_are_in_it_with_group_and_expiry(store, keeper, tick, cards):
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    assert station.held.entries == {
        "good": {"status": "Accepted", "parentIdTag": "Fleet", "expiryDate": "2026-12-22T12:00:00Z"},
        "mate": {"status": "Accepted", "parentIdTag": "Fleet"},
        "plain": {"status": "Accepted"},
    }


def test_a_station_keeps_the_cards_of_its_groups(store, keeper, tick, cards):
    station = keeper(per_message=100)
    station.keep("groups", "FLEET")
    tick(station)
    assert set(station.held.entries) == {"good", "mate"}
    change(store, "PLAIN", parent_id_tag="fleet")
    change(store, "Mate", parent_id_tag=None)
    assert shape(tick(station)) == [("Differential", ["-MATE", "PLAIN"])]
    station.keep("groups", "nobody")
    assert shape(tick(station)) == [("Full", [])]


def test_each_change_of_a_card_is_one_small_update(store, keeper, tick):
    add_cards(store, "A", "B")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    change(store, "A", status="blocked")
    assert shape(tick(station)) == [("Differential", ["-A"])]
    change(store, "A", status="accepted")
    assert shape(tick(station)) == [("Differential", ["A"])]
    store.write(lambda unit: id_tags.delete(unit, id_tags.find("A").id))
    assert shape(tick(station)) == [("Differential", ["-A"])]
    change(store, "B", label="only for people")
    assert tick(station) == []
    change(store, "B", id_tag="C")
    assert shape(tick(station)) == [("Differential", ["-B", "C"])]
    assert set(station.held.entries) == {"c"}


def test_a_card_whose_time_passes_leaves_the_list(store, keeper, tick, time):
    add_cards(store, "A")
    add_cards(store, "B", expiry_date=time.now + timedelta(minutes=5))
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    assert set(station.held.entries) == {"a", "b"}
    time.go_on(minutes=5)
    assert shape(tick(station)) == [("Differential", ["-B"])]
    assert tick(station) == []


def test_many_changes_at_once_go_out_in_parts(store, keeper, tick):
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    lines = [Line(number, {"id_tag": f"T{number:04}"}) for number in range(450)]
    store.write(lambda unit: id_tag_import.apply(unit, lines))
    messages = tick(station)
    assert [len(message["localAuthorizationList"]) for message in messages] == [100, 100, 100, 100, 50]
    assert len(station.held.entries) == 450
    assert station.noted().keys() == station.held.entries.keys()


def test_a_blocked_card_leaves_before_the_rest_of_a_long_list_is_sent(store, keeper, tick):
    add_cards(store, "A", "B", "C", "D")
    station = keeper(per_message=1)
    station.keep()
    original = station.held.answer

    def block_meanwhile(action: str, payload: dict[str, Any]) -> Any:
        if payload.get("listVersion") == 2:
            change(store, "A", status="blocked")
            change(store, "D", status="blocked")
        return original(action, payload)

    station.held.answer = block_meanwhile
    assert [tags for _, tags in shape(tick(station))] == [["A"], ["B"], ["-A"], ["C"]]
    assert station.noted().keys() == station.held.entries.keys() == {"b", "c"}


def test_a_blocked_card_leaves_before_many_new_ones_come(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=2)
    station.keep()
    tick(station)
    add_cards(store, *(f"T{number}" for number in range(5)))
    change(store, "A", status="blocked")
    assert shape(tick(station))[0] == ("Differential", ["-A"])
    assert len(station.held.entries) == 5


def test_after_very_many_changes_the_whole_list_is_sent(store, keeper, tick, monkeypatch):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    monkeypatch.setattr(local_list_steps, "_MANY", 2)
    add_cards(store, "B", "C", "D")
    assert shape(tick(station)) == [("Full", ["A", "B", "C", "D"])]
    assert tick(station) == []


def test_cards_beyond_the_stations_room_are_left_out_the_newest_first(store, keeper, tick):
    add_cards(store, "E", "D", "C", "B", "A")
    station = keeper(per_message=2, total=3)
    station.keep()
    tick(station)
    assert set(station.held.entries) == {"e", "d", "c"}
    assert (station.row.wanted, station.row.left_out) == (3, 2)
    change(store, "D", status="blocked")
    assert shape(tick(station)) == [("Differential", ["-D", "B"])]
    change(store, "D", status="accepted")
    assert shape(tick(station)) == [("Differential", ["-B", "D"])]
    assert tick(station) == []


def test_a_list_never_overflows_while_it_changes(store, keeper, tick):
    add_cards(store, *(f"A{number}" for number in range(6)))
    add_cards(store, *(f"B{number}" for number in range(6)))
    station = keeper(per_message=2, total=6)
    station.keep()
    tick(station)

    def block(unit: Any) -> None:
        for number in range(6):
            id_tags.update(unit, id_tags.find(f"A{number}").id, status="blocked")

    store.write(block)
    tick(station)
    assert set(station.held.entries) == {f"b{number}" for number in range(6)}
    assert station.row.refusals == 0
