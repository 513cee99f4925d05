"""Turns old raw meter values into quarter hours of energy, in steps so small that nobody notices."""

import time
from functools import partial

from ocpp_server import clock
from ocpp_server.scheduler import every
from ocpp_server.services.session import retention, retention_walk
from ocpp_server.settings import Settings
from ocpp_server.store import Store

_DAY_MS = 24 * 3600 * 1000
#: Seconds between two steps: most of the time belongs to the stations.
_PAUSE = 0.01


@every(hours=1)
def reduce_meter_values(store: Store, settings: Settings) -> None:
    if not settings.meter_value_days:
        return
    before = clock.to_ms(clock.now()) - settings.meter_value_days * _DAY_MS
    for page in retention_walk.pages(store, before):
        for transaction_id in page:
            while store.write(partial(retention.reduce_session, transaction_id=transaction_id)):
                time.sleep(_PAUSE)
            time.sleep(_PAUSE)
        time.sleep(_PAUSE)
    while store.write(lambda unit: retention.reduce_outside(unit, before)):
        time.sleep(_PAUSE)
