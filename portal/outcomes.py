"""How a command stands, in words: always colour, icon and word, the same on every page."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from ocpp_server import outgoing
from ocpp_server.models import Command
from ocpp_server.models.commands import (
    ANSWERED,
    BUSY,
    CANCELLED,
    ERROR,
    EXPIRED,
    LOST,
    OFFLINE,
    QUEUED,
    SENT,
    TIMEOUT,
)
from ocpp_server.services.batches import Group, Progress

#: The answers that say yes, now or later.
GOOD = frozenset({"", "Accepted", "RebootRequired", "Scheduled", "Unlocked", "Installed", "Downloaded", "Success"})
#: How a batch counts its commands, in this order.
KINDS = ("good", "refused", "error", "silent", "offline", "busy", "lost", "left_out", "cancelled", "waiting", "sent")


@dataclass(frozen=True)
class Outcome:
    """`kind` is one of KINDS."""

    kind: str
    colour: str
    icon: str
    word: str


def of(command: Command) -> Outcome:
    """How this command stands."""
    return describe(
        command.state,
        command.status,
        command.error_code,
        has_reason=bool(command.error_description),
        is_late=command.late_at is not None,
    )


def of_group(group: Group) -> Outcome:
    """How these commands stand."""
    return describe(
        group.state,
        group.status,
        group.error_code,
        has_reason=bool(group.error_description),
        is_late=group.is_late,
    )


def describe(state: str, status: str, code: str, *, has_reason: bool = False, is_late: bool = False) -> Outcome:
    if state == ANSWERED:
        return _answered(status)
    if state == ERROR:
        return Outcome("error", "red", "alert-triangle", _("Error: %(code)s", code=code))
    if state == EXPIRED:
        kind = {OFFLINE: "offline", BUSY: "busy"}.get(code, "offline")
        words = {"offline": _("Not sent: offline"), "busy": _("Not sent: busy")}
        return Outcome(kind, "secondary", "clock-x", words[kind])
    if state == CANCELLED and has_reason:
        return Outcome("left_out", "secondary", "ban", _("Not asked"))
    known = {
        QUEUED: Outcome("waiting", "blue", "hourglass", _("Waiting")),
        SENT: Outcome("sent", "primary", "send", _("Sent, no answer yet")),
        TIMEOUT: Outcome("silent", "yellow", "ear-off", _("Answered too late") if is_late else _("No answer in time")),
        LOST: Outcome("lost", "yellow", "plug-connected-x", _("Connection lost")),
        CANCELLED: Outcome("cancelled", "secondary", "x", _("Taken back")),
    }
    return known.get(state) or Outcome("waiting", "secondary", "circle-dashed", state)


def _answered(status: str) -> Outcome:
    words = {
        "": _("Answered"),
        "Accepted": _("Accepted"),
        "RebootRequired": _("Accepted, after a reset"),
        "Scheduled": _("Accepted, after the session"),
        "Unlocked": _("Unlocked"),
        "Rejected": _("Rejected"),
        "NotSupported": _("Not supported"),
        "NotImplemented": _("Not implemented"),
        "UnlockFailed": _("Could not unlock"),
        "Failed": _("Failed"),
        "VersionMismatch": _("Version does not fit"),
        "UnknownVendorId": _("Unknown vendor"),
        "UnknownMessageId": _("Unknown message"),
    }
    word = words.get(status, status)
    if status in GOOD:
        return Outcome("good", "green", "circle-check", word)
    return Outcome("refused", "red", "circle-x", word)


def explain(command: Command, *, is_online: bool) -> str:
    """What it means and what to do, for what is no answer of the station."""
    if command.state == QUEUED and not is_online:
        return _("The station is not connected. This is sent as soon as it is.")
    if command.state == QUEUED:
        return _("It is sent as soon as the station has answered what was asked before.")
    if command.state == TIMEOUT and command.late_at is not None:
        if outgoing.is_heard_late(command.action):
            return _("The answer came after the time-out. What it says of the station's profiles is on record.")
        return _("The answer came after the time-out, so it changes nothing here. Open the result to see it.")
    if command.state == EXPIRED and command.error_code == BUSY:
        return _("The station was busy with earlier requests until the waiting time was over. Nothing was sent.")
    sentences = {
        SENT: _("The station has it and may take a while to answer."),
        TIMEOUT: _("The station did not answer in time. It may still have done what was asked."),
        LOST: _("The connection ended before the answer came. The station may still have done what was asked."),
        EXPIRED: _("The station was not connected until the waiting time was over. Nothing was sent."),
        CANCELLED: _left_out(command.error_description) or _("It was taken back before it was sent."),
        ERROR: error_meaning(command.error_code),
    }
    return sentences.get(command.state, "")


def _left_out(reason: str) -> str:
    """Why a station was not asked, which is stored in English; empty where it was."""
    return _(reason) if reason else ""


def error_meaning(code: str) -> str:
    """The standard's error codes in plain words (J table 7), misspelt ones included."""
    words = {
        "NotImplemented": _("The station does not know this action."),
        "NotSupported": _("The station knows this action, but does not support it."),
        "InternalError": _("Something went wrong inside the station."),
        "ProtocolError": _("The station says that the request is incomplete."),
        "SecurityError": _("The station refuses this for reasons of security."),
        "FormationViolation": _("The station says that the request is malformed."),
        "FormatViolation": _("The station says that the request is malformed."),
        "PropertyConstraintViolation": _("The station says that a field has a value that is not allowed."),
        "OccurenceConstraintViolation": _("The station says that a field comes too often or not often enough."),
        "OccurrenceConstraintViolation": _("The station says that a field comes too often or not often enough."),
        "TypeConstraintViolation": _("The station says that a field has the wrong type."),
        "GenericError": _("The station gives no closer reason."),
    }
    return words.get(code, _("The station answered with an error instead of a result."))


