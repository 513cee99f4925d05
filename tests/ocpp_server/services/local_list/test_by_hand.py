"""Lists that an operator sends by hand, and what is known of them."""

import pytest

from ocpp_server.models import Command
from ocpp_server.services import commands
from ocpp_server.services.local_list import local_lists
from tests.ocpp_server.services.local_list.keeper import add_cards, ask_by_hand, shape


def test_what_is_sent_by_hand_is_known_and_put_right(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    odd = {"idTag": "ODD", "idTagInfo": {"status": "Blocked"}}
    ask_by_hand(store, station, {"listVersion": 5, "updateType": "Full", "localAuthorizationList": [odd]})
    assert station.noted() == {"odd": "Blocked"}
    assert (station.row.keeps, station.row.version) == ("none", 5)
    station.keep()
    assert [message["listVersion"] for message in tick(station)] == [6]
    ask_by_hand(store, station, {"listVersion": 9, "updateType": "Differential", "localAuthorizationList": [odd]})
    assert shape(tick(station)) == [("Differential", ["-ODD"])]
    assert station.row.version == 10


@pytest.mark.parametrize(("held", "follows"), [(1, []), (40, [("Full", ["A"])])])
def test_what_is_refused_by_hand_has_the_version_checked(store, keeper, tick, held, follows):
    """The operator named an old version, or the station has another list than we think."""
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    assert station.held.version == 1
    station.held.version = held
    ask_by_hand(store, station, {"listVersion": 1, "updateType": "Differential"})
    assert station.row.state == "behind"
    assert shape(tick(station)) == follows
    assert station.row.state == "in_step"
    ask_by_hand(store, station, {"listVersion": 11, "updateType": "Full"})
    assert station.noted() == {}
    assert shape(tick(station)) == [("Full", ["A"])]


def test_a_version_by_hand_that_no_station_could_mean_does_no_harm(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    ask_by_hand(store, station, {"listVersion": 2**70, "updateType": "Full"})
    (message,) = tick(station)
    assert (message["updateType"], message["listVersion"]) == ("Full", 1)


def test_a_station_that_tells_nonsense_is_refused(keeper, tick):
    station = keeper(per_message=100)
    station.keep()
    station.refuse = [{"listVersion": "many"}]
    tick(station)
    assert (station.row.state, station.row.reason) == ("refused", "no version")


def test_the_whole_list_sent_by_hand_is_not_sent_again(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    data = [{"idTag": "A", "idTagInfo": {"status": "Accepted"}}]
    ask_by_hand(store, station, {"listVersion": 5, "updateType": "Full", "localAuthorizationList": data})
    assert tick(station) == []
    assert station.row.state == "in_step"


def test_the_last_version_there_is_is_followed_by_a_whole_list_with_the_first(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.held.version = 2**31 - 1
    station.keep()
    (message,) = tick(station)
    assert (message["updateType"], message["listVersion"]) == ("Full", 1)


def test_a_request_that_ended_unheard_is_asked_about(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    store.write(lambda unit: local_lists.sync(unit, station.id, by="Anna"))
    store.write(lambda unit: Command.delete().execute())
    assert shape(tick(station)) == [("Full", ["A"])]


def test_a_request_that_is_taken_back_stops_it(store, keeper, tick):
    station = keeper(per_message=100)
    station.keep()
    store.write(lambda unit: local_lists.sync(unit, station.id, by="Anna"))
    store.write(lambda unit: commands.cancel(unit, station.row.command_id))
    assert (station.row.state, station.row.reason) == ("refused", "cancelled")
