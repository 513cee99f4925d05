"""What a station is set to, as it last said."""

from typing import Any

from ocpp_server.models import ConfigurationKey
from portal.api import paging
from portal.api.operation import operation
from portal.api.resources.stations import fetch
from portal.api.schema import BOOLEAN, PAGING, STRING, TIME, or_null, page_of, record
from portal.api.values import time

ORDER = paging.Order((ConfigurationKey.key,))
KEY = record(
    key=STRING,
    value={**or_null(STRING), "description": "Null where there is none, or where it is a secret."},
    readonly=BOOLEAN,
    known={**BOOLEAN, "description": "False where the station said that it does not know the key."},
    awaits_reboot={**BOOLEAN, "description": "Whether the value takes effect after a reboot only."},
    seen_at=TIME,
)


@operation(
    "GET",
    "/stations/<identity>/configuration",
    "List the configuration keys of a station",
    tag="Stations",
    answer=page_of(KEY),
    query=PAGING,
)
def index(identity: str, query: dict[str, Any]) -> dict[str, Any]:
    found = ConfigurationKey.select().where(ConfigurationKey.charge_point == fetch(identity).id)
    return paging.part(found, ORDER, query, paging.each(_key))


def _key(row: ConfigurationKey) -> dict[str, Any]:
    return {
        "key": row.key,
        "value": row.value,
        "readonly": row.readonly,
        "known": row.known,
        "awaits_reboot": row.awaits_reboot,
        "seen_at": time(row.seen_at),
    }
