"""What happened where stations fetch firmware and send files."""

from typing import Any

from ocpp_server.models import FileEvent
from ocpp_server.models.files import DOWNLOAD, UPLOAD
from ocpp_server.services.file import file_transfers
from portal.api import paging
from portal.api.operation import operation
from portal.api.resources.stations import fetch
from portal.api.schema import ID, PAGING, STRING, TIME, argument, one_of, page_of, record
from portal.api.values import time

ORDER = paging.Order((FileEvent.id,), descending=True)
EVENT = record(
    id=ID,
    station=STRING,
    link={**ID, "description": "Events of one address have the same."},
    purpose=one_of([DOWNLOAD, UPLOAD], description="As the station sees it."),
    what=one_of(["began", "fetched", "received", "failed", "refused"]),
    detail={**STRING, "description": "How far it came, or why not, in words."},
    protocol=STRING,
    address={**STRING, "description": "Where the station, or whoever it was, came from."},
    at=TIME,
)


@operation(
    "GET",
    "/file-events",
    "List what happened where stations fetch firmware and send files, newest first",
    tag="Files from stations",
    answer=page_of(EVENT),
    query=(argument("station", STRING, "Only this station's."), *PAGING),
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    station = fetch(query["station"]).id if "station" in query else None
    return paging.part(file_transfers.events("", station).order_by(), ORDER, query, paging.each(_event))


def _event(row: FileEvent) -> dict[str, Any]:
    names = ("id", "what", "detail", "protocol", "address")
    return {
        **{name: getattr(row, name) for name in names},
        "station": row.link.charge_point.identity,
        "link": row.link.id,
        "purpose": row.link.purpose,
        "at": time(row.at),
    }
