"""Messages of the log in plain words: `StatusNotification` becomes “Connector 2: Charging”."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from ocpp_server.models import Frame
from portal.formats import UNKNOWN
from portal.states import error_words, state_word

CALL, CALL_RESULT, CALL_ERROR = 2, 3, 4


@dataclass(frozen=True)
class Message:
    """One row of the log."""

    frame: Frame
    kind: str
    summary: str
    #: What the text says, where it is JSON.
    content: Any = None

    @property
    def pretty(self) -> str:
        """The text laid out for people."""
        return self.frame.text if self.content is None else json.dumps(self.content, indent=2, ensure_ascii=False)

    @property
    def notes(self) -> list[str]:
        """What was tolerated, a line each."""
        return self.frame.note.splitlines()


def decode(frame: Frame) -> Message:
    """The frame as an operator reads it. Whatever is odd about it, it can be shown."""
    try:
        parts = json.loads(frame.text)
    except ValueError:
        # No JSON, or too long to be kept whole.
        return Message(frame, _kind(frame), frame.text[:120])
    return Message(frame, _kind(frame), _summary(frame, parts), parts)


def _kind(frame: Frame) -> str:
    kinds = {CALL: _("Request"), CALL_RESULT: _("Answer"), CALL_ERROR: _("Error")}
    return kinds.get(frame.message_type, _("Unreadable"))


def _summary(frame: Frame, parts: Any) -> str:
    try:
        return _words(frame, parts)
    except (TypeError, AttributeError, IndexError, KeyError, ValueError):
        return ""


def _words(frame: Frame, parts: list[Any]) -> str:
    if frame.message_type == CALL_ERROR:
        return ": ".join(str(part) for part in parts[2:4] if part)
    payload = parts[3] if frame.message_type == CALL else parts[2]
    known = _REQUESTS if frame.message_type == CALL else _ANSWERS
    return known.get(frame.action, _anything)(payload)


def _anything(payload: dict[str, Any]) -> str:
    """The first plain values, for actions that need no words of their own."""
    plain = [(name, value) for name, value in payload.items() if not isinstance(value, dict | list)]
    return ", ".join(f"{name} {value}" for name, value in plain[:4])


def _boot(payload: dict[str, Any]) -> str:
    model = f"{payload.get('chargePointVendor', '')} {payload.get('chargePointModel', '')}".strip()
    firmware = payload.get("firmwareVersion")
    return _("%(model)s started, firmware %(firmware)s", model=model, firmware=firmware or UNKNOWN)


def _status(payload: dict[str, Any]) -> str:
    error = error_words(payload.get("errorCode", "NoError"), payload.get("info"))
    state = state_word(payload["status"]) + (f" ({error})" if error else "")
    if payload["connectorId"] == 0:
        return _("Station: %(state)s", state=state)
    return _("Connector %(number)s: %(state)s", number=payload["connectorId"], state=state)


def _start(payload: dict[str, Any]) -> str:
    return _(
        "Connector %(number)s, card %(card)s, meter at %(meter)s Wh",
        number=payload["connectorId"],
        card=payload["idTag"],
        meter=payload["meterStart"],
    )


def _stop(payload: dict[str, Any]) -> str:
    return _(
        "Session %(session)s ended (%(reason)s), meter at %(meter)s Wh",
        session=payload["transactionId"],
        reason=payload.get("reason", "Local"),
        meter=payload["meterStop"],
    )


def _meter_values(payload: dict[str, Any]) -> str:
    samples = [sample for value in payload["meterValue"] for sample in value["sampledValue"]]
    shown = [_sample(sample) for sample in samples if not sample.get("phase")][:4]
    return _("Connector %(number)s: %(values)s", number=payload["connectorId"], values=", ".join(shown) or UNKNOWN)


def _sample(sample: dict[str, Any]) -> str:
    measurand = sample.get("measurand", "Energy.Active.Import.Register")
    unit = sample.get("unit") or ("Wh" if measurand.startswith("Energy") else "")
    return f"{measurand.split('.')[0]} {sample['value']} {'%' if unit == 'Percent' else unit}".rstrip()


def _authorize(payload: dict[str, Any]) -> str:
    return _("Card %(card)s", card=payload["idTag"])


def _reserve(payload: dict[str, Any]) -> str:
    return _(
        "Reservation %(number)s: connector %(connector)s for card %(card)s until %(until)s",
        number=payload["reservationId"],
        connector=payload["connectorId"],
        card=payload["idTag"],
        until=payload["expiryDate"],
    )


def _cancel_reservation(payload: dict[str, Any]) -> str:
    return _("Reservation %(number)s", number=payload["reservationId"])


def _boot_answer(payload: dict[str, Any]) -> str:
    return _("%(status)s, interval %(seconds)s s", status=payload["status"], seconds=payload["interval"])


def _card_answer(payload: dict[str, Any]) -> str:
    return payload.get("idTagInfo", {}).get("status", "")


def _start_answer(payload: dict[str, Any]) -> str:
    return _("Session %(session)s, card %(status)s", session=payload["transactionId"], status=_card_answer(payload))


_REQUESTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "Authorize": _authorize,
    "BootNotification": _boot,
    "CancelReservation": _cancel_reservation,
    "MeterValues": _meter_values,
    "ReserveNow": _reserve,
    "StartTransaction": _start,
    "StatusNotification": _status,
    "StopTransaction": _stop,
}
_ANSWERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "Authorize": _card_answer,
    "BootNotification": _boot_answer,
    "StartTransaction": _start_answer,
    "StopTransaction": _card_answer,
}
