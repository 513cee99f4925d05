"""Files that stations have sent: found, fetched, deleted. What is in them may be confidential: operators only."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from ocpp_server.models import ReceivedFile
from ocpp_server.services.file import file_limits, received_files
from portal import audit, context, lists
from portal.auth import role_required
from portal.converters import row_id
from portal.file_downloads import send
from portal.htmx import page

bp = Blueprint("received_files", __name__, url_prefix="/firmware/received")


@bp.get("")
def index() -> Response:
    """`?station=1` shows one station's only."""
    text = request.args.get("q", "").strip()
    station = request.args.get("station", None, type=row_id)
    return page(
        "firmware/received.html",
        "results",
        pages=lists.paginate(received_files.search(text, station)),
        q=text,
        in_use=bool(text) or received_files.search().exists(),
        kept=file_limits.kept_bytes(),
    )


@bp.get("/<int:file_id>/file")
@role_required("operator")
def download(file_id: int) -> Response:
    return send(_fetch(file_id)) or abort(404)


@bp.route("/<int:file_id>/delete", methods=["GET", "POST"])
@role_required("operator")
def delete(file_id: int) -> Response:
    file = _fetch(file_id)
    if request.method == "GET":
        return page("firmware/received_delete.html", file=file)
    shelf = file_limits.shelf(context.settings())
    target = f"{file.charge_point.identity}: {file.file_name}"
    audit.write(lambda unit: received_files.delete(unit, shelf, [file]), "firmware.file.delete", target)
    flash(_("%(name)s was deleted.", name=file.file_name), "success")
    return redirect(url_for("received_files.index"), 303)


def _fetch(file_id: int) -> ReceivedFile:
    return received_files.find(file_id) or abort(404)
