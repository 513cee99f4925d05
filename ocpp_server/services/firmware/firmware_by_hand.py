"""Updates that operators ask for by hand are followed as well: as a job of their own, one for each batch."""

from datetime import datetime

from ocpp_server import clock, timestamps
from ocpp_server.models import ChargePoint, Command, FirmwareJob, FirmwareUpdate
from ocpp_server.models.firmware import RUNNING
from ocpp_server.services.commands import Claimed
from ocpp_server.services.firmware import firmware_jobs, firmware_updates, plans
from ocpp_server.services.firmware.states import ASKED
from ocpp_server.store import Unit


def follow(unit: Unit, claimed: Claimed) -> None:
    """The station has taken this UpdateFirmware, which no job sent."""
    now = clock.now()
    command = Command.get_by_id(claimed.id)
    charge_point = ChargePoint.get_by_id(claimed.charge_point_id)
    job = _job_of(command, claimed, charge_point, now)
    update = FirmwareUpdate.create(
        job=job,
        charge_point=charge_point,
        state=ASKED,
        wave=job.wave,
        is_current=True,
        command_id=command.id,
        attempts=1,
        version_before=charge_point.firmware_version,
        asked_at=command.sent_at or now,
        answered_at=now,
        news_at=now,
    )
    firmware_updates.replace(unit, charge_point.id, update.id, clock.to_ms(now))
    firmware_updates.watch(unit, charge_point.id)
    firmware_jobs.publish(unit, job.id)


def _job_of(command: Command, claimed: Claimed, charge_point: ChargePoint, now: datetime) -> FirmwareJob:
    job = command.batch_id and FirmwareJob.get_or_none(FirmwareJob.batch_id == command.batch_id)
    if job:
        if job.state != RUNNING:
            job.state, job.ended_at = RUNNING, None
            job.save()
        return job
    retrieve_at = timestamps.parse(claimed.payload["retrieveDate"]) or clock.to_ms(now)
    wait = max(0, retrieve_at - clock.to_ms(now)) // 1000
    return FirmwareJob.create(
        **firmware_jobs.spell_location(claimed.payload["location"]),
        target=charge_point.name if command.batch_id is None else "",
        starts_at=now,
        patience=min(plans.PATIENCE + wait, 2**31 - 1),
        retries=_storable(claimed.payload.get("retries")),
        retry_interval=_storable(claimed.payload.get("retryInterval")),
        batch_id=command.batch_id,
        is_by_hand=True,
        state=RUNNING,
        created_by=claimed.requested_by,
        created_at=command.requested_at,
        begun_at=now,
    )


def _storable(number: int | None) -> int | None:
    """Operators may send any number; no database keeps all of them."""
    return number if number is not None and 0 <= number < 2**31 else None
