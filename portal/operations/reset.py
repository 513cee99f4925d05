"""Reset: restart the station (section 5.14)."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.operation import CHOICE, Choice, Field, Operation, Payload, Target
from portal.operation_warnings import running, sessions_run, where


def _warn(target: Target, payload: Payload) -> list[str]:
    count = running(target)
    found = [sessions_run(count, where(target))]
    if count and payload["type"] == "Hard":
        found.append(ngettext("A hard reset ends it.", "A hard reset ends them.", count))
    elif count:
        found.append(ngettext("A soft reset ends it in good order.", "A soft reset ends them in good order.", count))
    return [" ".join(found), _("The station is away until it has started again, mostly for a minute or two.")]


operation = Operation(
    action="Reset",
    label=_l("Reset"),
    icon="refresh",
    order=30,
    explanation=_l("The station starts anew."),
    fields=(
        Field(
            "type",
            _l("Kind"),
            CHOICE,
            required=True,
            default="Soft",
            choices=lambda target: [
                Choice("Soft", _("Soft"), _("ends sessions in good order, then restarts its software")),
                Choice("Hard", _("Hard"), _("restarts at once, like pulling the plug; for stations that hang")),
            ],
        ),
    ),
    warnings=_warn,
    meanings={
        "Accepted": _l("The station restarts and reports again when it is back."),
        "Rejected": _l("The station cannot restart now. A hard reset may help where a soft one does not."),
    },
    is_apart=True,
    verb=_l("Reset"),
)
