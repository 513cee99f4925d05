"""The stations of a firmware job, and how far each of them is."""

from typing import Any

from ocpp_server.models import ChargePoint, FirmwareUpdate
from ocpp_server.services.firmware import states
from portal.api import paging
from portal.api.operation import operation
from portal.api.resources.firmware_jobs import TAG, fetch
from portal.api.schema import ID, INTEGER, PAGING, STRING, TIME, argument, one_of, or_null, page_of, record
from portal.api.values import time

ORDER = paging.Order((FirmwareUpdate.id,))
_STATE = one_of(states.STATES)
_TIMES = ("asked", "answered", "downloading", "downloaded", "installing", "installed", "ended")
UPDATE = record(
    id=ID,
    station=STRING,
    state=_STATE,
    reason={**STRING, "description": "Why it ended as it did, in a word."},
    detail={**STRING, "description": "What the station said about it."},
    wave=or_null(INTEGER),
    attempts=INTEGER,
    command_id=or_null(ID),
    version_before=or_null(STRING),
    version_after={**or_null(STRING), "description": "The firmwareVersion of its last boot since it was asked."},
    **{f"{name}_at": or_null(TIME) for name in _TIMES},
)


@operation(
    "GET",
    "/firmware-jobs/<int:firmware_job_id>/updates",
    "List the stations of a firmware job",
    tag=TAG,
    answer=page_of(UPDATE),
    query=(argument("state", _STATE, "Only stations in this state."), *PAGING),
)
def index(firmware_job_id: int, query: dict[str, Any]) -> dict[str, Any]:
    found = FirmwareUpdate.select(FirmwareUpdate, ChargePoint).join(ChargePoint)
    found = found.where(FirmwareUpdate.job == fetch(firmware_job_id).id)
    if "state" in query:
        found = found.where(FirmwareUpdate.state == query["state"])
    return paging.part(found, ORDER, query, paging.each(_update))


def _update(row: FirmwareUpdate) -> dict[str, Any]:
    plain = ("id", "state", "reason", "detail", "wave", "attempts", "command_id", "version_before", "version_after")
    return {
        "station": row.charge_point.identity,
        **{name: getattr(row, name) for name in plain},
        **{f"{name}_at": time(getattr(row, f"{name}_at")) for name in _TIMES},
    }
