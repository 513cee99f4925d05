"""The queue of what is asked of stations, and the record of what came of it (design: a row per request)."""

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ocpp_server import clock, frames, schemas, sealing, stations
from ocpp_server.frame_log import hide_secrets
from ocpp_server.models import ChargePoint, Command
from ocpp_server.models.charge_points import PENDING, REJECTED
from ocpp_server.models.commands import (
    ANSWERED,
    BUSY,
    CANCELLED,
    ERROR,
    EXPIRED,
    LOST,
    OFFLINE,
    QUEUED,
    TIMEOUT,
)
from ocpp_server.services import failures
from ocpp_server.services.errors import Invalid
from ocpp_server.services.failures import Failure
from ocpp_server.store import Unit

#: How long an operator's wish waits for a station that is away, in seconds.
INTERACTIVE = 60.0
TIMEOUT_SECONDS = 30.0
#: While a station is pending these are forbidden (section 4.2).
_NOT_WHILE_PENDING = ("RemoteStartTransaction", "RemoteStopTransaction")

#: Past peewee, which takes ten times as long: a batch asks hundreds of stations in one unit.
_INSERT = (
    "INSERT INTO command (charge_point_id, action, payload, sealed, state, requested_by, requested_at, expires_at,"
    " timeout, batch_id, status, error_code, error_description) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', '')"
    " RETURNING id"
)
_CLAIM = (
    "UPDATE command SET state = 'sent', sent_at = ?, message_id = ? WHERE id = (SELECT id FROM command"  # noqa: S608
    " WHERE charge_point_id = ? AND finished_at IS NULL AND state = 'queued' AND (expires_at IS NULL OR expires_at > ?)"
    f" AND (? OR action NOT IN {_NOT_WHILE_PENDING})"
    " ORDER BY id LIMIT 1) AND state = 'queued'"
    " RETURNING id, action, payload, sealed, timeout, requested_by"
)
_EXPIRE = (
    "UPDATE command SET state = 'expired', finished_at = ?, sealed = NULL"
    " WHERE finished_at IS NULL AND state = 'queued' AND expires_at <= ? RETURNING id, charge_point_id, action"
)
_ABANDON = (
    "UPDATE command SET state = ?, finished_at = ?, sealed = NULL WHERE finished_at IS NULL AND state = 'sent'"
    " RETURNING id, charge_point_id, action"
)
_SENT = "SELECT id, payload, sealed FROM command WHERE finished_at IS NULL AND state = 'sent'"
_PUT_BACK = "UPDATE command SET state = 'queued', sent_at = NULL, message_id = NULL WHERE id = ? AND state = 'sent'"
_FINISH = (
    "UPDATE command SET state = ?, finished_at = ?, status = ?, result = ?, error_code = ?, error_description = ?,"
    " sealed = NULL WHERE id = ? AND state = 'sent' RETURNING action"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A command that is about to go out. `payload` is complete, secrets included: it is never logged."""

    id: int
    charge_point_id: int
    action: str
    payload: dict[str, Any]
    timeout: float
    message_id: str
    requested_by: str


def request(
    unit: Unit,
    charge_point_id: int,
    action: str,
    payload: dict[str, Any],
    *,
    by: str,
    lifetime: float | None = INTERACTIVE,
    timeout: float = TIMEOUT_SECONDS,
    batch_id: int | None = None,
) -> Command:
    """Ask a station for something; it is sent as soon as the station is free.

    `lifetime` in seconds; None makes it a wanted state that waits for the station. Raises Invalid.
    """
    charge_point = ChargePoint.get_by_id(charge_point_id)
    return enqueue(unit, charge_point, action, payload, by=by, lifetime=lifetime, timeout=timeout, batch_id=batch_id)


def enqueue(
    unit: Unit,
    charge_point: ChargePoint,
    action: str,
    payload: dict[str, Any],
    *,
    by: str,
    lifetime: float | None = INTERACTIVE,
    timeout: float = TIMEOUT_SECONDS,
    batch_id: int | None = None,
) -> Command:
    """`request` for those who have the station at hand."""
    check(charge_point, action, payload)
    text, now = json.dumps(payload, ensure_ascii=False), clock.now()
    kept = hide_secrets(text)
    command = Command(
        charge_point=charge_point,
        action=action,
        payload=kept,
        sealed=sealing.seal(text) if kept != text else None,
        requested_by=by,
        requested_at=now,
        expires_at=None if lifetime is None else now + timedelta(seconds=lifetime),
        timeout=timeout,
        batch_id=batch_id,
    )
    _insert(unit, command)
    unit.after_commit(lambda: stations.wake(charge_point.id))
    _publish(unit, command.id, charge_point.id)
    return command


def _insert(unit: Unit, command: Command) -> None:
    (command.id,) = unit.execute(
        _INSERT,
        command.charge_point.id,
        command.action,
        command.payload,
        command.sealed,
        command.state,
        command.requested_by,
        clock.to_ms(command.requested_at),
        clock.to_ms(command.expires_at) if command.expires_at is not None else None,
        command.timeout,
        command.batch_id,
    ).fetchone()


def check(charge_point: ChargePoint, action: str, payload: Any) -> None:
    """Raise Invalid for what cannot be sent to this station: `registration`, `action`, or the payload's field."""
    check_registration(charge_point, action)
    check_payload(action, payload)


def check_registration(charge_point: ChargePoint, action: str) -> None:
    """Raise Invalid for `registration` where a station of that kind must not be sent this (section 4.2)."""
    if charge_point.registration == REJECTED:
        raise Invalid(
            "registration", "The station is rejected, and a rejected station answers nothing. Accept it first."
        )
    if action not in _NOT_WHILE_PENDING:
        return
    if charge_point.registration == PENDING:
        raise Invalid(
            "registration", "A pending station can be configured, but not started or stopped. Accept it first."
        )
    if charge_point.told_registration in (PENDING, REJECTED):
        raise Invalid(
            "registration",
            "The station does not know yet that it is accepted. It learns of it with its next boot notification: "
            "trigger one, or wait for it.",
        )


def check_payload(action: str, payload: Any) -> None:
    """Raise Invalid for what the standard does not allow: `action`, or the payload's field."""
    if action not in schemas.actions():
        raise Invalid("action", "There is no action %(action)s in OCPP 1.6.", action=action)
    for violation in schemas.violations(action, payload):
        field = ".".join(str(step) for step in violation.instance_path) or "payload"
        raise Invalid(field, "The standard does not allow this: %(problem)s", problem=violation.message)


def cancel(unit: Unit, command_id: int) -> bool:
    """Take back what is not sent yet; whether that was possible."""
    row = unit.one(
        "UPDATE command SET state = ?, finished_at = ?, sealed = NULL WHERE id = ? AND state = ?"
        " RETURNING charge_point_id, action",
        CANCELLED,
        _now(),
        command_id,
        QUEUED,
    )
    if row is not None:
        charge_point_id, action = row
        _publish(unit, command_id, charge_point_id)
        failures.tell(Failure(unit, command_id, charge_point_id, action, CANCELLED))
    return row is not None


def claim(unit: Unit, charge_point_id: int, *, is_pending: bool = False) -> Claimed | None:
    """The next command for a station, now marked as sent; None where nothing waits.

    What was asked before the station became pending, and must not be sent to such a one, stays where it is.
    """
    now, message_id = _now(), str(uuid.uuid4())
    row = unit.one(_CLAIM, now, message_id, charge_point_id, now, not is_pending)
    if row is None:
        return None
    command_id, action, text, sealed, timeout, requested_by = row
    _publish(unit, command_id, charge_point_id)
    payload = _opened(text, sealed)
    if payload is None:
        # The key of the data folder was changed meanwhile: what was sealed is lost.
        _finish(unit, command_id, charge_point_id, ERROR, code=frames.INTERNAL_ERROR, description="The secret is lost.")
        return claim(unit, charge_point_id, is_pending=is_pending)
    return Claimed(command_id, charge_point_id, action, payload, timeout, message_id, requested_by)


def _opened(text: str, sealed: str | None) -> dict[str, Any] | None:
    """The payload with its secrets; None where the key that sealed them is gone."""
    whole = sealing.unseal(sealed) if sealed else text
    return None if whole is None else json.loads(whole)


def answered(unit: Unit, claimed: Claimed, result: Any, *, is_usable: bool = True) -> None:
    """The station answered with a CALLRESULT; where it is not usable, those who asked are told of a failure."""
    text, usable = hide_secrets(json.dumps(result, ensure_ascii=False)), is_usable and isinstance(result, dict)
    _finish(unit, claimed.id, claimed.charge_point_id, ANSWERED, status=_status(result), result=text, is_usable=usable)


def refused(unit: Unit, claimed: Claimed, error: frames.CallError) -> None:
    """The station answered with a CALLERROR, which is an outcome like any other (rule 122)."""
    _finish(
        unit,
        claimed.id,
        claimed.charge_point_id,
        ERROR,
        result=json.dumps(error.details, ensure_ascii=False),
        code=error.code,
        description=error.description,
    )


def timed_out(unit: Unit, claimed: Claimed) -> None:
    """The station did not answer in time."""
    _finish(unit, claimed.id, claimed.charge_point_id, TIMEOUT, payload=claimed.payload)


def lost(unit: Unit, claimed: Claimed) -> None:
    """The connection ended before the answer came."""
    _finish(unit, claimed.id, claimed.charge_point_id, LOST, payload=claimed.payload)


def put_back(unit: Unit, claimed: Claimed) -> None:
    """It was claimed, but nothing of it left: it waits again, for as long as it may."""
    unit.execute(_PUT_BACK, claimed.id)
    unit.after_commit(lambda: stations.wake(claimed.charge_point_id))
    _publish(unit, claimed.id, claimed.charge_point_id)


def answered_late(unit: Unit, command_id: int, charge_point_id: int, text: str) -> None:
    """An answer after the time-out is kept beside it, and does not change how the command ended (J 4.1.1)."""
    sql = "UPDATE command SET late_result = ?, late_at = ? WHERE id = ? AND late_at IS NULL"
    unit.execute(sql, hide_secrets(text), _now(), command_id)
    _publish(unit, command_id, charge_point_id)


def expire(unit: Unit) -> None:
    """End what waited too long, and note whether the station was away or busy with earlier commands."""
    now = _now()
    for command_id, charge_point_id, action in unit.all(_EXPIRE, now, now):
        why = BUSY if stations.is_connected(charge_point_id) else OFFLINE
        unit.execute("UPDATE command SET error_code = ? WHERE id = ?", why, command_id)
        _publish(unit, command_id, charge_point_id)
        failures.tell(Failure(unit, command_id, charge_point_id, action, EXPIRED, why))


def abandon(unit: Unit) -> None:
    """At the start: what was on the wire when the process ended has lost its answer."""
    sent = {row[0]: row[1:] for row in unit.all(_SENT)}
    for command_id, charge_point_id, action in unit.all(_ABANDON, LOST, _now()):
        payload = _opened(*sent[command_id])
        failures.tell(Failure(unit, command_id, charge_point_id, action, LOST, payload=payload))


def is_finished(command: Command) -> bool:
    """Whether nothing more will come of it."""
    return command.state in {ANSWERED, ERROR, TIMEOUT, LOST, EXPIRED, CANCELLED}


def _status(result: Any) -> str:
    """The answer's own word, where it has one."""
    status = result.get("status") if isinstance(result, dict) else None
    return status[:32] if isinstance(status, str) else ""


def _finish(
    unit: Unit,
    command_id: int,
    charge_point_id: int,
    state: str,
    *,
    status: str = "",
    result: str | None = None,
    code: str = "",
    description: str = "",
    is_usable: bool = False,
    payload: dict[str, Any] | None = None,
) -> None:
    row = unit.one(_FINISH, state, _now(), status, result, code, description, command_id)
    _publish(unit, command_id, charge_point_id)
    if row is not None and not is_usable:
        failures.tell(Failure(unit, command_id, charge_point_id, row[0], state, code, description, payload))


def _publish(unit: Unit, command_id: int, charge_point_id: int) -> None:
    unit.publish("commands", f"command-{command_id}", f"commands-{charge_point_id}")


def _now() -> int:
    return clock.to_ms(clock.now())
