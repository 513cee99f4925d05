"""A station that speaks straight to `dispatch.answer`, without a socket, at a time that the test sets."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from ocpp_server import clock, dispatch, frames, stations
from ocpp_server.services.card import id_tags
from ocpp_server.services.station import charge_points
from ocpp_server.settings import Settings
from ocpp_server.stations import Station
from ocpp_server.store import Store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_COLUMNS = (
    "id",
    "connector_id",
    "id_tag",
    "id_tag_status",
    "reservation_id",
    "started_at",
    "start_reported_at",
    "meter_start",
    "stopped_at",
    "stop_reported_at",
    "meter_stop",
    "stop_reason",
    "stop_id_tag",
    "energy_wh",
    "power_w",
    "soc_percent",
    "flags",
)


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = NOON

    def go_on(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def iso(self, **offset: float) -> str:
        return clock.iso(self.now + timedelta(**offset))


@pytest.fixture
def time() -> Iterator[Clock]:
    time = Clock()
    clock.use(lambda: time.now)
    yield time
    clock.use(None)


class Speaker:
    """One charge point; what it says is answered as it would be on its socket."""

    def __init__(self, store: Store, settings: Settings, identity: str = "CP-1", **fields: Any) -> None:
        self.store = store
        self.settings = settings
        self.station: Station = stations.of(store.write(lambda unit: charge_points.add(unit, identity, **fields)))
        self._ids = count(1)

    def send(self, text: str) -> list:
        call = frames.parse(text)
        assert isinstance(call, frames.Call)
        return json.loads(
            self.store.write(lambda unit: dispatch.answer(unit, self.station, self.settings, call)),
        )

    def call(self, action: str, payload: Any = None) -> list:
        """The frame of the answer."""
        return self.send(json.dumps([2, str(next(self._ids)), action, {} if payload is None else payload]))

    def ask(self, action: str, payload: Any = None) -> dict:
        """The payload of the answer, which must be a CALLRESULT."""
        answer = self.call(action, payload)
        assert answer[0] == 3, answer
        return answer[2]

    def refused(self, action: str, payload: Any = None) -> str:
        """The code of the answer, which must be a CALLERROR."""
        answer = self.call(action, payload)
        assert (answer[0], len(answer)) == (4, 5), answer
        assert isinstance(answer[4], dict)
        return answer[2]

    def row(self, sql: str, *params: Any) -> tuple | None:
        return self.store.write(lambda unit: unit.one(sql, *params))

    def rows(self, sql: str, *params: Any) -> list[tuple]:
        return self.store.write(lambda unit: unit.all(sql, *params))

    def session(self, transaction_id: int) -> dict[str, Any]:
        """A session's row by the names of its columns."""
        row = self.row(f"SELECT {', '.join(_COLUMNS)} FROM charging_transaction WHERE id = ?", transaction_id)
        assert row is not None
        return {**dict(zip(_COLUMNS, row, strict=True)), "flags": set(row[-1].split())}


@pytest.fixture
def cards(store: Store, time: Clock) -> None:
    """GOOD and its group mate MATE, EXPIRED and BLOCKED."""

    def work(unit: Any) -> None:
        id_tags.add(unit, "Good", parent_id_tag="Fleet", expiry_date=NOON + timedelta(days=30))
        id_tags.add(unit, "MATE", parent_id_tag="Fleet")
        id_tags.add(unit, "PLAIN")
        id_tags.add(unit, "EXPIRED", expiry_date=NOON)
        id_tags.add(unit, "BLOCKED", status="blocked", expiry_date=NOON - timedelta(days=1))

    store.write(work)


@pytest.fixture
def speaker(store: Store, settings: Settings, time: Clock, cards: None) -> Speaker:
    return Speaker(store, settings)


@pytest.fixture
def another(store: Store, settings: Settings, time: Clock) -> Callable[..., Speaker]:
    """Further stations: `another("CP-2", registration="pending")`."""

    def make(identity: str, **fields: Any) -> Speaker:
        return Speaker(store, settings, identity, **fields)

    return make
