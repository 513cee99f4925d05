"""What stations are asked although nobody asked."""

import pytest

from ocpp_server import clock, stations
from ocpp_server.models import ChargePoint, Command, ConfigurationKey
from ocpp_server.services import commands, spontaneous
from ocpp_server.services.station import charge_points

NOON = 1_800_000_000_000


@pytest.fixture
def station(store):
    charge_point = store.write(lambda unit: charge_points.add(unit, "CP-1"))
    return stations.of(charge_point)


def boot(store, station, firmware="1.0", before=None):
    now = clock.now()
    store.write(lambda unit: ChargePoint.update(last_boot_at=now).where(ChargePoint.id == station.id).execute())
    station.note_boot(NOON, firmware, before)


def asked(store, station):
    """The actions that the station is asked after it was looked after."""
    store.write(lambda unit: spontaneous.look_after(unit, station))
    with store.reading():
        return [command.action for command in Command.select().order_by(Command.id)]


def test_a_station_is_left_alone_for_a_while_after_its_boot(station):
    station.note_boot(NOON, "1.0", None)
    assert not spontaneous.is_due(station, NOON - 60_000, NOON + spontaneous.BOOT_QUIET - 1)
    assert spontaneous.is_due(station, NOON - 60_000, NOON + spontaneous.BOOT_QUIET)


def test_without_a_boot_it_is_left_alone_for_longer(station):
    assert not spontaneous.is_due(station, NOON, NOON + spontaneous.RECONNECT_QUIET - 1)
    assert spontaneous.is_due(station, NOON, NOON + spontaneous.RECONNECT_QUIET)


def test_it_is_looked_after_once(station):
    station.looked_after = True
    assert not spontaneous.is_due(station, 0, NOON)


def test_its_switch_silences_everything(store, station):
    store.write(lambda unit: charge_points.update(unit, station.id, spontaneous_calls=False))
    assert not spontaneous.is_due(station, 0, NOON)


@pytest.mark.parametrize("registration", ["pending", "rejected"])
def test_who_is_not_accepted_is_not_asked(store, station, registration):
    store.write(lambda unit: charge_points.update(unit, station.id, registration=registration))
    assert not spontaneous.is_due(station, 0, NOON)


def test_after_the_first_boot_the_configuration_is_read(store, station):
    boot(store, station)
    assert asked(store, station) == ["GetConfiguration"]


def know_a_key(store, station):
    key = {"charge_point": station.id, "key": "HeartbeatInterval", "value": "60", "seen_at": clock.now()}
    store.write(lambda unit: ConfigurationKey.create(**key))


def test_a_known_configuration_is_not_read_again(store, station):
    know_a_key(store, station)
    boot(store, station, "1.0", before="1.0")
    assert asked(store, station) == []


def test_new_firmware_makes_it_worth_reading_again(store, station):
    know_a_key(store, station)
    boot(store, station, "2.0", before="1.0")
    assert asked(store, station) == ["GetConfiguration"]


def reconnect(station):
    station.begin_connection(lambda: None, lambda reason: None)


def test_after_a_reconnect_without_a_boot_the_statuses_are_asked_for(store, station):
    boot(store, station)
    reconnect(station)
    assert asked(store, station) == ["TriggerMessage"]


def test_a_station_that_never_booted_is_not_asked_for_statuses(store, station):
    reconnect(station)
    assert asked(store, station) == []


@pytest.mark.parametrize(("state", "status"), [("answered", "NotImplemented"), ("timeout", ""), ("error", "")])
def test_what_did_not_help_is_not_repeated(store, station, state, status):
    boot(store, station)
    reconnect(station)
    asked(store, station)
    store.write(lambda unit: Command.update(state=state, status=status).execute())
    assert asked(store, station) == ["TriggerMessage"]


def test_a_station_that_leaves_twice_when_it_is_asked_is_not_asked_again(store, station):
    for count in (1, 2, 2):
        boot(store, station, "1.0", before="1.0")
        assert asked(store, station) == ["GetConfiguration"] * count
        claimed = store.write(lambda unit: commands.claim(unit, station.id))
        if claimed is not None:
            store.write(lambda unit, claimed=claimed: commands.lost(unit, claimed))
