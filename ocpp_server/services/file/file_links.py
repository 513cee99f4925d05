"""Links by which one station fetches one firmware image, or sends one file: unguessable, and gone after a while.

For whoever asks a station to update or to send diagnostics:

    offer = file_links.offer_download(unit, settings, image_id, charge_point_id, expires_at=...)
    commands.request(unit, charge_point_id, "UpdateFirmware", {"location": offer.location, ...}, by=...)

    offer = file_links.expect_upload(unit, settings, charge_point_id, expires_at=...)
    commands.request(unit, charge_point_id, "GetDiagnostics", {"location": offer.location, ...}, by=...)

`offer.location` is the address by the protocol that suits the station; `offer.urls` are all that work. Keep
`offer.link_id`: the row FileLink tells how far the transfer is (`transferred` bytes, `last_at`), FileEvent what
happened, and the name `file-link-<id>` is published at each change. The address itself is a secret that nobody can read
again. It depends on how the station reaches us, so make it when the station is connected, just before the request.

Retries (sections 6.25 and 6.55) need nothing: a download may be repeated and resumed until it expires, an upload until
one file has arrived. When something comes of a link, functions with `@on_transfer` are told, within the unit that
notes it. `close` takes a link back, for instance when its job has ended.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ocpp_server import clock, file_names
from ocpp_server.models import FileLink, FirmwareImage
from ocpp_server.models.files import CLOSED, DONE, DOWNLOAD, EXPIRED, OPEN_STATES, UPLOAD
from ocpp_server.services.errors import Invalid
from ocpp_server.services.file import file_addresses
from ocpp_server.settings import Settings
from ocpp_server.store import Unit

#: Whole transfers of one download link: some stations fetch again at each of their retries.
DOWNLOADS = 20
#: How long a link stays on record once its time is over, and how many are forgotten in one unit of work.
KEPT, _STEP = timedelta(days=90), 100


@dataclass(frozen=True, slots=True)
class Offer:
    """A new link. `urls` by protocol (HTTP or HTTPS, and FTP where it is switched on), `location` the best of them."""

    link_id: int
    urls: dict[str, str]
    protocol: str

    @property
    def location(self) -> str:
        return self.urls[self.protocol]

    @property
    def is_only_local(self) -> bool:
        """Whether no other machine can reach this address: worth a warning."""
        return file_addresses.is_only_local(self.location)


#: What became of a transfer. FETCHED: an image was read to its end; RECEIVED: a file is here; BROKEN: a transfer broke
#: off or was refused, and may be tried again; OVER: the link expired, and no file came.
FETCHED, RECEIVED, BROKEN, OVER = "fetched", "received", "broken", "over"


@dataclass(frozen=True, slots=True)
class Transfer:
    """What listeners are told; `reason` in plain words where it went wrong."""

    unit: Unit
    link_id: int
    charge_point_id: int
    purpose: str
    outcome: str
    received_file_id: int | None = None
    reason: str = ""


Listener = Callable[[Transfer], None]
_listeners: list[Listener] = []


def on_transfer(function: Listener) -> Listener:
    """Register a function that hears of every transfer, within the unit that notes it."""
    _listeners.append(function)
    return function


def tell(transfer: Transfer) -> None:
    """Pass it on to whoever listens."""
    for listener in _listeners:
        listener(transfer)


def offer_download(
    unit: Unit,
    settings: Settings,
    image_id: int,
    charge_point_id: int,
    *,
    expires_at: datetime,
    protocols: Sequence[str] = (),
) -> Offer:
    """An address of an image for one station; `protocols` in place of the station's own word. Raises Invalid."""
    image = FirmwareImage.get_or_none(FirmwareImage.id == image_id, FirmwareImage.deleted_at.is_null())
    if image is None:
        raise Invalid("image", "There is no such firmware image, or it was deleted.")
    link, token = _create(charge_point_id, DOWNLOAD, expires_at, image_id=image.id, uses_limit=DOWNLOADS)
    return _offer(settings, link, token, image.file_name, tuple(protocols))


def expect_upload(
    unit: Unit, settings: Settings, charge_point_id: int, *, expires_at: datetime, protocols: Sequence[str] = ()
) -> Offer:
    """A folder for one file of one station, which appends a name of its own (section 6.25)."""
    link, token = _create(charge_point_id, UPLOAD, expires_at, uses_limit=1)
    return _offer(settings, link, token, "", tuple(protocols))


def close(unit: Unit, link_id: int, reason: str = "") -> None:
    """Take a link back: whoever comes later is refused. A transfer under way is still finished."""
    sql = "UPDATE file_link SET state = ?, reason = ?, finished_at = ? WHERE id = ? AND state IN (?, ?)"
    unit.execute(sql, CLOSED, reason, clock.to_ms(clock.now()), link_id, *OPEN_STATES)
    unit.publish("file-links", f"file-link-{link_id}")


def find(token: str) -> FileLink | None:
    """The link of a token, whatever its state. Needs a connection."""
    return FileLink.get_or_none(FileLink.token_hash == token_hash(token))


def token_hash(token: str) -> str:
    """Tokens are 24 random bytes, so a plain hash is as good as a slow one."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def ftp_user(link_id: int) -> str:
    """The user of a link's FTP credentials; its token is the password."""
    return f"cy{link_id}"


def expire(unit: Unit) -> None:
    """End the links whose time is over; a transfer under way is left alone."""
    now = clock.to_ms(clock.now())
    rows = unit.all(
        "UPDATE file_link SET state = ?, finished_at = ? WHERE state = 'waiting' AND expires_at <= ?"
        " RETURNING id, charge_point_id, purpose, reason, uses",
        EXPIRED,
        now,
        now,
    )
    for link_id, charge_point_id, purpose, reason, uses in rows:
        unit.publish("file-links", f"file-link-{link_id}")
        if not uses:
            tell(Transfer(unit, link_id, charge_point_id, purpose, OVER, reason=reason))


def prune(unit: Unit) -> bool:
    """Forget some links that ended long ago, and what happened at them; whether there may be more."""
    before = clock.to_ms(clock.now() - KEPT)
    rows = unit.all(
        "DELETE FROM file_link WHERE id IN"
        " (SELECT id FROM file_link WHERE state IN (?, ?, ?) AND expires_at < ? LIMIT ?) RETURNING id",
        DONE,
        EXPIRED,
        CLOSED,
        before,
        _STEP,
    )
    return len(rows) == _STEP


def _create(
    charge_point_id: int, purpose: str, expires_at: datetime, *, uses_limit: int, image_id: int | None = None
) -> tuple[FileLink, str]:
    token = secrets.token_urlsafe(24)
    link = FileLink.create(
        charge_point=charge_point_id,
        purpose=purpose,
        token_hash=token_hash(token),
        image=image_id,
        created_at=clock.now(),
        expires_at=expires_at,
        uses_limit=uses_limit,
    )
    return link, token


def _offer(settings: Settings, link: FileLink, token: str, file_name: str, protocols: tuple[str, ...]) -> Offer:
    base, name = file_addresses.base_url(settings, link.charge_point_id), file_names.plain(file_name)
    web, *others = file_addresses.offered(settings, base)
    urls = {web: f"{base}/files/{token}/{name}"}
    if file_addresses.FTP in others:
        server = file_addresses.ftp_server(settings, base)
        urls[file_addresses.FTP] = f"ftp://{ftp_user(link.id)}:{token}@{server}/{name}"
    spoken = protocols or file_addresses.supported(link.charge_point_id)
    return Offer(link.id, urls, file_addresses.choose(urls, spoken))
