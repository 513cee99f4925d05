"""Firmware jobs as operators make and steer them; services/firmware/firmware_waves.py carries them out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from ocpp_server import address_secrets, clock, sealing
from ocpp_server.models import ChargePoint, FirmwareJob, FirmwareUpdate
from ocpp_server.models.firmware import CANCELLED, DONE, PAUSED, PLANNED, RUNNING, STOPPED
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.file import file_links
from ocpp_server.services.firmware import plans, states
from ocpp_server.services.firmware.plans import Plan
from ocpp_server.store import Unit

_ADD = (
    "INSERT INTO firmware_update (job_id, charge_point_id, state, reason, detail, is_current, attempts, deferrals,"
    " news_at) VALUES "
)
_ADDED, _AT_A_TIME = "(?, ?, 'waiting', '', '', FALSE, 0, 0, ?)", 100
_OPEN_COMMANDS = (
    "SELECT u.command_id FROM firmware_update u JOIN command c ON c.id = u.command_id"
    " WHERE u.job_id = ? AND u.state = 'asked' AND c.state = 'queued'"
)
#: Stations that failed to load or fell silent may still try again by themselves, also while a retry waits for them.
_OPEN_LINKS = (
    "SELECT l.id FROM firmware_update u JOIN file_link l ON l.id = u.link_id WHERE u.job_id = ?"
    " AND u.state IN ('asked', 'failed', 'silent', 'cancelled') AND l.state IN ('waiting', 'receiving')"
)
_CLOSE = "UPDATE firmware_update SET reason = 'closed' WHERE job_id = ? AND state = 'asked' AND link_id IS NOT NULL"
_TAKE_BACK = (
    "UPDATE firmware_update SET state = 'cancelled', reason = 'taken_back', ended_at = ?, news_at = ?"
    " WHERE job_id = ? AND state IN ('waiting', 'waiting_for_session')"
)
_AGAIN = (
    "UPDATE firmware_update SET state = 'waiting', reason = '', detail = '', wave = NULL, is_current = FALSE,"
    " command_id = NULL, deferrals = 0, ended_at = NULL, news_at = ?"
    " WHERE job_id = ? AND state IN ('failed', 'silent', 'unsupported', 'cancelled')"
)


@dataclass(frozen=True)
class Until:
    """Another end of a job than it had before; None for no end."""

    ends_at: datetime | None


def create(unit: Unit, plan: Plan, charge_point_ids: Collection[int], *, by: str) -> FirmwareJob:
    """Plan a job for these stations, which are asked in this order. Raises Invalid."""
    plans.check(plan, charge_point_ids)
    now = clock.now()
    job = FirmwareJob.create(
        image_id=plan.image_id,
        **spell_location(plan.location.strip()),
        version=plan.version.strip(),
        title=plan.title.strip()[:255],
        target=plan.target,
        starts_at=plan.starts_at or now,
        ends_at=plan.ends_at,
        window_from=plan.window_from,
        window_to=plan.window_to,
        zone=plan.zone if plan.window_from else None,
        waves=" ".join(str(size) for size in plan.waves),
        stop_percent=plan.stop_percent,
        retries=plan.retries,
        retry_interval=plan.retry_interval,
        respects_sessions=plan.respects_sessions,
        patience=plan.patience,
        created_by=by,
        created_at=now,
    )
    _add_stations(unit, job.id, list(dict.fromkeys(charge_point_ids)), clock.to_ms(now))
    publish(unit, job.id)
    return job


def _add_stations(unit: Unit, job_id: int, charge_point_ids: Sequence[int], at: int) -> None:
    """Past peewee, which takes half a second for thousands."""
    for first in range(0, len(charge_point_ids), _AT_A_TIME):
        part = charge_point_ids[first : first + _AT_A_TIME]
        values = [value for number in part for value in (job_id, number, at)]
        unit.execute(_ADD + ", ".join([_ADDED] * len(part)), *values)


def spell_location(location: str) -> dict[str, str | None]:
    """How a job keeps the place of its firmware: with a password in it, only encrypted."""
    shown = address_secrets.hide(location)
    return {"location": shown, "sealed_location": sealing.seal(location) if shown != location else None}


def location_of(job: FirmwareJob) -> str:
    """The place of a job's firmware, as stations must know it. Raises Invalid where it cannot be read any more."""
    if job.sealed_location is None:
        return job.location
    location = sealing.unseal(job.sealed_location)
    if location is None:
        raise Invalid("location", "The key of the data folder was changed: type the address again, in a new job.")
    return location


def pause(unit: Unit, job_id: int) -> bool:
    """Ask no more stations for now; those under way go on. Whether that was possible."""
    return _become(unit, job_id, PAUSED, (PLANNED, RUNNING))


def resume(unit: Unit, job_id: int, until: Until | None = None) -> bool:
    """Go on with a job that was paused or has stopped: its failures so far are accepted. Whether that was possible.

    Raises Invalid where it would end before it asks anybody.
    """
    job, now = FirmwareJob.get_by_id(job_id), clock.now()
    if job.state not in (PAUSED, STOPPED):
        return False
    failed = _count(job_id, FirmwareUpdate.wave == job.wave, FirmwareUpdate.state.in_(states.BAD))
    _change(unit, job, ends_at=_end(job, until, now), state=_going_on(job, now), accepted_failures=failed)
    return True


