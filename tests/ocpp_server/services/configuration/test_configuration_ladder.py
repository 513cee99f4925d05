"""A station that is silent when everything is asked for is asked by name; one that is silent then too is let be."""

import pytest

from ocpp_server import outgoing, stations
from ocpp_server.configuration_keys import STANDARD_KEYS
from ocpp_server.frames import CallResult
from ocpp_server.models import Command
from ocpp_server.models.commands import CANCELLED, QUEUED
from ocpp_server.services import commands, spontaneous
from ocpp_server.services.configuration.configuration_ladder import MAX_KEYS
from ocpp_server.services.station import charge_points


@pytest.fixture
def station(store):
    return stations.of(store.write(lambda unit: charge_points.add(unit, "CP-1")))


def ask(store, station, by=spontaneous.BY):
    store.write(lambda unit: commands.request(unit, station.id, "GetConfiguration", {}, by=by))


def take(store, station):
    """The keys that the station is asked for next."""
    claimed = store.write(lambda unit: commands.claim(unit, station.id))
    return claimed, claimed and claimed.payload.get("key", [])


def is_silent(store, station):
    claimed, keys = take(store, station)
    store.write(lambda unit: commands.timed_out(unit, claimed))
    return keys


def answers(store, station, *known):
    claimed, keys = take(store, station)
    result = {"configurationKey": [{"key": key, "readonly": True, "value": value} for key, value in known]}
    answer = CallResult(claimed.message_id, result, "[]")
    store.write(lambda unit: outgoing.conclude(unit, station, claimed, answer))
    return keys


def waiting(store, state=QUEUED):
    with store.reading():
        return Command.select().where(Command.state == state).count()


@pytest.mark.parametrize(("most", "size"), [("10", 10), ("none", 4)])
def test_the_keys_are_asked_for_by_name_in_parts_that_the_station_takes(store, station, most, size):
    ask(store, station)
    assert is_silent(store, station) == []
    assert answers(store, station, (MAX_KEYS, most)) == [MAX_KEYS]
    parts = []
    while (keys := waiting(store) and answers(store, station)) not in (0, None):
        parts.append(keys)
    assert {len(part) for part in parts[:-1]} == {size}
    named = {key for part in parts for key in part}
    assert named == {key.name for key in STANDARD_KEYS} - {MAX_KEYS, "AuthorizationKey"}


def test_silence_on_a_part_ends_it(store, station):
    ask(store, station)
    is_silent(store, station)
    answers(store, station)
    assert len(is_silent(store, station)) == 4
    assert waiting(store) == 0
    assert waiting(store, CANCELLED) > 10


def test_silence_on_the_first_name_ends_it(store, station):
    ask(store, station)
    is_silent(store, station)
    assert is_silent(store, station) == [MAX_KEYS]
    assert waiting(store) == 0


def test_what_an_operator_asked_is_not_asked_in_other_ways(store, station):
    ask(store, station, by="anna")
    is_silent(store, station)
    assert waiting(store) == 0


def test_a_station_that_was_silenced_meanwhile_is_not_asked(store, station):
    ask(store, station)
    store.write(lambda unit: charge_points.update(unit, station.id, spontaneous_calls=False))
    is_silent(store, station)
    assert waiting(store) == 0
