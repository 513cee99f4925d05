"""What the stations of the load generator do: each scenario is a generator of calls and pauses."""

import itertools
import json
import random
import re
import time
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_TRANSACTION_ID = re.compile(rb'"transactionId":\s*(\d+)')


@dataclass(slots=True)
class Call:
    """A step: send this and go on with the answer."""

    action: str
    payload: str


@dataclass(slots=True)
class Wait:
    """A step: do nothing for some seconds, or until a fixed time of the loop's clock."""

    seconds: float = 0.0
    until: float | None = None


Steps = Generator[Call | Wait, bytes, Any]


@dataclass
class Journal:
    """What the stations know of their messages: action, transactionId and register reading of each."""

    acknowledged: list[tuple[str, int, int]] = field(default_factory=list)
    #: By the station's number, what was sent and not answered: action, payload, transactionId, register reading.
    pending: dict[int, tuple[str, str, int, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str) -> "Journal":
        """The unanswered calls of an earlier run; what that acknowledged is not repeated here."""
        pending = json.loads(Path(path).read_text())["pending"]
        return cls(pending={int(number): tuple(call) for number, call in pending.items()})

    def write(self, path: str) -> None:
        Path(path).write_text(json.dumps(asdict(self)))


def identity(number: int) -> str:
    return f"BENCH-{number:05d}"


def id_tag(number: int) -> str:
    return f"CARD{number:05d}"


def closed_loop(number: int, journal: Journal | None = None) -> Steps:
    """Authorize, StartTransaction, three MeterValues, StopTransaction, without a pause, for ever."""
    card, register = id_tag(number), 1_000
    # Each session has times of its own, or it would be taken for a repetition of the last.
    for second in itertools.count(-86_400):
        yield Call("Authorize", f'{{"idTag":"{card}"}}')
        at = timestamp(second)
        answer = yield from _tell(journal, number, start(card, register, at), 0, register)
        transaction_id = transaction_id_of(answer)
        for _ in range(3):
            register += 10
            call = Call("MeterValues", meter_values(transaction_id, register, at))
            yield from _tell(journal, number, call, transaction_id, register)
        yield from _tell(journal, number, stop(transaction_id, card, register, at), transaction_id, register)


def repeat(number: int, journal: Journal) -> Steps:
    """Send the call once more that had no answer when the connection was lost, as a charge point must."""
    if number in journal.pending:
        action, payload, transaction_id, register = journal.pending[number]
        yield from _tell(journal, number, Call(action, payload), transaction_id, register)


def _tell(journal: Journal | None, number: int, call: Call, transaction_id: int, register: int) -> Steps:
    """Send a call, and note that it was sent and then that it was acknowledged; what was answered."""
    if journal is None:
        return (yield call)
    journal.pending[number] = (call.action, call.payload, transaction_id, register)
    answer = yield call
    if answer[1:2] == b"3":
        journal.acknowledged.append((call.action, transaction_id or transaction_id_of(answer), register))
        del journal.pending[number]
    return answer


def yard(number: int, interval: float = 10.0) -> Steps:
    """What a charging station sends: meter values each interval, now and then a status and a heartbeat."""
    chance = random.Random(number)
    card, register = id_tag(number), 1_000
    yield boot(number)
    yield status("Preparing")
    yield Call("Authorize", f'{{"idTag":"{card}"}}')
    transaction_id = transaction_id_of((yield start(card, register, timestamp())))
    yield status("Charging")
    due = time.perf_counter() + chance.random() * interval
    for turn in itertools.count(1):
        yield Wait(until=due)
        register += 30
        yield Call("MeterValues", meter_values(transaction_id, register, timestamp()))
        if turn % 6 == 0:
            yield Call("Heartbeat", "{}")
        if chance.random() < 0.02:
            yield status("SuspendedEV")
            yield status("Charging")
        if chance.random() < 0.05:
            yield stop(transaction_id, card, register, timestamp())
            yield Call("Authorize", f'{{"idTag":"{card}"}}')
            transaction_id = transaction_id_of((yield start(card, register, timestamp())))
        due += interval


def storm(number: int) -> Steps:
    """Boot and report a connector."""
    yield boot(number)
    yield status("Available")
    yield Wait(seconds=3600)


def idle(number: int) -> Steps:
    """Connect and say nothing."""
    yield Wait(seconds=3600)


SCENARIOS: dict[str, Callable[[int], Steps]] = {"closed": closed_loop, "open": yard, "storm": storm, "idle": idle}


def timestamp(offset: float = 0.0) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset))


#: Eight samples, as a three-phase station sends them.
_SAMPLES = json.dumps(
    [
        {"value": "11040.0", "measurand": "Power.Active.Import", "unit": "W"},
        *({"value": "16.0", "measurand": "Current.Import", "unit": "A", "phase": f"L{n}"} for n in (1, 2, 3)),
        *({"value": "230.1", "measurand": "Voltage", "unit": "V", "phase": f"L{n}-N"} for n in (1, 2, 3)),
    ]
)[1:]


def meter_values(transaction_id: int, register_wh: int, at: str) -> str:
    """One meterValue of eight samples."""
    return (
        f'{{"connectorId":1,"transactionId":{transaction_id},"meterValue":[{{"timestamp":"{at}","sampledValue":['
        f'{{"value":"{register_wh}","measurand":"Energy.Active.Import.Register","unit":"Wh"}}, {_SAMPLES}}}]}}'
    )


def boot(number: int) -> Call:
    return Call("BootNotification", f'{{"chargePointVendor":"Bench","chargePointModel":"B1","iccid":"{number}"}}')


def status(word: str) -> Call:
    payload = f'{{"connectorId":1,"errorCode":"NoError","status":"{word}","timestamp":"{timestamp()}"}}'
    return Call("StatusNotification", payload)


def start(card: str, register_wh: int, at: str) -> Call:
    payload = f'{{"connectorId":1,"idTag":"{card}","meterStart":{register_wh},"timestamp":"{at}"}}'
    return Call("StartTransaction", payload)


def stop(transaction_id: int, card: str, register_wh: int, at: str) -> Call:
    payload = f'{{"transactionId":{transaction_id},"idTag":"{card}","meterStop":{register_wh},"timestamp":"{at}"}}'
    return Call("StopTransaction", payload)


def transaction_id_of(answer: bytes) -> int:
    found = _TRANSACTION_ID.search(answer)
    return int(found.group(1)) if found else 0
