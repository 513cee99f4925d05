"""ReserveNow and CancelReservation: each answer has its own outcome (sections 5.1 and 5.13; rules 103 and 104)."""

from ocpp.v16.enums import ReservationStatus

from ocpp_server.models.commands import ANSWERED, ERROR
from ocpp_server.outgoing import Conclusion, concludes
from ocpp_server.services.failures import Failure, on_failure
from ocpp_server.services.reservation import reservation_answers


@concludes("ReserveNow")
def reserved(conclusion: Conclusion) -> None:
    command = conclusion.command
    if conclusion.status == ReservationStatus.accepted.value:
        reservation_answers.accepted(
            conclusion.unit, conclusion.station.id, command.id, command.payload, command.requested_by
        )
    else:
        reservation_answers.refused(conclusion.unit, conclusion.station.id, command.id, conclusion.status)


@on_failure("ReserveNow")
def not_reserved(failure: Failure) -> None:
    """A CALLERROR is a refusal; silence is asked again."""
    unit, station, command = failure.unit, failure.charge_point_id, failure.command_id
    if failure.state in (ERROR, ANSWERED):
        word = failure.error_code or failure.state
        reservation_answers.refused(unit, station, command, word, failure.error_description)
    else:
        reservation_answers.unanswered(unit, station, command, failure.state)


@concludes("CancelReservation")
def cancelled(conclusion: Conclusion) -> None:
    command = conclusion.command
    number = command.payload["reservationId"]
    reservation_answers.cancel_answered(conclusion.unit, conclusion.station.id, command.id, number, conclusion.status)


@on_failure("CancelReservation")
def not_cancelled(failure: Failure) -> None:
    why = failure.error_code if failure.state == ERROR else failure.state
    reservation_answers.cancel_failed(failure.unit, failure.charge_point_id, failure.command_id, why)
