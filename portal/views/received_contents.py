"""What is in a file that a station sent: its members, their text page by page, and what a search finds in it."""

from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from ocpp_server.models import ChargePoint, ReceivedFile
from ocpp_server.services.file import file_limits
from ocpp_server.unpacking.budget import Refused
from portal import context, diagnostics, file_contents
from portal.auth import role_required
from portal.file_contents import View
from portal.htmx import page

bp = Blueprint("received_contents", __name__, url_prefix="/firmware/received")

_LONGEST_SEARCH = 200


@bp.get("/<int:file_id>")
@role_required("operator")
def show(file_id: int) -> Response:
    """`?in=3.0` is a member, `line` where to begin, `q` what to look for."""
    file = _fetch(file_id)
    members = _members(request.args.get("in", ""))
    line = max(1, request.args.get("line", 1, type=int))
    search = request.args.get("q", "").strip()[:_LONGEST_SEARCH]
    path = _path(file)
    context.let_go()
    view = file_contents.look(path, members, file.file_name, line, search) if path else None
    return _shown(file, members, view, line=line, q=search)


@bp.get("/<int:file_id>/part")
@role_required("operator")
def download(file_id: int) -> Response:
    """A member of it, as `?in=` says; or why it is not opened."""
    file = _fetch(file_id)
    members, path = _members(request.args.get("in", "")), _path(file)
    if path is None or not members:
        abort(404)
    context.let_go()
    try:
        pieces = file_contents.stream(path, members)
    except Refused as error:
        return _shown(file, members, View(members, refused=error.reason), status=422)
    response = Response(pieces, mimetype="application/octet-stream")
    name = quote(f"{file.file_name}-{_spelled(members)}", safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


def _shown(
    file: ReceivedFile, members: tuple[int, ...], view: View | None, *, line: int = 1, q: str = "", status: int = 200
) -> Response:
    with context.store().reading():
        return page(
            "received_contents/show.html",
            "contents",
            status=status,
            file=file,
            charge_point=file.charge_point,
            view=view,
            members=members,
            where=_spelled(members),
            below=lambda number: _spelled((*members, number)),
            line=line,
            q=q,
            refusal=diagnostics.refusal,
        )


def _fetch(file_id: int) -> ReceivedFile:
    query = ReceivedFile.select(ReceivedFile, ChargePoint).join(ChargePoint).where(ReceivedFile.id == file_id)
    return query.first() or abort(404)


def _path(file: ReceivedFile) -> Path | None:
    path = file_limits.shelf(context.settings()).path(file.stored_as)
    return path if path.is_file() else None


def _members(text: str) -> tuple[int, ...]:
    parts = text.split(".") if text else []
    if len(parts) > 2 or not all(part.isascii() and part.isdigit() and len(part) < 7 for part in parts):
        abort(404)
    return tuple(int(part) for part in parts)


def _spelled(members: tuple[int, ...]) -> str:
    return ".".join(str(number) for number in members)
