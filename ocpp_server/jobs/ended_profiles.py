"""Takes the profiles of ended sessions from the record; whoever reads it before sees already that they are over."""

from ocpp_server.models import InstalledChargingProfile
from ocpp_server.scheduler import every
from ocpp_server.services.smart_charging import installed_profiles
from ocpp_server.settings import Settings
from ocpp_server.store import Store


@every(minutes=1)
def bury_ended_profiles(store: Store, settings: Settings) -> None:
    with store.reading():
        if not InstalledChargingProfile.select().exists():
            return
    store.write(installed_profiles.bury)
