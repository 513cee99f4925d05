"""Giving a schedule to many places: in small steps, so that stations' messages are not held up meanwhile."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from ocpp_server.models import ChargingApplication
from ocpp_server.services.smart_charging import charging_profiles
from ocpp_server.services.smart_charging.charging_profiles import Spot
from portal import audit
from portal.context import store

#: So many places in one unit of work.
STEP = 20


def apply(profile: dict[str, Any], spots: Sequence[Spot], *, name: str = "", **options: Any) -> ChargingApplication:
    """Give a profile to these places, on record with who did it; options as for `charging_profiles.give`.

    Raises Invalid, before anything is sent.
    """
    me = audit.who()
    made = audit.write(
        lambda unit: charging_profiles.begin(unit, profile, spots, by=me.who, name=name),
        "charging.apply",
        name,
        f"targets={len(spots)}",
        actor=me,
    )
    for first in range(0, len(spots), STEP):
        part = spots[first : first + STEP]
        store().write(partial(charging_profiles.give, application=made, spots=part, **options))
    return made
