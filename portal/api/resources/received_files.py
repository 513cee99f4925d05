"""Files that stations have sent. What is in them may be confidential: they are for operators."""

from typing import Any

from ocpp_server.models import ReceivedFile
from ocpp_server.models.operators import OPERATOR
from ocpp_server.services.file import file_limits, received_files
from portal import audit
from portal.api import paging
from portal.api.operation import FILE, operation
from portal.api.problems import missing
from portal.api.resources.stations import fetch
from portal.api.schema import ID, INTEGER, PAGING, STRING, TIME, argument, page_of, record
from portal.api.values import time
from portal.context import settings
from portal.file_downloads import send

TAG = "Files from stations"
ORDER = paging.Order((ReceivedFile.id,), descending=True)
RECEIVED = record(
    id=ID,
    station=STRING,
    file_name={**STRING, "description": "What the station called it, made safe."},
    size={**INTEGER, "description": "Bytes."},
    sha256=STRING,
    received_at=TIME,
    protocol=STRING,
    address={**STRING, "description": "Where it came from."},
)


@operation(
    "GET",
    "/received-files",
    "List the files that stations sent, newest first",
    tag=TAG,
    answer=page_of(RECEIVED),
    query=(argument("station", STRING, "Only those of this station."), *PAGING),
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    station = fetch(query["station"]).id if "station" in query else None
    found = received_files.search(charge_point_id=station).order_by()
    return paging.part(found, ORDER, query, paging.each(_received))


@operation("GET", "/received-files/<int:file_id>", "Show a file that a station sent", tag=TAG, answer=RECEIVED)
def show(file_id: int) -> dict[str, Any]:
    return _received(_fetch(file_id))


@operation(
    "GET",
    "/received-files/<int:file_id>/file",
    "Fetch a file that a station sent",
    tag=TAG,
    role=OPERATOR,
    answer=FILE,
    errors={416: "The file has no such range."},
)
def download(file_id: int) -> Any:
    answer = send(_fetch(file_id))
    if answer is None:
        raise missing(f"file {file_id} on the disk")
    return answer


@operation("DELETE", "/received-files/<int:file_id>", "Delete a file that a station sent", tag=TAG)
def delete(file_id: int) -> None:
    file, shelf = _fetch(file_id), file_limits.shelf(settings())
    target = f"{file.charge_point.identity}: {file.file_name}"
    audit.write(lambda unit: received_files.delete(unit, shelf, [file]), "firmware.file.delete", target)


def _fetch(file_id: int) -> ReceivedFile:
    found = received_files.find(file_id)
    if found is None:
        raise missing(f"file {file_id}")
    return found


def _received(row: ReceivedFile) -> dict[str, Any]:
    names = ("id", "file_name", "size", "sha256", "protocol", "address")
    return {
        **{name: getattr(row, name) for name in names},
        "station": row.charge_point.identity,
        "received_at": time(row.received_at),
    }
