"""Files that stations have sent: found, deleted, and kept for a while only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from peewee import ModelSelect

from ocpp_server.models import ChargePoint, FirmwareImage, ReceivedFile
from ocpp_server.shelf import Shelf
from ocpp_server.store import Store, Unit

#: So many are removed in one unit of work at most: large ones take the disk a while, and all who write wait for it.
_STEP = 5


def find(file_id: int) -> ReceivedFile | None:
    """The file of this number. Needs a connection."""
    return ReceivedFile.get_or_none(ReceivedFile.id == file_id)


def search(text: str = "", charge_point_id: int | None = None) -> "ModelSelect[Any]":
    """All files with their stations, the newest first; with a text those that mention it. Needs a connection."""
    query = ReceivedFile.select(ReceivedFile, ChargePoint).join(ChargePoint).order_by(ReceivedFile.id.desc())
    if charge_point_id is not None:
        query = query.where(ReceivedFile.charge_point == charge_point_id)
    if text:
        named = ChargePoint.identity.contains(text) | ChargePoint.label.contains(text)
        query = query.where(ReceivedFile.file_name.contains(text) | named)
    return query


def delete(unit: Unit, shelf: Shelf, files: Sequence[ReceivedFile]) -> None:
    """Delete these for good."""
    ReceivedFile.delete().where(ReceivedFile.id.in_([file.id for file in files])).execute()
    names = [file.stored_as for file in files]
    unit.after_commit(lambda: shelf.remove(*names))
    unit.publish("received-files", *(f"received-files-{file.charge_point_id}" for file in files))


def delete_before(unit: Unit, shelf: Shelf, moment: datetime) -> bool:
    """Delete some that came before that time; whether there may be more."""
    query = ReceivedFile.select().where(ReceivedFile.received_at < moment).order_by(ReceivedFile.received_at)
    old = list(query.limit(_STEP))
    if old:
        delete(unit, shelf, old)
    return len(old) == _STEP


def on_shelf(store: Store) -> set[str]:
    """What the rows name of the files on the disk."""
    with store.reading():
        images = FirmwareImage.select(FirmwareImage.stored_as).where(FirmwareImage.deleted_at.is_null())
        return {row.stored_as for row in [*images, *ReceivedFile.select(ReceivedFile.stored_as)]}
