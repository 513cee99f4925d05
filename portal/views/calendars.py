"""Calendar links: made, shown once, made anew, revoked; and the calendars themselves, open to whoever has the link."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from peewee import DoesNotExist
from werkzeug.wrappers import Response

from ocpp_server.models import CalendarFeed, ChargePoint
from ocpp_server.services.errors import Invalid
from ocpp_server.services.reservation import calendar_feeds
from portal import audit, calendars, operation_choices
from portal import reservations as words
from portal.auth import public, role_required
from portal.context import settings, store
from portal.converters import row_id
from portal.htmx import page
from portal.operation import Target
from portal.wording import at_field

bp = Blueprint("calendars", __name__)


@bp.get("/reservations/calendars")
@role_required("operator")
def index() -> Response:
    """`?station=3` or `?id_tag=` fills the form."""
    return _list(values=request.args.to_dict())


@bp.post("/reservations/calendars")
@role_required("operator")
def create() -> Response:
    """Answers with the link itself rather than a redirect: nobody, not even the session, keeps it."""
    by = audit.who().who
    station, id_tag = request.form.get("station", type=row_id), request.form.get("id_tag", "")
    try:
        if station is not None and not ChargePoint.select().where(ChargePoint.id == station).exists():
            raise Invalid("of", "There is no such station.")
        feed, text = audit.write(
            lambda unit: calendar_feeds.add(unit, charge_point_id=station, id_tag=id_tag, by=by),
            "calendar.add",
            lambda made: calendar_feeds.name(made[0]),
        )
    except Invalid as error:
        return _list(422, errors=at_field(error), values=request.form.to_dict())
    return _list(made=feed, text=text)


@bp.post("/reservations/calendars/<int:feed_id>/renew")
@role_required("operator")
def renew(feed_id: int) -> Response:
    name = calendar_feeds.name(_fetch(feed_id))
    try:
        feed, text = audit.write(lambda unit: calendar_feeds.renew(unit, feed_id), "calendar.renew", name)
    except DoesNotExist:
        abort(404)
    return _list(made=feed, text=text)


@bp.post("/reservations/calendars/<int:feed_id>/revoke")
@role_required("operator")
def revoke(feed_id: int) -> Response:
    audit.write(
        lambda unit: calendar_feeds.revoke(unit, feed_id), "calendar.revoke", calendar_feeds.name(_fetch(feed_id))
    )
    flash(_("The link was revoked. It opens nothing any more."), "success")
    return redirect(url_for("calendars.index"), 303)


@bp.get("/calendar/<token>.ics")
@public
def feed(token: str) -> Response:
    """The calendar of a link, for programs: without cookies, and told apart from what they have by its ETag."""
    found = calendar_feeds.find(token)
    if found is None:
        abort(404)
    rows = calendar_feeds.entries(found)
    content = calendars.encode(rows, calendar_feeds.name(found), words.labels(rows), settings().portal_url)
    if not calendar_feeds.is_noted(found):
        store().post(lambda unit: calendar_feeds.used(unit, found.id))
    response = Response(content, mimetype="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = 'inline; filename="reservations.ics"'
    response.add_etag()
    return response.make_conditional(request)


def _fetch(feed_id: int) -> CalendarFeed:
    return calendar_feeds.everything().where(CalendarFeed.id == feed_id).first() or abort(404)


def _list(
    status: int = 200,
    *,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    made: CalendarFeed | None = None,
    text: str = "",
) -> Response:
    points = ChargePoint.select().where(ChargePoint.deleted_at.is_null()).order_by(ChargePoint.identity_key)
    return page(
        "reservations/calendars.html",
        status=status,
        feeds=list(calendar_feeds.everything()),
        stations=[("", _("None: of a card")), *((str(point.id), point.name) for point in points)],
        cards=operation_choices.cards(Target(())),
        errors=errors or {},
        values=values or {},
        made=made,
        name_of=calendar_feeds.name,
        address=settings().portal_url + url_for("calendars.feed", token=text) if text else "",
    )
