"""What happened at the addresses of files: who fetched and sent what, what broke off, who was turned away and why."""

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from ocpp_server.models.files import DOWNLOAD
from ocpp_server.services.file import file_transfers
from portal import lists
from portal.htmx import page

bp = Blueprint("file_transfers", __name__, url_prefix="/firmware/transfers")


@bp.get("")
def index() -> Response:
    text = request.args.get("q", "").strip()
    return page(
        "firmware/transfers.html",
        "results",
        pages=lists.paginate(file_transfers.events(text)),
        q=text,
        in_use=bool(text) or file_transfers.events().exists(),
        looks=_looks(),
        download=DOWNLOAD,
    )


def _looks() -> dict[str, tuple[str, str, str]]:
    """Word, colour and icon of each event."""
    return {
        "began": (_("Began"), "blue", "hourglass"),
        "fetched": (_("Fetched"), "green", "circle-check"),
        "received": (_("Received"), "green", "circle-check"),
        "failed": (_("Broke off"), "yellow", "alert-triangle"),
        "refused": (_("Refused"), "red", "ban"),
    }
