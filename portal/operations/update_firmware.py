"""UpdateFirmware: the station loads and installs other firmware (section 5.19)."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.operation import MOMENT, NUMBER, Field, Operation, Payload, Target
from portal.operation_warnings import running, sessions_run, where


def _warn(target: Target, payload: Payload) -> list[str]:
    count = running(target)
    found = [sessions_run(count, where(target))] if count else []
    return [*found, _("What the address holds is installed. Firmware of another model can make a station useless.")]


operation = Operation(
    action="UpdateFirmware",
    label=_l("Update firmware"),
    icon="cpu",
    order=110,
    explanation=_l(
        "The station loads firmware from an address and installs it. For many stations a firmware job is safer: it"
        " begins with a few and stops by itself when too many fail."
    ),
    fields=(
        Field("location", _l("Address of the firmware"), required=True, hint=_l("http, https, ftp or ftps")),
        Field("retrieveDate", _l("Not before"), MOMENT, required=True, hint=_l("Empty means now.")),
        Field("retries", _l("How often it tries to load"), NUMBER, hint=_l("Empty leaves it to the station.")),
        Field("retryInterval", _l("Seconds between tries"), NUMBER, hint=_l("Empty leaves it to the station.")),
    ),
    warnings=_warn,
    meanings={"": _l("The station has the request. How it goes on is shown at its “Firmware & logs”.")},
    is_apart=True,
    verb=_l("Update"),
)
