"""How firmware jobs and their stations stand, in words: always colour, icon and word, and what to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from ocpp_server import clock
from ocpp_server.models import FirmwareJob, FirmwareUpdate
from ocpp_server.models.charge_points import ACCEPTED
from ocpp_server.models.firmware import CANCELLED, DONE, PAUSED, PLANNED, RUNNING, STOPPED
from ocpp_server.services.firmware import firmware_waves, plans, states
from ocpp_server.services.firmware.plans import Plan

#: So many stations are named in a sentence at most.
_NAMED = 20


@dataclass(frozen=True)
class Look:
    """A state as pages show it."""

    colour: str
    icon: str
    word: str


def look(state: str) -> Look:
    """How a station's update looks."""
    known = {
        states.WAITING: Look("secondary", "hourglass", _("Waiting")),
        states.WAITING_FOR_SESSION: Look("yellow", "car", _("Waits for the session")),
        states.ASKED: Look("primary", "send", _("Asked")),
        states.DOWNLOADING: Look("primary", "download", _("Loading")),
        states.DOWNLOADED: Look("primary", "archive", _("Loaded")),
        states.INSTALLING: Look("primary", "tool", _("Installing")),
        states.INSTALLED: Look("blue", "refresh", _("Installed, proof to come")),
        states.CONFIRMED: Look("green", "circle-check", _("Updated")),
        states.UNPROVEN: Look("yellow", "check", _("Installed, unproven")),
        states.SKIPPED: Look("green", "check", _("Had it already")),
        states.FAILED: Look("red", "circle-x", _("Failed")),
        states.SILENT: Look("yellow", "ear-off", _("Silent")),
        states.UNSUPPORTED: Look("red", "ban", _("Cannot do it")),
        states.CANCELLED: Look("secondary", "x", _("Left out")),
    }
    return known.get(state) or Look("secondary", "circle-dashed", state)


def job_look(job: FirmwareJob) -> Look:
    """How a job looks."""
    known = {
        PLANNED: Look("blue", "calendar", _("Planned")),
        RUNNING: Look("primary", "player-play", _("Running")),
        PAUSED: Look("yellow", "player-pause", _("Paused")),
        STOPPED: Look("red", "player-stop", _("Stopped")),
        DONE: Look("green", "circle-check", _("Done")),
        CANCELLED: Look("secondary", "x", _("Cancelled")),
    }
    return known[job.state]


def title(job: FirmwareJob) -> str:
    """What a job is called."""
    return job.title or (_("Firmware %(version)s", version=job.version) if job.version else _("Firmware update"))


def sentence(counts: Mapping[str, int]) -> str:
    """`12 updated, 3 under way, 1 failed`."""
    groups = (states.GOOD, (states.UNPROVEN,), states.UNDER_WAY, states.NOT_ASKED, states.BAD, (states.CANCELLED,))
    good, unproven, under_way, waiting, bad, left_out = (
        sum(counts.get(state, 0) for state in group) for group in groups
    )
    parts = [
        (good, _("%(count)s updated", count=good)),
        (unproven, _("%(count)s unproven", count=unproven)),
        (under_way, _("%(count)s under way", count=under_way)),
        (waiting, _("%(count)s waiting", count=waiting)),
        (bad, _("%(count)s failed", count=bad)),
        (left_out, _("%(count)s left out", count=left_out)),
    ]
    return ", ".join(words for count, words in parts if count) or _("no stations")


def hours(plan: FirmwareJob | Plan) -> str:
    """`22:00 to 05:00 (Europe/Berlin)`; nothing where it asks at any time of the day."""
    if not plan.window_from:
        return ""
    begin, end = plan.window_from, plan.window_to
    return _("%(begin)s to %(end)s (%(zone)s)", begin=begin, end=end, zone=plan.zone)


def begins(plan: Plan) -> datetime | None:
    """When a job of this plan asks the first station; None where it does so at once."""
    return _later(plan)


def asks_from(job: FirmwareJob) -> datetime | None:
    """From when on a job asks stations that does not do so now; None where it does."""
    return _later(job) if job.state == RUNNING else None


def _later(plan: Plan | FirmwareJob) -> datetime | None:
    now = clock.now()
    first = plans.asks_first(plan, now)
    return first if first > now else None


def waves(job: FirmwareJob) -> str:
    """`1 station first, then 10, then the rest`."""
    return waves_of([int(size) for size in job.waves.split()])


