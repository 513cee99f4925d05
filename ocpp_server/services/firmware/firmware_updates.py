"""What stations say and do becomes the state of their firmware update: all of it in the database, nothing in memory.

A station has at most one current update, which its messages speak of; services/firmware/states.py decides.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ocpp_server import clock, stations
from ocpp_server.models import FirmwareUpdate
from ocpp_server.services.failures import Failure, on_failure
from ocpp_server.services.firmware import states
from ocpp_server.services.firmware.states import Step
from ocpp_server.services.station import notices
from ocpp_server.store import Unit

ACTION = "UpdateFirmware"
#: So long after its end, in milliseconds, a late word still changes an update; later ones speak of something else.
_REVIVAL = 24 * 3600 * 1000
#: So long an installation on a station that is connected waits for its proof by a boot, in milliseconds.
PROOF = 15 * 60 * 1000

_COLUMNS = (
    "u.id, u.job_id, u.charge_point_id, u.state, u.deferrals, u.version_before, u.version_after, u.ended_at,"
    " j.version"
    " FROM firmware_update u JOIN firmware_job j ON j.id = u.job_id"
)
#: A job's patience in milliseconds, which no 32 bits hold when it is more than 24 days.
_PATIENCE = "CAST(j.patience AS BIGINT) * 1000"
# Fixed parts of SQL, none of it from outside.
_CURRENT = f"SELECT {_COLUMNS} WHERE u.charge_point_id = ? AND u.is_current"
_OF_COMMAND = f"SELECT {_COLUMNS} WHERE u.command_id = ?"
#: A file on its way is news as well.
_SILENT = (
    f"SELECT {_COLUMNS} LEFT JOIN file_link l ON l.id = u.link_id"
    " WHERE u.state IN ('asked', 'downloading', 'downloaded', 'installing')"
    f" AND u.news_at + {_PATIENCE} <= ? AND (l.last_at IS NULL OR l.last_at + {_PATIENCE} <= ?)"
)
_UNPROVEN = f"SELECT u.news_at + {_PATIENCE} <= ?, {_COLUMNS} WHERE u.state = 'installed' AND u.news_at <= ?"
_ANSWERED = (
    "UPDATE firmware_update SET answered_at = ?, news_at = ? WHERE command_id = ? RETURNING job_id, charge_point_id"
)
_LEAVE_OTHERS = "UPDATE firmware_update SET is_current = FALSE WHERE charge_point_id = ? AND is_current AND id <> ?"
_DEFER = (
    "UPDATE firmware_update SET is_current = FALSE, command_id = NULL, wave = NULL, deferrals = deferrals + 1"
    " WHERE id = ?"
)
#: States that have a column for their time.
_TIMED = (states.ASKED, states.DOWNLOADING, states.DOWNLOADED, states.INSTALLING, states.INSTALLED)


class Update(NamedTuple):
    """A station's part of a job, as its events need it."""

    id: int
    job_id: int
    charge_point_id: int
    state: str
    deferrals: int
    version_before: str | None
    #: Of the last boot since it was asked.
    version_after: str | None
    ended_at: int | None
    #: The version that the job expects, or nothing.
    version: str


def heard(unit: Unit, charge_point_id: int, word: str, at: int) -> None:
    """A FirmwareStatusNotification came: kept, and applied to the current update, if there is one."""
    update = _current(unit, charge_point_id, at)
    notices.note(unit, charge_point_id, notices.FIRMWARE, word, at, is_expected=update is not None)
    if update is None:
        return
    step, booted = states.after_word(update.state, word), update.version_after or ""
    if step is not None and step.state == states.INSTALLED:
        step = states.after_installed(booted, update.version, update.version_before or "")
    if step is not None:
        move(unit, update, step, at, booted if step.reason == states.WRONG_VERSION else "")
    else:
        unit.execute("UPDATE firmware_update SET news_at = ? WHERE id = ?", at, update.id)


def booted(unit: Unit, charge_point_id: int, version: str, at: int) -> bool:
    """The station booted with this firmwareVersion; whether it has an update that further boots may concern."""
    update = _current(unit, charge_point_id, at)
    if update is None:
        return False
    step = states.after_boot(update.state, version, update.version, update.version_before or "")
    if version and step is None and not update.version_before and update.state in states.NOT_YET_INSTALLED:
        unit.execute("UPDATE firmware_update SET version_before = ? WHERE id = ?", version, update.id)
    elif version:
        unit.execute("UPDATE firmware_update SET version_after = ? WHERE id = ?", version, update.id)
    if step is not None:
        move(unit, update, step, at, version if step.reason else "")
    return True


