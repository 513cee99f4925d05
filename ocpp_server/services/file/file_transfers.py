"""What happens at a link, whatever the protocol: who is let in, what came of it, and the record of it.

A transfer is begun and ended in a unit of its own; between them nothing is held. Texts of refusals are read by
technicians in front of a station's log, so they are sentences.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from peewee import ModelSelect

from ocpp_server import clock
from ocpp_server.models import ChargePoint, FileEvent, FileLink, ReceivedFile
from ocpp_server.models.files import DONE, DOWNLOAD, EXPIRED, RECEIVING, UPLOAD, WAITING
from ocpp_server.services import audit
from ocpp_server.services.file import file_limits
from ocpp_server.services.file.file_links import BROKEN, FETCHED, RECEIVED, Transfer, tell
from ocpp_server.settings import Settings
from ocpp_server.store import Unit
from ocpp_server.throttle import Seldom

#: So many events of one link are kept, the first ones: whoever hammers at it must not fill the disk.
MAX_EVENTS = 100
#: Who comes without a link is on record once in a while, by address.
strangers = Seldom(timedelta(hours=1))
_CLAIM = (
    "UPDATE file_link SET state = 'receiving', protocol = ?, address = ?, transferred = 0, last_at = ?, reason = ''"
    " WHERE id = ? AND state = 'waiting' AND expires_at > ? RETURNING charge_point_id"
)
_RELEASE = (
    "UPDATE file_link SET state = CASE WHEN state = 'receiving' THEN 'waiting' ELSE state END, reason = ?, last_at = ?"
    " WHERE id = ? RETURNING charge_point_id"
)
_DONE = (
    "UPDATE file_link SET state = ?, uses = uses + 1, transferred = ?, last_at = ?, finished_at = ?, reason = ''"
    " WHERE id = ?"
)
_PROGRESS = "UPDATE file_link SET transferred = ?, last_at = ?, protocol = ?, address = ? WHERE id = ?"
_FETCHED = "UPDATE file_link SET uses = uses + 1 WHERE id = ?"
_ABANDON = "UPDATE file_link SET state = 'waiting', reason = ? WHERE state = 'receiving' RETURNING id"


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end: `protocol` as stations spell it (HTTP, FTP), and the address."""

    protocol: str
    address: str


