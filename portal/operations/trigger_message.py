"""TriggerMessage: have the station send something now (section 5.17)."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.operation import CHOICE, NUMBER, Choice, Field, Operation, Target
from portal.operation_choices import connectors


def _messages(target: Target) -> list[Choice]:
    return [
        Choice("StatusNotification", _("Status"), _("of each connector")),
        Choice("MeterValues", _("Meter values"), _("of running sessions")),
        Choice("Heartbeat", _("Heartbeat"), _("a sign of life")),
        Choice("BootNotification", _("Boot notification"), _("what it is; only while it is not accepted yet")),
        Choice("FirmwareStatusNotification", _("Firmware status"), _("how far an update is")),
        Choice("DiagnosticsStatusNotification", _("Diagnostics status"), _("how far an upload is")),
    ]


operation = Operation(
    action="TriggerMessage",
    label=_l("Trigger message"),
    icon="broadcast",
    order=90,
    explanation=_l("The station sends the chosen message now, instead of when it is due."),
    fields=(
        Field(
            "requestedMessage", _l("Message"), CHOICE, required=True, default="StatusNotification", choices=_messages
        ),
        Field("connectorId", _l("Connector"), NUMBER, choices=connectors, nothing=_l("All of them")),
    ),
    meanings={
        "Accepted": _l("The message follows by itself; it is in the message log."),
        "Rejected": _l("The station does not send this now."),
        "NotImplemented": _l("The station cannot send this on request."),
    },
    verb=_l("Trigger"),
)
