"""What follows a RemoteStartTransaction (OCPP 1.6 section 5.11): choose a connector, authorize, wait for the cable."""

from typing import TYPE_CHECKING, Any

from ocpp_server.simulator.connector import Connector
from ocpp_server.simulator.profiles import TX

if TYPE_CHECKING:
    from ocpp_server.simulator.station import Station

DRIVER_SECONDS = 15.0  # until the driver who asked for the start has plugged in; simulated time


def choose(station: "Station", id_tag: str, connector_id: int | None) -> Connector | None:
    """The connector that would start, or None. Not while the registration is pending (section 4.2)."""
    if not station.online:
        return None
    if connector_id is not None:
        wanted = station.connectors.get(connector_id)
        return wanted if wanted and _may_start(wanted, id_tag) else None
    free = [connector for connector in station.connectors.values() if _may_start(connector, id_tag)]
    return min(free, key=lambda connector: connector.car is None, default=None)


def is_usable(charging_profile: dict[str, Any] | None) -> bool:
    """A profile that comes with a remote start must be a TxProfile (section 5.16.2)."""
    return charging_profile is None or charging_profile["charging_profile_purpose"] == TX


async def carry_out(
    station: "Station", connector: Connector, id_tag: str, charging_profile: dict[str, Any] | None
) -> None:
    """Authorize if AuthorizeRemoteTxRequests says so, let the driver plug in, start."""
    try:
        if station.configuration.is_on("AuthorizeRemoteTxRequests") and await station.authorize(id_tag) != "Accepted":
            return
        if connector.car is None and not await _wait_for_car(station, connector):
            return
        await station.start(connector.connector_id, id_tag, charging_profile=charging_profile)
    finally:
        connector.busy = False


async def _wait_for_car(station: "Station", connector: Connector) -> bool:
    await station.set_status(connector, "Preparing")
    if not station.plugs_in:
        await station.pause(station.configuration.number("ConnectionTimeOut"))
        if connector.car is None:
            await station.rest(connector)
        return connector.car is not None
    if station.automatic:
        await station.pause(DRIVER_SECONDS)
    await station.plug_in(connector.connector_id)
    return True


def _may_start(connector: Connector, id_tag: str) -> bool:
    reservation = connector.reservation
    reserved_for_other = reservation is not None and reservation.id_tag.lower() != id_tag.lower()
    return connector.is_free and not reserved_for_other
