"""Asking stations for their logs, and following each request to its clear end.

Every GetDiagnostics has a row, also one that an operator sends by hand. The state is in the database alone; what the
station says, what arrives and what time does to it is decided by services/diagnostics/states.py.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ocpp_server import address_secrets, clock, timestamps
from ocpp_server.models import ChargePoint, DiagnosticsRequest
from ocpp_server.models.files import UPLOAD
from ocpp_server.services import commands
from ocpp_server.services.commands import Claimed
from ocpp_server.services.diagnostics import states
from ocpp_server.services.diagnostics.states import Step
from ocpp_server.services.errors import Invalid
from ocpp_server.services.failures import Failure, on_failure
from ocpp_server.services.file import file_links
from ocpp_server.services.file.file_links import Transfer
from ocpp_server.services.station import notices
from ocpp_server.settings import Settings
from ocpp_server.store import Unit

ACTION = "GetDiagnostics"
#: How long the address for a file is good for.
LINK_LASTS = timedelta(hours=12)
#: Silent for so long, a request is over; and so long after `Uploaded` a file that did not come will not, in ms.
SILENCE, ARRIVAL = 30 * 60 * 1000, 5 * 60 * 1000
#: So long after its end, in ms, a late word still changes a request.
_REVIVAL = 24 * 3600 * 1000

_COLUMNS = "d.id, d.charge_point_id, d.state, d.link_id, d.ended_at FROM diagnostics_request d"
_LATEST = f"SELECT {_COLUMNS} WHERE d.charge_point_id = ? ORDER BY d.id DESC LIMIT 1"
_OF_COMMAND = f"SELECT {_COLUMNS} WHERE d.command_id = ?"
_OF_LINK = f"SELECT {_COLUMNS} WHERE d.link_id = ?"
#: A file on its way is news as well.
_SILENT = (
    f"SELECT {_COLUMNS} LEFT JOIN file_link l ON l.id = d.link_id WHERE (d.state = 'uploaded' AND d.news_at <= ?"
    " AND (l.last_at IS NULL OR l.last_at <= ?)) OR (d.state IN ('asked', 'promised', 'uploading') AND d.news_at <= ?"
    " AND (l.last_at IS NULL OR l.last_at <= ?))"
)
_MOVE = "UPDATE diagnostics_request SET state = ?, reason = ?, detail = ?, news_at = ?, ended_at = ?"
#: States that have a column for their time.
_TIMED = (states.UPLOADING, states.UPLOADED, states.ARRIVED)
#: No file comes after these. After a failure or silence one still may, and also where the station announced none:
#: some answer before they know.
_ENDS_LINK = (states.UNSUPPORTED, states.NOT_SENT, states.CANCELLED)


class _Request(NamedTuple):
    id: int
    charge_point_id: int
    state: str
    link_id: int | None
    ended_at: int | None


def ask(
    unit: Unit,
    settings: Settings,
    charge_point: ChargePoint,
    *,
    by: str,
    location: str = "",
    start_time: datetime | None = None,
    stop_time: datetime | None = None,
    retries: int | None = None,
    retry_interval: int | None = None,
) -> DiagnosticsRequest:
    """Ask a station for its log of this range, to be sent here unless a location says otherwise. Raises Invalid."""
    if start_time is not None and stop_time is not None and stop_time <= start_time:
        raise Invalid("stop_time", "The end must come after the beginning.")
    now = clock.now()
    link_id = None
    if not location:
        offer = file_links.expect_upload(unit, settings, charge_point.id, expires_at=now + LINK_LASTS)
        location, link_id = offer.location, offer.link_id
    fields: dict[str, Any] = {
        "location": location,
        "startTime": start_time and clock.iso(start_time),
        "stopTime": stop_time and clock.iso(stop_time),
        "retries": retries,
        "retryInterval": retry_interval,
    }
    payload = {name: value for name, value in fields.items() if value is not None}
    command = commands.enqueue(unit, charge_point, ACTION, payload, by=by)
    request = DiagnosticsRequest.create(
        charge_point=charge_point,
        location="" if link_id else address_secrets.hide(location),
        link_id=link_id,
        command_id=command.id,
        start_time=start_time,
        stop_time=stop_time,
        requested_by=by,
        requested_at=now,
        news_at=now,
    )
    _publish(unit, charge_point.id)
    return request


def answered(unit: Unit, claimed: Claimed, file_name: str) -> None:
    """The station names its file, or has none."""
    now = clock.now()
    row = unit.one(_OF_COMMAND, claimed.id)
    request = _Request(*row) if row is not None else _by_hand(unit, claimed, now)
    sql = "UPDATE diagnostics_request SET answered_at = ?, file_name = ? WHERE id = ?"
    unit.execute(sql, clock.to_ms(now), file_name, request.id)
    _take(unit, request, states.after_answer(request.state, file_name), clock.to_ms(now))


def heard(unit: Unit, charge_point_id: int, word: str, at: int) -> None:
    """A DiagnosticsStatusNotification came: kept, and applied to the latest request, if there is one."""
    row = unit.one(_LATEST, charge_point_id)
    request = _Request(*row) if row is not None else None
    if request is not None and request.ended_at is not None and request.ended_at + _REVIVAL < at:
        request = None
    notices.note(unit, charge_point_id, notices.DIAGNOSTICS, word, at, is_expected=request is not None)
    if request is not None:
        step = states.after_word(request.state, word, comes_here=request.link_id is not None)
        _take(unit, request, step, at)


@on_failure(ACTION)
def not_answered(failure: Failure) -> None:
    """The command ended without an answer."""
    row = failure.unit.one(_OF_COMMAND, failure.command_id)
    if row is None:
        return
    request = _Request(*row)
    step = states.after_failure(request.state, failure.state, failure.error_code)
    said = ": ".join(part for part in (failure.error_code, failure.error_description) if part)
    is_refusal = step is not None and step.reason == states.REFUSED
    _take(failure.unit, request, step, clock.to_ms(clock.now()), said if is_refusal else "")


@file_links.on_transfer
def transferred(transfer: Transfer) -> None:
    """Something came of a link: the file, or a transfer that broke off, or nothing until its time was over."""
    if transfer.purpose != UPLOAD:
        return
    unit, at = transfer.unit, clock.to_ms(clock.now())
    row = unit.one(_OF_LINK, transfer.link_id)
    if row is None:
        return
    request = _Request(*row)
    if transfer.outcome == file_links.RECEIVED:
        sql = "UPDATE diagnostics_request SET received_file_id = ? WHERE id = ?"
        unit.execute(sql, transfer.received_file_id, request.id)
        _take(unit, request, Step(states.ARRIVED), at)
    elif transfer.outcome == file_links.OVER:
        _take(unit, request, states.after_silence(request.state), at, transfer.reason)
    elif transfer.outcome == file_links.BROKEN:
        unit.execute("UPDATE diagnostics_request SET detail = ?, news_at = ? WHERE id = ?", transfer.reason, at, row[0])
        _publish(unit, request.charge_point_id)


def end_silence(unit: Unit, at: int) -> None:
    """End what has said and sent nothing for too long."""
    late, silent = at - ARRIVAL, at - SILENCE
    for row in unit.all(_SILENT, late, late, silent, silent):
        request = _Request(*row)
        _take(unit, request, states.after_silence(request.state), at)


def _by_hand(unit: Unit, claimed: Claimed, now: datetime) -> _Request:
    """A row for what an operator sent as a message."""
    start, stop = (timestamps.parse(claimed.payload.get(name)) for name in ("startTime", "stopTime"))
    made = DiagnosticsRequest.create(
        charge_point=claimed.charge_point_id,
        location=address_secrets.hide(claimed.payload["location"]),
        command_id=claimed.id,
        start_time=start,
        stop_time=stop,
        requested_by=claimed.requested_by,
        requested_at=now,
        news_at=now,
    )
    return _Request(made.id, claimed.charge_point_id, states.ASKED, None, None)


def _take(unit: Unit, request: _Request, step: Step | None, at: int, detail: str = "") -> None:
    """Write down the next state, if there is one."""
    if step is None:
        unit.execute("UPDATE diagnostics_request SET news_at = ? WHERE id = ?", at, request.id)
        return
    timed = f", {step.state}_at = ?" if step.state in _TIMED else ""
    ended_at = None if step.state in states.OPEN else at
    values = [step.state, step.reason, detail[:1000], at, ended_at, *([at] if timed else []), request.id]
    unit.execute(f"{_MOVE}{timed} WHERE id = ?", *values)
    if request.link_id is not None and step.state in _ENDS_LINK:
        file_links.close(unit, request.link_id)
    _publish(unit, request.charge_point_id)


def _publish(unit: Unit, charge_point_id: int) -> None:
    unit.publish("diagnostics", f"firmware-{charge_point_id}")
