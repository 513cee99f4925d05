"""Carries firmware jobs out: in waves, within their window, and no further than failures allow.

Everything is in the database, so that a restart changes nothing. A wave is filled with stations that can be asked now:
connected, accepted, without a running session, and with no other update under way. The next one begins once nothing of
it is under way any more.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from ocpp_server import clock, stations
from ocpp_server.models import FirmwareJob
from ocpp_server.models.charge_points import ACCEPTED
from ocpp_server.models.firmware import DONE, PLANNED, RUNNING, STOPPED
from ocpp_server.services import commands
from ocpp_server.services.file import file_links
from ocpp_server.services.firmware import firmware_jobs, firmware_updates, plans, states
from ocpp_server.services.firmware.states import Step
from ocpp_server.store import Unit

#: So many stations of a job load at the same moment, and who has not been heard of for so many milliseconds counts as
#: loading no more.
AT_ONCE, LOADING = 20, 15 * 60 * 1000
#: Why a job stops by itself: too many failed, its time is over, its image is gone, its address can be told to nobody.
FAILURES, WINDOW, IMAGE, LOCATION = "failures", "window", "image", "location"


class Place(NamedTuple):
    """Where a station finds the firmware, and the link that this is, where the image is kept here."""

    location: str
    link_id: int | None = None


#: Says where a station finds the firmware of a job. Raises Invalid for `image` or `location` where that is gone.
Locate = Callable[[Unit, FirmwareJob, int], Place]

_STANDINGS = (
    "SELECT CASE WHEN wave = ? THEN 1 ELSE 0 END, state, COUNT(*) FROM firmware_update WHERE job_id = ? GROUP BY 1, 2"
)
_LOADING = (
    "SELECT COUNT(*) FROM firmware_update u LEFT JOIN file_link l ON l.id = u.link_id WHERE u.job_id = ?"
    " AND u.state IN ('asked', 'downloading') AND (u.news_at > ? OR l.last_at > ?)"
)
#: Whether the station of `u` is busy with another update.
_IS_BUSY = (
    "EXISTS (SELECT 1 FROM firmware_update o WHERE o.charge_point_id = u.charge_point_id AND o.is_current"
    " AND o.id <> u.id AND o.state IN ('asked', 'downloading', 'downloaded', 'installing', 'installed'))"
)
# Fixed parts of SQL, none of it from outside.
_CANDIDATES = (
    f"SELECT u.id, u.job_id, u.charge_point_id, u.state, u.reason, u.link_id, {_IS_BUSY},"  # noqa: S608
    " c.registration, c.deleted_at, c.firmware_version, EXISTS"
    " (SELECT 1 FROM charging_transaction t WHERE t.charge_point_id = c.id AND t.stopped_at IS NULL)"
    " FROM firmware_update u JOIN charge_point c ON c.id = u.charge_point_id"
    " WHERE u.job_id = ? AND u.state IN ('waiting', 'waiting_for_session') ORDER BY u.id"
)
#: Goes through for one asker only, and only while the station is not busy with another update.
_CLAIM = (
    "UPDATE firmware_update AS u SET state = 'asked', reason = '', detail = '', wave = ?,"  # noqa: S608
    " is_current = TRUE, attempts = attempts + 1, version_before = ?, version_after = NULL, asked_at = ?, news_at = ?,"
    " answered_at = NULL, downloading_at = NULL, downloaded_at = NULL, installing_at = NULL, installed_at = NULL,"
    f" ended_at = NULL WHERE id = ? AND state IN ('waiting', 'waiting_for_session') AND NOT {_IS_BUSY}"
)


class _Candidate(NamedTuple):
    id: int
    job_id: int
    charge_point_id: int
    state: str
    reason: str
    link_id: int | None
    is_busy: bool
    registration: str
    deleted_at: int | None
    version: str | None
    has_session: bool

    @property
    def update(self) -> firmware_updates.Update:
        return firmware_updates.Update(self.id, self.job_id, self.charge_point_id, self.state, 0, None, None, None, "")


class Standing(NamedTuple):
    """How a job stands: stations of the present wave, those under way or failed among them, and those not asked."""

    in_wave: int
    under_way: int
    failed: int
    waiting: int
    under_way_in_all: int


def due(unit: Unit) -> list[int]:
    """The jobs that may have something to do."""
    sql = "SELECT id FROM firmware_job WHERE state IN ('planned', 'running') ORDER BY id"
    return [number for (number,) in unit.all(sql)]


def advance(unit: Unit, job_id: int, locate: Locate) -> None:
    """Take a job as far as it gets now. Raises Invalid where its firmware cannot be given to stations."""
    job, now = FirmwareJob.get_by_id(job_id), clock.now()
    if job.state == PLANNED and job.starts_at <= now:
        _set(unit, job, state=RUNNING, begun_at=now)
    if job.state != RUNNING:
        return
    standing = _standing(unit, job)
    if too_many_failed(job, standing):
        _set(unit, job, state=STOPPED, stop_reason=FAILURES)
        return
    if standing.waiting == 0:
        if standing.under_way_in_all == 0:
            _set(unit, job, state=DONE, ended_at=now)
        return
    if job.ends_at is not None and job.ends_at <= now:
        _set(unit, job, state=STOPPED, stop_reason=WINDOW)
        return
    window = plans.window_of(job)
    if window is not None and not window.contains(now):
        return
    room = min(_room(unit, job, standing), AT_ONCE - _loading(unit, job, now))
    if room > 0:
        _ask_next(unit, job, room, locate, now)


def halt(unit: Unit, job_id: int, reason: str) -> None:
    """Stop a job that cannot go on."""
    job = FirmwareJob.get_by_id(job_id)
    if job.state in (PLANNED, RUNNING):
        _set(unit, job, state=STOPPED, stop_reason=reason)


def too_many_failed(job: FirmwareJob, standing: Standing) -> bool:
    """Whether more of the present wave failed than the job allows, whatever becomes of the rest."""
    if job.stop_percent is None:
        return False
    size, there = size_of_wave(job), standing.in_wave + standing.waiting
    whole = there if size is None else min(size, there)
    return (standing.failed - job.accepted_failures) * 100 > job.stop_percent * max(1, whole)


def size_of_wave(job: FirmwareJob) -> int | None:
    """How many stations the present wave takes; None for all that are left."""
    sizes = plans.wave_sizes(job.waves)
    return sizes[job.wave - 1] if job.wave <= len(sizes) else None


def _room(unit: Unit, job: FirmwareJob, standing: Standing) -> int:
    """How many more the present wave takes; begins the next one where this one is over."""
    size = size_of_wave(job)
    if size is None:
        return standing.waiting
    if standing.in_wave < size:
        return size - standing.in_wave
    if standing.under_way:
        return 0
    _set(unit, job, wave=job.wave + 1, accepted_failures=0)
    return size_of_wave(job) or standing.waiting


def _loading(unit: Unit, job: FirmwareJob, now: datetime) -> int:
    """How many stations of the job load, or are about to."""
    since = clock.to_ms(now) - LOADING
    (count,) = unit.one(_LOADING, job.id, since, since) or (0,)
    return count


def _standing(unit: Unit, job: FirmwareJob) -> Standing:
    counts = {(bool(mine), state): count for mine, state, count in unit.all(_STANDINGS, job.wave, job.id)}

    def total(wanted: tuple[str, ...], *, everywhere: bool = False) -> int:
        return sum(n for (mine, state), n in counts.items() if state in wanted and (mine or everywhere))

    return Standing(
        in_wave=total(states.STATES),
        under_way=total(states.UNDER_WAY),
        failed=total(states.BAD),
        waiting=total(states.NOT_ASKED, everywhere=True),
        under_way_in_all=total(states.UNDER_WAY, everywhere=True),
    )


def _ask_next(unit: Unit, job: FirmwareJob, room: int, locate: Locate, now: datetime) -> None:
    """Ask as many stations as there is room for."""
    at = clock.to_ms(now)
    for row in unit.all(_CANDIDATES, job.id):
        candidate = _Candidate(*row)
        obstacle = _obstacle(job, candidate)
        if obstacle is None:
            room -= _ask(unit, job, candidate, locate, now)
        elif obstacle != Step(candidate.state, candidate.reason):
            firmware_updates.move(unit, candidate.update, obstacle, at)
        if room == 0:
            break


def _obstacle(job: FirmwareJob, candidate: _Candidate) -> Step | None:
    """Why a station is not asked now, as the state that this leaves it in."""
    if candidate.deleted_at is not None:
        return Step(states.CANCELLED, states.DELETED)
    if job.version and candidate.version == job.version:
        return Step(states.SKIPPED, states.UP_TO_DATE)
    if candidate.registration != ACCEPTED or not stations.is_connected(candidate.charge_point_id):
        return Step(states.WAITING)
    if candidate.is_busy:
        return Step(states.WAITING, states.BUSY)
    if candidate.has_session and job.respects_sessions:
        return Step(states.WAITING_FOR_SESSION)
    return None


def _ask(unit: Unit, job: FirmwareJob, candidate: _Candidate, locate: Locate, now: datetime) -> bool:
    """Claim a station and send it the request; whether it was free."""
    at, charge_point_id = clock.to_ms(now), candidate.charge_point_id
    claimed = unit.execute(_CLAIM, job.wave, candidate.version, at, at, candidate.id)
    if claimed.rowcount != 1:
        return False
    if candidate.link_id is not None:
        file_links.close(unit, candidate.link_id, "The station was asked again, with another address.")
    place = locate(unit, job, charge_point_id)
    payload = _payload(job, place.location, now)
    command = commands.request(unit, charge_point_id, firmware_updates.ACTION, payload, by=job.created_by)
    sql = "UPDATE firmware_update SET command_id = ?, link_id = ? WHERE id = ?"
    unit.execute(sql, command.id, place.link_id, candidate.id)
    firmware_updates.replace(unit, charge_point_id, candidate.id, at)
    firmware_updates.watch(unit, charge_point_id)
    firmware_jobs.publish(unit, job.id)
    return True


def _payload(job: FirmwareJob, location: str, now: datetime) -> dict[str, Any]:
    """The retrieveDate is now, which is `not before` (errata 3.63)."""
    numbers = {"retries": job.retries, "retryInterval": job.retry_interval}
    given = {name: number for name, number in numbers.items() if number is not None}
    return {"location": location, "retrieveDate": clock.iso(now), **given}


def _set(unit: Unit, job: FirmwareJob, **fields: object) -> None:
    for name, value in fields.items():
        setattr(job, name, value)
    job.save(only=list(fields))
    firmware_jobs.publish(unit, job.id)
