"""Charging sessions: list, export, one session with its plot and readings, and messages that fit no session."""

from collections.abc import Callable, Iterable, Iterator
from datetime import tzinfo
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from peewee import DoesNotExist
from werkzeug.wrappers import Response as BaseResponse

from ocpp_server import clock
from ocpp_server.models import IdTag, Transaction
from ocpp_server.services.card import id_tags
from ocpp_server.services.message import corrected_messages, orphan_messages
from ocpp_server.services.reservation import reservation_search
from ocpp_server.services.session import charging_sessions, session_search, session_series
from ocpp_server.services.session.session_search import Filter, Found
from ocpp_server.store import Store
from portal import audit, flags, forgotten, lists, local_times, readings, spreadsheets, stop_reasons
from portal.context import store
from portal.htmx import page
from portal.locale import zone, zone_name
from portal.navigation import Nav
from portal.spreadsheets import text_cell, time_cell

bp = Blueprint("sessions", __name__)
nav = Nav(label=lazy_gettext("Sessions"), icon="bolt", order=30, endpoint="sessions.index")

READINGS_PER_PAGE = 20

COLUMNS = (
    "session",
    "station",
    "station_label",
    "connector",
    "id_tag",
    "card_label",
    "card_status_at_start",
    "started_at",
    "stopped_at",
    "duration_seconds",
    "meter_start_wh",
    "meter_stop_wh",
    "energy_kwh",
    "stop_reason",
    "stop_id_tag",
    "flags",
)


@bp.get("/sessions")
def index() -> BaseResponse:
    wanted, sort = _wanted(), _sort()
    found = Found(wanted)
    pages = lists.cut(found.total, partial(found.page, sort.removeprefix("-"), sort.startswith("-")))
    return page(
        "sessions/index.html",
        "results",
        pages=pages,
        wanted=wanted,
        sort=sort,
        card_of=_finder(pages.rows),
        states=_states(),
        stations=_stations(),
        orphans=orphan_messages.count_open(),
        explain_flags=flags.explain,
        seconds=seconds,
        query=urlencode(request.args),
        has_filter=wanted != Filter(),
    )


@bp.get("/sessions.csv")
def export() -> Response:
    """The list as it is filtered, newest first; a chunk at a time, with no connection held in between."""
    chunks = _rows(store(), _wanted(), zone())
    response = Response(spreadsheets.encode(COLUMNS, chunks), mimetype="text/csv")
    name = f"sessions-{clock.now().astimezone(zone()):%Y-%m-%d}.csv"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


@bp.get("/sessions/<int:transaction_id>")
def show(transaction_id: int) -> BaseResponse:
    session = _session(transaction_id)
    card_of = _finder([session])
    pages = lists.paginate(charging_sessions.readings(transaction_id), READINGS_PER_PAGE)
    return page(
        "sessions/show.html",
        "facts",
        "readings",
        session=session,
        card_of=card_of,
        seconds=seconds(session),
        average_power_w=_average_power_w(session),
        max_power_w=charging_sessions.max_power_w(transaction_id),
        stop_reason=stop_reasons.explain(session.stop_reason),
        flags=flags.explain(session.flags),
        corrected=len(corrected_messages.find(session)),
        evidence=forgotten.evidence(session),
        reservation=reservation_search.of_session(session),
        pages=pages,
        readings=readings.decode(pages.rows),
        plot_labels=_plot_labels(),
        zone_name=zone_name(),
    )


@bp.get("/sessions/<int:transaction_id>/plot.json")
def plot(transaction_id: int) -> Response:
    return jsonify(session_series.series(_session(transaction_id)))


@bp.get("/sessions/<int:transaction_id>/messages")
def messages(transaction_id: int) -> BaseResponse:
    """To the station's message log, where the session ends."""
    session = _session(transaction_id)
    last = charging_sessions.last_frame_id(session)
    before = last + 1 if last is not None and session.stopped_at is not None else None
    return redirect(url_for("messages.index", charge_point_id=session.charge_point.id, before=before))


