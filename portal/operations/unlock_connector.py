"""UnlockConnector: release a stuck cable (section 5.18)."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.operation import NUMBER, Field, Operation, Payload, Target
from portal.operation_choices import connectors
from portal.operation_warnings import running


def _warn(target: Target, payload: Payload) -> list[str]:
    count = running(target, payload["connectorId"])
    if not count:
        return [_("No session is running there. The cable is released: whoever is at the station can take it.")]
    return [
        ngettext(
            "%(num)d session is running there. Unlocking ends it.",
            "%(num)d sessions are running there. Unlocking ends them.",
            count,
        )
    ]


operation = Operation(
    action="UnlockConnector",
    label=_l("Unlock"),
    icon="lock-open",
    order=40,
    explanation=_l("Releases a cable that is stuck in the station. To end a session, stop it instead."),
    fields=(Field("connectorId", _l("Connector"), NUMBER, required=True, choices=connectors),),
    warnings=_warn,
    meanings={
        "Unlocked": _l("The cable is released."),
        "UnlockFailed": _l("The lock did not open. Somebody must look at the station."),
        "NotSupported": _l("The station cannot unlock this connector (its cable is fixed), or does not know it."),
    },
    is_apart=True,
    verb=_l("Unlock"),
)
