"""Firmware images: uploaded, described, fetched again, deleted."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response as BaseResponse

from ocpp_server.models import ChargePoint, FileLink, FirmwareImage, FirmwareJob
from ocpp_server.models.files import OPEN_STATES
from ocpp_server.services.errors import Invalid
from ocpp_server.services.file import file_limits
from ocpp_server.services.firmware import firmware_images
from ocpp_server.services.firmware.firmware_images import Needed
from portal import audit, context, file_uploads, firmware, lists
from portal.auth import role_required
from portal.file_downloads import send
from portal.htmx import page
from portal.navigation import Nav
from portal.wording import at_field, said

bp = Blueprint("firmware", __name__, url_prefix="/firmware")
nav = Nav(lazy_gettext("Firmware & logs"), "cpu", 60, "firmware.index")


@bp.get("")
def index() -> BaseResponse:
    text, shelf = request.args.get("q", "").strip(), file_limits.shelf(context.settings())
    pages = lists.paginate(firmware_images.everything(text))
    return page(
        "firmware/index.html",
        "results",
        pages=pages,
        missing={image.id for image in pages.rows if not shelf.has(image.stored_as)},
        q=text,
        in_use=bool(text) or firmware_images.everything().exists(),
    )


@bp.get("/images/add")
@role_required("operator")
def add() -> BaseResponse:
    return _form(None, {}, {})


@bp.post("/images/add")
@role_required("operator")
def upload() -> BaseResponse:
    """The file goes to its place in pieces while it comes: it may be larger than the memory."""
    by = audit.who()
    typed: dict[str, str] = {}
    try:
        with file_uploads.from_form() as sent:
            typed = _words(sent.fields)
            facts = sent.facts()
            image = audit.write(
                lambda unit: firmware_images.add(unit, by=by.who, **{**typed, **facts}),
                "firmware.add",
                lambda image: image.name,
                audit.changes({**typed, "file": facts["file_name"], "sha256": facts["sha256"]}),
            )
    except Invalid as error:
        with context.store().reading():
            return _form(None, typed, at_field(error))
    flash(_("%(name)s is here. Stations can be given it now.", name=image.name), "success")
    address = url_for("firmware.show", image_id=image.id)
    if request.accept_mimetypes.best == "text/plain":
        # The script would follow a redirect by itself, and the message would be lost on the way.
        return Response(status=201, headers={"Location": address})
    return redirect(address, 303)


@bp.get("/images/<int:image_id>")
def show(image_id: int) -> BaseResponse:
    return _form(_fetch(image_id), {}, {})


@bp.post("/images/<int:image_id>")
@role_required("operator")
def update(image_id: int) -> BaseResponse:
    image, typed = _fetch(image_id), _words(request.form)
    try:
        audit.write(
            lambda unit: firmware_images.update(unit, image_id, **typed),
            "firmware.change",
            image.name,
            audit.changes(typed),
        )
    except Invalid as error:
        return _form(image, typed, at_field(error))
    flash(_("The image was saved."), "success")
    return redirect(url_for("firmware.show", image_id=image_id), 303)


@bp.get("/images/<int:image_id>/file")
def download(image_id: int) -> BaseResponse:
    return send(_fetch(image_id)) or abort(404)


@bp.route("/images/<int:image_id>/delete", methods=["GET", "POST"])
@role_required("operator")
def delete(image_id: int) -> BaseResponse:
    """Jobs that still need it are named first: the button of that page says that it is to go all the same."""
    image = _fetch(image_id)
    if request.method == "GET":
        return _question(image, firmware_images.needed_by(image_id))
    shelf, anyway = file_limits.shelf(context.settings()), "anyway" in request.form
    try:
        audit.write(
            lambda unit: firmware_images.delete(unit, shelf, image_id, anyway=anyway), "firmware.delete", image.name
        )
    except Needed as needed:
        return _question(image, needed.jobs, 422)
    flash(_("%(name)s was deleted. Stations that have it keep it.", name=image.name), "success")
    return redirect(url_for("firmware.index"), 303)


def _question(image: FirmwareImage, jobs: dict[FirmwareJob, int], status: int = 200) -> BaseResponse:
    open_links = FileLink.select().where(FileLink.image == image, FileLink.state.in_(OPEN_STATES))
    return page(
        "firmware/delete.html",
        status=status,
        image=image,
        jobs=[(job, firmware.title(job), count) for job, count in jobs.items()],
        waiting=open_links.count(),
    )


def _fetch(image_id: int) -> FirmwareImage:
    return firmware_images.find(image_id) or abort(404)


def _words(form: Any) -> dict[str, str]:
    return {name: form[name].strip() for name in firmware_images.EDITABLE if name in form}


def _form(image: FirmwareImage | None, typed: dict[str, str], errors: dict[str, str]) -> BaseResponse:
    limit = file_limits.image_limit(context.settings())
    stored = {name: getattr(image, name) if image else "" for name in firmware_images.EDITABLE}
    return page(
        "firmware/image.html" if image else "firmware/add.html",
        status=422 if errors else 200,
        image=image,
        is_missing=image is not None and not file_limits.shelf(context.settings()).has(image.stored_as),
        values={**stored, **typed},
        errors=errors,
        most=limit.size,
        too_large=said(limit.refusal),
        vendors=_known(ChargePoint.vendor),
        models=_known(ChargePoint.model),
    )


def _known(column: Any) -> list[str]:
    """What stations have said of themselves, to choose from."""
    found = ChargePoint.select(column).where(column.is_null(False), ChargePoint.deleted_at.is_null()).distinct()
    rows: Any = found.order_by(column).limit(200).tuples()
    return [value for (value,) in rows]