def waves_of(sizes: Sequence[int]) -> str:
    """The same, of sizes."""
    if not sizes:
        return _("all at once")
    first = ngettext("%(num)d station first", "%(num)d stations first", sizes[0])
    return ", ".join([first, *(_("then %(count)s", count=size) for size in sizes[1:]), _("then the rest")])


def names(stations: Sequence[str]) -> str:
    """`Gate, North and 12 more`."""
    shown, more = ", ".join(stations[:_NAMED]), len(stations) - _NAMED
    return _("%(names)s and %(count)s more", names=shown, count=more) if more > 0 else shown


def stopped_because(job: FirmwareJob) -> str:
    """Why a stopped job is, and what to do."""
    if job.stop_reason == firmware_waves.WINDOW:
        return _("The time window is over. Give it a later end, or go on without one.")
    if job.stop_reason == firmware_waves.IMAGE:
        return _("The firmware image was deleted, or its file is missing. Make a new job with another one.")
    if job.stop_reason == firmware_waves.LOCATION:
        return _(
            "The address cannot be told to stations: the standard does not allow it, or what is secret in it was"
            " encrypted with another key of the data folder. Type it again, in a new job."
        )
    return _(
        "More than %(percent)s %% of this wave failed. Look at the stations below before you go on: “Go on” accepts"
        " these failures, “Retry” asks those stations again.",
        percent=job.stop_percent,
    )


def explain(update: FirmwareUpdate, *, is_online: bool) -> str:
    """Why a station stands where it does, and what to do about it."""
    if update.reason:
        return _reason(update)
    if update.state == states.WAITING:
        return _waiting(update, is_online=is_online)
    if update.state == states.ASKED and update.answered_at is None:
        return _("The request is on its way.") if is_online else _("It went offline before it answered.")
    sentences = {
        states.WAITING_FOR_SESSION: _("It is asked when the running session is over."),
        states.ASKED: _("It has the request and will say when it begins to load."),
        states.DOWNLOADED: _("It installs when it can; most stations wait until nobody charges."),
        states.INSTALLING: _("It may be away for some minutes."),
        states.INSTALLED: _("It says that it is installed. The next start proves it by its version.")
        if is_online
        else _("It says that it is installed, and has not come back since."),
        states.UNPROVEN: _("It says that it is installed, but no start has proven it. A reset would.")
        if is_online
        else _("It says that it is installed, but no start has proven it. It is offline now."),
        states.CONFIRMED: _("It started with version %(version)s.", version=update.version_after or "?"),
    }
    return sentences.get(update.state, "")


def _waiting(update: FirmwareUpdate, *, is_online: bool) -> str:
    if update.charge_point.registration != ACCEPTED:
        return _("It is not accepted. Accept it, and it is asked.")
    return _("Its turn comes.") if is_online else _("It is offline. It is asked once it is back.")


def _reason(update: FirmwareUpdate) -> str:
    version = update.detail or "?"
    sentences = {
        states.DOWNLOAD_FAILED: _("It could not load the file. Check that it reaches the address, then retry."),
        states.INSTALLATION_FAILED: _("It loaded the file but could not install it. Is it the right one for it?"),
        states.WRONG_VERSION: _("It started with version %(version)s, not the expected one.", version=version),
        states.OLD_VERSION: _(
            "It said that it is installed, and started with the version that it had before: %(version)s.",
            version=version,
        ),
        states.NOTHING_TO_COMPARE: _(
            "It started with version %(version)s. Which one it had before is not known, so that this proves nothing.",
            version=version,
        ),
        states.REFUSED: _("It answered with an error: %(said)s", said=update.detail),
        states.NO_ANSWER: _("It has said nothing for too long. Ask it for its status, or reset it, then retry."),
        states.NOT_BACK: _("It said that it is installed, and has not come back since. Somebody must look at it."),
        states.NEVER_ASKED: _("It went away whenever it was to be asked. Look at its connection, then retry."),
        states.BUSY: _("It is busy with another update, and is asked once that is over."),
        states.REPLACED: _("It was asked for another update meanwhile."),
        states.UP_TO_DATE: _("It ran this version already."),
        states.TAKEN_BACK: _("It was not asked before the job was cancelled."),
        states.CLOSED: _("It has the request, but cannot load the image any more: the job was cancelled."),
        states.DELETED: _("The station was deleted."),
    }
    return sentences.get(update.reason, update.reason)
