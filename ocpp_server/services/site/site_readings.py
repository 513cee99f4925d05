"""The currents in what a station's meter says (sections 7.43 to 7.49). Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ocpp_server.services.session import meter_values
from ocpp_server.site.grid import VOLTAGE

_CURRENT, _POWER, _SOC = "Current.Import", "Power.Active.Import", "SoC"
_NAMES = ("L1", "L2", "L3")
#: By so much (part) voltage and meters may make power differ from current times the nominal voltage.
_ERROR = 0.1


class Reading(NamedTuple):
    """A on each of the station's phases. `is_total`: only their sum is known, and it is shared out evenly. `is_sure`:
    which phases carry current is known."""

    each: tuple[float, ...]
    is_total: bool = False
    is_sure: bool = True


def currents(samples: Any, phases: int) -> Reading | None:
    """What flows, by the best that the samples say; None where they say nothing of it."""
    found = meter_values.by_phase(samples)
    for measurand, volts in ((_CURRENT, 1.0), (_POWER, VOLTAGE)):
        each = _each(found.get(measurand, {}), phases)
        if each is not None:
            return Reading(tuple(max(0.0, value / volts) for value in each))
    current, power = found.get(_CURRENT, {}).get(None), found.get(_POWER, {}).get(None)
    if power is not None and _SOC in found:
        # Only a DC station knows, and it takes its power from all phases evenly.
        return Reading((max(0.0, power) / VOLTAGE / phases,) * phases)
    if power is not None:
        return _of_power(max(0.0, power), current or 0.0, phases)
    return None if current is None else Reading((max(0.0, current),) * phases, is_sure=phases == 1)


def _of_power(watts: float, current: float, phases: int) -> Reading:
    """Power and the current beside it tell how many phases carry that, if they are whole; a car uses the first ones.

    Else the current is that of a DC station's battery, whose power comes from all phases evenly. At a battery of 460 V
    that looks like two phases, so there the third one counts as well.
    """
    even = watts / VOLTAGE / phases
    if current <= 0:
        return Reading((even,) * phases, is_total=phases > 1, is_sure=phases == 1)
    used = watts / VOLTAGE / current
    count = round(used)
    if not 1 <= count <= phases or abs(used - count) > _ERROR * count:
        # Less than a phase's voltage is rather a poor power factor.
        return Reading((even,) * phases, is_sure=used > 1)
    rest = even if count > 1 else 0.0
    return Reading((current,) * count + (rest,) * (phases - count), is_sure=count in (1, phases))


def _each(values: Mapping[str | None, float], phases: int) -> tuple[float, ...] | None:
    """The values of L1, L2 and L3; what is not named there carries nothing."""
    named = {str(phase)[:2]: value for phase, value in values.items() if phase and str(phase)[:2] in _NAMES}
    return tuple(named.get(name, 0.0) for name in _NAMES[:phases]) if named else None