def counts(progress: Progress) -> dict[str, int]:
    """How many of each kind; kinds that do not occur are left out."""
    found = dict.fromkeys(KINDS, 0)
    for group in progress.groups:
        found[of_group(group).kind] += group.count
    return {kind: count for kind, count in found.items() if count}


def sentence(found: dict[str, int]) -> str:
    """`90 accepted, 5 did not answer, 2 were offline`."""
    return ", ".join(_counted(kind, count) for kind, count in found.items())


def _counted(kind: str, n: int) -> str:
    words = {
        "good": lambda: ngettext("%(num)d accepted", "%(num)d accepted", n),
        "refused": lambda: ngettext("%(num)d refused", "%(num)d refused", n),
        "error": lambda: ngettext("%(num)d answered with an error", "%(num)d answered with an error", n),
        "silent": lambda: ngettext("%(num)d did not answer", "%(num)d did not answer", n),
        "offline": lambda: ngettext("%(num)d was offline", "%(num)d were offline", n),
        "busy": lambda: ngettext("%(num)d was busy", "%(num)d were busy", n),
        "lost": lambda: ngettext("%(num)d lost its connection", "%(num)d lost their connection", n),
        "left_out": lambda: ngettext("%(num)d was not asked", "%(num)d were not asked", n),
        "cancelled": lambda: ngettext("%(num)d was taken back", "%(num)d were taken back", n),
        "waiting": lambda: ngettext("%(num)d waits", "%(num)d wait", n),
        "sent": lambda: ngettext("%(num)d has not answered yet", "%(num)d have not answered yet", n),
    }
    return words[kind]()


def kinds_to_filter(found: Iterable[str]) -> list[tuple[str, str]]:
    """The kinds as options of a filter."""
    words = {
        "good": _("Accepted"),
        "refused": _("Refused"),
        "error": _("Errors"),
        "silent": _("No answer"),
        "offline": _("Offline"),
        "busy": _("Busy"),
        "lost": _("Connection lost"),
        "left_out": _("Not asked"),
        "cancelled": _("Taken back"),
        "waiting": _("Waiting"),
        "sent": _("Not answered yet"),
    }
    return [("", _("All stations")), *((kind, words[kind]) for kind in KINDS if kind in set(found))]