def answered(unit: Unit, charge_point_id: int, command_id: int, at: int) -> bool:
    """A station took an UpdateFirmware; False where it is of no job."""
    row = unit.one(_ANSWERED, at, at, command_id)
    if row is not None:
        _publish(unit, *row)
    return row is not None


def busy_with(charge_point_ids: Iterable[int]) -> dict[int, int]:
    """The job of the update that each of these stations has under way, if any. Needs a connection."""
    query = FirmwareUpdate.select(FirmwareUpdate.charge_point, FirmwareUpdate.job).where(
        FirmwareUpdate.charge_point.in_(list(charge_point_ids)),
        FirmwareUpdate.is_current,
        FirmwareUpdate.state.in_(states.UNDER_WAY),
    )
    rows: Any = query.tuples()
    return dict(rows)


def replace(unit: Unit, charge_point_id: int, by: int, at: int) -> None:
    """The station was asked for another update: the one before is not followed any more."""
    before = _current(unit, charge_point_id, at)
    if before is not None and before.id != by and before.state in states.UNDER_WAY:
        move(unit, before, Step(states.FAILED, states.REPLACED), at)
    unit.execute(_LEAVE_OTHERS, charge_point_id, by)


@on_failure(ACTION)
def not_answered(failure: Failure) -> None:
    """A command of a job ended without an answer."""
    unit, at = failure.unit, clock.to_ms(clock.now())
    row = unit.one(_OF_COMMAND, failure.command_id)
    if row is None:
        return
    update = Update(*row)
    step = states.after_failure(update.state, failure.state, failure.error_code, update.deferrals)
    if step is None:
        return
    said = ": ".join(part for part in (failure.error_code, failure.error_description) if part)
    move(unit, update, step, at, said if step.reason == states.REFUSED else "")
    if step.state in (states.WAITING, states.CANCELLED):
        unit.execute(_DEFER, update.id)


def end_silence(unit: Unit, at: int) -> None:
    """End what has said nothing for too long. A station that is away after `Installed` is waited for as long as its
    job has patience; for one that is there a shorter time will do."""
    ended = [Update(*row) for row in unit.all(_SILENT, at, at)]
    for is_over, *row in unit.all(_UNPROVEN, at, at - PROOF):
        update = Update(*row)
        if is_over or stations.is_connected(update.charge_point_id):
            ended.append(update)
    for update in ended:
        step = states.after_silence(update.state, is_connected=stations.is_connected(update.charge_point_id))
        if step is not None:
            move(unit, update, step, at)


def move(unit: Unit, update: Update, step: Step, at: int, detail: str = "") -> None:
    """Write down the next state; `detail` is what the station said about it."""
    timed = f", {step.state}_at = ?" if step.state in _TIMED else ""
    is_open = step.state in (*states.NOT_ASKED, *states.UNDER_WAY)
    unit.execute(
        f"UPDATE firmware_update SET state = ?, reason = ?, detail = ?, news_at = ?, ended_at = ?{timed} WHERE id = ?",  # noqa: S608
        step.state,
        step.reason,
        detail[:1000],
        at,
        None if is_open else at,
        *([at] if timed else []),
        update.id,
    )
    _publish(unit, update.job_id, update.charge_point_id)


def watch(unit: Unit, charge_point_id: int) -> None:
    """Let the next boots of this station be looked at."""

    def mark() -> None:
        station = stations.find(charge_point_id)
        if station is not None:
            station.has_update = True

    unit.after_commit(mark)


def _current(unit: Unit, charge_point_id: int, at: int) -> Update | None:
    row = unit.one(_CURRENT, charge_point_id)
    update = Update(*row) if row is not None else None
    if update is not None and update.ended_at is not None and update.ended_at + _REVIVAL < at:
        return None
    return update


def _publish(unit: Unit, job_id: int, charge_point_id: int) -> None:
    unit.publish("firmware-jobs", f"firmware-job-{job_id}", f"firmware-{charge_point_id}")
