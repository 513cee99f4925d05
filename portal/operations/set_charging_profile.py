"""SetChargingProfile: limit a connector or the station over time (section 5.16)."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.operation import CHARGING, JSON, NUMBER, Field, Payload, Target
from portal.operation_choices import connectors_and_station
from portal.operation_profiles import ProfileOperation, schedule_field
from portal.operation_warnings import running, sessions_run, where


def _warn(target: Target, payload: Payload) -> list[str]:
    """Only where it bears on somebody who charges."""
    count = running(target, payload["connectorId"])
    if not count:
        return []
    return [sessions_run(count, where(target)) + " " + _("The limit may slow them down or pause them.")]


operation = ProfileOperation(
    action="SetChargingProfile",
    label=_l("Set a charging profile"),
    icon="chart-line",
    order=82,
    topic=CHARGING,
    explanation=_l(
        "The station limits its current or power over time. This form sends the profile exactly as it is; to fit a"
        " schedule to a station, with other forms tried where it refuses, apply it from the Charging page."
    ),
    fields=(
        Field(
            "connectorId",
            _l("Connector"),
            NUMBER,
            required=True,
            default="1",
            choices=connectors_and_station,
            hint=_l("A limit of the whole station (ChargePointMaxProfile) is for connector 0."),
        ),
        schedule_field(
            _l("Schedule"), _l("One that was drawn on the Charging page, unless a profile is written below.")
        ),
        Field(
            "csChargingProfiles",
            _l("Profile (JSON)"),
            JSON,
            hint=_l("For experts: a csChargingProfiles as OCPP defines it."),
        ),
    ),
    warnings=_warn,
    meanings={
        "Accepted": _l("The station holds the profile now; the Charging page of the station shows it."),
        "Rejected": _l(
            "The station does not take this profile: its stack level, kind, unit or purpose may not suit it."
        ),
        "NotSupported": _l("The station does not support this."),
    },
    verb=_l("Send"),
    profile="csChargingProfiles",
)
