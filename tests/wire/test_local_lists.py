"""Fifty stations keep local lists: complete entry by entry, changed at little cost, and right after a cut.

`LOCAL_LIST_CARDS=20000` plays it at full size, and prints its figures.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
import websocket

from ocpp_server import clock
from ocpp_server.jobs import local_lists as job
from ocpp_server.jobs.local_lists import keep_local_lists
from ocpp_server.models import Command, IdTag, LocalList, LocalListEntry
from ocpp_server.services import spontaneous
from ocpp_server.services.card import id_tags
from ocpp_server.services.configuration import configuration
from ocpp_server.services.local_list import local_lists
from ocpp_server.store import Unit
from tests.fake_charge_point import FakeChargePoint
from tests.local_lists import HeldList
from tests.wire.yard import Yard, eventually

CARDS = int(os.environ.get("LOCAL_LIST_CARDS", "600"))
#: Entries per message and in all, for one station after the other; None is told by none.
LIMITS = ((250, 100_000), (100, CARDS), (50, CARDS // 2), (40, CARDS // 4), (None, CARDS // 10))
GROUP, GROUPED = "FLEET", 10
SECONDS = 600

Furnish = Callable[[int], "list[Keeper]"]


class Keeper:
    """A station on a real socket that keeps its list as the strictest station would. `cut_after` messages it dies."""

    def __init__(self, yard: Yard, identity: str, per_message: int | None, total: int) -> None:
        self.held = HeldList(per_message=per_message or 20, total=total)
        self.cut_after: int | None = None
        self.id = yard.add_station(identity)
        self._yard, self._identity = yard, identity
        for key, value in {"SendLocalListMaxLength": per_message, "LocalAuthListMaxLength": total}.items():
            if value is not None:
                self._report(key, value)

    def _report(self, key: str, value: int) -> None:
        item = {"key": key, "value": str(value), "readonly": True}
        self._yard.store.write(lambda unit: configuration.report(unit, self.id, item, clock.now()))

    def connect(self) -> gevent.Greenlet:
        """Serve until the socket ends."""
        charge_point = self._yard.connect(self._identity)
        charge_point.boot()
        return gevent.spawn(self._serve, charge_point)

    def _serve(self, charge_point: FakeChargePoint) -> None:
        while True:
            try:
                _, message_id, action, payload = charge_point.recv()
            except websocket.WebSocketTimeoutException:
                continue
            except (websocket.WebSocketException, OSError, ConnectionError):
                return
            reply = self.held.answer(action, payload)
            if self.cut_after is not None and len(self.held.messages) >= self.cut_after:
                self.cut_after = None
                charge_point.vanish()
                return
            charge_point.send_raw(json.dumps([3, message_id, reply]))


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No quiet after the boot, and all lists at once."""
    monkeypatch.setattr(spontaneous, "BOOT_QUIET", 0)
    monkeypatch.setattr(job, "_WHOLE_AT_ONCE", 100)


@pytest.fixture
def furnish(yard: Yard) -> Iterator[Furnish]:
    """So many stations, each with other limits and every fifth with the cards of one group only; all connected."""
    serving: list[gevent.Greenlet] = []

    def make(count: int) -> list[Keeper]:
        yard.store.write(lambda unit: IdTag.delete().execute())
        for first in range(0, CARDS, 500):
            yard.store.write(lambda unit, first=first: _issue(range(first, min(first + 500, CARDS))))
        # What PostgreSQL does by itself a minute later.
        yard.store.write(lambda unit: unit.execute("ANALYZE"))
        stations = [Keeper(yard, f"CP-L{number:02}", *LIMITS[number % len(LIMITS)]) for number in range(count)]
        serving.extend(station.connect() for station in stations)
        yard.store.write(lambda unit: _choose(unit, stations))
        return stations

    yield make
    gevent.killall(serving)


def _choose(unit: Unit, stations: list[Keeper]) -> None:
    for number, station in enumerate(stations):
        is_grouped = number % len(LIMITS) == len(LIMITS) - 1
        local_lists.keep(unit, station.id, "groups" if is_grouped else "all", [GROUP])


