"""Ends the links whose time is over, so that whoever waits for them hears of it."""

from ocpp_server.scheduler import every
from ocpp_server.services import file_links
from ocpp_server.settings import Settings
from ocpp_server.store import Store


@every(seconds=20)
def expire_file_links(store: Store, settings: Settings) -> None:
    store.write(file_links.expire)
