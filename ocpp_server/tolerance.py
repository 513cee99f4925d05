"""Which violations of the schema are forgiven, and what is then meant.

A CALLERROR to a transaction message makes the station send it again and finally drop what should be billed
(section 3.7.1, rules 17 and 45), so these are mended and flagged instead. What a station reports about itself
is believed even when it is too long or empty. Everything else is answered as the standard says.
"""

import hashlib
import json
from collections import OrderedDict
from typing import Any

from ocpp_server import schemas
from ocpp_server.schemas import Kind, Violation

TRANSACTION_MESSAGES = frozenset({"StartTransaction", "StopTransaction", "MeterValues"})
#: Messages in which too long texts, empty optional fields and odd times are of no consequence.
_REPORTS = frozenset(
    {
        "BootNotification",
        "StatusNotification",
        "SecurityEventNotification",
        "LogStatusNotification",
        "SignedFirmwareStatusNotification",
    }
)
#: Where a wrong enumeration value is kept as it is: quirk 24.
_FREE_ENUMS = frozenset({"errorCode", "reason"})
_SAMPLE_LISTS = frozenset({"meterValue", "transactionData"})
#: Of a longer card number only so much is kept: it is remembered, and stands in indexes.
_MAX_ID_TAG = 255
#: So many notes say what kind of station it is; a message may have thousands of violations.
_MAX_NOTES = 20
#: Without these a transaction message says nothing that could be stored.
_ESSENTIAL = frozenset({"connectorId", "idTag", "transactionId", "meterValue"})
_DEFAULTS: dict[str, Any] = {
    "connectorId": 0,
    "idTag": "",
    "transactionId": -1,
    "meterValue": [],
    "meterStart": 0,
    "errorCode": "NoError",
}


def mend(action: str, payload: Any, insisted: "Insistence") -> tuple[dict, list[str]]:
    """A payload that a handler can use, and notes of what was tolerated. Raises CallRefused."""
    if schemas.request_is_valid(action, payload):
        return payload, []
    found = list(schemas.violations(action, _abridged(payload)))
    if not isinstance(payload, dict):
        raise schemas.refusal(found)
    unforgiven = [violation for violation in found if not _is_forgiven(action, violation)]
    if unforgiven and not (action in TRANSACTION_MESSAGES and insisted.knows(action, payload)):
        raise schemas.refusal(unforgiven)
    mended = json.loads(json.dumps(payload))
    for violation in found:
        _repair(mended, violation)
    if isinstance(mended.get("idTag"), str):
        mended["idTag"] = mended["idTag"][:_MAX_ID_TAG]
    notes = [schemas.describe(violation)[:200] for violation in found[:_MAX_NOTES]]
    if len(found) > _MAX_NOTES:
        notes.append(f"... and {len(found) - _MAX_NOTES} more.")
    return mended, notes or [f"Not all samples after the first {_MAX_NOTES} are as they should be."]


def _abridged(payload: Any) -> Any:
    """The payload with the beginnings of its lists of samples only.

    What is wrong in them is forgiven and left as it is, and listing a hundred thousand violations takes seconds.
    """
    if not isinstance(payload, dict):
        return payload
    return {name: _beginning(value) if name in _SAMPLE_LISTS else value for name, value in payload.items()}


def _beginning(value: Any) -> Any:
    if isinstance(value, list):
        return [_beginning(item) for item in value[:_MAX_NOTES]]
    return {name: _beginning(item) for name, item in value.items()} if isinstance(value, dict) else value


class Insistence:
    """What was refused lately to one station: who sends the same again is believed.

    The standard has a code for a wrong type and for a missing field, and says so once; a station that sends the
    same transaction message again would go on until it dropped it, and with it the bill.
    """

    def __init__(self, size: int = 16) -> None:
        self._refused: OrderedDict[bytes, None] = OrderedDict()
        self._size = size

    def knows(self, action: str, payload: Any) -> bool:
        """Whether this was refused before."""
        return _digest(action, payload) in self._refused

    def remember(self, action: str, payload: Any) -> None:
        """Called once the refusal is committed: a unit of work may run twice, and must find the same again."""
        self._refused[_digest(action, payload)] = None
        if len(self._refused) > self._size:
            self._refused.popitem(last=False)


def _digest(action: str, payload: Any) -> bytes:
    return hashlib.sha256(json.dumps([action, payload], sort_keys=True).encode()).digest()


def _is_forgiven(action: str, violation: Violation) -> bool:
    kind, path = violation.kind, violation.instance_path
    if action in TRANSACTION_MESSAGES:
        return _is_forgiven_in_transactions(action, violation)
    if action not in _REPORTS or not path:
        return False
    if isinstance(kind, Kind.Type):
        return _is_number(violation.instance) or (violation.instance is None and path[-1] != "connectorId")
    if isinstance(kind, Kind.Enum):
        return path[-1] in _FREE_ENUMS
    return isinstance(kind, Kind.MaxLength | Kind.Format)


def _is_forgiven_in_transactions(action: str, violation: Violation) -> bool:
    kind, path = violation.kind, violation.instance_path
    if path and path[0] in _SAMPLE_LISTS and len(path) > 1:
        return True
    if isinstance(kind, Kind.Required):
        return kind.property not in _ESSENTIAL
    if isinstance(kind, Kind.Type) and action == "StartTransaction":
        return violation.instance is None or isinstance(violation.instance, float)
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _repair(payload: dict, violation: Violation) -> None:
    """Change the payload in place so that a handler finds the types it expects. The samples stay as they are."""
    kind, path = violation.kind, violation.instance_path
    if path and path[0] in _SAMPLE_LISTS and len(path) > 1:
        return
    if isinstance(kind, Kind.Required):
        if kind.property in _DEFAULTS:
            payload.setdefault(kind.property, _DEFAULTS[kind.property])
    elif isinstance(kind, Kind.Type) and len(path) == 1:
        _coerce(payload, path[0], kind.types)


def _coerce(payload: dict, name: Any, types: list[str]) -> None:
    value = payload[name]
    if value is None:
        del payload[name]
    elif "integer" in types:
        payload[name] = _to_integer(value, _DEFAULTS.get(name))
    elif "string" in types:
        payload[name] = value if isinstance(value, str) else json.dumps(value)
    elif "array" in types:
        payload[name] = [value] if isinstance(value, dict) else []
    if name in payload and payload[name] is None:
        del payload[name]
    if name not in payload and name in _DEFAULTS:
        payload[name] = _DEFAULTS[name]


def _to_integer(value: Any, default: Any) -> Any:
    try:
        return round(float(value))
    except (TypeError, ValueError, OverflowError):
        return default
