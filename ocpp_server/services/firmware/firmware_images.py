"""Firmware images that are kept here for stations to fetch."""

from typing import Any

from peewee import ModelSelect, fn

from ocpp_server import clock
from ocpp_server.models import ChargePoint, FileLink, FirmwareImage, FirmwareJob, FirmwareUpdate
from ocpp_server.models.files import OPEN_STATES
from ocpp_server.models.firmware import PAUSED, PLANNED, RUNNING, STOPPED
from ocpp_server.services.errors import Invalid
from ocpp_server.services.file import file_links
from ocpp_server.services.firmware import firmware_waves, states
from ocpp_server.shelf import Shelf
from ocpp_server.store import Unit

MAX_LENGTH = 255
#: What an operator may say about an image: what to call it, what it is for, what it brings.
EDITABLE = ("name", "vendor", "model", "version", "note")
#: Jobs that may still ask stations, and the stations of a job that have yet to load their image.
_OPEN_JOBS = (PLANNED, RUNNING, PAUSED, STOPPED)
_TO_LOAD = (*states.NOT_ASKED, states.ASKED, states.DOWNLOADING)


class Needed(Exception):
    """Jobs still need the image. `jobs` are these, each with how many of its stations have yet to load it."""

    def __init__(self, jobs: dict[FirmwareJob, int]) -> None:
        super().__init__(f"firmware jobs {', '.join(str(job.id) for job in jobs)} need the image")
        self.jobs = jobs


def add(unit: Unit, *, file_name: str, size: int, sha256: str, stored_as: str, by: str, **words: str) -> FirmwareImage:
    """An image whose file is on the shelf already; `words` as in EDITABLE. Raises Invalid."""
    words = _checked(words)
    image = FirmwareImage.create(
        **{**words, "name": words.get("name") or file_name},
        file_name=file_name,
        size=size,
        sha256=sha256,
        stored_as=stored_as,
        uploaded_by=by[:MAX_LENGTH],
        uploaded_at=clock.now(),
    )
    unit.publish("firmware-images")
    return image


def update(unit: Unit, image_id: int, **words: str) -> FirmwareImage:
    """Change what is said about an image. Raises Invalid."""
    image = FirmwareImage.get_by_id(image_id)
    for name, text in _checked(words).items():
        setattr(image, name, text)
    image.name = image.name or image.file_name
    image.save()
    unit.publish("firmware-images")
    return image


def delete(unit: Unit, shelf: Shelf, image_id: int, *, anyway: bool = False) -> FirmwareImage:
    """Take an image away: its row stays for the record, its file and its links do not.

    Raises Needed while jobs still need it, unless it is to go `anyway`: they stop at once.
    """
    needed = needed_by(image_id)
    if needed and not anyway:
        raise Needed(needed)
    image = FirmwareImage.get_by_id(image_id)
    if image.deleted_at is None:
        image.deleted_at = clock.now()
        image.save()
    for link in FileLink.select().where(FileLink.image == image_id, FileLink.state.in_(OPEN_STATES)):
        file_links.close(unit, link.id, "The firmware image was deleted.")
    for job in needed:
        firmware_waves.halt(unit, job.id, firmware_waves.IMAGE)
    unit.after_commit(lambda: shelf.remove(image.stored_as))
    unit.publish("firmware-images")
    return image


def needed_by(image_id: int) -> dict[FirmwareJob, int]:
    """The jobs that still need the image, each with how many stations have yet to load it. Needs a connection."""
    query = (
        FirmwareJob.select(FirmwareJob, fn.COUNT(FirmwareUpdate.id).alias("stations"))
        .join(FirmwareUpdate)
        .where(
            FirmwareJob.image_id == image_id,
            FirmwareJob.state.in_(_OPEN_JOBS),
            FirmwareUpdate.state.in_(_TO_LOAD),
        )
        .group_by(FirmwareJob)
        .order_by(FirmwareJob.id)
    )
    return {job: job.stations for job in query}  # type: ignore[attr-defined]


def is_for_another(image: FirmwareImage, charge_point: ChargePoint) -> bool:
    """Whether the image is said to be for another maker or model than the station says it is of.

    Where either has said nothing, nothing is known: no.
    """
    pairs = ((image.vendor, charge_point.vendor), (image.model, charge_point.model))
    return any(meant and told and meant.strip().casefold() != told.strip().casefold() for meant, told in pairs)


def find(image_id: int) -> FirmwareImage | None:
    """The image, unless it was deleted. Needs a connection."""
    return FirmwareImage.get_or_none(FirmwareImage.id == image_id, FirmwareImage.deleted_at.is_null())


def everything(text: str = "") -> "ModelSelect[Any]":
    """All images, the newest first; with a text those that mention it. Needs a connection."""
    query = FirmwareImage.select().where(FirmwareImage.deleted_at.is_null()).order_by(FirmwareImage.id.desc())
    if text:
        columns = (FirmwareImage.name, FirmwareImage.file_name, FirmwareImage.vendor, FirmwareImage.model)
        found = FirmwareImage.version.contains(text)
        for column in columns:
            found |= column.contains(text)
        query = query.where(found)
    return query


def _checked(words: dict[str, str]) -> dict[str, str]:
    for name, text in words.items():
        if name not in EDITABLE:
            raise Invalid(name, "This cannot be changed.")
        if name != "note" and len(text) > MAX_LENGTH:
            raise Invalid(name, "This has 255 characters at most.")
        if len(text) > 4000:
            raise Invalid(name, "This has 4,000 characters at most.")
        if "\0" in text:
            raise Invalid(name, "Use visible characters only.")
    return {name: text.strip() for name, text in words.items()}
