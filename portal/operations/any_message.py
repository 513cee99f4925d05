"""Any message that OCPP 1.6 and its security extension let a central system send, with a payload by hand."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ocpp_server.services.errors import Invalid
from portal.operation import CHOICE, JSON, Choice, Field, Operation, Payload, Target, Values, find
from portal.operation_warnings import running, sessions_run, where

ACTIONS = (
    *("CancelReservation", "CertificateSigned", "ChangeAvailability", "ChangeConfiguration", "ClearCache"),
    *("ClearChargingProfile", "DataTransfer", "DeleteCertificate", "ExtendedTriggerMessage", "GetCompositeSchedule"),
    *("GetConfiguration", "GetDiagnostics", "GetInstalledCertificateIds", "GetLocalListVersion", "GetLog"),
    *("InstallCertificate", "RemoteStartTransaction", "RemoteStopTransaction", "ReserveNow", "Reset"),
    *("SendLocalList", "SetChargingProfile", "SignedUpdateFirmware", "TriggerMessage", "UnlockConnector"),
    "UpdateFirmware",
)


class AnyMessage(Operation):
    """Its action is a field of the form too."""

    def read(self, values: Values) -> tuple[str, Payload]:
        action = self.fields[0].read(values)
        payload = self.fields[1].read(values)
        if not isinstance(payload, dict):
            raise Invalid("payload", "The payload must be a JSON object, like {}.")
        return action, payload

    def warn(self, target: Target, action: str, payload: Payload) -> list[str]:
        """As the action's own form warns."""
        known = find(action)
        if known is not None:
            return known.warnings(target, payload)
        if action.startswith("Get"):
            return []
        sessions = sessions_run(running(target), where(target))
        return [sessions + " " + _("What you typed is sent as it is, and the station does what it says.")]


operation = AnyMessage(
    action="",
    slug="any",
    label=_l("Send any message"),
    icon="braces",
    order=200,
    explanation=_l("For experts: any message of OCPP 1.6, checked against its schema and sent as typed."),
    fields=(
        Field(
            "action",
            _l("Action"),
            CHOICE,
            required=True,
            choices=lambda target: [Choice(action, action) for action in ACTIONS],
        ),
        Field("payload", _l("Payload (JSON)"), JSON, required=True, default="{}"),
    ),
    verb=_l("Send"),
)
