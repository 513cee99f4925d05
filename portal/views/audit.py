"""Who did what, from where, with what result; for admins."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response as BaseResponse

from ocpp_server import clock
from ocpp_server.services import audit
from ocpp_server.services.audit import Filter
from ocpp_server.store import Store
from portal import audit_words, lists, local_times, spreadsheets
from portal.auth import role_required
from portal.context import store
from portal.converters import row_id
from portal.htmx import page
from portal.locale import zone
from portal.navigation import Nav
from portal.spreadsheets import text_cell, time_cell

bp = Blueprint("audit", __name__)
nav = Nav(lazy_gettext("Audit"), "list-details", 94, "audit.index", role="admin")

COLUMNS = ("at", "who", "address", "action", "target", "detail", "result")


@bp.get("/settings/audit")
@role_required("admin")
def index() -> BaseResponse:
    wanted = _wanted()
    before = request.args.get("before", type=row_id)
    found = audit.search(wanted, lists.PER_PAGE, before)
    return page(
        "audit/index.html",
        "results",
        found=found,
        before=before,
        results=audit.results(found.rows),
        wanted=wanted,
        topics=_topics(),
        words=_words(),
        done=audit_words.done,
        has_filter=wanted != Filter(),
    )


@bp.get("/settings/audit.csv")
@role_required("admin")
def export() -> Response:
    """The list as it is filtered; a chunk at a time, with no connection held in between."""
    chunks = _rows(store(), _wanted(), zone())
    response = Response(spreadsheets.encode(COLUMNS, chunks), mimetype="text/csv")
    name = f"audit-{clock.now().astimezone(zone()):%Y-%m-%d}.csv"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def _wanted() -> Filter:
    return Filter(
        text=request.args.get("q", "").strip(),
        topic=request.args.get("topic", ""),
        since=local_times.start_of(local_times.day_from(request.args.get("from", ""))),
        before=local_times.start_of(local_times.day_from(request.args.get("to", "")), plus_days=1),
    )


def _topics() -> list[tuple[str, str]]:
    words = {
        "station": _("Stations"),
        "command": _("Commands"),
        "configuration": _("Configuration"),
        "charging": _("Charging"),
        "site": _("Sites"),
        "card": _("Cards"),
        "local_list": _("Local lists"),
        "session": _("Sessions"),
        "reservation": _("Reservations"),
        "calendar": _("Calendars"),
        "inbox": _("Inbox"),
        "firmware": _("Firmware"),
        "diagnostics": _("Diagnostics"),
        "access": _("Log-ins"),
        "profile": _("Profiles"),
        "operator": _("Operators"),
        "token": _("API tokens"),
    }
    return [("", _("Everything")), *((topic, words[topic]) for topic in words)]


def _words() -> dict[str, str]:
    """Results that are ours in the viewer's words; those of stations stay as they are."""
    return {
        "queued": _("Waiting"),
        "sent": _("Sent"),
        "answered": _("Answered"),
        "timeout": _("No answer"),
        "lost": _("Connection lost"),
        "expired": _("Not sent in time"),
        "cancelled": _("Taken back"),
        "refused": _("Refused"),
    }


def _rows(database: Store, wanted: Filter, in_zone: tzinfo) -> Iterator[list[list[Any]]]:
    """The cells of each chunk. The answer is written after the request has ended, so nothing of it is used here."""
    for chunk in audit.in_chunks(database, wanted):
        yield [_row(entry, result, in_zone) for entry, result in chunk]


def _row(entry: Any, result: str, in_zone: tzinfo) -> list[str]:
    texts = (entry.who, entry.address, entry.action, entry.target, entry.detail, result)
    return [time_cell(entry.at, in_zone), *map(text_cell, texts)]
