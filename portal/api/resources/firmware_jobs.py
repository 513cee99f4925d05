"""Firmware jobs: planned, looked at and steered."""

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import ngettext

from ocpp_server.models import ChargePoint, FirmwareImage, FirmwareJob
from ocpp_server.models.firmware import JOB_STATES
from ocpp_server.services.errors import Invalid
from ocpp_server.services.firmware import firmware_images, firmware_jobs, plans, states
from ocpp_server.services.firmware.firmware_jobs import Until
from ocpp_server.services.firmware.plans import Plan
from ocpp_server.store import Unit
from portal import audit, firmware, firmware_plans
from portal.api import paging, reading
from portal.api.operation import Reply, operation
from portal.api.problems import Problem, missing
from portal.api.resources.batches import STATIONS, fetch_stations
from portal.api.routing import PREFIX
from portal.api.schema import (
    BOOLEAN,
    ID,
    INTEGER,
    PAGING,
    STRING,
    TIME,
    body,
    list_of,
    one_of,
    or_null,
    page_of,
    record,
    text,
)
from portal.api.values import time
from portal.context import settings

TAG = "Firmware"
ORDER = paging.Order((FirmwareJob.id,), descending=True)
_NUMBER = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
_TIME_OF_DAY = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["22:00"]}
_PLAN = {
    "image_id": {**ID, "description": "An image that is kept here; or else `location`."},
    "location": text(2000, description="Where the stations find the firmware.", examples=["ftp://example.com/f.bin"]),
    "version": text(50, description="The firmwareVersion that proves the update; without it, any other than before."),
    "title": text(255),
    "starts_at": {**TIME, "description": "No station is asked before; without it, at once."},
    "ends_at": {**TIME, "description": "No station is asked after."},
    "window_from": {**_TIME_OF_DAY, "description": "Each day, stations are asked from this time on only."},
    "window_to": {**_TIME_OF_DAY, "description": "Until when; past midnight where it is before `window_from`."},
    "zone": text(64, description="Whose clocks that are; by default CSMS_TIMEZONE.", examples=["Europe/Berlin"]),
    "waves": {
        **list_of({"type": "integer", "minimum": 1, "maximum": plans.MAX_STATIONS}),
        "maxItems": 20,
        "default": list(plans.WAVES),
        "description": "The sizes of the first waves; all that are left make the last one.",
    },
    "stop_percent": {
        **or_null({"type": "integer", "minimum": 0, "maximum": 100}),
        "default": plans.STOP_PERCENT,
        "description": "The job stops when more than so many percent of a wave fail; null never stops it.",
    },
    "retries": {**_NUMBER, "description": "How often a station tries to load, as the standard has it."},
    "retry_interval": {**_NUMBER, "description": "Seconds between its tries, as the standard has it."},
    "respects_sessions": {**BOOLEAN, "default": True, "description": "Wait until nobody charges at a station."},
    "patience": {
        "type": "integer",
        "minimum": 60,
        "maximum": 30 * 86400,
        "default": plans.PATIENCE,
        "description": "Seconds without a word after which a station counts as silent.",
    },
}
_ANY_MODEL = {
    **BOOLEAN,
    "default": False,
    "description": "Also where the image is said to be for another maker or model than a station is.",
}
_UNTIL = {
    **or_null(TIME),
    "description": "Another end, or null for none. One of them is needed where it could ask nobody before its end.",
}
_COUNTS = {
    "type": "object",
    "additionalProperties": INTEGER,
    "description": "How many stations are in which state: " + ", ".join(states.STATES) + ".",
}
JOB = record(
    id=ID,
    title=STRING,
    state=one_of(JOB_STATES),
    stop_reason={**STRING, "description": "Why it is stopped: failures, window, image or location."},
    image_id=or_null(ID),
    location=STRING,
    version=STRING,
    target=STRING,
    starts_at=TIME,
    ends_at=or_null(TIME),
    window_from=or_null(STRING),
    window_to=or_null(STRING),
    zone=or_null(STRING),
    waves=list_of(INTEGER),
    wave={**INTEGER, "description": "The present one, from 1."},
    stop_percent=or_null(INTEGER),
    retries=or_null(INTEGER),
    retry_interval=or_null(INTEGER),
    respects_sessions=BOOLEAN,
    patience=INTEGER,
    created_by=STRING,
    created_at=TIME,
    begun_at=or_null(TIME),
    ended_at=or_null(TIME),
    counts=_COUNTS,
)
_CHANGED = {409: "The job is in a state in which this is not possible."}


@operation("GET", "/firmware-jobs", "List firmware jobs, newest first", tag=TAG, answer=page_of(JOB), query=PAGING)
def index(query: dict[str, Any]) -> dict[str, Any]:
    return paging.part(FirmwareJob.select(), ORDER, query, to_json)


