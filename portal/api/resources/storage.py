"""What the database holds, what the files take, and how fast both grow; for admins."""

from dataclasses import asdict
from typing import Any

from ocpp_server.models.operators import ADMIN
from ocpp_server.services import storage
from ocpp_server.services.file import file_limits, file_usage
from portal.api.operation import operation
from portal.api.schema import BOOLEAN, INTEGER, NUMBER, STRING, TIME, list_of, or_null, record
from portal.api.values import time
from portal.context import settings, store

_TABLE = record(
    name=STRING, rows=INTEGER, bytes=INTEGER, counted={**BOOLEAN, "description": "False where it is an estimate."}
)
_FILES = record(
    images=INTEGER,
    image_bytes=INTEGER,
    received={**INTEGER, "description": "Files that stations sent."},
    received_bytes=INTEGER,
    received_most_bytes={**INTEGER, "description": "All of these may have so many."},
    free_bytes={**INTEGER, "description": "On the disk of the files."},
)
STORAGE = record(
    database_bytes=INTEGER,
    free_bytes={**or_null(INTEGER), "description": "On the database's disk; null where that cannot be seen from here."},
    files=_FILES,
    growth_bytes_per_day={**or_null(NUMBER), "description": "Of database and files. Null while too little is known."},
    full_at={**or_null(TIME), "description": "When a disk is full at this rate; null where that is far away."},
    tables=list_of(_TABLE),
)


@operation("GET", "/storage", "Show what the database and the files take", tag="Storage", role=ADMIN, answer=STORAGE)
def show() -> dict[str, Any]:
    disks = storage.disks(store(), file_limits.shelf(settings()))
    growth = storage.growth(storage.samples(), disks)
    return {
        "database_bytes": storage.database_bytes(store()),
        "free_bytes": next((disk.free for disk in disks if disk.has_database), None),
        "files": {
            **asdict(file_usage.usage()),
            "received_most_bytes": settings().received_total,
            "free_bytes": next(disk.free for disk in disks if disk.has_files),
        },
        "growth_bytes_per_day": growth.bytes_per_day if growth else None,
        "full_at": time(growth.full_at) if growth else None,
        "tables": [
            {"name": table.name, "rows": table.rows, "bytes": table.bytes, "counted": table.is_counted}
            for table in storage.tables(store())
        ],
    }
