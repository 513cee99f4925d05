"""Dropping a station's connection, so that it connects anew."""

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.services.station import muteness
from portal import audit
from portal.auth import role_required
from portal.views.stations import fetch

bp = Blueprint("connections", __name__)


@bp.post("/stations/<int:charge_point_id>/disconnect")
@role_required("operator")
def drop(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    if sessions.is_connected(charge_point_id):
        audit.write(
            lambda unit: muteness.drop_connection(unit, charge_point_id), "station.disconnect", charge_point.identity
        )
        flash(_("The connection was dropped. Most stations come back within a minute."), "success")
    else:
        flash(_("%(name)s is not connected.", name=charge_point.name), "warning")
    return redirect(url_for("stations.show", charge_point_id=charge_point_id), 303)
