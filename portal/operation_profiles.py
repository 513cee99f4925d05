"""Forms with a charging profile in them: a schedule that was drawn before, or the profile as JSON."""

from dataclasses import dataclass

from flask_babel import gettext as _

from ocpp_server import clock
from ocpp_server.charging.building import for_remote_start
from ocpp_server.models import ChargingProfileTemplate
from ocpp_server.services.errors import Invalid
from ocpp_server.services.smart_charging import charging_templates
from portal.charging import purpose_word, repeat_word
from portal.converters import row_id
from portal.operation import CHOICE, Choice, Field, Operation, Payload, Target, Values

#: The field that names the schedule; it is no part of the payload.
SCHEDULE = "schedule"


@dataclass(frozen=True)
class ProfileOperation(Operation):
    """`profile` is the field of the payload that holds the profile; it may be left out where it is not required."""

    profile: str = ""

    def read(self, values: Values) -> tuple[str, Payload]:
        action, payload = super().read(values)
        chosen = payload.pop(SCHEDULE, None)
        if self.profile not in payload and chosen is not None:
            payload[self.profile] = self._drawn(chosen, payload)
        if self.profile == "csChargingProfiles" and self.profile not in payload:
            raise Invalid(SCHEDULE, "Choose a schedule, or write a profile.")
        return action, payload

    def _drawn(self, chosen: str, payload: Payload) -> Payload:
        template = _template(chosen)
        now, connector_id = clock.now(), payload.get("connectorId") or 0
        profile = charging_templates.profile_for(template, max(0, connector_id), now)
        return for_remote_start(profile, now) if self.action == "RemoteStartTransaction" else profile


def schedule_field(label: object, hint: object) -> Field:
    """To pick a schedule."""
    return Field(SCHEDULE, label, CHOICE, choices=_schedules, hint=hint)


def _template(chosen: str) -> ChargingProfileTemplate:
    try:
        template = ChargingProfileTemplate.get_or_none(ChargingProfileTemplate.id == row_id(chosen))
    except ValueError:
        template = None
    if template is None:
        raise Invalid(SCHEDULE, "There is no such schedule any more.")
    return template


def _schedules(target: Target) -> list[Choice]:
    query = ChargingProfileTemplate.select().order_by(ChargingProfileTemplate.name)
    return [Choice("", _("None")), *(Choice(str(row.id), row.name, _note(row)) for row in query)]


def _note(row: ChargingProfileTemplate) -> str:
    return f"{purpose_word(row.purpose)}, {repeat_word(row.repeat)}"
