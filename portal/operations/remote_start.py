"""RemoteStartTransaction: begin a session from here (section 5.11)."""

from flask_babel import lazy_gettext as _l

from portal.operation import JSON, NUMBER, SESSIONS, Field
from portal.operation_choices import cards, connectors
from portal.operation_profiles import ProfileOperation, schedule_field

operation = ProfileOperation(
    action="RemoteStartTransaction",
    label=_l("Start a session"),
    icon="player-play",
    order=10,
    topic=SESSIONS,
    explanation=_l(
        "The station starts a session as if this card had been shown to it. The driver may plug in before or after;"
        " nothing begins to charge without a vehicle."
    ),
    fields=(
        Field(
            "idTag",
            _l("Card"),
            required=True,
            choices=cards,
            suggests=True,
            hint=_l("The session is billed to this card. Any tag of up to 20 characters can be typed."),
        ),
        Field(
            "connectorId",
            _l("Connector"),
            NUMBER,
            choices=connectors,
            nothing=_l("The station chooses"),
            hint=_l("Some stations refuse a start that names no connector."),
        ),
        schedule_field(
            _l("Charging schedule"),
            _l("Limits this session alone. What repeats is written out for a day or a week from now."),
        ),
        Field(
            "chargingProfile",
            _l("Charging profile (JSON)"),
            JSON,
            hint=_l("For experts: a TxProfile without transactionId, which limits this session."),
        ),
    ),
    meanings={
        "Accepted": _l("The station will start; the session appears when the vehicle is plugged in."),
        "Rejected": _l("The station does not start: the connector may be in use, unavailable or unknown to it."),
    },
    verb=_l("Start"),
    profile="chargingProfile",
)
