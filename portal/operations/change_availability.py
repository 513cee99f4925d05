"""ChangeAvailability: take a connector or the whole station out of service, or back (section 5.2)."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.operation import CHOICE, NUMBER, Choice, Field, Operation, Payload, Target
from portal.operation_choices import connectors_and_station
from portal.operation_warnings import running, sessions_run


def _warn(target: Target, payload: Payload) -> list[str]:
    if payload["type"] != "Inoperative":
        return []
    sessions = sessions_run(running(target, payload["connectorId"]), _("there"))
    return [
        sessions + " " + _("What runs may finish; after that nobody can charge there."),
        _("It stays so, also after a restart, until it is put back into service."),
    ]


operation = Operation(
    action="ChangeAvailability",
    label=_l("Availability"),
    icon="toggle-left",
    order=50,
    explanation=_l("Takes a connector or the whole station out of service, or puts it back."),
    fields=(
        Field(
            "type",
            _l("Change to"),
            CHOICE,
            required=True,
            default="Operative",
            choices=lambda target: [
                Choice("Operative", _("In service")),
                Choice("Inoperative", _("Out of service")),
            ],
        ),
        Field("connectorId", _l("Where"), NUMBER, required=True, default="0", choices=connectors_and_station),
    ),
    warnings=_warn,
    meanings={
        "Accepted": _l("The station has changed it."),
        "Scheduled": _l("A session is running: the station changes it as soon as that has ended."),
        "Rejected": _l("The station does not change it; it may not know this connector."),
    },
    is_apart=True,
    verb=_l("Change"),
)
