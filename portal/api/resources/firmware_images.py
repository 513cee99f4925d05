"""Firmware images: uploaded as the body itself, described, fetched, deleted."""

from typing import Any

from ocpp_server.models import FirmwareImage
from ocpp_server.services.file import file_limits
from ocpp_server.services.firmware import firmware_images
from ocpp_server.services.firmware.firmware_images import Needed
from portal import audit, file_uploads
from portal.api import paging
from portal.api.operation import FILE, Reply, operation
from portal.api.problems import Problem, missing
from portal.api.routing import PREFIX
from portal.api.schema import BOOLEAN, ID, INTEGER, PAGING, STRING, TIME, argument, body, page_of, record, text
from portal.api.values import time
from portal.context import settings
from portal.file_downloads import send

TAG = "Firmware images"
ORDER = paging.Order((FirmwareImage.id,), descending=True)
_MEANINGS = {
    "name": "What people call it; the file's name where it is left out.",
    "vendor": "Of the stations that it is for.",
    "model": "Of the stations that it is for.",
    "version": "The firmwareVersion that stations report with it.",
    "note": "Anything worth knowing.",
}
_WORDS = {name: text(4000 if name == "note" else 255, description=words) for name, words in _MEANINGS.items()}
IMAGE = record(
    id=ID,
    **{name: {**STRING, "description": words} for name, words in _MEANINGS.items()},
    file_name=STRING,
    size={**INTEGER, "description": "Bytes."},
    sha256=STRING,
    uploaded_by=STRING,
    uploaded_at=TIME,
    has_file={**BOOLEAN, "description": "False where the file is missing on the server: stations get nothing."},
)


@operation(
    "GET",
    "/firmware-images",
    "List the firmware images, newest first",
    tag=TAG,
    answer=page_of(IMAGE),
    query=(argument("q", STRING, "Only those that mention this."), *PAGING),
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    found = firmware_images.everything(query.get("q", "")).order_by()
    return paging.part(found, ORDER, query, paging.each(_image))


@operation(
    "POST",
    "/firmware-images",
    "Upload a firmware image: the body is the file",
    tag=TAG,
    takes_file=True,
    query=(
        argument("file_name", STRING, "What the file is called; its ending tells stations what it is."),
        *(argument(name, STRING, words) for name, words in _MEANINGS.items()),
    ),
    answer=IMAGE,
    status=201,
    holds_connection=False,
)
def create(query: dict[str, Any]) -> Reply:
    by, words = audit.who(), dict(query)
    with file_uploads.from_body(words.pop("file_name", "")) as sent:
        facts = {**words, **sent.facts()}
        image = audit.write(
            lambda unit: firmware_images.add(unit, by=by.who, **facts),
            "firmware.add",
            lambda image: image.name,
            audit.changes({**words, "file": facts["file_name"], "sha256": facts["sha256"]}),
        )
    return Reply(_image(image), 201, {"Location": f"{PREFIX}/firmware-images/{image.id}"})


@operation("GET", "/firmware-images/<int:image_id>", "Show a firmware image", tag=TAG, answer=IMAGE)
def show(image_id: int) -> dict[str, Any]:
    return _image(_fetch(image_id))


@operation(
    "GET",
    "/firmware-images/<int:image_id>/file",
    "Fetch the file of a firmware image",
    tag=TAG,
    answer=FILE,
    errors={416: "The file has no such range."},
)
def download(image_id: int) -> Any:
    answer = send(_fetch(image_id))
    if answer is None:
        raise missing(f"file of the firmware image {image_id}")
    return answer


@operation(
    "PATCH",
    "/firmware-images/<int:image_id>",
    "Change what is said about a firmware image",
    tag=TAG,
    body=body(**_WORDS),
    answer=IMAGE,
)
def update(image_id: int, body: dict[str, Any]) -> dict[str, Any]:
    image = _fetch(image_id)
    changed = audit.write(
        lambda unit: firmware_images.update(unit, image_id, **body), "firmware.change", image.name, audit.changes(body)
    )
    return _image(changed)


@operation(
    "DELETE",
    "/firmware-images/<int:image_id>",
    "Delete a firmware image and its file",
    tag=TAG,
    query=(argument("anyway", BOOLEAN, "Also while firmware jobs need it, which then stop."),),
    errors={409: "Firmware jobs still need it."},
)
def delete(image_id: int, query: dict[str, Any]) -> None:
    image, shelf, anyway = _fetch(image_id), file_limits.shelf(settings()), query.get("anyway", False)
    try:
        audit.write(
            lambda unit: firmware_images.delete(unit, shelf, image_id, anyway=anyway), "firmware.delete", image.name
        )
    except Needed as needed:
        jobs = ", ".join(str(job.id) for job in needed.jobs)
        raise Problem(
            409, f"These firmware jobs still need it: {jobs}. With anyway=true it goes all the same."
        ) from None


def _fetch(image_id: int) -> FirmwareImage:
    found = firmware_images.find(image_id)
    if found is None:
        raise missing(f"firmware image {image_id}")
    return found


def _image(row: FirmwareImage) -> dict[str, Any]:
    names = ("id", *_MEANINGS, "file_name", "size", "sha256", "uploaded_by")
    return {
        **{name: getattr(row, name) for name in names},
        "uploaded_at": time(row.uploaded_at),
        "has_file": file_limits.shelf(settings()).has(row.stored_as),
    }
