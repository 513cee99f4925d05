"""Meter values as people read them: what was measured, where, and in which unit.

What a station leaves out has a meaning (OCPP 1.6 sections 7.43 and 7.45): the active energy register in Wh, as a
total over all phases, taken periodically at the outlet.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from ocpp_server.models import MeterValue

_ENERGY = "Energy.Active.Import.Register"
_PERIODIC = "Sample.Periodic"
_OUTLET = "Outlet"

_MEASURANDS = {
    "Current.Export": _l("Current out of the vehicle"),
    "Current.Import": _l("Current"),
    "Current.Offered": _l("Current offered"),
    _ENERGY: _l("Energy (meter)"),
    "Energy.Active.Export.Register": _l("Energy out of the vehicle (meter)"),
    "Energy.Active.Import.Interval": _l("Energy in the interval"),
    "Energy.Active.Export.Interval": _l("Energy out of the vehicle in the interval"),
    "Energy.Reactive.Import.Register": _l("Reactive energy (meter)"),
    "Energy.Reactive.Export.Register": _l("Reactive energy out (meter)"),
    "Energy.Reactive.Import.Interval": _l("Reactive energy in the interval"),
    "Energy.Reactive.Export.Interval": _l("Reactive energy out in the interval"),
    "Frequency": _l("Frequency"),
    "Power.Active.Export": _l("Power out of the vehicle"),
    "Power.Active.Import": _l("Power"),
    "Power.Factor": _l("Power factor"),
    "Power.Offered": _l("Power offered"),
    "Power.Reactive.Export": _l("Reactive power out"),
    "Power.Reactive.Import": _l("Reactive power"),
    "RPM": _l("Fan speed"),
    "SoC": _l("State of charge"),
    "Temperature": _l("Temperature"),
    "Voltage": _l("Voltage"),
}
_CONTEXTS = {
    "Interruption.Begin": _l("interruption begins"),
    "Interruption.End": _l("interruption ends"),
    "Other": _l("other"),
    "Sample.Clock": _l("by the clock"),
    "Transaction.Begin": _l("session begins"),
    "Transaction.End": _l("session ends"),
    "Trigger": _l("asked for"),
}
_UNITS = {"Celsius": "°C", "Celcius": "°C", "Fahrenheit": "°F", "Percent": "%"}
#: Units that follow from the measurand where the station names none; Wh is the default for energy only (E 3.84).
_DEFAULT_UNITS = {"Energy.Active": "Wh", "Energy.Reactive": "varh", "Frequency": "Hz", "RPM": "rpm", "SoC": "%"}


@dataclass(frozen=True)
class Sample:
    """One sampled value. `location` is empty for the outlet, `context` for an interval: the usual ones."""

    measurand: str
    name: str
    phase: str
    value: str
    unit: str
    context: str
    location: str
    signed: bool


@dataclass(frozen=True)
class Reading:
    """What was read at one time. `context` is the occasion, empty for the usual one: an interval."""

    at: datetime
    context: str
    samples: list[Sample]


def decode(rows: Iterable[MeterValue]) -> list[Reading]:
    """These meter values, in their order."""
    return [_reading(row) for row in rows]


def _reading(row: MeterValue) -> Reading:
    samples = [_sample(sample) for sample in _load(row.samples)]
    contexts = dict.fromkeys(sample.context for sample in samples if sample.context)
    return Reading(row.at, ", ".join(contexts), samples)


def _load(text: str) -> list[dict[str, Any]]:
    """The samples that can be read: stations send odd things, and a page shows the rest all the same."""
    try:
        samples = json.loads(text)
    except ValueError:
        return []
    return [sample for sample in samples if isinstance(sample, dict)] if isinstance(samples, list) else []


def _sample(sample: dict[str, Any]) -> Sample:
    measurand = _word(sample, "measurand") or _ENERGY
    context = _word(sample, "context")
    unit = _word(sample, "unit")
    location = _word(sample, "location")
    return Sample(
        measurand=measurand,
        name=str(_MEASURANDS.get(measurand, measurand)),
        phase=_word(sample, "phase"),
        value=_word(sample, "value"),
        unit=_UNITS.get(unit, unit) or _default_unit(measurand),
        context="" if context == _PERIODIC else str(_CONTEXTS.get(context, context)),
        location="" if location == _OUTLET else location,
        signed=sample.get("format") == "SignedData",
    )


def _word(sample: dict[str, Any], name: str) -> str:
    value = sample.get(name)
    return "" if value is None else str(value).strip()


def _default_unit(measurand: str) -> str:
    return next((unit for start, unit in _DEFAULT_UNITS.items() if measurand.startswith(start)), "")
