"""Asking stations, answering for them, and looking at what came of it."""

import json
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from ocpp_server.frames import CallError
from ocpp_server.models import ChargePoint, Command
from ocpp_server.services import commands
from ocpp_server.store import Store

Add = Callable[..., ChargePoint]
ONCE = {"confirmed": "1"}


def rows(store: Store, table: type) -> list[Any]:
    store.write(lambda unit: None)
    with store.reading():
        return list(table.select().order_by(table.id))


def asked(store: Store) -> list[tuple[str, dict]]:
    return [(row.action, json.loads(row.payload)) for row in rows(store, Command)]


def answer(store: Store, station: ChargePoint, result: dict[str, Any] | CallError) -> int:
    """The station takes its next command and answers it."""

    def work(unit: Any) -> int:
        claimed = commands.claim(unit, station.id)
        assert claimed is not None
        if isinstance(result, CallError):
            commands.refused(unit, claimed, result)
        else:
            commands.answered(unit, claimed, result)
        return claimed.id

    return store.write(work)


def show(operator: FlaskClient, command_id: int) -> str:
    return operator.get(f"/commands/{command_id}").text
