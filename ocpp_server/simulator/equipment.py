"""The hardware of a station: connectors, their status reports, meters and limits."""

import asyncio
import logging
import math
import random
from datetime import datetime
from typing import Any

from ocpp.v16 import call

from ocpp_server import clock
from ocpp_server.simulator.car import used_phases
from ocpp_server.simulator.cards import LocalList
from ocpp_server.simulator.configuration import Configuration, factory_keys
from ocpp_server.simulator.connection import Connected
from ocpp_server.simulator.connector import Connector, Transaction
from ocpp_server.simulator.link import ConnectionLost, RequestFailed
from ocpp_server.simulator.meter import sampled_values
from ocpp_server.simulator.models import StationModel
from ocpp_server.simulator.profiles import Moment, Profiles

LOGGER = logging.getLogger("chargeyard.simulator")


def iso(moment: datetime) -> str:
    """A time with milliseconds, as many stations write it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Equipment(Connected):
    """A station's connectors. `speed`: how many times faster than the clock cars charge and drivers act."""

    def __init__(
        self,
        identity: str,
        url: str,
        model: StationModel,
        connectors: int,
        *,
        password: str | None,
        speed: float,
        automatic: bool,
        response_timeout: float,
        seed: int | None,
    ) -> None:
        configuration = Configuration(factory_keys(connectors, model.supply.phases))
        super().__init__(identity, url, configuration, password, response_timeout)
        if seed is not None:
            self.rng = random.Random(f"{seed}/{identity}")  # noqa: S311 - for variety, not for secrets
        self.model = model
        self.speed = speed
        self.automatic = automatic
        self.main_operative = True
        self.main_reported: tuple[str, str] | None = None
        self.profiles = Profiles()
        self.local_list = LocalList()
        self.cache: dict[str, dict[str, Any]] = {}
        self.connectors = {number: self._new_connector(number) for number in range(1, connectors + 1)}
        self.changed = {number: asyncio.Event() for number in self.connectors}
        self._advanced_at: dict[int, float] = {}
        self._reporting = asyncio.Lock()  # one report at a time, so that an older status never arrives later

    def _new_connector(self, connector_id: int) -> Connector:
        register_wh = self.rng.uniform(200_000, 30_000_000)
        return Connector(connector_id, self.model.supply, self.rng, register_wh=register_wh)

    def status_of(self, connector_id: int) -> tuple[str, str]:
        """Status and error code of a connector; 0 is the station as a whole."""
        if connector_id == 0:
            return ("Available" if self.main_operative else "Unavailable"), "NoError"
        connector = self.connectors[connector_id]
        return connector.status, connector.error_code

    async def set_status(self, connector: Connector, status: str, error_code: str = "NoError", info: str = "") -> None:
        """Change a connector's status and report it, now or after the next connect."""
        connector.status, connector.error_code, connector.info = status, error_code, info or None
        await self.report_changes(connector.connector_id)

    async def rest(self, connector: Connector) -> None:
        """Bring a connector that nobody uses to the status it has then."""
        await self.set_status(connector, connector.resting_status)

    async def report_changes(self, *connector_ids: int) -> None:
        """Report every connector (or only these) whose status the server does not know yet."""
        for connector_id in connector_ids or (0, *self.connectors):
            try:
                await self._report_change(connector_id)
            except ConnectionLost:
                return  # the next connect reports
            except RequestFailed as error:
                if not self.automatic:
                    raise
                LOGGER.warning("%s: %s", self.identity, error)

    async def notify(self, connector_id: int) -> None:
        """Send StatusNotification for one connector or, with 0, the station."""
        async with self._reporting:
            await self._send_status(connector_id)

    async def _report_change(self, connector_id: int) -> None:
        async with self._reporting:
            known = self.connectors[connector_id].reported if connector_id else self.main_reported
            if self.online and known != self.status_of(connector_id):
                await self._send_status(connector_id)

    async def _send_status(self, connector_id: int) -> None:
        status, error_code = self.status_of(connector_id)
        await self.request(
            call.StatusNotification(
                connector_id=connector_id,
                error_code=error_code,  # type: ignore[arg-type]
                status=status,  # type: ignore[arg-type]
                timestamp=iso(clock.now()),
                info=self.connectors[connector_id].info if connector_id else None,
            )
        )
        self._remember_report(connector_id, (status, error_code))

    def _remember_report(self, connector_id: int, report: tuple[str, str]) -> None:
        if connector_id:
            self.connectors[connector_id].reported = report
        else:
            self.main_reported = report

    def limit_watts(self, connector: Connector) -> float:
        """The limit in W that profiles and a refused card set for a connector now; infinite without any."""
        transaction = connector.transaction
        if transaction is not None and transaction.is_refused and self._used_up(connector, transaction):
            return 0.0
        moment = Moment(clock.now(), transaction.started_at if transaction else None)
        phases = self._phases(connector)
        shared = self.profiles.station_limit_watts(phases, Moment(clock.now()))
        charging = sum(1 for other in self.connectors.values() if other.transaction) or 1
        own = self.profiles.limit_watts(connector.connector_id, phases, moment)
        return min(own, shared / charging if shared < math.inf else math.inf)

    def _phases(self, connector: Connector) -> int:
        """Amperes are per phase (section 7.14), so they are worth less to a car that uses fewer of them."""
        supply = self.model.supply
        return supply.phases if connector.car is None else used_phases(connector.car.model, supply)

    def _used_up(self, connector: Connector, transaction: Transaction) -> bool:
        most = self.configuration.number("MaxEnergyOnInvalidId")
        return connector.register_wh - transaction.meter_start >= most

    def advance(self, connector: Connector, seconds: float) -> None:
        """Let simulated time pass for one connector."""
        connector.advance(seconds, self.limit_watts(connector))

    def catch_up(self, connector: Connector) -> None:
        """Let the time since the last call pass, times `speed`; a station driven step by step stands still."""
        now = asyncio.get_running_loop().time()
        before = self._advanced_at.get(connector.connector_id, now)
        self._advanced_at[connector.connector_id] = now
        if self.automatic:
            self.advance(connector, (now - before) * self.speed)

    def wake(self) -> None:
        """Something that may change the power or its sampling has happened."""
        for event in self.changed.values():
            event.set()

    async def pause(self, seconds: float) -> None:
        """Wait for simulated seconds."""
        await asyncio.sleep(seconds / self.speed)

    def meter_value(self, connector: Connector, key: str, context: str) -> dict[str, Any] | None:
        """One meterValue with the measurands that a configuration key names; None if it names none."""
        measurands = self.configuration.items(key)
        values = sampled_values(connector.reading(), measurands, context)
        return {"timestamp": iso(clock.now()), "sampled_value": values} if values else None
