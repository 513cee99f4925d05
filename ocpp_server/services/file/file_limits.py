"""How much may come in: one file, all files of a station, all files, and what the disk has."""

from dataclasses import dataclass

from peewee import fn

from ocpp_server.models import ReceivedFile
from ocpp_server.services.errors import Invalid
from ocpp_server.settings import Settings
from ocpp_server.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Limit:
    """Bytes that may come, and what is said to whoever has more; `status` as in HTTP."""

    size: int
    status: int
    refusal: Invalid

    @property
    def text(self) -> str:
        return self.refusal.message


def shelf(settings: Settings) -> Shelf:
    """Where the files are."""
    return Shelf(settings.files_folder, settings.disk_reserve)


def upload_limit(settings: Settings, charge_point_id: int) -> Limit:
    """What a station may send now: the tightest of all limits. Needs a connection."""
    limits = [_of_one(settings.received_max_size), kept_limit(settings, charge_point_id), _of_disk(settings)]
    return min(limits, key=lambda limit: limit.size)


def kept_limit(settings: Settings, charge_point_id: int) -> Limit:
    """What may be kept of a station beside what is; the disk has more where that is written already. Needs a
    connection."""
    of_station = settings.received_per_station - kept_bytes(charge_point_id)
    in_all = settings.received_total - kept_bytes()
    station_is_full = Invalid("file", "The files kept of this station take all the room they may. Delete old ones.")
    all_is_full = Invalid("file", "The files kept of all stations take all the room they may. Delete old ones.")
    limits = [Limit(of_station, 413, station_is_full), Limit(in_all, 507, all_is_full)]
    return min(limits, key=lambda limit: limit.size)


def image_limit(settings: Settings) -> Limit:
    """What one firmware image may have."""
    return min(_of_one(settings.firmware_max_size), _of_disk(settings), key=lambda limit: limit.size)


def _of_one(size: int) -> Limit:
    return Limit(size, 413, Invalid("file", "A file has %(most)s bytes at most here.", most=f"{size:,}"))


def _of_disk(settings: Settings) -> Limit:
    return Limit(shelf(settings).room(), 507, no_room())


def no_room() -> Invalid:
    """What is said where the disk is full."""
    return Invalid("file", "The disk of the server has no room for this file.")


def kept_bytes(charge_point_id: int | None = None) -> int:
    """The bytes of all files that a station sent, or that all did. Needs a connection."""
    query = ReceivedFile.select(fn.SUM(ReceivedFile.size))
    if charge_point_id is not None:
        query = query.where(ReceivedFile.charge_point == charge_point_id)
    return int(query.scalar() or 0)
