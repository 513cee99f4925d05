"""A simulated charge point. Drive it step by step, or let `run` keep it connected, booted and metering by itself.

station = Station("CP-1", "ws://127.0.0.1:8080/ocpp/")
await station.connect()
await station.boot()
await station.start(connector_id=1, id_tag="04A2C8127E6180")
await station.meter(connector_id=1, seconds=900)
await station.stop(connector_id=1, reason="Local")
await station.unplug(connector_id=1)
await station.close()
"""

import asyncio
import logging
import time
from datetime import datetime
from typing import Any

from ocpp.v16 import call, call_result
from websockets.exceptions import WebSocketException

from ocpp_server import clock
from ocpp_server.simulator import models
from ocpp_server.simulator.link import ConnectionLost, Link, RequestFailed
from ocpp_server.simulator.models import STATION_MODELS, StationModel
from ocpp_server.simulator.remote import Remote
from ocpp_server.simulator.sessions import Sessions

LOGGER = logging.getLogger("chargeyard.simulator")
REBOOT_SECONDS = 20.0  # of simulated time
OWN_BOOT_INTERVAL = 30.0  # s between boots if the server leaves the wait to the station (interval 0)
LONGEST_BACK_OFF = 60.0  # s between attempts to connect


class Station(Sessions):
    """One charge point.

    automatic: transactions are metered by the clock (MeterValueSampleInterval); otherwise only `meter` lets time pass.
    plugs_in: whether a driver plugs in after a remote start; if not, it times out (ConnectionTimeOut).
    """

    def __init__(
        self,
        identity: str,
        url: str,
        model: StationModel = STATION_MODELS[1],
        connectors: int = 2,
        *,
        password: str | None = None,
        speed: float = 1.0,
        automatic: bool = False,
        plugs_in: bool = True,
        response_timeout: float = 30.0,
        seed: int | None = None,
    ) -> None:
        super().__init__(
            identity,
            url,
            model,
            connectors,
            password=password,
            speed=speed,
            automatic=automatic,
            response_timeout=response_timeout,
            seed=seed,
        )
        self.plugs_in = plugs_in
        self.firmware = model.firmware
        self.firmware_status = "Idle"
        self.diagnostics_status = "Idle"
        self.serial_number = models.serial_number(model, self.rng)
        self.meter_serial_number = models.digits(10, self.rng)
        self.iccid = models.digits(19, self.rng)
        self.supervised = False
        self._stay_offline_until = 0.0
        self._accepted = asyncio.Event()
        self._changed_key = asyncio.Event()
        self.configuration.listeners.append(self._key_changed)

    async def boot(self) -> call_result.BootNotification:
        """Send BootNotification; when accepted take over the interval and report the status of every connector."""
        answer = await self.request(self.boot_notification())
        self.registration = str(answer.status)
        if self.registration == "Accepted":
            if answer.interval > 0:
                self.configuration.set("HeartbeatInterval", str(answer.interval))
            for connector_id in (0, *self.connectors):
                await self.notify(connector_id)
            self.start_delivery()
            self._accepted.set()
        return answer

    def boot_notification(self) -> call.BootNotification:
        """Who this station is."""
        return call.BootNotification(
            charge_point_vendor=self.model.vendor,
            charge_point_model=self.model.name,
            charge_point_serial_number=self.serial_number,
            charge_box_serial_number=self.serial_number,
            firmware_version=self.firmware,
            iccid=self.iccid,
            meter_type="EM-3" if self.model.supply.phases else "EM-DC",
            meter_serial_number=self.meter_serial_number,
        )

    async def heartbeat(self) -> Any:
        """Send one Heartbeat."""
        return await self.request(call.Heartbeat())

    async def restart(self, reason: str, *, graceful: bool = True) -> None:
        """Reset: end transactions for this reason, drop the connection, come back and boot.

        Ungraceful as after a power cut: the stops are only queued and reach the server after the boot.
        """
        if not graceful:
            await self.disconnect()
        await self.stop_all(reason)
        self.registration = None
        self._accepted.clear()
        await self.drop(REBOOT_SECONDS / self.speed)
        if not self.supervised:
            await self.connect()
            await self.boot()

    async def drop(self, seconds: float = 0.0) -> None:
        """Lose the connection for real seconds; sessions go on. Only `run` reconnects by itself."""
        self._stay_offline_until = time.monotonic() + seconds
        await self.disconnect()

    async def until_online(self) -> None:
        """Wait until the server has accepted this station (again, after a restart)."""
        await self._accepted.wait()

    async def until_idle(self) -> None:
        """Wait until no transaction runs."""
        for connector in self.connectors.values():
            while connector.transaction is not None:
                self.changed[connector.connector_id].clear()
                await self.changed[connector.connector_id].wait()

    async def sleep_until(self, moment: datetime) -> None:
        """Wait for a time of the clock, whatever the speed."""
        await asyncio.sleep(max(0.0, (moment - clock.now()).total_seconds()))

    async def run(self) -> None:
        """Stay connected and registered, send heartbeats and clock-aligned values, until cancelled."""
        self.supervised = True
        attempt = 0
        while True:
            try:
                await asyncio.sleep(max(0.0, self._stay_offline_until - time.monotonic()))
                await self.connect()
            except (OSError, WebSocketException) as error:
                LOGGER.warning("%s: cannot connect: %s", self.identity, error)
                attempt += 1
                await asyncio.sleep(min(LONGEST_BACK_OFF, 2.0**attempt) * self.rng.uniform(0.5, 1.0))
            else:
                attempt = 0
                await self._stay_connected()

    def answerer(self, websocket: Any) -> Link:
        """Answers as a charge point with all feature profiles."""
        return Remote(self, websocket, self.response_timeout)

    async def _stay_connected(self) -> None:
        link = self.link
        if link is None:
            return
        timers = [self.spawn(work) for work in (self._come_online(link), self._heartbeats(), self._aligned_values())]
        try:
            await link.closed.wait()
        finally:
            for timer in timers:
                timer.cancel()

    async def _come_online(self, link: Link) -> None:
        if self.registration == "Accepted":
            await self.report_changes()
            return
        while self.registration != "Accepted":
            try:
                interval = (await self.boot()).interval
            except ConnectionLost:
                return
            except RequestFailed as error:
                LOGGER.warning("%s: %s", self.identity, error)
                interval = 0
            if self.registration != "Accepted":
                LOGGER.info("%s: registration %s, next try in %d s", self.identity, self.registration, interval)
                await asyncio.sleep(interval or OWN_BOOT_INTERVAL)

    async def _heartbeats(self) -> None:
        while True:
            interval = self.configuration.number("HeartbeatInterval")
            if await self._sleep_or_change(interval) and self.online and interval:
                await self._tolerate(self.heartbeat())

    async def _aligned_values(self) -> None:
        while True:
            interval = self.configuration.number("ClockAlignedDataInterval")
            rest = interval - time.time() % interval if interval else 0
            if await self._sleep_or_change(rest) and self.online and interval:
                self._queue_aligned_values()

    def _queue_aligned_values(self) -> None:
        for connector in self.connectors.values():
            self.catch_up(connector)
            entry = self._meter_message(connector, "MeterValuesAlignedData", "Sample.Clock")
            if entry is not None:
                self.queue.add(entry)

    async def _sleep_or_change(self, seconds: float) -> bool:
        """Sleep (for ever with 0); False if a configuration key was changed meanwhile."""
        try:
            await asyncio.wait_for(self._changed_key.wait(), seconds or None)
        except TimeoutError:
            return True
        await asyncio.sleep(0)  # let every waiter see the event before it is cleared
        self._changed_key.clear()
        return False

    async def _tolerate(self, request: Any) -> None:
        try:
            await request
        except ConnectionLost:
            raise
        except RequestFailed as error:
            LOGGER.warning("%s: %s", self.identity, error)

    def _key_changed(self, name: str) -> None:
        self._changed_key.set()
        self.wake()
