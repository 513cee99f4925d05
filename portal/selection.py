"""The stations that were chosen in a list: by their checkboxes, or all that fit its search."""

from urllib.parse import parse_qs

from flask import request

from ocpp_server.models import ChargePoint
from portal.converters import row_id
from portal.views.stations import matching

#: Fields of the form that say which; `all` says that it is everything that `query` (the list's address) finds.
FIELDS = ("station", "all", "query")
#: A request to more stations than this is a mistake.
MOST = 5000


def chosen() -> list[ChargePoint]:
    """The chosen stations, by identity. Deleted ones are left out."""
    query = ChargePoint.select().where(ChargePoint.deleted_at.is_null()).order_by(ChargePoint.identity_key)
    if request.form.get("all"):
        arguments = {name: values[0] for name, values in parse_qs(request.form.get("query", "")).items()}
        return list(matching(arguments).order_by(ChargePoint.identity_key).limit(MOST))
    ids = request.form.getlist("station", type=row_id)
    return list(query.where(ChargePoint.id.in_(ids[:MOST]))) if ids else []
