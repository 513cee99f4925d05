"""A station whose local list is kept in step, and the cards that change meanwhile."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from ocpp_server import clock, outgoing, stations
from ocpp_server.frames import CallError, CallResult
from ocpp_server.models import Command, LocalList, LocalListEntry
from ocpp_server.services import commands
from ocpp_server.services.card import id_tags
from ocpp_server.services.configuration import configuration
from ocpp_server.services.local_list import local_lists
from ocpp_server.services.station import charge_points
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.local_lists import HeldList

Reply = dict[str, Any] | str | None


class Keeper:
    """A connected station that keeps a list; `refuse` are its next answers to SendLocalList in place of its own."""

    def __init__(self, store: Store, settings: Settings, identity: str = "CP-1", **limits: int) -> None:
        self.store, self.settings = store, settings
        self.station = stations.of(store.write(lambda unit: charge_points.add(unit, identity)))
        self.id = self.station.id
        self.held = HeldList(**limits)
        self.refuse: list[Reply] = []
        self.is_deaf = False
        self.connect()
        for key, value in zip(("SendLocalListMaxLength", "LocalAuthListMaxLength"), limits.values(), strict=False):
            self.report(key, value)

    def report(self, key: str, value: object) -> None:
        item = {"key": key, "value": str(value), "readonly": True}
        self.store.write(lambda unit: configuration.report(unit, self.id, item, clock.now()))

    def connect(self) -> None:
        self.station.begin_connection(lambda: None, lambda reason: None)

    def session(self) -> Any:
        return SimpleNamespace(station=self.station, connected_at=clock.now() - timedelta(minutes=1))

    def keep(self, keeps: str = "all", *groups: str) -> None:
        self.store.write(lambda unit: local_lists.keep(unit, self.id, keeps, groups))

    def serve(self) -> list[dict[str, Any]]:
        """Answer everything that waits; the updates that came."""
        before = len(self.held.messages)
        while (claimed := self.store.write(lambda unit: commands.claim(unit, self.id))) is not None:
            self.answer(claimed)
        return self.held.messages[before:]

    def answer(self, claimed: commands.Claimed) -> None:
        reply: Reply = self.held.answer(claimed.action, claimed.payload) if not self.refuse else self.refuse.pop(0)
        if reply is None:
            self.store.write(lambda unit: commands.lost(unit, claimed))
            return
        if isinstance(reply, str):
            error = CallError(claimed.message_id, reply, "no", {}, "[]")
            self.store.write(lambda unit: outgoing.conclude(unit, self.station, claimed, error))
            return
        result = CallResult(claimed.message_id, reply, json.dumps([3, claimed.message_id, reply]))
        self.store.write(lambda unit: outgoing.conclude(unit, self.station, claimed, result))

    @property
    def row(self) -> LocalList:
        with self.store.reading():
            return LocalList.get(LocalList.charge_point == self.id)

    def noted(self) -> dict[str, str]:
        """What Chargeyard believes that the station holds, by tag in small letters."""
        with self.store.reading():
            rows = list(LocalListEntry.select().where(LocalListEntry.charge_point_id == self.id))
        return {row.id_tag.lower(): row.status for row in rows}


def add_cards(store: Store, *tags: str, **fields: Any) -> None:
    def work(unit: Any) -> None:
        for tag in tags:
            id_tags.add(unit, tag, **fields)

    store.write(work)


def change(store: Store, tag: str, **fields: Any) -> None:
    store.write(lambda unit: id_tags.update(unit, id_tags.find(tag).id, **fields))


def shape(messages: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Kind and tags of each update; a removal has a minus."""
    return [
        (
            message["updateType"],
            [("" if "idTagInfo" in item else "-") + item["idTag"] for item in message["localAuthorizationList"]],
        )
        for message in messages
    ]


def asked(store: Store) -> list[tuple[str, str]]:
    with store.reading():
        return [(command.requested_by, command.action) for command in Command.select().order_by(Command.id)]


def ask_by_hand(store: Store, station: Keeper, payload: dict[str, Any]) -> None:
    store.write(lambda unit: commands.request(unit, station.id, "SendLocalList", payload, by="Anna"))
    station.serve()
