"""What a station is set to, as it last said."""

from typing import Any

from peewee import fn

from ocpp_server.models import ConfigurationChange, ConfigurationKey
from portal.api import paging
from portal.api.operation import operation
from portal.api.resources.stations import fetch
from portal.api.schema import BOOLEAN, PAGING, STRING, TIME, argument, list_of, or_null, page_of, record
from portal.api.values import time
from portal.configuration import Pair, by_name
from portal.configuration import compare as compared

ORDER = paging.Order((ConfigurationKey.key,))
KEY = record(
    key=STRING,
    value={**or_null(STRING), "description": "Null where there is none, or where it is a secret."},
    readonly=BOOLEAN,
    known={**BOOLEAN, "description": "False where the station said that it does not know the key."},
    awaits_reboot={**BOOLEAN, "description": "Whether the value takes effect after a reboot only."},
    seen_at=TIME,
)
HISTORY_ORDER = paging.Order((ConfigurationChange.at, ConfigurationChange.id), descending=True)
CHANGE = record(
    timestamp=TIME,
    key=STRING,
    old_value=or_null(STRING),
    new_value=or_null(STRING),
    source={**STRING, "description": "Who asked for it, or that the station reported it."},
)
PAIR = record(
    key=STRING,
    different=BOOLEAN,
    value={**or_null(STRING), "description": "Null where it is not known."},
    other_value=or_null(STRING),
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


@operation(
    "GET",
    "/stations/<identity>/configuration/history",
    "List how the configuration of a station changed, newest first",
    tag="Stations",
    answer=page_of(CHANGE),
    query=(argument("key", STRING, "Only changes of this key."), *PAGING),
)
def history(identity: str, query: dict[str, Any]) -> dict[str, Any]:
    found = ConfigurationChange.select().where(ConfigurationChange.charge_point == fetch(identity).id)
    if "key" in query:
        found = found.where(fn.LOWER(ConfigurationChange.key) == query["key"].lower())
    return paging.part(found, HISTORY_ORDER, query, paging.each(_change))


@operation(
    "GET",
    "/stations/<identity>/configuration/compared-with/<other>",
    "Compare the configuration of two stations, differences first",
    tag="Stations",
    answer=record(items=list_of(PAIR)),
)
def compare(identity: str, other: str) -> dict[str, Any]:
    left, right = fetch(identity), fetch(other)
    return {"items": [_pair(pair) for pair in compared(by_name(left.id), by_name(right.id))]}


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "key": pair.name,
        "different": pair.is_different,
        "value": pair.left.value if pair.left else None,
        "other_value": pair.right.value if pair.right else None,
    }


def _change(row: ConfigurationChange) -> dict[str, Any]:
    return {
        "timestamp": time(row.at),
        "key": row.key,
        "old_value": row.old_value,
        "new_value": row.new_value,
        "source": row.source,
    }


def _key(row: ConfigurationKey) -> dict[str, Any]:
    return {
        "key": row.key,
        "value": row.value,
        "readonly": row.readonly,
        "known": row.known,
        "awaits_reboot": row.awaits_reboot,
        "seen_at": time(row.seen_at),
    }
