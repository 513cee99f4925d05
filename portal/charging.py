"""Charging profiles in words: what a schedule is for, how it fared at a station, and what was done instead."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from ocpp_server.charging.building import FROM_START, ONCE, SPAN
from ocpp_server.charging.limits import Limits, Traits
from ocpp_server.charging.profile import CHARGE_POINT_MAX, DAILY, RECURRING, RELATIVE, TX, TX_DEFAULT, WEEKLY
from ocpp_server.models import ChargePoint, ChargingProfileRequest
from ocpp_server.models.charging import FAILED, INSTALLED, LEFT_OUT, REFUSED, SUPERSEDED, WAITING
from ocpp_server.services import charging_requests
from ocpp_server.services.charging_requests import FULL, LATE, NO_SESSION, NOT_SUPPORTED
from portal.outcomes import Outcome, error_meaning

Json = dict[str, Any]


@dataclass(frozen=True)
class Tried:
    """One attempt in words: what was sent, and what the station said."""

    what: str
    answer: str
    command_id: int | None


@dataclass(frozen=True)
class Fate:
    """How a wish for a connector stands: `instead` says what was done in its place, `why` what stood in the way."""

    request: ChargingProfileRequest
    charge_point: ChargePoint
    outcome: Outcome
    instead: str
    why: str
    tried: Sequence[Tried]


def purpose_word(purpose: str) -> str:
    words = {
        TX_DEFAULT: _("Every session"),
        CHARGE_POINT_MAX: _("The whole station"),
        TX: _("The running session"),
    }
    return words.get(purpose, purpose)


def repeat_word(repeat: str) -> str:
    words = {
        DAILY: _("Every day"),
        WEEKLY: _("Every week"),
        ONCE: _("Once"),
        FROM_START: _("From the start of each session"),
    }
    return words.get(repeat, repeat)


def place_word(connector_id: int) -> str:
    return _("Connector %(number)s", number=connector_id) if connector_id else _("Whole station")


def limit_word(limit: float | None, unit: str) -> str:
    """`16 A`, `11 kW`, `no limit`."""
    if limit is None:
        return _("no limit")
    if unit == "W":
        return f"{format_decimal(round(limit / 1000, 2))} kW"
    return f"{format_decimal(round(limit, 1))} A"


def clock_word(second: int, repeat: str) -> str:
    """`22:00`, `Tue 06:00`."""
    hours, minutes = divmod(second // 60, 60)
    if repeat == WEEKLY:
        day, hours = divmod(hours, 24)
        return f"{weekdays()[day % 7]} {hours:02d}:{minutes:02d}"
    return f"{hours:02d}:{minutes:02d}"


def weekdays() -> list[str]:
    return [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]


def steps_word(steps: Sequence[tuple[int, float | None]], unit: str, repeat: str, most: int = 4) -> str:
    """`16 A, from 06:00 8 A, from 22:00 16 A`; the rest of a long schedule is counted."""
    words = [
        limit_word(limit, unit)
        if second == 0
        else _("from %(at)s %(limit)s", at=clock_word(second, repeat), limit=limit_word(limit, unit))
        for second, limit in steps[:most]
    ]
    left = len(steps) - most
    if left > 0:
        words.append(ngettext("%(num)d more step", "%(num)d more steps", left))
    return ", ".join(words)


def profile_word(profile: Json) -> str:
    """A profile of a station in a line: how it repeats, and its limits; times since its start."""
    schedule = profile.get("chargingSchedule") or {}
    unit = "W" if schedule.get("chargingRateUnit") == "W" else "A"
    periods = [item for item in schedule.get("chargingSchedulePeriod") or [] if isinstance(item, dict)]
    steps = [(int(item.get("startPeriod", 0)), float(item.get("limit", 0))) for item in periods]
    if len(steps) == 1:
        return limit_word(steps[0][1], unit)
    found = [limit_word(limit, unit) for _second, limit in steps]
    low, high = min(steps, key=lambda step: step[1])[1], max(steps, key=lambda step: step[1])[1]
    if not found:
        return _("no limit")
    return _(
        "%(low)s to %(high)s in %(count)s steps",
        low=limit_word(low, unit),
        high=limit_word(high, unit),
        count=len(steps),
    )


def kind_word(profile: Json) -> str:
    """How a profile of a station goes on."""
    kind, recurs = profile.get("chargingProfileKind"), profile.get("recurrencyKind")
    if kind == RECURRING:
        return repeat_word(recurs if recurs in SPAN else DAILY)
    return repeat_word(FROM_START) if kind == RELATIVE else _("From its start on")


def fates(requests: Iterable[ChargingProfileRequest]) -> list[Fate]:
    """These requests in words."""
    return [_fate(request) for request in requests]


def _fate(request: ChargingProfileRequest) -> Fate:
    attempts = [item for item in charging_requests.attempts_of(request) if "command" in item]
    taken = next((item for item in attempts if item.get("answer") == "Accepted"), None)
    return Fate(
        request,
        request.charge_point,
        _outcome(request, taken),
        _changes(taken) if taken else "",
        _why(request, attempts),
        [_tried(item) for item in attempts],
    )


def _outcome(request: ChargingProfileRequest, taken: Json | None) -> Outcome:
    if request.state == INSTALLED and taken and taken["changed"]:
        return Outcome("good", "yellow", "circle-check", _("Installed in another way"))
    known = {
        WAITING: Outcome("waiting", "blue", "hourglass", _("On its way")),
        INSTALLED: Outcome("good", "green", "circle-check", _("Installed")),
        REFUSED: Outcome("refused", "red", "circle-x", _("Refused")),
        FAILED: Outcome("silent", "yellow", "plug-connected-x", _("Not delivered")),
        LEFT_OUT: Outcome("left_out", "secondary", "ban", _("Not sent")),
        SUPERSEDED: Outcome("cancelled", "secondary", "x", _("Overtaken")),
    }
    return known[request.state]


def _changes(item: Json) -> str:
    """What is different from the wish, in a sentence."""
    profile, changed = item["profile"], set(item["changed"])
    schedule = profile["chargingSchedule"]
    unit = schedule["chargingRateUnit"]
    words = []
    if "stack_level" in changed:
        words.append(_("on stack level %(level)s", level=profile["stackLevel"]))
    if "purpose" in changed:
        limit = schedule["chargingSchedulePeriod"][0]["limit"]
        words.append(_("as a default of %(limit)s for each connector", limit=limit_word(limit, unit)))
    if "kind" in changed:
        words.append(_("as a schedule of kind %(kind)s", kind=profile["chargingProfileKind"]))
    if "unit" in changed:
        words.append(_("in watts") if unit == "W" else _("in amperes"))
    if "periods" in changed:
        count = len(schedule["chargingSchedulePeriod"])
        words.append(ngettext("in %(num)d step", "in %(num)d steps", count))
    return ", ".join(words)


def _tried(item: Json) -> Tried:
    what = _changes(item) or _("as wished")
    answer = str(item.get("answer", ""))
    words = {
        "": _("no answer yet"),
        "Accepted": _("accepted"),
        "Rejected": _("rejected"),
        "NotSupported": _("not supported"),
        "timeout": _("no answer in time"),
        "lost": _("connection lost"),
        "offline": _("not connected"),
        "busy": _("busy"),
        "cancelled": _("taken back"),
    }
    return Tried(what, words.get(answer, answer), item.get("command"))


def _why(request: ChargingProfileRequest, attempts: Sequence[Json]) -> str:
    if request.state == INSTALLED:
        refused = sum(item.get("answer") != "Accepted" for item in attempts)
        if not refused:
            return ""
        return ngettext(
            "The station refused %(num)d other form before.", "The station refused %(num)d other forms before.", refused
        )
    words = {
        NOT_SUPPORTED: _("The station says that it has no smart charging."),
        FULL: _("The station holds as many profiles as it can. Clear one first."),
        NO_SESSION: _("No session runs there, and a profile of a session needs one."),
        LATE: _("The session was reported long after it had begun and may be over by now."),
        "timeout": _("The station did not answer in time. It may have taken the profile all the same."),
        "lost": _("The connection ended before the answer came."),
        "offline": _("The station was not connected."),
        "busy": _("The station was busy with earlier requests."),
        "cancelled": _("It was taken back before it was sent."),
    }
    if request.state == REFUSED and not request.reason:
        return _refused(attempts)
    return words.get(request.reason, request.reason)


def _refused(attempts: Sequence[Json]) -> str:
    last = attempts[-1].get("answer", "") if attempts else ""
    told = "" if last in ("Rejected", "NotSupported") else f" {error_meaning(last)}"
    return (
        ngettext(
            "The station refused it, and there was no other form to try.",
            "The station refused it in each of %(num)d forms.",
            len(attempts),
        )
        + told
    )


def sentence(found: Sequence[Fate]) -> str:
    """`4 installed, 1 refused`."""
    words = {
        INSTALLED: lambda n: ngettext("%(num)d installed", "%(num)d installed", n),
        REFUSED: lambda n: ngettext("%(num)d refused", "%(num)d refused", n),
        FAILED: lambda n: ngettext("%(num)d not delivered", "%(num)d not delivered", n),
        LEFT_OUT: lambda n: ngettext("%(num)d not sent", "%(num)d not sent", n),
        WAITING: lambda n: ngettext("%(num)d on its way", "%(num)d on their way", n),
        SUPERSEDED: lambda n: ngettext("%(num)d overtaken", "%(num)d overtaken", n),
    }
    states = [fate.request.state for fate in found]
    return ", ".join(word(states.count(state)) for state, word in words.items() if state in states)


def counts(found: Sequence[Fate]) -> dict[str, int]:
    """For the bar of templates/batches/parts.html."""
    kinds = [fate.outcome.kind for fate in found]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}


def learnt_words(traits: Traits) -> list[str]:
    """What is remembered of a station."""
    words = []
    if traits.supported is False:
        words.append(_("It says that it has no smart charging, so a refused profile is not tried in other forms."))
    if traits.max_stack_level is not None:
        words.append(_("It takes profiles up to stack level %(level)s.", level=traits.max_stack_level))
    if traits.unit:
        words.append(_("It takes limits in %(unit)s.", unit=_("watts") if traits.unit == "W" else _("amperes")))
    if traits.kind:
        words.append(_("It prefers schedules of kind %(kind)s.", kind=traits.kind))
    if traits.charge_point_max is False:
        words.append(_("It refuses a limit of the whole station; each connector gets its share as a default instead."))
    return words


def limits_words(limits: Limits) -> list[tuple[str, str]]:
    """What a station said that it can keep; label and value."""
    units = {"A": _("amperes"), "W": _("watts")}
    unknown = _("not known")
    return [
        (_("Units"), ", ".join(units[unit] for unit in sorted(limits.units)) or unknown),
        (_("Highest stack level"), unknown if limits.max_stack_level is None else str(limits.max_stack_level)),
        (_("Steps in a schedule"), unknown if limits.max_periods is None else str(limits.max_periods)),
        (_("Profiles at the same time"), unknown if limits.max_installed is None else str(limits.max_installed)),
    ]


def day_around(moment: datetime) -> tuple[datetime, datetime]:
    """The day of an aware local time, from midnight to midnight."""
    begin = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return begin, begin + timedelta(days=1)
