"""The support bundle of a station, for its maker."""

from datetime import timedelta

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ocpp_server import clock
from portal import support_bundle
from portal.auth import role_required
from portal.views.stations import fetch

bp = Blueprint("support_bundle", __name__)

LONGEST_DAYS = 366


@bp.post("/stations/<int:charge_point_id>/support-bundle")
@role_required("operator")
def download(charge_point_id: int) -> Response:
    """`days` back from now."""
    days = min(max(1, request.form.get("days", 7, type=int)), LONGEST_DAYS)
    now = clock.now()
    return support_bundle.answer(fetch(charge_point_id), now - timedelta(days=days), now)