def _issue(numbers: range) -> None:
    now = clock.now()
    rows = [
        {
            "id_tag": tag(number),
            "id_tag_key": id_tags.key(tag(number)),
            "parent_id_tag": GROUP if number % GROUPED == 0 else None,
            "created_at": now,
        }
        for number in numbers
    ]
    IdTag.insert_many(rows).execute()


def run(yard: Yard) -> float:
    """Let the job look, and wait until every list is in step; how many seconds that took."""
    begin = time.monotonic()
    keep_local_lists(yard.store, yard.server.settings)
    eventually(lambda: _all_in_step(yard), SECONDS)
    return time.monotonic() - begin


def _all_in_step(yard: Yard) -> bool:
    gevent.sleep(0.1)
    with yard.store.reading():
        return not LocalList.select().where(LocalList.state != "in_step").exists()


def check(yard: Yard, stations: list[Keeper]) -> None:
    """Every station holds exactly what it should, found out in another way, and Chargeyard knows it."""
    with yard.store.reading():
        cards = [card for card in IdTag.select().order_by(IdTag.id) if card.status == "accepted"]
        keeps = {row.charge_point_id: row.keeps for row in LocalList.select()}
    fleet = [card for card in cards if card.parent_id_tag]
    for station in stations:
        chosen = (cards if keeps[station.id] == "all" else fleet)[: station.held.total]
        assert station.held.entries == {card.id_tag_key: info(card) for card in chosen}
        with yard.store.reading():
            known = LocalListEntry.select().where(LocalListEntry.charge_point_id == station.id)
            assert {row.id_tag_key for row in known} == station.held.entries.keys()
            assert LocalList.get(LocalList.charge_point == station.id).entries == len(chosen)


def info(card: IdTag) -> dict[str, Any]:
    return {"status": "Accepted"} | ({"parentIdTag": card.parent_id_tag} if card.parent_id_tag else {})


def tag(number: int) -> str:
    """The tags are not in the order in which the cards were added."""
    return f"{number * 7919 % 1_000_003:014X}"


def block(yard: Yard, id_tag: str) -> None:
    def work(unit: Unit) -> None:
        card = id_tags.find(id_tag)
        assert card is not None
        id_tags.update(unit, card.id, status="blocked")

    yard.store.write(work)


def test_lists_arrive_complete_and_a_change_costs_one_small_message(yard: Yard, furnish: Furnish) -> None:
    keepers = furnish(50)
    first = run(yard)
    check(yard, keepers)
    whole = [message for station in keepers for message in station.held.messages]
    for station in keepers:
        versions = [message["listVersion"] for message in station.held.messages]
        assert versions == sorted(set(versions))
        assert [message["updateType"] for message in station.held.messages].count("Full") == 1
        station.held.messages.clear()

    block(yard, tag(0))
    second = run(yard)
    check(yard, keepers)
    for station in keepers:
        (message,) = station.held.messages
        assert message["updateType"] == "Differential"
        # Where not all cards fit, another takes the place of the one that has gone.
        assert len(message["localAuthorizationList"]) <= 2
    print(f"{CARDS} cards: {len(whole)} messages in {first:.1f} s; one change {second:.2f} s")  # noqa: T201


def test_a_station_that_dies_in_the_middle_of_a_list_ends_with_the_right_one(yard: Yard, furnish: Furnish) -> None:
    keepers = furnish(5)
    dying = keepers[1]
    dying.cut_after = 3
    keep_local_lists(yard.store, yard.server.settings)
    eventually(lambda: dying.cut_after is None, SECONDS)
    eventually(lambda: _is_lost(yard, dying))
    again = dying.connect()
    run(yard)
    check(yard, keepers)
    assert [message["updateType"] for message in dying.held.messages].count("Full") == 1
    again.kill()


def _is_lost(yard: Yard, station: Keeper) -> bool:
    with yard.store.reading():
        return Command.select().where(Command.charge_point == station.id, Command.state == "lost").exists()
