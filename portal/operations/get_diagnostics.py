"""GetDiagnostics: the station sends its log to an address (section 5.9)."""

from flask_babel import lazy_gettext as _l

from portal.operation import FIRMWARE, MOMENT, NUMBER, Field, Operation

operation = Operation(
    action="GetDiagnostics",
    label=_l("Get diagnostics"),
    icon="file-text",
    order=105,
    topic=FIRMWARE,
    explanation=_l(
        "The station sends its log to a folder elsewhere. To have it here, ask for it at the station's"
        " “Firmware & logs”."
    ),
    fields=(
        Field("location", _l("Address of the folder"), required=True, hint=_l("http, https, ftp or ftps")),
        Field("startTime", _l("From"), MOMENT),
        Field("stopTime", _l("To"), MOMENT),
        Field("retries", _l("How often it tries to send"), NUMBER, hint=_l("Empty leaves it to the station.")),
        Field("retryInterval", _l("Seconds between tries"), NUMBER, hint=_l("Empty leaves it to the station.")),
    ),
    meanings={"": _l("What comes of it is shown at the station's “Firmware & logs”.")},
    verb=_l("Ask for the log"),
)
