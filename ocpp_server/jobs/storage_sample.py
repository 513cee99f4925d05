"""Keeps the size of the database, once a day, so that its growth is known."""

from ocpp_server import clock
from ocpp_server.scheduler import every
from ocpp_server.services import storage
from ocpp_server.settings import Settings
from ocpp_server.store import Store


@every(hours=1)
def note_storage(store: Store, settings: Settings) -> None:
    """Looks each hour whether today's is kept: a server that is restarted every day would never be up for one."""
    with store.reading():
        if storage.is_sampled(clock.now()):
            return
        sample = storage.take_sample(store)
    store.write(lambda unit: sample.save(force_insert=True))
