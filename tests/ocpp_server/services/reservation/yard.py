"""A station that is asked to hold connectors, and what became of it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ocpp_server.frames import CallError, CallResult
from ocpp_server.jobs.reservations import keep_reservations
from ocpp_server.models import Command, Reservation, ReservationEvent
from ocpp_server.operations import reservation as _operations  # noqa: F401 - their answers are what is tested
from ocpp_server.outgoing import conclude, take
from ocpp_server.services import commands
from ocpp_server.services.reservation import reservations
from ocpp_server.services.reservation.reservations import Wish
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.ocpp_server.conftest import Clock, Speaker


class Yard:
    """CP-1, connected, as its reservations see it."""

    def __init__(self, store: Store, settings: Settings, speaker: Speaker, time: Clock) -> None:
        self.store, self.settings, self.speaker, self.time = store, settings, speaker, time
        self.connect()

    @property
    def id(self) -> int:
        return self.speaker.station.id

    def connect(self) -> None:
        self.speaker.station.begin_connection(lambda: None, lambda reason: None)

    def leave(self) -> None:
        self.speaker.station.end_connection()

    def wish(self, connector_id: int = 1, id_tag: str = "Good", **more: Any) -> Wish:
        start = more.pop("start", None)
        starts_at = None if start is None else self.time.now + timedelta(minutes=start)
        return Wish(connector_id, id_tag, self.time.now + timedelta(minutes=more.pop("until", 60)), starts_at, **more)

    def reserve(self, *args: Any, **more: Any) -> int:
        wish = self.wish(*args, **more)
        return self.store.write(lambda unit: reservations.add(unit, self.id, wish, by="Otto")).id

    def change(self, number: int, wish: Wish) -> None:
        self.store.write(lambda unit: reservations.change(unit, number, wish, by="Otto"))

    def cancel(self, number: int) -> None:
        self.store.write(lambda unit: reservations.cancel(unit, number, by="Otto"))

    def by_hand(self, action: str, **payload: Any) -> None:
        self.store.write(lambda unit: commands.request(unit, self.id, action, payload, by="Raw"))

    def answers(self, answer: Any) -> dict[str, Any] | None:
        """The station takes the next CALL and answers with a status or a CALLERROR code ending in '!'."""
        taken = self.store.write(lambda unit: take(unit, self.speaker.station))
        if taken is None:
            return None
        claimed, text = taken
        reply: CallResult | CallError
        if isinstance(answer, str) and answer.endswith("!"):
            reply = CallError(claimed.message_id, answer[:-1], "so it says", {}, "[4]")
        else:
            payload = {"status": answer} if isinstance(answer, str) else answer
            reply = CallResult(claimed.message_id, payload, json.dumps(payload))
        self.store.write(lambda unit: conclude(unit, self.speaker.station, claimed, reply))
        return json.loads(text)[3]

    def is_silent(self) -> None:
        claimed, _ = self.store.write(lambda unit: take(unit, self.speaker.station))
        self.store.write(lambda unit: commands.timed_out(unit, claimed))

    def active(self, *args: Any, **more: Any) -> int:
        number = self.reserve(*args, **more)
        assert self.answers("Accepted")
        return number

    def goes_on(self, **duration: float) -> None:
        self.time.go_on(**duration)
        keep_reservations(self.store, self.settings)

    def status(self, status: str, connector_id: int = 1) -> None:
        payload = {"connectorId": connector_id, "status": status, "errorCode": "NoError", "timestamp": self.time.iso()}
        self.speaker.ask("StatusNotification", payload)

    def start(self, id_tag: str = "Good", connector_id: int = 1, **more: Any) -> int:
        payload = {"connectorId": connector_id, "idTag": id_tag, "meterStart": 0, "timestamp": self.time.iso(), **more}
        return self.speaker.ask("StartTransaction", payload)["transactionId"]

    def row(self, number: int = 1) -> Reservation:
        with self.store.reading():
            return Reservation.get_by_id(number)

    def state(self, number: int = 1) -> str:
        return self.row(number).state

    def outcome(self, number: int = 1) -> tuple[str, str]:
        row = self.row(number)
        return row.state, row.status

    def count(self) -> int:
        with self.store.reading():
            return Reservation.select().count()

    def history(self, number: int = 1) -> list[str]:
        with self.store.reading():
            rows = ReservationEvent.select().where(ReservationEvent.reservation == number).order_by(ReservationEvent.id)
            return [row.kind for row in rows]

    def open_commands(self) -> list[str]:
        with self.store.reading():
            return [row.action for row in Command.select().where(Command.state == "queued")]


def raw(yard: Yard, number: int, answer: str = "Accepted", **more: Any) -> None:
    payload = {"connectorId": 1, "idTag": "PLAIN", "expiryDate": yard.time.iso(hours=1), "reservationId": number}
    yard.by_hand("ReserveNow", **{**payload, **more})
    assert yard.answers(answer)


Make = Callable[..., Speaker]
