"""TriggerMessage: have the station send something now (section 5.17)."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from ocpp_server.models.charge_points import ACCEPTED
from portal.operation import CHOICE, NUMBER, Choice, Field, Operation, Payload, Target
from portal.operation_choices import connectors
from portal.yard import StationView


def _messages(target: Target) -> list[Choice]:
    choices = [
        Choice("StatusNotification", _("Status"), _("of each connector")),
        Choice("MeterValues", _("Meter values"), _("of running sessions")),
        Choice("Heartbeat", _("Heartbeat"), _("a sign of life")),
        Choice("FirmwareStatusNotification", _("Firmware status"), _("how far an update is")),
        Choice("DiagnosticsStatusNotification", _("Diagnostics status"), _("how far an upload is")),
    ]
    if len(_accepted(target)) < len(target.stations):
        note = _("what it is; where it is not accepted yet")
        choices.append(Choice("BootNotification", _("Boot notification"), note))
    return choices


def _accepted(target: Target) -> list[StationView]:
    """Those that were told so, or may have been."""
    points = [(station, station.charge_point) for station in target.stations]
    return [station for station, point in points if (point.told_registration or point.registration) == ACCEPTED]


def _warn(target: Target, payload: Payload) -> list[str]:
    """After Accepted a boot notification comes by itself or not at all (errata 3.40); some restart when asked."""
    accepted = _accepted(target)
    if payload["requestedMessage"] != "BootNotification" or not accepted:
        return []
    return [
        ngettext(
            "%(num)d of these stations is accepted already. The standard wants no boot notification to be asked of it.",
            "%(num)d of these stations are accepted already. The standard wants no boot notification to be asked of"
            " them.",
            len(accepted),
        ),
        _("It may refuse, and some stations restart when they are asked, which ends running sessions."),
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
    warnings=_warn,
    meanings={
        "Accepted": _l("The station sends the message by itself, after this answer."),
        "Rejected": _l("The station does not send this now."),
        "NotImplemented": _l("The station cannot send this on request."),
    },
    verb=_l("Trigger"),
)
