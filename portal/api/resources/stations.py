"""Stations: what they are, how they are set up, and what they last said."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, Connector, Reservation
from ocpp_server.services.reservation import reservation_search
from ocpp_server.services.station import charge_points, muteness
from ocpp_server.store import Unit
from portal import audit, lists
from portal.addresses import station_address
from portal.api import paging
from portal.api.operation import Reply, operation
from portal.api.problems import Problem, missing
from portal.api.routing import PREFIX
from portal.api.schema import (
    BOOLEAN,
    ID,
    INTEGER,
    PAGING,
    STRING,
    TIME,
    argument,
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

TAG = "Stations"
ORDER = paging.Order((ChargePoint.identity_key,))
FACTS = (
    "vendor",
    "model",
    "serial_number",
    "charge_box_serial_number",
    "firmware_version",
    "iccid",
    "imsi",
    "meter_type",
    "meter_serial_number",
)
_REGISTRATION = one_of(charge_points.REGISTRATIONS)
_PROFILE = {"type": "integer", "minimum": 0, "maximum": 3}
_HELD = or_null(record(id=ID, reservation_id=INTEGER, id_tag=STRING, parent_id_tag=or_null(STRING), expiry_date=TIME))
_CONNECTOR = record(
    connector_id=INTEGER,
    status=STRING,
    error_code=STRING,
    info=or_null(STRING),
    vendor_id=or_null(STRING),
    vendor_error_code=or_null(STRING),
    timestamp=TIME,
    reservation=_HELD,
)
STATION = record(
    identity=STRING,
    label=STRING,
    location=STRING,
    registration=_REGISTRATION,
    told_registration={
        **or_null(_REGISTRATION),
        "description": "What the answer to its latest boot said; it goes by that until its next.",
    },
    security_profile=INTEGER,
    has_password=BOOLEAN,
    has_new_password={**BOOLEAN, "description": "Whether it takes over another password when it restarts."},
    spontaneous_calls=BOOLEAN,
    strict_subprotocol=or_null(BOOLEAN),
    connected=BOOLEAN,
    connect_url={**STRING, "description": "What is typed into the station so that it finds this server."},
    last_seen_at=or_null(TIME),
    last_boot_at=or_null(TIME),
    created_at=TIME,
    **{name: or_null(STRING) for name in FACTS},
    connectors=list_of(_CONNECTOR),
    reservation={**_HELD, "description": "What is held at any of its connectors (connector 0)."},
)
_SETTINGS = {
    "label": text(255),
    "location": text(255),
    "registration": _REGISTRATION,
    "security_profile": _PROFILE,
    "spontaneous_calls": {**BOOLEAN, "description": "Whether anything is sent to the station unasked."},
    "strict_subprotocol": {
        **or_null(BOOLEAN),
        "description": "Whether it must name its OCPP version when it connects; null leaves that to the setting.",
    },
    "password": or_null(text(255, writeOnly=True, description="16 to 20 characters, or 32 to 40 hex digits.")),
}
_IDENTITY = text(255, minLength=1, examples=["CP-1"])
_FILTERS = (
    argument("q", STRING, "Text in the identity, label, location, vendor or model."),
    argument("registration", _REGISTRATION, "Only stations that are registered so."),
    argument("connected", BOOLEAN, "Only stations that are connected now, or that are not."),
)
_SEARCHED = (ChargePoint.identity, ChargePoint.label, ChargePoint.location, ChargePoint.vendor, ChargePoint.model)


@operation("GET", "/stations", "List stations", tag=TAG, answer=page_of(STATION), query=(*_FILTERS, *PAGING))
def index(query: dict[str, Any]) -> dict[str, Any]:
    found = ChargePoint.select().where(ChargePoint.deleted_at.is_null())
    if query.get("q"):
        found = found.where(lists.mentions(_SEARCHED, query["q"]))
    if "registration" in query:
        found = found.where(ChargePoint.registration == query["registration"])
    if "connected" in query:
        connected = ChargePoint.id.in_(list(sessions.connected_ids()))
        found = found.where(connected if query["connected"] else ~connected)
    return paging.part(found, ORDER, query, to_json)


@operation(
    "POST",
    "/stations",
    "Add a station",
    tag=TAG,
    body=body(["identity"], identity=_IDENTITY, **_SETTINGS),
    answer=STATION,
    status=201,
    errors={409: "There is such a station already."},
)
def create(body: dict[str, Any]) -> Reply:
    fields = dict(body)
    registration = body.get("registration", settings().default_registration)
    identity, password = fields.pop("identity").strip(), fields.pop("password", None)

    def add(unit: Unit) -> ChargePoint:
        if charge_points.find(identity) is not None:
            raise Problem(409, f"There is a station {identity} already.", errors=[("identity", "It is taken.")])
        profile = fields.get("security_profile")
        added = charge_points.add(
            unit, identity, registration=registration, password=password, security_profile=profile
        )
        return charge_points.update(unit, added.id, **fields)

    said = fields | ({"password": "set"} if password else {})
    added = audit.write(add, "station.add", identity, audit.changes(said))
    return Reply(to_json([added])[0], 201, {"Location": f"{PREFIX}/stations/{quote(added.identity, safe='')}"})


@operation("GET", "/stations/<identity>", "Show a station", tag=TAG, answer=STATION)
def show(identity: str) -> dict[str, Any]:
    return to_json([fetch(identity)])[0]


@operation("PATCH", "/stations/<identity>", "Change a station", tag=TAG, body=body(**_SETTINGS), answer=STATION)
def update(identity: str, body: dict[str, Any]) -> dict[str, Any]:
    station, fields = fetch(identity), dict(body)
    has_password, password = "password" in fields, fields.pop("password", None)

    def change(unit: Unit) -> ChargePoint:
        changed = charge_points.update(unit, station.id, **fields)
        return charge_points.set_password(unit, station.id, password) if has_password else changed

    said = fields | ({"password": "set" if password else "removed"} if has_password else {})
    return to_json([audit.write(change, "station.change", station.identity, audit.changes(said))])[0]


@operation("DELETE", "/stations/<identity>", "Delete a station; its history is kept", tag=TAG)
def delete(identity: str) -> None:
    station = fetch(identity)
    audit.write(lambda unit: charge_points.delete(unit, station.id), "station.delete", station.identity)


@operation(
    "DELETE",
    "/stations/<identity>/connection",
    "Drop a station's connection, so that it connects anew",
    tag=TAG,
    errors={409: "It is not connected."},
)
def disconnect(identity: str) -> None:
    station = fetch(identity)
    if not sessions.is_connected(station.id):
        raise Problem(409, f"{station.identity} is not connected.", kind="not-connected")
    audit.write(lambda unit: muteness.drop_connection(unit, station.id), "station.disconnect", station.identity)


def fetch(identity: str) -> ChargePoint:
    """The station of this identity. Raises Problem."""
    station = charge_points.find(identity)
    if station is None:
        raise missing(f"station {identity}")
    return station


def to_json(rows: Sequence[ChargePoint]) -> list[dict[str, Any]]:
    """Stations with their connectors and what these are held for: two queries, however many."""
    connectors: dict[int, list[dict]] = defaultdict(list)
    ids = [row.id for row in rows]
    held = reservation_search.active(ids)
    for connector in Connector.select().where(Connector.charge_point.in_(ids)).order_by(Connector.connector_id):
        place = connector.charge_point_id, connector.connector_id  # type: ignore[attr-defined]
        connectors[place[0]].append(_connector(connector, held.get(place)))
    return [_station(row, connectors[row.id], held.get((row.id, 0))) for row in rows]


def _station(row: ChargePoint, connectors: list[dict[str, Any]], held: Reservation | None) -> dict[str, Any]:
    return {
        "identity": row.identity,
        "label": row.label,
        "location": row.location,
        "registration": row.registration,
        "told_registration": row.told_registration,
        "security_profile": row.security_profile,
        "has_password": row.password_hash is not None,
        "has_new_password": row.new_password_hash is not None,
        "spontaneous_calls": row.spontaneous_calls,
        "strict_subprotocol": row.strict_subprotocol,
        "connected": sessions.is_connected(row.id),
        "connect_url": station_address(row.identity).full,
        "last_seen_at": time(sessions.last_seen(row.id) or row.last_seen_at),
        "last_boot_at": time(row.last_boot_at),
        "created_at": time(row.created_at),
        **{name: getattr(row, name) for name in FACTS},
        "connectors": connectors,
        "reservation": _reservation(held),
    }


def _connector(row: Connector, held: Reservation | None) -> dict[str, Any]:
    return {
        "connector_id": row.connector_id,
        "status": row.status,
        "error_code": row.error_code,
        "info": row.info,
        "vendor_id": row.vendor_id,
        "vendor_error_code": row.vendor_error_code,
        "timestamp": time(row.status_at),
        "reservation": _reservation(held),
    }


def _reservation(row: Reservation | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "id": row.id,
        "reservation_id": row.reservation_id,
        "id_tag": row.id_tag,
        "parent_id_tag": row.parent_id_tag,
        "expiry_date": time(row.expiry_date),
    }
