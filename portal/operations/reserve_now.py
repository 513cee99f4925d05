"""ReserveNow by hand, with every field free (section 5.13). The page of reservations does the same in an operator's
words, and for later."""

from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ocpp_server import clock
from portal.operation import NUMBER, RESERVATIONS, Choice, Field, Operation, Target
from portal.operation_choices import cards, connectors_and_station


def _ends(target: Target) -> list[Choice]:
    now = clock.now()
    return [
        Choice(clock.iso(now + timedelta(minutes=minutes)), _("in %(minutes)d minutes", minutes=minutes))
        for minutes in (15, 30, 60, 120, 480)
    ]


operation = Operation(
    action="ReserveNow",
    label=_l("Reserve now"),
    icon="bookmark",
    order=100,
    topic=RESERVATIONS,
    explanation=_l(
        "The station holds a connector for a card from now on. For later ones, and without numbers, use “Reserve” on"
        " the connector or the page of reservations."
    ),
    fields=(
        Field(
            "connectorId",
            _l("Connector"),
            NUMBER,
            required=True,
            choices=connectors_and_station,
            hint=_l("0 keeps any one of them free, where the station can do that."),
        ),
        Field(
            "expiryDate",
            _l("Until"),
            required=True,
            choices=_ends,
            suggests=True,
            hint=_l("In UTC, like 2027-01-31T18:00:00Z."),
        ),
        Field("idTag", _l("Card"), required=True, choices=cards, suggests=True),
        Field("parentIdTag", _l("Group"), hint=_l("Any card of this group may use it too.")),
        Field(
            "reservationId",
            _l("Number of the reservation"),
            NUMBER,
            required=True,
            hint=_l("A number that the station knows already replaces that reservation."),
        ),
    ),
    meanings={
        "Accepted": _l("The station holds the connector for this card."),
        "Faulted": _l("The connector is out of order, so nothing is held."),
        "Occupied": _l("The connector is in use or held for somebody else, so nothing is held."),
        "Rejected": _l("The station takes no reservations, or none for any connector; see its configuration."),
        "Unavailable": _l("The connector is out of service, so nothing is held."),
    },
    for_many=False,
    verb=_l("Reserve"),
)
