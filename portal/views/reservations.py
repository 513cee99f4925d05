"""Reservations: the yard's timeline, the list, one in full; making, changing and cancelling."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from ocpp_server import clock, sessions
from ocpp_server.models import ChargePoint, Connector, Reservation, ReservationEvent
from ocpp_server.models.reservations import CANCELLED, LIVE, PLANNED, STATES
from ocpp_server.services.errors import Invalid
from ocpp_server.services.reservation import reservation_search, reservations
from ocpp_server.services.reservation.reservation_search import Filter
from portal import audit, lists, local_times, operation_choices, reservation_warnings, timeline
from portal import reservations as words
from portal.auth import role_required
from portal.converters import row_id
from portal.htmx import page
from portal.locale import zone
from portal.navigation import Nav
from portal.operation import Target
from portal.wording import at_field, said

bp = Blueprint("reservations", __name__, url_prefix="/reservations")
nav = Nav(lazy_gettext("Reservations"), "calendar-event", 45, "reservations.index")

#: So many stations fit into a picture.
STATIONS = 20
COLUMNS = {
    "start": Reservation.starts_at,
    "end": Reservation.expiry_date,
    "station": ChargePoint.identity_key,
    "card": Reservation.id_tag_key,
}


@bp.get("")
def index() -> Response:
    """The timeline, and below it the same as a list."""
    shown = timeline.window(request.args.get("view", ""), local_times.day_from(request.args.get("day", "")))
    pages = lists.paginate(timeline.stations(shown, request.args.get("station", type=row_id)), STATIONS)
    picture = timeline.draw(shown, pages.rows)
    return page(
        "reservations/index.html",
        "timeline",
        picture=picture,
        pages=pages,
        over_at=timeline.over_at,
        station=request.args.get("station", ""),
        stations=_station_options(),
        is_today=shown.now is not None,
        any_reservation=bool(picture.reservations) or Reservation.select().exists(),
        **_looks(picture.reservations),
    )


@bp.get("/list")
def find() -> Response:
    wanted = Filter(
        text=request.args.get("q", "").strip(),
        state=request.args.get("state", ""),
        charge_point_id=request.args.get("station", type=row_id),
        since=local_times.start_of(local_times.day_from(request.args.get("from", ""))),
        until=local_times.start_of(local_times.day_from(request.args.get("to", "")), 1),
    )
    pages = lists.paginate(lists.order(reservation_search.search(wanted), COLUMNS, "-start", Reservation.id.desc()))
    return page(
        "reservations/list.html",
        "results",
        pages=pages,
        wanted=wanted,
        sort=lists.chosen_sort(COLUMNS, "-start"),
        states=_state_options(),
        stations=_station_options(),
        has_filter=wanted != Filter(),
        **_looks(pages.rows),
    )


@bp.get("/<int:reservation_id>")
def show(reservation_id: int) -> Response:
    row = _fetch(reservation_id)
    events = ReservationEvent.select().where(ReservationEvent.reservation == row.id).order_by(ReservationEvent.id)
    return page(
        "reservations/show.html",
        "reservation",
        row=row,
        station=row.charge_point,
        explanation=words.explain(row),
        events=list(events),
        event_words=words.event_words,
        is_live=row.state in LIVE,
        is_online=sessions.is_connected(row.charge_point.id),
        can_try_again=row.state not in (*LIVE, CANCELLED) and row.expiry_date > clock.now(),
        **_looks([row]),
    )


@bp.get("/add")
@role_required("operator")
def add() -> Response:
    """`?place=3:1` chooses the connector, `?id_tag=` the card, `?again=7` takes all over from another one."""
    again = reservation_search.find(request.args.get("again", type=row_id) or 0)
    in_an_hour = local_times.moment_to(clock.now() + reservations.USUAL)
    values = {"expiry_date": in_an_hour, "for_group": "1"} | request.args.to_dict()
    return _form(words.typed(again) if again else values, {})


@bp.post("/add")
@role_required("operator")
def create() -> Response:
    """First with what may get in the way, if anything does; then, confirmed, for good."""
    try:
        charge_point_id, wish = words.read(request.form)
        station, wish = _station(charge_point_id), reservations.check(wish)
        warnings = reservation_warnings.of(station, wish)
        if warnings and _needs_confirming(warnings):
            return _form(request.form.to_dict(), {}, warnings=warnings)
        by = audit.who().who
        made = audit.write(
            lambda unit: reservations.add(unit, station.id, wish, by=by),
            "reservation.add",
            station.identity,
            audit.changes(_said(wish)),
        )
    except Invalid as error:
        return _form(request.form.to_dict(), at_field(error), status=422)
    flash(_("The reservation was made."), "success")
    return redirect(url_for("reservations.show", reservation_id=made.id), 303)


@bp.get("/<int:reservation_id>/edit")
@role_required("operator")
def edit(reservation_id: int) -> Response:
    row = _fetch(reservation_id)
    if row.state not in LIVE or row.cancel_asked_at is not None:
        flash(_("It has ended or is being cancelled, so it cannot be changed any more."), "warning")
        return redirect(url_for("reservations.show", reservation_id=row.id), 303)
    return _form(words.typed(row), {}, row=row)


@bp.post("/<int:reservation_id>/edit")
@role_required("operator")
def update(reservation_id: int) -> Response:
    row = _fetch(reservation_id)
    try:
        charge_point_id, wish = words.read(request.form)
        if charge_point_id != row.charge_point.id:
            raise Invalid("place", "It stays at its station. For another one, cancel it and make a new one.")
        wish = reservations.check(wish)
        warnings = reservation_warnings.of(row.charge_point, wish, without=row.id)
        if warnings and _needs_confirming(warnings):
            return _form(request.form.to_dict(), {}, row=row, warnings=warnings)
        by = audit.who().who
        audit.write(
            lambda unit: reservations.change(unit, row.id, wish, by=by),
            "reservation.change",
            row.charge_point.identity,
            audit.changes({"reservation": row.id, **_said(wish)}),
        )
    except Invalid as error:
        return _form(request.form.to_dict(), at_field(error), row=row, status=422)
    flash(_("The change was saved.") if row.state == PLANNED else _("The station is asked for the change."), "success")
    return redirect(url_for("reservations.show", reservation_id=row.id), 303)


@bp.post("/<int:reservation_id>/cancel")
@role_required("operator")
def cancel(reservation_id: int) -> Response:
    row, by = _fetch(reservation_id), audit.who().who
    shown = redirect(url_for("reservations.show", reservation_id=row.id), 303)
    try:
        done = audit.write(
            lambda unit: reservations.cancel(unit, row.id, by=by),
            "reservation.cancel",
            row.charge_point.identity,
            audit.changes({"reservation": row.id, "id_tag": row.id_tag}),
        )
    except Invalid as error:
        flash(said(error), "error")
        return shown
    if done.state == CANCELLED:
        flash(_("The reservation was cancelled."), "success")
    elif done.state in LIVE:
        flash(_("The station is asked to give it up."), "success")
    else:
        flash(_("It had ended already."), "warning")
    return shown


def _form(
    values: dict[str, str],
    errors: dict[str, str],
    *,
    row: Reservation | None = None,
    warnings: list[str] | None = None,
    status: int = 200,
) -> Response:
    return page(
        "reservations/form.html",
        status=status,
        row=row,
        values=values,
        errors=errors,
        warnings=warnings or [],
        seen="\n".join(warnings or []),
        places=_places(row.charge_point.id if row else None),
        cards=operation_choices.cards(Target(())),
        zone_name=str(zone()),
        may_begin_later=row is None or row.state == PLANNED,
        place_words=words.place,
    )


def _needs_confirming(warnings: list[str]) -> bool:
    """Whether the form did not show just these yet."""
    return request.form.get("seen", "").split() != "\n".join(warnings).split()


def _places(charge_point_id: int | None) -> list[tuple[ChargePoint, list[tuple[int, str]]]]:
    """Every station with its connectors and their states; last its 0, any of them."""
    query = ChargePoint.select().where(ChargePoint.deleted_at.is_null()).order_by(ChargePoint.identity_key)
    if charge_point_id is not None:
        query = query.where(ChargePoint.id == charge_point_id)
    connectors = Connector.select().where(Connector.connector_id > 0).order_by(Connector.connector_id)
    known: dict[int, list[tuple[int, str]]] = {}
    for one in connectors:
        known.setdefault(one.charge_point_id, []).append((one.connector_id, one.status))  # type: ignore[attr-defined]
    return [(point, [*known.get(point.id, []), (0, "")]) for point in query]


def _station(charge_point_id: int) -> ChargePoint:
    condition = (ChargePoint.id == charge_point_id) & ChargePoint.deleted_at.is_null()
    station = ChargePoint.get_or_none(condition)
    if station is None:
        raise Invalid("place", "This station was deleted. Choose another one.")
    return station


def _fetch(reservation_id: int) -> Reservation:
    return reservation_search.find(reservation_id) or abort(404)


def _looks(rows: list[Reservation]) -> dict[str, Any]:
    return {"look": words.look, "place": words.place, "labels": words.labels(rows)}


def _said(wish: reservations.Wish) -> dict[str, Any]:
    start = clock.iso(wish.starts_at) if wish.starts_at else "now"
    return {
        "connector_id": wish.connector_id,
        "id_tag": wish.id_tag,
        "starts_at": start,
        "expiry_date": clock.iso(wish.expiry_date),
    }


def _station_options() -> list[tuple[str, str]]:
    query = ChargePoint.select(ChargePoint.id, ChargePoint.identity, ChargePoint.label)
    query = query.where(ChargePoint.deleted_at.is_null()).order_by(ChargePoint.identity_key)
    return [("", _("All stations")), *((str(point.id), point.name) for point in query)]


def _state_options() -> list[tuple[str, str]]:
    known = words.state_words()
    return [("", _("All states")), ("live", _("Active and coming")), *((state, known[state]) for state in STATES)]
