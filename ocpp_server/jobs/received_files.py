"""Removes files that stations sent long ago, and whatever a crash has left in the folder."""

import logging
import time
from datetime import timedelta

from ocpp_server import clock
from ocpp_server.files.native import in_thread
from ocpp_server.scheduler import every
from ocpp_server.services.file import file_limits, received_files
from ocpp_server.settings import Settings
from ocpp_server.store import Store

log = logging.getLogger(__name__)

#: Seconds between two steps: most of the time belongs to the stations.
_PAUSE = 0.05


@every(hours=1)
def prune_received_files(store: Store, settings: Settings) -> None:
    shelf = file_limits.shelf(settings)
    if settings.received_days:
        before = clock.now() - timedelta(days=settings.received_days)
        while store.write(lambda unit: received_files.delete_before(unit, shelf, before)):
            time.sleep(_PAUSE)
    removed = in_thread(shelf.sweep, received_files.on_shelf(store))
    if removed:
        log.info("%s files were removed that nothing named any more", removed)
