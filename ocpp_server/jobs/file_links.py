"""Ends the links whose time is over, so that whoever waits for them hears of it; in the end they are forgotten."""

import time

from ocpp_server.scheduler import every
from ocpp_server.services.file import file_links
from ocpp_server.settings import Settings
from ocpp_server.store import Store

#: Seconds between two steps: most of the time belongs to the stations.
_PAUSE = 0.05


@every(seconds=20)
def expire_file_links(store: Store, settings: Settings) -> None:
    store.write(file_links.expire)


@every(hours=6)
def prune_file_links(store: Store, settings: Settings) -> None:
    while store.write(file_links.prune):
        time.sleep(_PAUSE)
