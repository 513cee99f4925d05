"""A file that comes in, piece by piece, until it is whole, safe and on record; or refused, with nothing left of it."""

import time

from ocpp_server.file_names import UnusableName, display_name
from ocpp_server.files.bodies import Body, Lost, Malformed
from ocpp_server.files.native import TooSlow, in_thread
from ocpp_server.models import ReceivedFile
from ocpp_server.services.file import file_limits, file_transfers
from ocpp_server.services.file.file_transfers import Peer, Refused
from ocpp_server.settings import Settings
from ocpp_server.shelf import DiskFull, Incoming, TooLarge
from ocpp_server.store import Store

#: Seconds between two notes of how far a transfer is.
NOTE_EVERY = 1.0


def receive(
    store: Store, settings: Settings, link_id: int, peer: Peer, body: Body, name: str, length: int | None
) -> ReceivedFile:
    """Take the file of a request to its end. `name` from the address, `length` as announced. Raises Refused."""
    _usable(name)
    limit = store.write(lambda unit: file_transfers.begin_upload(unit, settings, link_id, peer, length))
    incoming: Incoming | None = None
    try:
        incoming = in_thread(file_limits.shelf(settings).begin, limit)
        _pour(store, link_id, peer, body, incoming)
        file_name = _usable(name or body.file_name)
        facts = {"file_name": file_name, "stored_as": in_thread(incoming.keep)}
        size, sha256 = incoming.size, incoming.sha256
        return store.write(
            lambda unit: file_transfers.finish_upload(unit, settings, link_id, peer, size=size, sha256=sha256, **facts)
        )
    except Exception as error:
        if incoming is not None:
            in_thread(incoming.discard)
        refused = _refusal(error)
        reason = refused.text if refused else "Chargeyard failed to take the file; its log says more."
        store.write(lambda unit: file_transfers.fail_upload(unit, link_id, peer, reason))
        if refused is None:
            raise
        raise refused from error


def _pour(store: Store, link_id: int, peer: Peer, body: Body, incoming: Incoming) -> None:
    noted = time.monotonic()
    for piece in body.pieces(incoming.limit):
        in_thread(incoming.write, piece)
        now = time.monotonic()
        if now - noted > NOTE_EVERY:
            noted, size = now, incoming.size
            store.post(lambda unit, size=size: file_transfers.progress(unit, link_id, peer, size))  # type: ignore[misc]
    if not incoming.size:
        raise Malformed("The file is empty.")


def _usable(name: str) -> str:
    try:
        return display_name(name)
    except UnusableName as error:
        raise Refused(400, str(error)) from error


_STATUSES: dict[type[BaseException], int] = {DiskFull: 507, TooSlow: 408, Malformed: 400, Lost: 400}


def _refusal(error: Exception) -> Refused | None:
    """What the peer is told, which is on record by then; None where the fault is ours."""
    if isinstance(error, Refused):
        return Refused(error.status, error.text, is_noted=True)
    if isinstance(error, TooLarge):
        return Refused(413, f"The file has more than the {error.limit} bytes that may come now.", is_noted=True)
    status = _STATUSES.get(type(error))
    return Refused(status, str(error), is_noted=True) if status else None
