"""A station without a socket that answers what it is asked, through the same code as a connected one."""

from collections.abc import Callable
from typing import Any

from ocpp_server import outgoing, stations
from ocpp_server.frames import CallError, CallResult
from ocpp_server.models import ChargePoint
from ocpp_server.services.session import transactions
from ocpp_server.store import Store

#: What a station answers: its status, or a CALLERROR's code in brackets.
Says = Callable[[str, dict[str, Any]], str]


class Answerer:
    """`asked` holds every payload that it was sent."""

    def __init__(
        self, store: Store, charge_point: ChargePoint, says: Says = lambda action, payload: "Accepted"
    ) -> None:
        self.store, self.charge_point, self.says = store, charge_point, says
        self.station = stations.of(charge_point)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def answer(self, **more: Any) -> int:
        """Answer everything that waits, what follows from it included; how much that was."""
        count = 0
        while self._one(more):
            count += 1
        return count

    def _one(self, more: dict[str, Any]) -> bool:
        taken = self.store.write(lambda unit: outgoing.take(unit, self.station))
        if taken is None:
            return False
        claimed, _ = taken
        self.asked.append((claimed.action, claimed.payload))
        said = self.says(claimed.action, claimed.payload)
        answer: CallResult | CallError = CallResult(claimed.message_id, {"status": said, **more}, "")
        if said.startswith("["):
            answer = CallError(claimed.message_id, said.strip("[]"), "", {}, "")
        self.store.write(lambda unit: outgoing.conclude(unit, self.station, claimed, answer))
        return True

    @property
    def profiles(self) -> list[dict[str, Any]]:
        """The profiles that it was asked to take."""
        return [payload["csChargingProfiles"] for action, payload in self.asked if action == "SetChargingProfile"]

    def start(self, at: str, received_ms: int, connector_id: int = 1) -> int:
        """A session begins; its transactionId."""
        payload = {"connectorId": connector_id, "idTag": "CARD", "meterStart": 0, "timestamp": at}
        return self.store.write(
            lambda unit: transactions.start(unit, self.charge_point.id, payload, received_ms, concurrent_tx=False)
        )[0]

    def stop(self, transaction_id: int, at: str, received_ms: int) -> None:
        payload = {"transactionId": transaction_id, "meterStop": 100, "timestamp": at}
        self.store.write(lambda unit: transactions.stop(unit, self.charge_point.id, payload, received_ms))
