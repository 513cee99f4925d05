"""Reservations made, held and found in forms and pages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp_server.models import ChargePoint, Reservation
from ocpp_server.services.reservation import reservation_records, reservations
from ocpp_server.services.reservation.reservations import Wish
from ocpp_server.store import Store

Add = Callable[..., ChargePoint]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def make(store: Store, station: ChargePoint, connector_id: int = 1, *, start: int = 60, until: int = 120) -> int:
    """A reservation for ANNA, minutes from noon."""
    wish = Wish(connector_id, "ANNA", NOON + timedelta(minutes=until), NOON + timedelta(minutes=start))
    return store.write(lambda unit: reservations.add(unit, station.id, wish, by="Otto")).id


def hold(store: Store, number: int, **fields: Any) -> None:
    """The station holds it, or it is over in some other way."""

    def work(unit: Any) -> None:
        row = Reservation.get_by_id(number)
        for name, value in {"state": "active", "status": "Accepted", **fields}.items():
            setattr(row, name, value)
        reservation_records.keep(unit, row, "accepted")

    store.write(work)


def form(station: ChargePoint, **changes: str) -> dict[str, str]:
    values = {"place": f"{station.id}:1", "id_tag": "ANNA", "expiry_date": "2026-11-23T14:00", "for_group": "1"}
    return {**values, **changes}


def rows(store: Store, table: type) -> list[Any]:
    with store.reading():
        return list(table.select().order_by(table.id))


def seen(text: str) -> str:
    """What the form says that it has shown."""
    match = re.search(r'name="seen" value="([^"]*)"', text)
    assert match is not None
    return match[1].replace("&#39;", "'").replace("&#34;", '"')