@operation(
    "POST",
    "/firmware-jobs",
    "Install one firmware on one station or many",
    tag=TAG,
    body=body(["stations"], stations=STATIONS, any_model=_ANY_MODEL, **_PLAN),
    answer=JOB,
    status=201,
)
def create(body: dict[str, Any]) -> Reply:
    fields = {"zone": settings().timezone, **reading.moments(body, "starts_at", "ends_at")}
    stations, any_model = fetch_stations(fields.pop("stations")), fields.pop("any_model", False)
    if "waves" in fields:
        fields["waves"] = tuple(fields["waves"])
    if "image_id" in fields:
        image = firmware_images.find(fields["image_id"])
        if image is None:
            raise Invalid("image_id", "There is no such firmware image, or it was deleted.")
        if not any_model:
            _refuse_others(image, stations)
        fields = {"version": image.version, **fields, "location": ""}
    target = ngettext("%(num)d station", "%(num)d stations", len(stations))
    job = firmware_plans.begin(Plan(**fields, target=target), [row.id for row in stations])
    return Reply(to_json([job])[0], 201, {"Location": f"{PREFIX}/firmware-jobs/{job.id}"})


def _refuse_others(image: FirmwareImage, stations: Sequence[ChargePoint]) -> None:
    others = [station.identity for station in stations if firmware_images.is_for_another(image, station)]
    if others:
        raise Invalid(
            "stations",
            "The image is for another maker or model than these: %(names)s. With any_model they get it all the same.",
            names=firmware.names(others),
        )


@operation("GET", "/firmware-jobs/<int:firmware_job_id>", "Show how far a firmware job is", tag=TAG, answer=JOB)
def show(firmware_job_id: int) -> dict[str, Any]:
    return to_json([fetch(firmware_job_id)])[0]


@operation(
    "POST",
    "/firmware-jobs/<int:firmware_job_id>/pause",
    "Ask no more stations for now; those under way go on",
    tag=TAG,
    answer=JOB,
    errors=_CHANGED,
)
def pause(firmware_job_id: int) -> dict[str, Any]:
    return _steer(firmware_job_id, firmware_jobs.pause, "firmware.pause")


@operation(
    "POST",
    "/firmware-jobs/<int:firmware_job_id>/resume",
    "Go on with a paused or stopped job; its failures so far are accepted",
    tag=TAG,
    body=body(ends_at=_UNTIL),
    answer=JOB,
    errors=_CHANGED,
)
def resume(firmware_job_id: int, body: dict[str, Any]) -> dict[str, Any]:
    return _go_on(firmware_job_id, body, firmware_jobs.resume, "firmware.resume")


@operation(
    "POST",
    "/firmware-jobs/<int:firmware_job_id>/cancel",
    "End a job; stations that have not begun to load an image that is kept here cannot load it any more",
    tag=TAG,
    answer=JOB,
    errors=_CHANGED,
)
def cancel(firmware_job_id: int) -> dict[str, Any]:
    return _steer(firmware_job_id, firmware_jobs.cancel, "firmware.cancel")


@operation(
    "POST",
    "/firmware-jobs/<int:firmware_job_id>/retry",
    "Ask those again that failed, fell silent or were left out",
    tag=TAG,
    body=body(ends_at=_UNTIL),
    answer=JOB,
    errors=_CHANGED,
)
def retry(firmware_job_id: int, body: dict[str, Any]) -> dict[str, Any]:
    return _go_on(firmware_job_id, body, firmware_jobs.retry, "firmware.retry")


@operation("DELETE", "/firmware-jobs/<int:firmware_job_id>", "Forget a job that is over", tag=TAG, errors=_CHANGED)
def delete(firmware_job_id: int) -> None:
    _do(firmware_job_id, firmware_jobs.delete, "firmware.delete")


def to_json(rows: Sequence[FirmwareJob]) -> list[dict[str, Any]]:
    """Jobs with their counts: one query, however many."""
    progress = firmware_jobs.progress([row.id for row in rows])
    return [_job(row, progress[row.id]) for row in rows]


def _job(row: FirmwareJob, counts: dict[str, int]) -> dict[str, Any]:
    plain = ("id", "title", "state", "stop_reason", "image_id", "location", "version", "target", "wave", "created_by")
    hours = ("window_from", "window_to", "zone")
    numbers = ("stop_percent", "retries", "retry_interval", "respects_sessions", "patience")
    times = ("starts_at", "ends_at", "created_at", "begun_at", "ended_at")
    return {
        **{name: getattr(row, name) for name in (*plain, *hours, *numbers)},
        **{name: time(getattr(row, name)) for name in times},
        "waves": [int(size) for size in row.waves.split()],
        "counts": counts,
    }


def _go_on(
    job_id: int, body: dict[str, Any], do: Callable[[Unit, int, Until | None], Any], action: str
) -> dict[str, Any]:
    until = Until(reading.moments(body, "ends_at")["ends_at"]) if "ends_at" in body else None
    return _steer(job_id, lambda unit, number: do(unit, number, until), action)


def _steer(job_id: int, do: Callable[[Unit, int], Any], action: str) -> dict[str, Any]:
    _do(job_id, do, action)
    return show(job_id)


def _do(job_id: int, do: Callable[[Unit, int], Any], action: str) -> None:
    fetch(job_id)

    def work(unit: Unit) -> None:
        if not do(unit, job_id):
            raise Problem(409, "The job is in a state in which this is not possible.")

    audit.write(work, action, f"firmware job {job_id}")


def fetch(job_id: int) -> FirmwareJob:
    """The job. Raises Problem."""
    job = FirmwareJob.get_or_none(FirmwareJob.id == job_id)
    if job is None:
        raise missing(f"firmware job {job_id}")
    return job
