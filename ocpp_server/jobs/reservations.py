"""Sends reservations when their time has come, and ends those whose time is over."""

from ocpp_server.scheduler import every
from ocpp_server.services.reservation import reservation_ends, reservations
from ocpp_server.settings import Settings
from ocpp_server.store import Store


@every(seconds=5)
def keep_reservations(store: Store, settings: Settings) -> None:
    """Most of the time there is nothing to do, which costs two small queries."""
    with store.reading():
        any_over = reservation_ends.over(store.query)
        due = reservations.due(store)
    if any_over:
        store.write(reservation_ends.by_clock)
    if due:
        store.write(lambda unit: reservations.send_due(unit, due))
