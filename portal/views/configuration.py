"""What a station is set to: its keys with their meaning, their history, its password, and comparing two stations."""

import secrets

from flask import Blueprint, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from peewee import fn
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.configuration_keys import find
from ocpp_server.models import ChargePoint, ConfigurationChange, ConfigurationKey
from ocpp_server.operations.configuration import AUTHORIZATION_KEY
from ocpp_server.services.errors import Invalid
from ocpp_server.services.station import credentials
from portal import actions, audit, configuration, lists, outcomes
from portal.auth import role_required
from portal.converters import row_id
from portal.htmx import page
from portal.navigation import StationTab
from portal.views.stations import fetch
from portal.wording import said

bp = Blueprint("configuration", __name__)
station_tab = StationTab(lazy_gettext("Configuration"), "adjustments-horizontal", 30, "configuration.index")


@bp.get("/stations/<int:charge_point_id>/configuration")
def index(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    rows = configuration.rows_of(charge_point_id)
    text, show = request.args.get("q", ""), request.args.get("show", "")
    return page(
        "configuration/index.html",
        "keys",
        charge_point=charge_point,
        online=sessions.is_connected(charge_point_id),
        rows=rows,
        views=configuration.views(rows, text, show),
        missing=configuration.missing(rows) if rows else [],
        read_at=max((row.seen_at for row in rows), default=None),
        awaits_reboot=[row.key for row in rows if row.awaits_reboot],
        latest=actions.latest(charge_point_id, "ChangeConfiguration", "GetConfiguration"),
        outcome_of=outcomes.of,
        label_of=actions.label_of,
        brief=actions.brief,
        q=text,
        show=show,
        any_other=ChargePoint.select().where(ChargePoint.deleted_at.is_null()).count() > 1,
    )


@bp.get("/stations/<int:charge_point_id>/configuration/history")
def history(charge_point_id: int) -> Response:
    """Every change of a value, or with `?key=` of one key's."""
    charge_point, key = fetch(charge_point_id), request.args.get("key", "")
    query = ConfigurationChange.select().where(ConfigurationChange.charge_point == charge_point_id)
    row = None
    if key:
        same = fn.LOWER(ConfigurationKey.key) == key.lower()
        row = ConfigurationKey.get_or_none(ConfigurationKey.charge_point == charge_point_id, same)
        query = query.where(fn.LOWER(ConfigurationChange.key) == key.lower())
    return page(
        "configuration/history.html",
        "changes",
        charge_point=charge_point,
        key=key,
        view=configuration.KeyView(row, find(key)) if row else None,
        pages=lists.paginate(query.order_by(ConfigurationChange.at.desc(), ConfigurationChange.id.desc())),
    )


@bp.get("/stations/<int:charge_point_id>/configuration/new-key")
@role_required("operator")
def new_key(charge_point_id: int) -> Response:
    return _key_form(fetch(charge_point_id), {}, {})


@bp.post("/stations/<int:charge_point_id>/configuration/new-key")
@role_required("operator")
def send_key(charge_point_id: int) -> Response:
    """Makes a password, or takes the one typed, and sends it in hex; it is shown in this answer and never again."""
    charge_point = fetch(charge_point_id)
    typed = request.form.get("password", "").strip()
    try:
        key = _key_bytes(typed) if typed else secrets.token_bytes(credentials.MAX_BYTES)
        payload = {"key": AUTHORIZATION_KEY, "value": key.hex()}
        command = audit.ask(charge_point, "ChangeConfiguration", payload, lifetime=None)
    except Invalid as error:
        field = error.field if error.field == "password" else ""
        return _key_form(charge_point, {"password": typed}, {field: said(error)}, 422)
    return page("configuration/key_sent.html", charge_point=charge_point, command=command, key=key.hex())


@bp.get("/configuration/compare")
def compare() -> Response:
    """`?a=1&b=2`: two stations side by side."""
    query = ChargePoint.select().where(ChargePoint.deleted_at.is_null()).order_by(ChargePoint.identity_key)
    points = {point.id: point for point in query}
    left, right = (points.get(request.args.get(name, type=row_id)) for name in ("a", "b"))
    pairs = (
        configuration.compare(configuration.by_name(left.id), configuration.by_name(right.id)) if left and right else []
    )
    return page(
        "configuration/compare.html",
        "pairs",
        options=[("", _("Choose a station"))] + [(str(point.id), point.name) for point in points.values()],
        left=left,
        right=right,
        pairs=pairs,
        different=sum(pair.is_different for pair in pairs),
    )


def _key_bytes(typed: str) -> bytes:
    try:
        return credentials.key_bytes(typed)
    except ValueError as error:
        raise Invalid("password", "A station's password has 16 to 20 characters, or 32 to 40 hex digits.") from error


def _key_form(charge_point: ChargePoint, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
    return page(
        "configuration/new_key.html",
        status=status,
        charge_point=charge_point,
        online=sessions.is_connected(charge_point.id),
        values=values,
        errors=errors,
    )
