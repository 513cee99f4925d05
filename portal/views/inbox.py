"""The inbox: refused handshakes and unknown cards, each with what happened and what can be done about it here."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from ocpp_server import clock, sessions
from ocpp_server.models import ChargePoint
from ocpp_server.models.charge_points import ACCEPTED
from ocpp_server.services.card import unknown_cards
from ocpp_server.services.errors import Invalid
from ocpp_server.services.station import charge_points, refusals
from ocpp_server.store import Unit
from portal import audit, inbox
from portal.addresses import station_address
from portal.auth import role_required
from portal.context import settings
from portal.htmx import page
from portal.navigation import Nav
from portal.views.stations import fetch
from portal.wording import said

bp = Blueprint("inbox", __name__, url_prefix="/inbox")
nav = Nav(
    lazy_gettext("Inbox"),
    "inbox",
    50,
    "inbox.index",
    count=lambda: inbox.waiting().total,
    count_endpoint="inbox.count",
    topic="inbox",
)


@bp.get("")
def index() -> Response:
    return page(
        "inbox/index.html",
        "entries",
        pages=inbox.entries(),
        waiting=inbox.waiting(),
        q=request.args.get("q", ""),
        kind=request.args.get("kind", ""),
        kinds=[("", _("Everything")), (inbox.REFUSALS, _("Connections")), (inbox.CARDS, _("Cards"))],
        now=clock.to_ms(clock.now()),
    )


@bp.get("/count")
def count() -> Response:
    """The figure in the menu, which fetches itself."""
    return page("inbox/count.html", entry=nav)


@bp.post("/add")
def add() -> Response:
    """Registers the station that came. It is named by its identity: entries come and go meanwhile."""
    identity = request.form.get("identity", "")
    registration = request.form.get("registration", settings().default_registration)
    try:
        added = audit.write(
            lambda unit: charge_points.add(unit, identity, registration=registration),
            "station.add",
            identity,
            f"registration={registration}, from the inbox",
        )
    except Invalid as invalid:
        flash(said(invalid), "error")
        return _back()
    done = _("%(identity)s was added as pending. It may connect when it next tries.", identity=added.identity)
    if added.registration == ACCEPTED:
        done = _("%(identity)s was added. It connects when it next tries, often in a minute.", identity=added.identity)
    _flash(done, url_for("stations.connect", charge_point_id=added.id), _("Watch it connect"))
    return _back()


@bp.route("/stations/<int:charge_point_id>/password", methods=["GET", "POST"])
@role_required("operator")
def new_password(charge_point_id: int) -> Response:
    """Makes a password and shows it in the answer itself: nobody, not even the session, keeps it."""
    charge_point = fetch(charge_point_id)
    if request.method == "GET":
        return _confirm("inbox/new_password.html", charge_point)
    password = charge_points.new_password()
    audit.write(
        lambda unit: charge_points.set_password(unit, charge_point_id, password),
        "station.password",
        charge_point.identity,
        "made and shown, from the inbox",
    )
    return _confirm("inbox/new_password.html", charge_point, password)


@bp.route("/stations/<int:charge_point_id>/no-password", methods=["GET", "POST"])
@role_required("operator")
def no_password(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    if request.method == "GET":
        return _confirm("inbox/no_password.html", charge_point)
    try:
        audit.write(
            lambda unit: charge_points.set_password(unit, charge_point_id, None),
            "station.password",
            charge_point.identity,
            "removed, from the inbox",
        )
    except Invalid as error:
        flash(said(error), "error")
        return _back()
    done = _("%(name)s needs no password any more. It connects when it next tries.", name=charge_point.name)
    _flash(done, _settings_of(charge_point), _("Change it"))
    return _back()


@bp.post("/stations/<int:charge_point_id>/subprotocol")
def allow_no_subprotocol(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    audit.write(
        lambda unit: charge_points.update(unit, charge_point_id, strict_subprotocol=False),
        "station.change",
        charge_point.identity,
        "strict_subprotocol=False, from the inbox",
    )
    done = _("%(name)s may connect without naming a subprotocol. It does when it next tries.", name=charge_point.name)
    _flash(done, _settings_of(charge_point), _("Change it"))
    return _back()


@bp.post("/dismiss")
def dismiss() -> Response:
    """Takes the entries that the page showed; what came since stays."""
    refused, cards = request.form.getlist("refusals", type=int), request.form.getlist("cards", type=int)

    def work(unit: Unit) -> None:
        refusals.dismiss(unit, refused)
        unknown_cards.dismiss(unit, cards)

    audit.write(work, "inbox.dismiss", detail=f"refused connections: {len(refused)}, unknown cards: {len(cards)}")
    if cards and not refused:
        flash(_("Ignored. It comes back if it is tapped again; to keep it away, add it as a blocked card."), "success")
    else:
        flash(_("Dismissed. What happens again comes back."), "success")
    return _back()


@bp.post("/dismiss-all")
def dismiss_all() -> Response:
    """Takes everything that had happened when the page was shown."""
    until = request.form.get("until", type=int)
    if until is None or until < 0:
        abort(400)

    def work(unit: Unit) -> None:
        refusals.dismiss_until(unit, until)
        unknown_cards.dismiss_until(unit, until)

    audit.write(work, "inbox.dismiss", detail="everything")
    flash(_("Everything was dismissed. What happens again comes back."), "success")
    return _back()


def _confirm(template: str, charge_point: ChargePoint, password: str = "") -> Response:
    return page(
        template,
        charge_point=charge_point,
        password=password,
        online=sessions.is_connected(charge_point.id),
        address=station_address(charge_point.identity),
    )


def _settings_of(charge_point: ChargePoint) -> str:
    return url_for("stations.edit", charge_point_id=charge_point.id)


def _flash(text: str, url: str, label: str) -> None:
    """A message with a link to where it can be looked at or taken back."""
    flash(Markup('{} <a href="{}">{}</a>').format(text, url, label), "success")


def _back() -> Response:
    return redirect(url_for("inbox.index"), 303)
