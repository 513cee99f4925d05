"""The currents in what a station's meter says (sections 7.43 to 7.49). Pure."""

from collections.abc import Mapping
from typing import Any

from ocpp_server.services.session import meter_values
from ocpp_server.site.grid import VOLTAGE

_CURRENT, _POWER = "Current.Import", "Power.Active.Import"
_NAMES = ("L1", "L2", "L3")


def currents(samples: Any, phases: int) -> tuple[float, ...] | None:
    """A on each of the station's phases, by the best that the samples say; None where they say nothing of it.

    Power goes before a current without a phase: a DC station's current is that of its battery side.
    """
    found = meter_values.by_phase(samples)
    for measurand, volts in ((_CURRENT, 1.0), (_POWER, VOLTAGE)):
        each = _each(found.get(measurand, {}), phases)
        if each is not None:
            return tuple(max(0.0, value / volts) for value in each)
    total = found.get(_POWER, {}).get(None)
    if total is not None:
        return (max(0.0, total / VOLTAGE / phases),) * phases
    current = found.get(_CURRENT, {}).get(None)
    return None if current is None else (max(0.0, current),) * phases


def _each(values: Mapping[str | None, float], phases: int) -> tuple[float, ...] | None:
    """The values of L1, L2 and L3; what is not named there carries nothing."""
    named = {str(phase)[:2]: value for phase, value in values.items() if phase and str(phase)[:2] in _NAMES}
    return tuple(named.get(name, 0.0) for name in _NAMES[:phases]) if named else None