def cancel(unit: Unit, job_id: int) -> bool:
    """Ask no more stations, ever. What is on its way cannot be called back and is followed to its end; an image that is
    kept here is closed to stations that have not begun to load it."""
    if not _become(unit, job_id, CANCELLED, (PLANNED, RUNNING, PAUSED, STOPPED)):
        return False
    now = clock.to_ms(clock.now())
    unit.execute(_TAKE_BACK, now, now, job_id)
    for (link_id,) in unit.all(_OPEN_LINKS, job_id):
        file_links.close(unit, link_id, "The firmware job was cancelled.")
    for (command_id,) in unit.all(_OPEN_COMMANDS, job_id):
        commands.cancel(unit, command_id)
    unit.execute(_CLOSE, job_id)
    unit.execute("UPDATE firmware_job SET ended_at = ? WHERE id = ?", now, job_id)
    return True


def retry(unit: Unit, job_id: int, until: Until | None = None) -> int:
    """Ask those again that failed, fell silent or were left out; how many. They join the present wave.

    A paused job stays so, and one whose time has not come waits for it. Raises Invalid as `resume` does.
    """
    job, now = FirmwareJob.get_by_id(job_id), clock.now()
    again = unit.execute(_AGAIN, clock.to_ms(now), job_id).rowcount
    if again:
        is_held = job.state == PAUSED and until is None
        ends_at = job.ends_at if is_held else _end(job, until, now)
        state = PAUSED if job.state == PAUSED else _going_on(job, now)
        _change(unit, job, ends_at=ends_at, state=state, accepted_failures=0, ended_at=None)
    return again


def _going_on(job: FirmwareJob, now: datetime) -> str:
    return RUNNING if job.begun_at is not None or job.starts_at <= now else PLANNED


def needs_end(job: FirmwareJob) -> bool:
    """Whether a job that is to go on now must be given another end, or none."""
    return _is_too_early(job, job.ends_at, clock.now())


def _is_too_early(job: FirmwareJob, ends_at: datetime | None, now: datetime) -> bool:
    return ends_at is not None and ends_at <= plans.asks_first(job, now)


def _end(job: FirmwareJob, until: Until | None, now: datetime) -> datetime | None:
    """Until when a job asks that goes on now. Raises Invalid where it would ask nobody."""
    ends_at = until.ends_at if until is not None else job.ends_at
    if _is_too_early(job, ends_at, now):
        raise Invalid("ends_at", "Until then the job can ask nobody: give it a later end, or go on without one.")
    return ends_at


def _change(unit: Unit, job: FirmwareJob, **fields: Any) -> None:
    FirmwareJob.update(stop_reason="", **fields).where(FirmwareJob.id == job.id).execute()
    publish(unit, job.id)


def delete(unit: Unit, job_id: int) -> bool:
    """Forget a job that is over; whether it was."""
    is_over = FirmwareJob.state.in_([DONE, CANCELLED])
    gone = FirmwareJob.delete().where(FirmwareJob.id == job_id, is_over).execute()
    publish(unit, job_id)
    return bool(gone)


def progress(job_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """How many stations of each job are in which state, in the order of STATES: one query. Needs a connection."""
    query = (
        FirmwareUpdate.select(FirmwareUpdate.job, FirmwareUpdate.state, fn.COUNT(FirmwareUpdate.id))
        .where(FirmwareUpdate.job.in_(list(job_ids)))
        .group_by(FirmwareUpdate.job, FirmwareUpdate.state)
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    rows: Iterable[tuple[Any, ...]] = query.tuples()  # type: ignore[assignment]
    for job_id, state, count in rows:
        found[job_id][state] = count
    ordered = {job_id: {s: counts[s] for s in states.STATES if s in counts} for job_id, counts in found.items()}
    return defaultdict(dict, ordered)


def updates(job_id: int) -> Any:
    """The stations of a job with their rows, in the order in which they are asked. Needs a connection."""
    return (
        FirmwareUpdate.select(FirmwareUpdate, ChargePoint)
        .join(ChargePoint)
        .where(FirmwareUpdate.job == job_id)
        .order_by(FirmwareUpdate.id)
    )


def publish(unit: Unit, job_id: int) -> None:
    unit.publish("firmware-jobs", f"firmware-job-{job_id}")


def _become(unit: Unit, job_id: int, state: str, before: tuple[str, ...]) -> bool:
    marks = ", ".join("?" for _ in before)
    sql = f"UPDATE firmware_job SET state = ? WHERE id = ? AND state IN ({marks})"  # noqa: S608
    publish(unit, job_id)
    return unit.execute(sql, state, job_id, *before).rowcount == 1


def _count(job_id: int, *conditions: Any) -> int:
    return FirmwareUpdate.select().where(FirmwareUpdate.job == job_id, *conditions).count()
