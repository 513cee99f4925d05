"""What drivers do at a station: plug in, hold up a card, charge, stop, leave; and what the station makes of it."""

import asyncio
import logging
from dataclasses import asdict, is_dataclass
from typing import Any

from ocpp.v16 import call

from ocpp_server import clock
from ocpp_server.simulator.cards import is_valid
from ocpp_server.simulator.connector import Car, Connector, Transaction, random_car
from ocpp_server.simulator.equipment import Equipment, iso
from ocpp_server.simulator.offline_queue import Entry

LOGGER = logging.getLogger("chargeyard.simulator")
UNKNOWN_TRANSACTION = -1  # errata 3.18: what a station names when StartTransaction was never answered
SHORTEST_SAMPLE_SECONDS = 2.0  # of real time, however fast the simulation runs
STATUS_CHECK_SECONDS = 60.0  # how often power is looked at if sampling is off (MeterValueSampleInterval 0)


class Sessions(Equipment):
    """Each method is one step of a session and returns when the server has answered, or at once when offline."""

    async def plug_in(self, connector_id: int = 1, car: Car | None = None) -> None:
        """A car is connected: Available or Reserved becomes Preparing."""
        connector = self.connectors[connector_id]
        connector.car = car or random_car(connector.supply, self.rng)
        if connector.status in {"Available", "Reserved"}:
            await self.set_status(connector, "Preparing")

    async def authorize(self, id_tag: str) -> str:
        """A card is held up; the status it gets from the local list, the server or, offline, from memory."""
        use_list = self.configuration.is_on("LocalAuthListEnabled")
        listed = self.local_list.entries.get(id_tag.lower()) if use_list else None
        if self.configuration.is_on("LocalPreAuthorize") and is_valid(listed, clock.now()):
            return "Accepted"
        if self.online:
            answer = await self.request(call.Authorize(id_tag=id_tag))
            return self.remember(id_tag, answer.id_tag_info)
        return self._authorize_offline(id_tag, listed)

    async def start(
        self,
        connector_id: int = 1,
        id_tag: str = "",
        *,
        car: Car | None = None,
        charging_profile: dict[str, Any] | None = None,
    ) -> Transaction:
        """Begin a transaction: StartTransaction, then Charging. Plugs a car in first if there is none."""
        connector = self.connectors[connector_id]
        if connector.transaction is not None:
            raise ValueError(f"connector {connector_id} has a transaction already")
        if connector.car is None or car is not None:
            await self.plug_in(connector_id, car)
        transaction = self._begin(connector, id_tag, charging_profile)
        await self.deliver(self._start_message(transaction))
        if connector.transaction is transaction:
            await self._enter_charging(connector, transaction)
        return transaction

    async def meter(self, connector_id: int = 1, seconds: float = 0, context: str = "Sample.Periodic") -> None:
        """Let simulated seconds pass and send MeterValues with what the meter shows then."""
        connector = self.connectors[connector_id]
        self.catch_up(connector)
        self.advance(connector, seconds)
        await self._show_power(connector)
        entry = self._meter_message(connector, "MeterValuesSampledData", context)
        if entry is not None:
            await self.deliver(entry)

    async def stop(self, connector_id: int = 1, reason: str = "Local", id_tag: str | None = None) -> None:
        """End the transaction: StopTransaction, then Finishing while the car is still on the cable."""
        connector = self.connectors[connector_id]
        transaction = connector.transaction
        if transaction is None:
            return
        self._end(connector, transaction, reason)
        await self.deliver(self._stop_message(transaction, id_tag))
        if connector.transaction is None and connector.status != "Faulted":
            await self.set_status(connector, "Finishing")

    async def unplug(self, connector_id: int = 1) -> None:
        """The cable is pulled. With StopTransactionOnEVSideDisconnect that ends the transaction."""
        connector = self.connectors[connector_id]
        if connector.transaction is not None:
            self.catch_up(connector)
            connector.power_watts = 0.0
            await self.set_status(connector, "SuspendedEV")
            if not self.configuration.is_on("StopTransactionOnEVSideDisconnect"):
                connector.car = None
                return
            await self.stop(connector_id, "EVDisconnected")
        connector.car = None
        if connector.status != "Faulted":
            await self.rest(connector)

    async def fault(self, connector_id: int = 1, error_code: str = "GroundFailure", info: str = "") -> None:
        """The connector breaks; a running transaction ends, a reservation does, too (section 5.13)."""
        connector = self.connectors[connector_id]
        connector.reservation = None
        await self.set_status(connector, "Faulted", error_code, info)
        await self.stop(connector_id, "Other")

    async def recover(self, connector_id: int = 1) -> None:
        """The connector works again."""
        connector = self.connectors[connector_id]
        if connector.car is not None:
            await self.set_status(connector, "Finishing")
        else:
            await self.rest(connector)

    async def stop_all(self, reason: str) -> None:
        """End every running transaction."""
        for connector_id in self.connectors:
            await self.stop(connector_id, reason)

    def remember(self, id_tag: str, info: Any) -> str:
        """Put an answered idTagInfo into the authorization cache; returns its status."""
        info = asdict(info) if is_dataclass(info) and not isinstance(info, type) else dict(info)
        if self.configuration.is_on("AuthorizationCacheEnabled"):
            self.cache[id_tag.lower()] = info
        return str(info["status"])

    def _authorize_offline(self, id_tag: str, listed: dict[str, Any] | None) -> str:
        known = listed or self.cache.get(id_tag.lower())
        if self.configuration.is_on("LocalAuthorizeOffline") and is_valid(known, clock.now()):
            return "Accepted"
        unknown_may = known is None and self.configuration.is_on("AllowOfflineTxForUnknownId")
        return "Accepted" if unknown_may else "Invalid"

    def _begin(self, connector: Connector, id_tag: str, charging_profile: dict[str, Any] | None) -> Transaction:
        self.catch_up(connector)
        reservation, connector.reservation = connector.reservation, None
        transaction = Transaction(
            connector.connector_id,
            id_tag,
            meter_start=int(connector.register_wh),
            started_at=clock.now(),
            reservation_id=reservation.reservation_id if reservation else None,
            charging_profile=charging_profile,
        )
        connector.transaction, connector.charging_seconds = transaction, 0.0
        self._keep_data(connector, transaction, "Transaction.Begin")
        if charging_profile:
            self.profiles.add(connector.connector_id, charging_profile)
        return transaction

    def _end(self, connector: Connector, transaction: Transaction, reason: str) -> None:
        self.catch_up(connector)
        self._keep_data(connector, transaction, "Transaction.End")
        transaction.meter_stop = int(connector.register_wh)
        transaction.stopped_at, transaction.reason = clock.now(), reason
        connector.transaction, connector.power_watts = None, 0.0
        self.profiles.end_transaction(connector.connector_id)
        self.wake()
        energy = (transaction.meter_stop - transaction.meter_start) / 1000
        LOGGER.info("%s/%d: stopped (%s), %.2f kWh", self.identity, connector.connector_id, reason, energy)

    def _keep_data(self, connector: Connector, transaction: Transaction, context: str) -> None:
        value = self.meter_value(connector, "StopTxnSampledData", context)
        if value is not None:
            transaction.data.append(value)

    async def _enter_charging(self, connector: Connector, transaction: Transaction) -> None:
        if transaction.is_refused and self.configuration.is_on("StopTransactionOnInvalidId"):
            await self.stop(connector.connector_id, "DeAuthorized")
            return
        transaction.has_charged = True
        LOGGER.info("%s/%d: started with card %s", self.identity, connector.connector_id, transaction.id_tag)
        await self._show_power(connector)
        if self.automatic:
            self.spawn(self._follow(connector, transaction))

    async def _follow(self, connector: Connector, transaction: Transaction) -> None:
        """Meter a transaction by the clock until it ends."""
        loop, changed = asyncio.get_running_loop(), self.changed[connector.connector_id]
        sampled_at = loop.time()
        while connector.transaction is transaction:
            interval = self._sample_seconds()
            changed.clear()
            await _wait(changed, sampled_at + (interval or STATUS_CHECK_SECONDS / self.speed) - loop.time())
            if connector.transaction is not transaction:
                return
            self.catch_up(connector)
            await self._show_power(connector)
            if loop.time() >= sampled_at + interval - 0.005:
                sampled_at = loop.time()
                self._queue_sample(connector, bool(interval))

    def _queue_sample(self, connector: Connector, wanted: bool) -> None:
        entry = self._meter_message(connector, "MeterValuesSampledData", "Sample.Periodic") if wanted else None
        if entry is not None and connector.transaction is not None:
            self.queue.add(entry)

    def _sample_seconds(self) -> float:
        """Real seconds between two samples; 0 means none are wanted."""
        interval = self.configuration.number("MeterValueSampleInterval")
        return max(interval / self.speed, min(interval, SHORTEST_SAMPLE_SECONDS))

    async def _show_power(self, connector: Connector) -> None:
        """Charging, SuspendedEV or SuspendedEVSE, whichever is true now."""
        transaction = connector.transaction
        if transaction is None or connector.status == "Faulted":
            return
        status = connector.status_under(self.limit_watts(connector))
        if status != connector.status:
            await self.set_status(connector, status)

    def _start_message(self, transaction: Transaction) -> Entry:
        payload = call.StartTransaction(
            connector_id=transaction.connector_id,
            id_tag=transaction.id_tag,
            meter_start=transaction.meter_start,
            timestamp=iso(transaction.started_at),
            reservation_id=transaction.reservation_id,
        )
        return Entry("StartTransaction", lambda: payload, lambda answer: self._started(transaction, answer))

    def _started(self, transaction: Transaction, answer: Any) -> None:
        if answer is None:
            transaction.transaction_id = UNKNOWN_TRANSACTION
            return
        transaction.transaction_id = answer.transaction_id
        transaction.id_tag_status = self.remember(transaction.id_tag, answer.id_tag_info)
        if transaction.charging_profile is not None:
            transaction.charging_profile["transaction_id"] = answer.transaction_id
        still_runs = self.connectors[transaction.connector_id].transaction is transaction
        late_refusal = transaction.has_charged and transaction.is_refused  # it began offline
        if still_runs and late_refusal and self.configuration.is_on("StopTransactionOnInvalidId"):
            self.spawn(self.stop(transaction.connector_id, "DeAuthorized"))

    def _stop_message(self, transaction: Transaction, id_tag: str | None) -> Entry:
        def build() -> call.StopTransaction:
            assert transaction.meter_stop is not None
            assert transaction.stopped_at is not None
            return call.StopTransaction(
                meter_stop=transaction.meter_stop,
                timestamp=iso(transaction.stopped_at),
                transaction_id=_number(transaction),
                reason=transaction.reason,  # type: ignore[arg-type]
                id_tag=id_tag,
                transaction_data=transaction.data or None,
            )

        return Entry("StopTransaction", build)

    def _meter_message(self, connector: Connector, key: str, context: str) -> Entry | None:
        value = self.meter_value(connector, key, context)
        transaction = connector.transaction
        if value is None:
            return None

        def build() -> call.MeterValues:
            number = _number(transaction) if transaction else None
            return call.MeterValues(connector.connector_id, [value], transaction_id=number)

        return Entry("MeterValues", build, may_be_lost=True)


def _number(transaction: Transaction) -> int:
    return UNKNOWN_TRANSACTION if transaction.transaction_id is None else transaction.transaction_id


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set or the time is over."""
    if seconds > 0:
        waiter = asyncio.ensure_future(event.wait())
        await asyncio.wait((waiter,), timeout=seconds)
        waiter.cancel()
