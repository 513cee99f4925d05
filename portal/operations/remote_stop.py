"""RemoteStopTransaction: end a session from here (section 5.12)."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.formats import energy
from portal.operation import NUMBER, Field, Operation, Payload, Target
from portal.operation_choices import card_names, sessions


def _warn(target: Target, payload: Payload) -> list[str]:
    number = payload["transactionId"]
    session = next((session for session in target.running if session.id == number), None)
    if session is None:
        return [_("Session %(number)s is not known to be running on this station.", number=number)]
    facts = {"number": number, "connector": session.connector_id, "card": card_names([session])(session.id_tag)}
    return [
        _(
            "Session %(number)s on connector %(connector)s with card %(card)s has taken %(energy)s and ends now.",
            energy=energy(session.energy_wh),
            **facts,
        )
    ]


operation = Operation(
    action="RemoteStopTransaction",
    label=_l("Stop a session"),
    icon="player-stop",
    order=20,
    explanation=_l("The station ends the session and, as it is set up, releases the cable."),
    fields=(
        Field(
            "transactionId",
            _l("Session"),
            NUMBER,
            required=True,
            choices=sessions,
            hint=_l("The number of any session can be typed."),
        ),
    ),
    warnings=_warn,
    meanings={
        "Accepted": _l("The station ends the session; its last figures follow by themselves."),
        "Rejected": _l("The station knows no running session of this number."),
    },
    for_many=False,
    is_apart=True,
    verb=_l("Stop"),
)
