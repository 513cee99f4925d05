"""Answers of the LocalAuthListManagement and Reservation profiles (OCPP 1.6 sections 5.1, 5.10, 5.13, 5.15)."""

from functools import partial
from typing import Any

from ocpp.routing import on
from ocpp.v16 import call_result
from ocpp.v16.enums import Action, CancelReservationStatus, ReservationStatus, UpdateStatus

from ocpp_server.simulator.cards import parse_time
from ocpp_server.simulator.connector import Connector, Reservation
from ocpp_server.simulator.link import Link

BUSY_ANSWERS = {"Faulted": ReservationStatus.faulted, "Unavailable": ReservationStatus.unavailable}


class ListAnswers(Link):
    """The local list and reservations."""

    @on(Action.get_local_list_version)
    def on_get_local_list_version(self) -> call_result.GetLocalListVersion:
        enabled = self.station.configuration.is_on("LocalAuthListEnabled")
        return call_result.GetLocalListVersion(self.station.local_list.version if enabled else -1)

    @on(Action.send_local_list)
    def on_send_local_list(
        self, list_version: int, update_type: str, local_authorization_list: list[dict[str, Any]] | None = None
    ) -> call_result.SendLocalList:
        configuration = self.station.configuration
        if not configuration.is_on("LocalAuthListEnabled"):
            return call_result.SendLocalList(UpdateStatus.not_supported)
        status = self.station.local_list.update(
            list_version,
            update_type == "Full",
            local_authorization_list or [],
            configuration.number("LocalAuthListMaxLength"),
            configuration.number("SendLocalListMaxLength"),
        )
        return call_result.SendLocalList(UpdateStatus(status))

    @on(Action.reserve_now)
    def on_reserve_now(
        self, connector_id: int, expiry_date: str, id_tag: str, reservation_id: int, parent_id_tag: str | None = None
    ) -> call_result.ReserveNow:
        reservation = Reservation(reservation_id, id_tag, parse_time(expiry_date), parent_id_tag)
        connector, status = self._find_place(connector_id, reservation_id)
        if connector is None:
            return call_result.ReserveNow(status)
        self._release(reservation_id)
        connector.reservation = reservation
        if connector.status == "Available":
            connector.status = "Reserved"
        self.afterwards(partial(self._hold, connector, reservation))
        return call_result.ReserveNow(ReservationStatus.accepted)

    @on(Action.cancel_reservation)
    def on_cancel_reservation(self, reservation_id: int) -> call_result.CancelReservation:
        if not self._release(reservation_id):
            return call_result.CancelReservation(CancelReservationStatus.rejected)
        self.afterwards(self.station.report_changes)
        return call_result.CancelReservation(CancelReservationStatus.accepted)

    def _find_place(self, connector_id: int, reservation_id: int) -> tuple[Connector | None, ReservationStatus]:
        """The connector that can be held (0 asks for any), or why there is none."""
        if connector_id == 0:
            chosen = list(self.station.connectors.values())
        else:
            chosen = [c for c in self.station.connectors.values() if c.connector_id == connector_id]
        for connector in chosen:
            held = connector.reservation
            if connector.status == "Available" or (held and held.reservation_id == reservation_id):
                return connector, ReservationStatus.accepted
        if not chosen:
            return None, ReservationStatus.rejected
        return None, BUSY_ANSWERS.get(chosen[0].status, ReservationStatus.occupied)

    def _release(self, reservation_id: int) -> bool:
        """End a reservation; its connector is free again, which is not reported yet. False if there was none."""
        for connector in self.station.connectors.values():
            if connector.reservation and connector.reservation.reservation_id == reservation_id:
                connector.reservation = None
                if connector.status == "Reserved":
                    connector.status = connector.resting_status
                return True
        return False

    async def _hold(self, connector: Connector, reservation: Reservation) -> None:
        """Report it, and end it when it expires: at a time of the clock, whatever the speed."""
        await self.station.report_changes()
        await self.station.sleep_until(reservation.expiry_date)
        if connector.reservation is reservation:
            self._release(reservation.reservation_id)
            await self.station.report_changes()
