"""What the database holds and how fast it grows, for admins."""

from typing import Any

from ocpp_server.models.operators import ADMIN
from ocpp_server.services import storage
from portal.api.operation import operation
from portal.api.schema import BOOLEAN, INTEGER, NUMBER, STRING, TIME, list_of, or_null, record
from portal.api.values import time
from portal.context import store

_TABLE = record(
    name=STRING, rows=INTEGER, bytes=INTEGER, counted={**BOOLEAN, "description": "False where it is an estimate."}
)
STORAGE = record(
    database_bytes=INTEGER,
    free_bytes={**or_null(INTEGER), "description": "On the database's disk; null where that cannot be seen from here."},
    growth_bytes_per_day={**or_null(NUMBER), "description": "Null while too little is known."},
    full_at={**or_null(TIME), "description": "When the disk is full at this rate; null where that is far away."},
    tables=list_of(_TABLE),
)


@operation("GET", "/storage", "Show what the database holds", tag="Storage", role=ADMIN, answer=STORAGE)
def show() -> dict[str, Any]:
    free = storage.free_bytes(store())
    growth = storage.growth(storage.samples(), free)
    return {
        "database_bytes": storage.database_bytes(store()),
        "free_bytes": free,
        "growth_bytes_per_day": growth.bytes_per_day if growth else None,
        "full_at": time(growth.full_at) if growth else None,
        "tables": [
            {"name": table.name, "rows": table.rows, "bytes": table.bytes, "counted": table.is_counted}
            for table in storage.tables(store())
        ],
    }