class Refused(Exception):
    """The peer may not; `status` as in HTTP, the text a sentence for whoever reads the station's log.

    `is_noted` where the refusal is on record already.
    """

    def __init__(self, status: int, text: str, *, retry_after: int = 0, is_noted: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.retry_after = retry_after
        self.is_noted = is_noted


def admit(link: FileLink | None, purpose: str) -> FileLink:
    """The link, if it may be used for this now. Raises Refused."""
    if link is None:
        raise Refused(404, "There is nothing at this address.")
    if link.state == EXPIRED or link.expires_at <= clock.now():
        raise Refused(410, "This address has expired. Ask again from the portal.")
    if link.purpose != purpose:
        what = "fetched from" if link.purpose == DOWNLOAD else "sent to"
        raise Refused(405, f"Files are only {what} this address.")
    if link.state not in (WAITING, RECEIVING):
        raise Refused(*_ended(link))
    if link.uses >= link.uses_limit:
        raise Refused(410, "This address has been used as often as it may be.")
    if link.state == RECEIVING:
        raise Refused(409, "A file is being received at this address already.", retry_after=60)
    return link


def _ended(link: FileLink) -> tuple[int, str]:
    if link.state == DONE and link.purpose == UPLOAD:
        return 409, "A file was received at this address already. It takes only one."
    return 410, "This address is closed."


def begin_upload(unit: Unit, settings: Settings, link_id: int, peer: Peer, length: int | None) -> int:
    """Claim the link for this peer; how many bytes it may send at most. `length` as announced. Raises Refused."""
    now = clock.to_ms(clock.now())
    link = admit(FileLink.get_or_none(FileLink.id == link_id), UPLOAD)
    limit = file_limits.upload_limit(settings, link.charge_point_id)
    if length is not None and length > limit.size:
        raise Refused(limit.status, limit.text)
    if unit.one(_CLAIM, peer.protocol, peer.address[:64], now, link_id, now) is None:
        raise Refused(409, "A file is being received at this address already.", retry_after=60)
    _note(unit, link_id, "began", peer, f"{length} bytes announced" if length is not None else "")
    _publish(unit, link_id)
    return limit.size


def finish_upload(
    unit: Unit, settings: Settings, link_id: int, peer: Peer, *, file_name: str, size: int, sha256: str, stored_as: str
) -> ReceivedFile:
    """The file is whole on the disk. Raises Refused where others have taken the room meanwhile."""
    now = clock.now()
    link = FileLink.get_by_id(link_id)
    limit = file_limits.kept_limit(settings, link.charge_point_id)
    if size > limit.size:
        raise Refused(limit.status, limit.text)
    received = ReceivedFile.create(
        charge_point=link.charge_point_id,
        link=link_id,
        file_name=file_name,
        size=size,
        sha256=sha256,
        stored_as=stored_as,
        received_at=now,
        protocol=peer.protocol,
        address=peer.address[:64],
    )
    unit.execute(_DONE, DONE, size, clock.to_ms(now), clock.to_ms(now), link_id)
    _note(unit, link_id, RECEIVED, peer, f"{file_name}, {size} bytes")
    unit.publish("received-files", f"received-files-{link.charge_point_id}")
    _publish(unit, link_id)
    tell(Transfer(unit, link_id, link.charge_point_id, UPLOAD, RECEIVED, received_file_id=received.id))
    return received


def fail_upload(unit: Unit, link_id: int, peer: Peer, reason: str) -> None:
    """It broke off or was refused on the way; the station may try again."""
    row = unit.one(_RELEASE, reason, clock.to_ms(clock.now()), link_id)
    if row is not None:
        _note(unit, link_id, "failed", peer, reason)
        _publish(unit, link_id)
        tell(Transfer(unit, link_id, row[0], UPLOAD, BROKEN, reason=reason))


def progress(unit: Unit, link_id: int, peer: Peer, transferred: int) -> None:
    """How far the transfer under way is, in bytes from the start of the file."""
    unit.execute(_PROGRESS, transferred, clock.to_ms(clock.now()), peer.protocol, peer.address[:64], link_id)
    _publish(unit, link_id)


def downloaded(unit: Unit, link_id: int, peer: Peer, *, until: int, is_whole: bool, detail: str) -> None:
    """A download ended: `until` is the byte it came to; whole where that is the end of the file."""
    progress(unit, link_id, peer, until)
    if not is_whole:
        _note(unit, link_id, "failed", peer, detail)
        return
    unit.execute(_FETCHED, link_id)
    _note(unit, link_id, FETCHED, peer, detail)
    row = unit.one("SELECT charge_point_id FROM file_link WHERE id = ?", link_id)
    if row is not None:
        tell(Transfer(unit, link_id, row[0], DOWNLOAD, FETCHED))


def refused(unit: Unit, link_id: int, peer: Peer, reason: str) -> None:
    """Somebody was turned away at this link."""
    _note(unit, link_id, "refused", peer, reason)
    _publish(unit, link_id)


def events(text: str = "", charge_point_id: int | None = None) -> "ModelSelect[Any]":
    """What happened at links, with these and their stations, the newest first. Needs a connection."""
    query = FileEvent.select(FileEvent, FileLink, ChargePoint).join(FileLink).join(ChargePoint)
    if charge_point_id is not None:
        query = query.where(FileLink.charge_point == charge_point_id)
    if text:
        named = ChargePoint.identity.contains(text) | ChargePoint.label.contains(text)
        query = query.where(named | FileEvent.detail.contains(text) | FileEvent.address.contains(text))
    return query.order_by(FileEvent.id.desc())


def stranger(unit: Unit, peer: Peer, reason: str) -> None:
    """Somebody came who has no link at all; callers see to it that this is not written each time."""
    detail = f"{peer.protocol}: {reason} More like it from this address within the hour are not written down."
    audit.record(unit, who="nobody known", address=peer.address, action="firmware.file.refused", detail=detail)


def abandon(unit: Unit) -> None:
    """At the start: what was on its way in when the process ended is lost, and may be sent again."""
    for (link_id,) in unit.all(_ABANDON, "Chargeyard was restarted meanwhile."):
        _note(unit, link_id, "failed", Peer("", ""), "Chargeyard was restarted meanwhile.")


def _note(unit: Unit, link_id: int, what: str, peer: Peer, detail: str) -> None:
    unit.execute(
        "INSERT INTO file_event (link_id, at, what, protocol, address, detail) SELECT ?, ?, ?, ?, ?, ?"
        " WHERE (SELECT count(*) FROM file_event WHERE link_id = ?) < ?",
        link_id,
        clock.to_ms(clock.now()),
        what,
        peer.protocol,
        peer.address[:64],
        detail[:500],
        link_id,
        MAX_EVENTS,
    )


def _publish(unit: Unit, link_id: int) -> None:
    unit.publish("file-links", f"file-link-{link_id}")
