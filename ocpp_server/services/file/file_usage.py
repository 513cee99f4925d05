"""How many files are kept here and how many bytes they take, as their rows say: nothing is looked up on the disk."""

from dataclasses import dataclass

from peewee import fn

from ocpp_server.models import FirmwareImage, ReceivedFile
from ocpp_server.services.file import file_limits


@dataclass(frozen=True, slots=True)
class Usage:
    """Firmware images, and files that stations sent; sizes in bytes."""

    images: int
    image_bytes: int
    received: int
    received_bytes: int

    @property
    def bytes(self) -> int:
        return self.image_bytes + self.received_bytes


def usage() -> Usage:
    """What is kept now. Needs a connection."""
    kept = FirmwareImage.deleted_at.is_null()
    return Usage(
        images=FirmwareImage.select().where(kept).count(),
        image_bytes=int(FirmwareImage.select(fn.SUM(FirmwareImage.size)).where(kept).scalar() or 0),
        received=ReceivedFile.select().count(),
        received_bytes=file_limits.kept_bytes(),
    )
