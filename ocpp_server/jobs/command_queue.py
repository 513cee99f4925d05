"""Ends commands that waited too long for their station."""

from ocpp_server.scheduler import every
from ocpp_server.services import commands
from ocpp_server.settings import Settings
from ocpp_server.store import Store


@every(seconds=5)
def expire_commands(store: Store, settings: Settings) -> None:
    store.write(commands.expire)
