"""Ends requests for diagnostics that nothing comes of."""

from ocpp_server import clock
from ocpp_server.scheduler import every
from ocpp_server.services.diagnostics import diagnostics
from ocpp_server.settings import Settings
from ocpp_server.store import Store


@every(seconds=30)
def end_silent_diagnostics(store: Store, settings: Settings) -> None:
    store.write(lambda unit: diagnostics.end_silence(unit, clock.to_ms(clock.now())))
