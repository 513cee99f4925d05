"""How wishes for charging profiles fared at stations, in words: what was done instead, and what stood in the way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from ocpp_server.models import ChargePoint, ChargingProfileRequest
from ocpp_server.models.charging import FAILED, INSTALLED, LEFT_OUT, REFUSED, SUPERSEDED, WAITING
from ocpp_server.services.smart_charging import charging_requests
from ocpp_server.services.smart_charging.charging_requests import (
    FULL,
    LATE,
    NO_SESSION,
    NOT_SUPPORTED,
    REFUSED_LATE,
)
from portal.charging import limit_word
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


def of(requests: Iterable[ChargingProfileRequest]) -> list[Fate]:
    """These requests in words."""
    return [_fate(request) for request in requests]


def _fate(request: ChargingProfileRequest) -> Fate:
    attempts = [item for item in charging_requests.attempts_of(request) if "command" in item]
    taken = next((item for item in attempts if item.get("answer") == "Accepted"), None)
    return Fate(
        request,
        request.charge_point,
        _outcome(request, taken),
        changes(taken) if taken else "",
        _why(request, attempts),
        [_tried(item) for item in attempts],
    )


#: Which of a batch's kinds of outcomes a state looks like.
_KINDS = {
    INSTALLED: "good",
    REFUSED: "refused",
    FAILED: "silent",
    LEFT_OUT: "left_out",
    WAITING: "waiting",
    SUPERSEDED: "cancelled",
}


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


def changes(item: Json) -> str:
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
    if "connector" in changed:
        words.append(_("as a default of the whole station, which has one connector"))
    if "kind" in changed:
        words.append(_("as a schedule of kind %(kind)s", kind=profile["chargingProfileKind"]))
    if "unit" in changed:
        words.append(_("in watts") if unit == "W" else _("in amperes"))
    if "periods" in changed:
        count = len(schedule["chargingSchedulePeriod"])
        words.append(ngettext("in %(num)d step", "in %(num)d steps", count))
    return ", ".join(words)


def _tried(item: Json) -> Tried:
    what = changes(item) or _("as wished")
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
        REFUSED_LATE: _("The station refused it, but only after the time-out, so it was not asked in another way."),
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


def sentence(states: Mapping[str, int]) -> str:
    """`4 installed, 1 refused`."""
    words = {
        INSTALLED: lambda n: ngettext("%(num)d installed", "%(num)d installed", n),
        REFUSED: lambda n: ngettext("%(num)d refused", "%(num)d refused", n),
        FAILED: lambda n: ngettext("%(num)d not delivered", "%(num)d not delivered", n),
        LEFT_OUT: lambda n: ngettext("%(num)d not sent", "%(num)d not sent", n),
        WAITING: lambda n: ngettext("%(num)d on its way", "%(num)d on their way", n),
        SUPERSEDED: lambda n: ngettext("%(num)d overtaken", "%(num)d overtaken", n),
    }
    return ", ".join(word(states[state]) for state, word in words.items() if states.get(state))


def bar(states: Mapping[str, int]) -> dict[str, int]:
    """For the bar of templates/batches/parts.html: kinds of outcomes."""
    return {_KINDS[state]: count for state, count in states.items()}
