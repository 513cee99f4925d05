"""UpdateFirmware: the station loads and installs other firmware (section 5.19)."""

from ocpp_server import clock
from ocpp_server.outgoing import Conclusion, concludes
from ocpp_server.services.firmware import firmware_by_hand, firmware_updates


@concludes(firmware_updates.ACTION)
def taken(conclusion: Conclusion) -> None:
    """There is no status in the answer (rule 95); how it goes on, the station tells by itself."""
    unit, command, now = conclusion.unit, conclusion.command, clock.to_ms(clock.now())
    if not firmware_updates.answered(unit, command.charge_point_id, command.id, now):
        firmware_by_hand.follow(unit, command)
