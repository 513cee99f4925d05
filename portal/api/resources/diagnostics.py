"""What stations are asked to send of their logs, and what they say about it and about their firmware."""

from datetime import timedelta
from typing import Any

from ocpp_server import clock
from ocpp_server.models import ChargePoint, DiagnosticsRequest, StationNotice
from ocpp_server.models.operators import OPERATOR
from ocpp_server.services.diagnostics import diagnostics, states
from ocpp_server.services.errors import Invalid
from portal import audit, support_bundle
from portal.api import paging, reading
from portal.api.operation import FILE, Reply, operation
from portal.api.problems import missing
from portal.api.resources.stations import fetch
from portal.api.routing import PREFIX
from portal.api.schema import (
    BOOLEAN,
    ID,
    PAGING,
    SINCE,
    STRING,
    TIME,
    UNTIL,
    argument,
    body,
    one_of,
    or_null,
    page_of,
    record,
    text,
)
from portal.api.values import time
from portal.context import settings

TAG = "Diagnostics"
ORDER = paging.Order((DiagnosticsRequest.id,), descending=True)
_NOTICES = paging.Order((StationNotice.id,), descending=True)
_NUMBER = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
_STATE = one_of(states.STATES)
_TIMES = ("start_time", "stop_time", "requested_at", "answered_at", "uploading_at", "uploaded_at", "arrived_at")
REQUEST = record(
    id=ID,
    station=STRING,
    state=_STATE,
    reason={**STRING, "description": "Why it ended as it did, in a word."},
    detail={**STRING, "description": "What the station or the transfer said about it."},
    file_name={**STRING, "description": "What the station called its file in its answer."},
    received_file_id={**or_null(ID), "description": "The file, once it is here."},
    location={**STRING, "description": "Where the file goes, if not here."},
    command_id=or_null(ID),
    requested_by=STRING,
    **{name: or_null(TIME) for name in (*_TIMES, "ended_at")},
)
NOTICE = record(
    kind=one_of(["firmware", "diagnostics", "version"]),
    word={**STRING, "description": "The status, or the firmwareVersion that is new."},
    at=TIME,
    expected={**BOOLEAN, "description": "Whether it belongs to something that was asked for here."},
)


@operation(
    "POST",
    "/stations/<identity>/diagnostics",
    "Ask a station for its log",
    tag=TAG,
    body=body(
        start_time={**TIME, "description": "Only what happened from then on."},
        stop_time={**TIME, "description": "Only what happened until then."},
        retries={**_NUMBER, "description": "How often the station tries to send it."},
        retry_interval={**_NUMBER, "description": "Seconds between its tries."},
        location=text(2000, description="A folder elsewhere; without it the file comes here."),
    ),
    answer=REQUEST,
    status=201,
)
def create(identity: str, body: dict[str, Any]) -> Reply:
    station, fields = fetch(identity), reading.moments(body, "start_time", "stop_time")
    me, told = audit.who(), settings()
    made = audit.write(
        lambda unit: diagnostics.ask(unit, told, station, by=me.who, **fields),
        "diagnostics.ask",
        station.identity,
        actor=me,
    )
    return Reply(_request(_fetch(made.id)), 201, {"Location": f"{PREFIX}/diagnostics/{made.id}"})


@operation(
    "GET",
    "/diagnostics",
    "List what stations were asked to send, newest first",
    tag=TAG,
    answer=page_of(REQUEST),
    query=(
        argument("station", STRING, "Only this station."),
        argument("state", _STATE, "Only requests in this state."),
        *PAGING,
    ),
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    found = _joined()
    if "station" in query:
        found = found.where(DiagnosticsRequest.charge_point == fetch(query["station"]).id)
    if "state" in query:
        found = found.where(DiagnosticsRequest.state == query["state"])
    return paging.part(found, ORDER, query, paging.each(_request))


@operation("GET", "/diagnostics/<int:diagnostics_id>", "Show what came of a request", tag=TAG, answer=REQUEST)
def show(diagnostics_id: int) -> dict[str, Any]:
    return _request(_fetch(diagnostics_id))


@operation(
    "GET",
    "/stations/<identity>/notices",
    "List what a station said about its firmware and its uploads, newest first",
    tag=TAG,
    answer=page_of(NOTICE),
    query=PAGING,
)
def notices(identity: str, query: dict[str, Any]) -> dict[str, Any]:
    found = StationNotice.select().where(StationNotice.charge_point == fetch(identity).id)
    return paging.part(found, _NOTICES, query, paging.each(_notice))


@operation(
    "GET",
    "/stations/<identity>/support-bundle",
    "Fetch the support bundle of a station, for its maker: a zip without cards and secrets",
    tag=TAG,
    role=OPERATOR,
    answer=FILE,
    query=(SINCE, UNTIL),
)
def bundle(identity: str, query: dict[str, Any]) -> Any:
    until = query.get("until") or clock.now()
    since = query.get("since") or until - timedelta(days=7)
    if since >= until:
        raise Invalid("until", "The end must come after the beginning.")
    return support_bundle.answer(fetch(identity), since, until)


def _joined() -> Any:
    return DiagnosticsRequest.select(DiagnosticsRequest, ChargePoint).join(ChargePoint)


def _fetch(diagnostics_id: int) -> DiagnosticsRequest:
    request = _joined().where(DiagnosticsRequest.id == diagnostics_id).first()
    if request is None:
        raise missing(f"diagnostics request {diagnostics_id}")
    return request


def _request(row: DiagnosticsRequest) -> dict[str, Any]:
    plain = ("id", "state", "reason", "detail", "file_name", "received_file_id", "location", "command_id")
    return {
        "station": row.charge_point.identity,
        "requested_by": row.requested_by,
        **{name: getattr(row, name) for name in plain},
        **{name: time(getattr(row, name)) for name in (*_TIMES, "ended_at")},
    }


def _notice(row: StationNotice) -> dict[str, Any]:
    return {"kind": row.kind, "word": row.word, "at": time(row.at), "expected": row.is_expected}
