"""The people of the yard: they come, charge, leave, hold up wrong cards; and what goes wrong now and then.

All durations are simulated seconds unless they say otherwise.
"""

import asyncio
import logging
from dataclasses import dataclass

from ocpp_server.simulator.connector import Connector
from ocpp_server.simulator.link import RequestFailed
from ocpp_server.simulator.station import Station

LOGGER = logging.getLogger("chargeyard.simulator")

MINUTE, HOUR = 60.0, 3600.0
AC_STAY = (0.7 * HOUR, 5 * HOUR)
DC_STAY = (12 * MINUTE, 50 * MINUTE)
FAULT_SHARE = 0.02  # of all visits: the connector breaks instead
WRONG_CARD_SHARE = 0.06
PULLED_CABLE_SHARE = 0.25  # of all departures: no card, the cable is simply pulled
FAULTS = (
    ("GroundFailure", "Residual current device tripped"),
    ("ConnectorLockFailure", "Plug not locked"),
    ("HighTemperature", "Contact temperature too high"),
    ("EVCommunicationError", "Pilot signal lost"),
)
FIRST_ARRIVALS = 5 * MINUTE  # over which the first cars arrive
LONGEST_FIRST_WAIT = 20.0  # real seconds, so that a slow yard is lively soon, too
OUTAGE = (5.0, 40.0)  # real seconds without a connection


@dataclass(frozen=True)
class Habits:
    """`busy`: the share of the connectors with a car on them, 0 to 1. `id_tags`: the cards that drivers have."""

    busy: float
    id_tags: tuple[str, ...]


async def use_connector(station: Station, connector: Connector, habits: Habits) -> None:
    """One driver after the other at one connector, for ever."""
    await station.until_online()
    await asyncio.sleep(station.rng.uniform(0, min(FIRST_ARRIVALS / station.speed, LONGEST_FIRST_WAIT)))
    if station.rng.random() >= habits.busy:
        await _stand_idle(station, connector, habits)
    while True:
        try:
            await _next_driver(station, connector, habits)
        except RequestFailed as error:
            LOGGER.info("%s/%d: %s", station.identity, connector.connector_id, error)
        finally:
            connector.busy = False
        await _stand_idle(station, connector, habits)


async def lose_connection(station: Station) -> None:
    """Every few hours the network is gone for a moment; sessions go on, and no boot follows."""
    await station.until_online()
    while True:
        await station.pause(station.rng.uniform(3 * HOUR, 12 * HOUR))
        if station.online:
            LOGGER.info("%s: network outage", station.identity)
            await station.drop(station.rng.uniform(*OUTAGE))


async def _next_driver(station: Station, connector: Connector, habits: Habits) -> None:
    if connector.car is not None:
        await _stay_and_leave(station, connector)  # came with a remote start, or sat through a reset
    elif connector.status == "Available" and not connector.busy and habits.busy > 0:
        await _visit(station, connector, habits)


async def _visit(station: Station, connector: Connector, habits: Habits) -> None:
    luck = station.rng.random()
    if luck < FAULT_SHARE:
        await _break_down(station, connector)
        return
    wrong = luck < FAULT_SHARE + WRONG_CARD_SHARE or not habits.id_tags
    id_tag = f"{station.rng.getrandbits(32):08X}" if wrong else station.rng.choice(habits.id_tags)
    connector.busy = True
    await station.plug_in(connector.connector_id)
    await station.pause(station.rng.uniform(8, 40))
    if await station.authorize(id_tag) == "Accepted":
        await station.start(connector.connector_id, id_tag)
    connector.busy = False
    await _stay_and_leave(station, connector)


async def _break_down(station: Station, connector: Connector) -> None:
    error_code, info = station.rng.choice(FAULTS)
    LOGGER.info("%s/%d: %s", station.identity, connector.connector_id, error_code)
    await station.fault(connector.connector_id, error_code, info)
    await station.pause(station.rng.uniform(5 * MINUTE, 40 * MINUTE))
    await station.recover(connector.connector_id)


async def _stay_and_leave(station: Station, connector: Connector) -> None:
    await _stay(station, connector)
    transaction = connector.transaction
    if transaction is not None and station.rng.random() >= PULLED_CABLE_SHARE:
        await station.stop(connector.connector_id, "Local", transaction.id_tag)
        await station.pause(station.rng.uniform(20, 90))
    if transaction is None:
        await station.pause(station.rng.uniform(15, 60))
    if connector.transaction in (None, transaction):
        await station.unplug(connector.connector_id)


async def _stay(station: Station, connector: Connector) -> None:
    """Until the time is up, or a while after the car is full, or the transaction was ended from elsewhere."""
    rest = station.rng.uniform(*(DC_STAY if connector.supply.is_dc else AC_STAY))
    linger = station.rng.uniform(2 * MINUTE, 30 * MINUTE)
    while rest > 0 and connector.transaction is not None:
        step = min(rest, MINUTE)
        await station.pause(step)
        rest -= step
        if connector.car is not None and connector.car.is_full:
            rest = min(rest, linger)
            linger -= step


async def _stand_idle(station: Station, connector: Connector, habits: Habits) -> None:
    """The pause before the next driver, so long that the connector is busy for its share of the time."""
    stay = sum(DC_STAY if connector.supply.is_dc else AC_STAY) / 2
    share = min(max(habits.busy, 0.02), 0.98)
    rest = stay * (1 - share) / share * station.rng.uniform(0.4, 1.6)
    while rest > 0 and connector.car is None:
        await station.pause(MINUTE)
        rest -= MINUTE