@bp.get("/sessions/orphans")
def orphans() -> BaseResponse:
    resolved = request.args.get("state") == "resolved"
    return page(
        "sessions/orphans.html",
        "results",
        pages=lists.paginate(orphan_messages.search(resolved)),
        resolved=resolved,
    )


@bp.post("/sessions/orphans/<int:orphan_message_id>/resolve")
def resolve(orphan_message_id: int) -> BaseResponse:
    resolved = request.form.get("resolved") != "no"
    try:
        audit.write(
            lambda unit: orphan_messages.resolve(unit, orphan_message_id, resolved),
            "session.resolve-message" if resolved else "session.reopen-message",
            str(orphan_message_id),
        )
    except DoesNotExist:
        abort(404)
    return redirect(url_for("sessions.orphans", state=None if resolved else "resolved"), 303)


def seconds(session: Transaction) -> float:
    """How long the session lasted, or has lasted so far."""
    return ((session.stopped_at or clock.now()) - session.started_at).total_seconds()


def _session(transaction_id: int) -> Transaction:
    return charging_sessions.find(transaction_id) or abort(404)


def _wanted() -> Filter:
    return Filter(
        text=request.args.get("q", "").strip(),
        state=request.args.get("state", ""),
        charge_point_id=request.args.get("station", type=int),
        since=local_times.start_of(local_times.day_from(request.args.get("from", ""))),
        before=local_times.start_of(local_times.day_from(request.args.get("to", "")), plus_days=1),
    )


def _sort() -> str:
    return lists.chosen_sort(dict.fromkeys(session_search.SORTS), "-started")


def _states() -> list[tuple[str, str]]:
    return [
        ("", _("All sessions")),
        (session_search.RUNNING, _("Running")),
        (session_search.FINISHED, _("Finished")),
        (session_search.FLAGGED, _("With a remark")),
    ]


def _finder(sessions: Iterable[Transaction]) -> Callable[[str], IdTag | None]:
    """Finds the cards that started or stopped these sessions, in one query."""
    tags = {session.id_tag for session in sessions} | {session.stop_id_tag for session in sessions}
    return id_tags.finder(tag for tag in tags if tag)


def _stations() -> list[tuple[str, str]]:
    return [("", _("All stations")), *((str(station.id), station.name) for station in charging_sessions.stations())]


def _plot_labels() -> dict[str, str]:
    return {
        "time": _("Time"),
        "power": _("Power"),
        "derived_power": _("Power (from the energy)"),
        "energy": _("Energy"),
        "charge": _("State of charge"),
    }


def _average_power_w(session: Transaction) -> float | None:
    lasted = seconds(session)
    return session.energy_wh * 3600 / lasted if lasted > 0 else None


def _rows(database: Store, wanted: Filter, in_zone: tzinfo) -> Iterator[list[list[Any]]]:
    """The cells of each chunk. The answer is written after the request has ended, so nothing of it is used here."""
    for sessions in session_search.in_chunks(database, wanted):
        with database.reading():
            card_of = _finder(sessions)
        yield [_row(session, card_of(session.id_tag), in_zone) for session in sessions]


def _row(session: Transaction, card: IdTag | None, in_zone: tzinfo) -> list[Any]:
    station, stopped_at = session.charge_point, session.stopped_at
    return [
        session.id,
        text_cell(station.identity),
        text_cell(station.label),
        session.connector_id,
        text_cell(session.id_tag),
        text_cell(card.label if card else ""),
        session.id_tag_status,
        time_cell(session.started_at, in_zone),
        time_cell(stopped_at, in_zone),
        round((stopped_at - session.started_at).total_seconds()) if stopped_at else "",
        session.meter_start,
        session.meter_stop if session.meter_stop is not None else "",
        f"{session.energy_wh / 1000:.3f}",
        text_cell(session.stop_reason),
        text_cell(session.stop_id_tag),
        session.flags,
    ]
