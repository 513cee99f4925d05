"""Forms with a charging profile in them: a schedule that was drawn before, or the profile as JSON."""

from dataclasses import dataclass

from flask_babel import gettext as _

from ocpp_server import clock
from ocpp_server.charging import fitting, limits
from ocpp_server.charging.limits import Traits
from ocpp_server.models import ChargingProfileTemplate
from ocpp_server.services.errors import Invalid
from ocpp_server.services.smart_charging import charging_templates, charging_traits
from portal.charging import purpose_word, repeat_word
from portal.converters import row_id
from portal.fates import changes
from portal.operation import CHOICE, Choice, Field, Operation, Payload, Target, Values

#: The field that names the schedule; it is no part of the payload.
SCHEDULE = "schedule"


@dataclass(frozen=True)
class ProfileOperation(Operation):
    """`profile` is the field of the payload that holds the profile; it may be left out where it is not required."""

    profile: str = ""

    def read(self, values: Values) -> tuple[str, Payload]:
        payload, _is_drawn = self._read(values)
        return self.action, payload

    def build(self, values: Values, target: Target) -> tuple[str, Payload]:
        payload, _changed = self._build(values, target)
        return self.action, payload

    def notes(self, values: Values, target: Target) -> list[str]:
        payload, changed = self._build(values, target)
        if not changed:
            return []
        how = changes({"profile": payload[self.profile], "changed": changed})
        return [_("So that it is taken there, the schedule is sent %(how)s.", how=how)]

    def _build(self, values: Values, target: Target) -> tuple[Payload, list[str]]:
        """And what was changed in a schedule that goes with a start: one that the station does not take would make it
        refuse the start. What was written by hand is sent as it is."""
        payload, is_drawn = self._read(values)
        changed: list[str] = []
        if is_drawn and self.action == "RemoteStartTransaction":
            payload[self.profile], changed = _fitted(payload[self.profile], target)
        return payload, changed

    def _read(self, values: Values) -> tuple[Payload, bool]:
        """And whether the profile in it is a schedule that was drawn."""
        _action, payload = super().read(values)
        chosen = payload.pop(SCHEDULE, None)
        is_drawn = self.profile not in payload and chosen is not None
        if is_drawn:
            payload[self.profile] = self._drawn(chosen, payload)
        if self.profile == "csChargingProfiles" and self.profile not in payload:
            raise Invalid(SCHEDULE, "Choose a schedule, or write a profile.")
        return payload, is_drawn

    def _drawn(self, chosen: str, payload: Payload) -> Payload:
        template, now = _template(chosen), clock.now()
        if self.action == "RemoteStartTransaction":
            return charging_templates.profile_for_start(template, now)
        return charging_templates.profile_for(template, max(0, payload.get("connectorId") or 0), now)


def _fitted(profile: Payload, target: Target) -> tuple[Payload, list[str]]:
    """The profile as all of these stations take it by all that is known, and what was changed."""
    ids = [station.charge_point.id for station in target.stations]
    supply = charging_traits.supply_of(ids[0]) if target.one else charging_traits.NOMINAL
    return fitting.fit(profile, limits.common(charging_traits.known_limits(ids)), Traits(), supply)


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
