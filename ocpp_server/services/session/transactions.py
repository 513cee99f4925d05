"""Sessions: started, metered and stopped by what stations say, never lost, never counted twice.

Sections 3.7, 4.7, 4.8 and 4.10; rules 43 to 59; quirks 26 to 36. These are the hot path: rows, not objects.
"""

from typing import Any

from ocpp_server import frames, timestamps
from ocpp_server.services.card import authorization
from ocpp_server.services.card.authorization import Decision
from ocpp_server.services.session import energy, meter_values, open_transactions, retention_walk
from ocpp_server.services.session.open_transactions import (
    CLOSED_BY_US,
    OpenTransaction,
    close_forgotten,
    find,
    of_connector,
    only_one,
)
from ocpp_server.store import Unit

CLOCK_UNSET = "clock_unset"
UNKNOWN_CONNECTOR = "unknown_connector"
STOPPED_BEFORE_START = "stopped_before_start"

_FIND_RETRY = (
    "SELECT id, id_tag_status, stopped_at FROM charging_transaction WHERE charge_point_id = ?"
    " AND start_reported_at = ? AND connector_id = ? AND id_tag = ? AND meter_start = ? ORDER BY id DESC LIMIT 1"
)
_FIND_UNDATED = (
    "SELECT id, id_tag_status, stopped_at FROM charging_transaction WHERE charge_point_id = ? AND stopped_at IS NULL"
    " AND start_reported_at IS NULL AND connector_id = ? AND id_tag = ? AND meter_start = ? ORDER BY id DESC LIMIT 1"
)
_INSERT_ORPHAN = (
    "INSERT INTO orphan_message (charge_point_id, action, payload, reason, received_at) VALUES (?, ?, ?, ?, ?)"
)
#: So many of one station are kept, the newest: whoever repeats what nobody resolves must not fill the disk.
MAX_ORPHANS = 1_000
_TRIM_ORPHANS = (
    "DELETE FROM orphan_message WHERE id ="
    " (SELECT id FROM orphan_message WHERE charge_point_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"
)
_KNOWN_ORPHAN = (
    "SELECT 1 FROM (SELECT payload FROM orphan_message WHERE charge_point_id = ? ORDER BY id DESC LIMIT 20) AS latest"
    " WHERE payload = ?"
)
#: Among the latest sessions: a message is repeated before the station goes on to many others.
_KNOWN_STOP = (
    "SELECT 1 FROM (SELECT stop_reported_at, meter_stop FROM charging_transaction WHERE charge_point_id = ?"
    " ORDER BY started_at DESC LIMIT 50) AS latest WHERE stop_reported_at = ? AND meter_stop = ?"
)
_INSERT_METER_VALUE = (
    "INSERT INTO meter_value (charge_point_id, connector_id, transaction_id, at, received_at, samples, energy_wh,"
    " power_w, current_a, voltage_v, soc_percent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_KNOWN_METER_VALUE = "SELECT 1 FROM meter_value WHERE transaction_id = ? AND at = ? AND samples = ? LIMIT 1"

#: More values in one message are not stored; a day of a session has some thousands.
MAX_VALUES = 10_000


def start(
    unit: Unit, charge_point_id: int, payload: dict[str, Any], received_at: int, *, concurrent_tx: bool
) -> tuple[int, Decision]:
    """Begin a session, or recognise a repeated StartTransaction; its transactionId and the card's judgement."""
    connector_id, id_tag = _whole(payload["connectorId"]), payload["idTag"]
    meter_start = _whole(payload.get("meterStart", 0))
    reported = timestamps.parse(payload.get("timestamp"))
    credible = _credible(reported, received_at)
    decision = authorization.check(unit, id_tag, received_at)
    retry = _begun_already(unit, charge_point_id, reported, connector_id, id_tag, meter_start)
    # A clock that begins at the same time after each power cut makes sessions look like repetitions.
    if retry is not None and (credible is not None or retry[2] is None):
        return retry[0], Decision(retry[1], decision.parent_id_tag, decision.expiry_date)
    if concurrent_tx:
        decision = authorization.only_here(unit.all, decision, id_tag, charge_point_id, connector_id)
    flags = set() if connector_id > 0 else {UNKNOWN_CONNECTOR}
    if credible is None:
        flags.add(CLOCK_UNSET)
    started_at = received_at if credible is None else credible
    close_forgotten(unit, charge_point_id, connector_id, started_at, received_at)
    transaction_id = open_transactions.begin(
        unit,
        charge_point_id,
        connector_id,
        id_tag,
        id_tag_status=decision.status,
        reservation_id=_whole_or_none(payload.get("reservationId")),
        started_at=started_at,
        reported_at=reported,
        received_at=received_at,
        meter_start=meter_start,
        flags=flags,
    )
    if decision.is_accepted:
        authorization.used(unit, id_tag, started_at)
    _publish(unit, charge_point_id, transaction_id, "transactions")
    return transaction_id, decision


def _begun_already(unit: Unit, charge_point_id: int, reported: int | None, *facts: Any) -> tuple | None:
    """The session that such a start began before: its id, its card's status then, and when it ended (rule 47)."""
    if reported is None:
        # Nothing tells this start from another with the same card and meter: only one that still runs is meant.
        return unit.one(_FIND_UNDATED, charge_point_id, *facts)
    if not open_transactions.may_repeat_start(unit, charge_point_id, reported):
        return None
    return unit.one(_FIND_RETRY, charge_point_id, reported, *facts)


def meter(unit: Unit, charge_point_id: int, payload: dict[str, Any], received_at: int) -> None:
    """Store meter values and count their energy in the session they belong to, if there is one."""
    connector_id = _whole(payload["connectorId"])
    transaction, since = _session_of(unit, charge_point_id, connector_id, payload.get("transactionId"))
    _take_values(unit, charge_point_id, connector_id, transaction, payload["meterValue"], received_at, since)
    if transaction is not None:
        transaction.save_progress(unit)
        if transaction.stopped_at is not None:
            retention_walk.look_again(unit, transaction.id, transaction.stopped_at, received_at)
        _publish(unit, charge_point_id, transaction.id)
    else:
        unit.publish(f"charge-point-{charge_point_id}")


def stop(unit: Unit, charge_point_id: int, payload: dict[str, Any], received_at: int) -> Decision | None:
    """End a session; the judgement of the card that was presented, if one was. First values win (rule 48)."""
    id_tag = payload.get("idTag")
    decision = authorization.check(unit, id_tag, received_at) if id_tag else None
    transaction = find(unit, charge_point_id, _whole(payload["transactionId"]))
    if transaction is None and payload["transactionId"] <= 0:
        # The station never learnt its transactionId (errata 3.18): its only open session that fits is meant.
        if _is_repeated_stop(unit, charge_point_id, payload):
            return decision
        stopped_at = _credible(timestamps.parse(payload.get("timestamp")), received_at)
        transaction = only_one(unit, charge_point_id, id_tag, payload.get("meterStop"), stopped_at)
    if transaction is None:
        _keep_orphan(unit, charge_point_id, payload, received_at)
    elif transaction.may_be_stopped:
        _stop(unit, transaction, payload, received_at)
    return decision


def _stop(unit: Unit, transaction: OpenTransaction, payload: dict[str, Any], received_at: int) -> None:
    values = payload.get("transactionData") or []
    reported = timestamps.parse(payload.get("timestamp"))
    flags = transaction.counter.flags
    stopped_at = _credible(reported, received_at)
    if stopped_at is None:
        stopped_at = received_at
        flags.add(CLOCK_UNSET)
    if stopped_at < transaction.counter.started_at:
        stopped_at = max(transaction.counter.started_at, transaction.counter.last_at or 0)
        flags.add(STOPPED_BEFORE_START)
    charge_point_id = transaction.charge_point_id
    _take_values(unit, charge_point_id, transaction.connector_id, transaction, values, received_at)
    meter_stop = _whole_or_none(payload.get("meterStop"))
    flags -= CLOSED_BY_US
    times_are_known = not flags & {CLOCK_UNSET, STOPPED_BEFORE_START}
    energy.finish(transaction.counter, meter_stop, stopped_at, times_are_known=times_are_known)
    transaction.save_stop(
        unit,
        stopped_at=stopped_at,
        reported_at=reported,
        received_at=received_at,
        meter_stop=meter_stop,
        # A missing reason means Local (section 4.10).
        reason=payload.get("reason") or "Local",
        id_tag=payload.get("idTag") or None,
    )
    _publish(unit, charge_point_id, transaction.id, "transactions")


def _session_of(
    unit: Unit, charge_point_id: int, connector_id: int, transaction_id: Any
) -> tuple[OpenTransaction | None, int]:
    """The session meter values belong to: the one named, else the one that runs on the connector (quirk 33).

    And since when: where only the connector says that values could be the session's, those from before it are not.
    """
    if transaction_id is not None:
        named = find(unit, charge_point_id, _whole(transaction_id))
        if named is not None:
            return named, 0
    found = of_connector(unit, charge_point_id, connector_id) if connector_id > 0 else None
    return found, found.begun_by if found else 0


def _take_values(
    unit: Unit,
    charge_point_id: int,
    connector_id: int,
    transaction: OpenTransaction | None,
    values: Any,
    received_at: int,
    since: int = 0,
) -> None:
    for value in values[:MAX_VALUES] if isinstance(values, list) else []:
        # Without samples it says nothing.
        if isinstance(value, dict) and value.get("sampledValue"):
            _take_value(unit, charge_point_id, connector_id, transaction, value, received_at, since)


def _take_value(
    unit: Unit,
    charge_point_id: int,
    connector_id: int,
    transaction: OpenTransaction | None,
    value: dict[str, Any],
    received_at: int,
    since: int,
) -> None:
    samples = value.get("sampledValue")
    text = frames.encode(samples)
    at = _credible(timestamps.parse(value.get("timestamp")), received_at)
    if at is None:
        at = received_at
    transaction_id = None
    totals = meter_values.totals(samples)
    if transaction is not None and at >= since:
        transaction_id, digest = transaction.id, hash(text)
        if transaction.may_have(at, digest) and unit.one(_KNOWN_METER_VALUE, transaction_id, at, text):
            return
        transaction.take(totals, at, digest)
    unit.insert_later(
        _INSERT_METER_VALUE,
        (
            charge_point_id,
            connector_id,
            transaction_id,
            at,
            received_at,
            text,
            totals.energy_wh,
            totals.power_w,
            totals.current_a,
            totals.voltage_v,
            totals.soc_percent,
        ),
    )


def _keep_orphan(unit: Unit, charge_point_id: int, payload: dict[str, Any], received_at: int) -> None:
    reason = "No session with this transactionId is known for this station."
    text = frames.encode(payload)
    if unit.one(_KNOWN_ORPHAN, charge_point_id, text) is not None:
        return
    unit.execute(_INSERT_ORPHAN, charge_point_id, "StopTransaction", text, reason, received_at)
    unit.execute(_TRIM_ORPHANS, charge_point_id, MAX_ORPHANS)
    unit.publish("transactions")


def _is_repeated_stop(unit: Unit, charge_point_id: int, payload: dict[str, Any]) -> bool:
    """Whether a stop without a transactionId was taken already; the next session must not be ended by it."""
    facts = timestamps.parse(payload.get("timestamp")), _whole_or_none(payload.get("meterStop"))
    return unit.one(_KNOWN_STOP, charge_point_id, *facts) is not None


def _credible(reported: int | None, received_at: int) -> int | None:
    """A station's time, if it can be meant."""
    return reported if timestamps.is_credible(reported, received_at) else None


def _whole(number: int) -> int:
    """A number that any database can store; JSON knows no limits."""
    return max(-(2**53), min(2**53, number))


def _whole_or_none(number: int | None) -> int | None:
    return None if number is None else _whole(number)


def _publish(unit: Unit, charge_point_id: int, transaction_id: int, *more: str) -> None:
    unit.publish("charge-points", f"charge-point-{charge_point_id}", f"transaction-{transaction_id}", *more)
