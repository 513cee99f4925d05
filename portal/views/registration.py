"""Boot policy: whether a station is accepted, pending or rejected (section 4.2)."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.models import ChargePoint
from ocpp_server.models.charge_points import ACCEPTED, PENDING
from ocpp_server.services.errors import Invalid
from ocpp_server.services.station import charge_points
from portal import audit
from portal.auth import role_required
from portal.views.stations import fetch
from portal.wording import said

bp = Blueprint("registration", __name__)


@bp.post("/stations/<int:charge_point_id>/registration")
@role_required("operator")
def change(charge_point_id: int) -> Response:
    """`ask` has the station boot anew, so that it learns of the change at once."""
    charge_point = fetch(charge_point_id)
    before, chosen = charge_point.registration, request.form.get("registration", "")
    try:
        audit.write(
            lambda unit: charge_points.update(unit, charge_point_id, registration=chosen),
            "station.change",
            charge_point.identity,
            audit.changes({"registration": chosen}),
        )
    except Invalid as error:
        flash(said(error), "error")
    else:
        flash(_told(charge_point, before, chosen), "success")
    return redirect(url_for("stations.show", charge_point_id=charge_point_id), 303)


def _told(charge_point: ChargePoint, before: str, chosen: str) -> str:
    words = {
        "accepted": _("%(name)s is accepted.", name=charge_point.name),
        "pending": _("%(name)s is pending.", name=charge_point.name),
        "rejected": _("%(name)s is rejected.", name=charge_point.name),
    }
    if charge_point.told_registration == chosen:
        return words[chosen]
    if before == PENDING and chosen == ACCEPTED and "ask" in request.form and sessions.is_connected(charge_point.id):
        # Only while the station was not told Accepted yet (errata 3.40), which is so here.
        audit.ask(charge_point, "TriggerMessage", {"requestedMessage": "BootNotification"})
        return words[chosen] + " " + _("It was asked to report again, so that it learns of this.")
    return words[chosen] + " " + _("The station learns of this when it next reports.")
