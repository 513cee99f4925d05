"""CancelReservation by hand, with any number (section 5.1)."""

from flask_babel import lazy_gettext as _l

from ocpp_server.models import Reservation
from ocpp_server.models.reservations import AT_STATION
from portal import reservations
from portal.operation import NUMBER, Choice, Field, Operation, Target


def _known(target: Target) -> list[Choice]:
    """What the station holds, for all that is known."""
    if target.one is None:
        return []
    query = Reservation.select().where(
        Reservation.charge_point == target.one.charge_point.id, Reservation.state.in_(AT_STATION)
    )
    return [
        Choice(str(row.reservation_id), row.reservation_id, f"{reservations.place(row.connector_id)}, {row.id_tag}")
        for row in query.order_by(Reservation.id).limit(20)
    ]


operation = Operation(
    action="CancelReservation",
    label=_l("Cancel a reservation"),
    icon="bookmark",
    order=105,
    explanation=_l("The station gives up a reservation; its connector is then free for everybody."),
    fields=(Field("reservationId", _l("Number of the reservation"), NUMBER, required=True, choices=_known),),
    meanings={
        "Accepted": _l("The connector is free again."),
        "Rejected": _l("The station knows no reservation of this number."),
    },
    for_many=False,
    is_apart=True,
    verb=_l("Cancel it"),
)
