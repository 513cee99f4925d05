"""How much may come in: one file, all files of a station, all files, and what the disk has."""

from dataclasses import dataclass

from peewee import fn

from ocpp_server.models import ReceivedFile
from ocpp_server.settings import Settings
from ocpp_server.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Limit:
    """Bytes that may come, and what to say (HTTP status and sentence) to whom has more."""

    size: int
    status: int
    text: str


def shelf(settings: Settings) -> Shelf:
    """Where the files are."""
    return Shelf(settings.files_folder, settings.disk_reserve)


def upload_limit(settings: Settings, charge_point_id: int) -> Limit:
    """What a station may send now: the tightest of all limits. Needs a connection."""
    of_station = settings.received_per_station - kept_bytes(charge_point_id)
    in_all = settings.received_total - kept_bytes()
    limits = [
        Limit(settings.received_max_size, 413, f"A file has {settings.received_max_size} bytes at most here."),
        Limit(of_station, 413, "The files kept of this station would take more room than they may. Delete old ones."),
        Limit(in_all, 507, "The files kept of all stations would take more room than they may. Delete old ones."),
        Limit(shelf(settings).room(), 507, "The disk of the server has no room for this file."),
    ]
    return min(limits, key=lambda limit: limit.size)


def image_limit(settings: Settings) -> Limit:
    """What one firmware image may have."""
    limits = [
        Limit(settings.firmware_max_size, 413, f"An image has {settings.firmware_max_size} bytes at most here."),
        Limit(shelf(settings).room(), 507, "The disk of the server has no room for this image."),
    ]
    return min(limits, key=lambda limit: limit.size)


def kept_bytes(charge_point_id: int | None = None) -> int:
    """The bytes of all files that a station sent, or that all did. Needs a connection."""
    query = ReceivedFile.select(fn.SUM(ReceivedFile.size))
    if charge_point_id is not None:
        query = query.where(ReceivedFile.charge_point == charge_point_id)
    return int(query.scalar() or 0)
