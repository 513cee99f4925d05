"""Adding, changing and removing stations."""

import pytest

from ocpp_server import events, stations
from ocpp_server.models import ChargePoint
from ocpp_server.services.errors import Invalid
from ocpp_server.services.station import charge_points, credentials
from tests.ocpp_server.conftest import NOON


def add(store, identity="CP-1", **fields):
    return store.write(lambda unit: charge_points.add(unit, identity, **fields))


def find(store, identity):
    with store.reading():
        return charge_points.find(identity)


def test_a_station_is_found_in_any_spelling_and_keeps_its_own(store, time):
    added = add(store, " Straße|1 ", label=" East ", location=" gate ")
    for spelling in ["Straße|1", "STRASSE|1", "straße|1"]:
        assert find(store, spelling).id == added.id
    assert (added.identity, added.label, added.location, added.created_at) == ("Straße|1", "East", "gate", NOON)
    assert (added.registration, added.security_profile, added.password_hash) == ("accepted", 0, None)


@pytest.mark.parametrize(
    ("identity", "fields", "field"),
    [
        ("", {}, "identity"),
        ("  ", {}, "identity"),
        ("a/b", {}, "identity"),
        ("a\nb", {}, "identity"),
        ("a\0b", {}, "identity"),
        ("x" * 256, {}, "identity"),
        ("ß" * 200, {}, "identity"),
        ("cp-1", {}, "identity"),
        ("CP-2", {"registration": "maybe"}, "registration"),
        ("CP-2", {"password": "short"}, "password"),
        ("CP-2", {"password": "x" * 21}, "password"),
        ("CP-2", {"label": "x" * 256}, "label"),
        ("CP-2", {"location": "a\0b"}, "location"),
    ],
)
def test_what_cannot_be_a_station_is_refused_naming_the_field(store, identity, fields, field):
    add(store)
    with pytest.raises(Invalid) as refused:
        add(store, identity, **fields)
    assert refused.value.field == field
    with store.reading():
        assert ChargePoint.select().count() == 1


def test_a_deleted_station_is_not_found_and_comes_back_with_its_history(store, time):
    first = add(store, "CP-1", label="old", password="x" * 20)
    store.write(lambda unit: charge_points.delete(unit, first.id))
    assert find(store, "CP-1") is None
    again = add(store, "cp-1", registration="pending")
    assert (again.id, again.identity, again.registration) == (first.id, "cp-1", "pending")
    assert (again.label, again.password_hash, again.deleted_at) == ("", None, None)


def test_a_change_leaves_the_rest_alone_and_is_known_at_once(store):
    station = add(store, label="East")
    in_memory = stations.of(station)
    store.write(lambda unit: charge_points.update(unit, station.id, registration="rejected"))
    assert in_memory.registration == "rejected"
    found = find(store, "CP-1")
    assert (found.label, found.registration) == ("East", "rejected")


def test_a_change_that_fails_is_not_known(store):
    station = add(store)
    in_memory = stations.of(station)

    def work(unit):
        charge_points.update(unit, station.id, registration="rejected")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write(work)
    assert in_memory.registration == "accepted"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"identity": "x"}, "identity"),
        ({"password_hash": "x"}, "password_hash"),
        ({"registration": "x"}, "registration"),
        ({"label": "x" * 256}, "label"),
        ({"location": "\0"}, "location"),
    ],
)
def test_only_what_an_operator_may_change_can_be_changed(store, fields, field):
    station = add(store)
    with pytest.raises(Invalid) as refused:
        store.write(lambda unit: charge_points.update(unit, station.id, **fields))
    assert refused.value.field == field


def test_a_password_is_stored_hashed_changed_and_taken_away(store):
    station = add(store, password="0123456789abcdef")
    assert station.security_profile == 1
    assert "0123456789abcdef" not in station.password_hash
    store.write(lambda unit: charge_points.set_password(unit, station.id, "fedcba9876543210"))
    stored = find(store, "CP-1").password_hash
    assert credentials.verify(stored, b"fedcba9876543210")
    assert not credentials.verify(stored, b"0123456789abcdef")
    store.write(lambda unit: charge_points.set_password(unit, station.id, None))
    found = find(store, "CP-1")
    assert (found.password_hash, found.security_profile) == (None, 0)


def test_a_higher_security_profile_stays_with_another_password(store):
    station = add(store, password="0123456789abcdef", security_profile=2)
    store.write(lambda unit: charge_points.set_password(unit, station.id, "fedcba9876543210"))
    assert find(store, "CP-1").security_profile == 2


def test_a_security_profile_that_needs_a_password_keeps_it(store):
    station = add(store, password="0123456789abcdef", security_profile=2)
    with pytest.raises(Invalid, match="needs a password"):
        store.write(lambda unit: charge_points.set_password(unit, station.id, None))
    assert find(store, "CP-1").password_hash is not None


def test_every_change_tells_the_pages(store):
    subscription = events.subscribe(["charge-points"])
    station = add(store)
    for change in [
        lambda unit: charge_points.update(unit, station.id, label="x"),
        lambda unit: charge_points.set_password(unit, station.id, None),
        lambda unit: charge_points.delete(unit, station.id),
    ]:
        assert subscription.wait(1) == {"charge-points"}
        store.write(change)
    assert subscription.wait(1) == {"charge-points"}
    events.unsubscribe(subscription)


@pytest.mark.parametrize("identity", ["a\0b", "\ud800", "", "x" * 10_000, "'; --", "%"])
def test_looking_for_anything_finds_nothing_and_fails_nowhere(store, identity):
    add(store)
    assert find(store, identity) is None
