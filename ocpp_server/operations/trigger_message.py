"""TriggerMessage, and its twin of the security whitepaper: the station sends something now (section 5.17)."""

from ocpp.v16.enums import TriggerMessageStatus

from ocpp_server import clock, triggers
from ocpp_server.outgoing import Conclusion, concludes


@concludes("ExtendedTriggerMessage")
@concludes("TriggerMessage")
def triggered(conclusion: Conclusion) -> None:
    """What comes next is what was asked for; a pending station may send it (4.2)."""
    if conclusion.status == TriggerMessageStatus.accepted.value:
        command, at = conclusion.command, clock.to_ms(clock.now())
        conclusion.unit.after_commit(lambda: triggers.expect(conclusion.station, command.id, command.payload, at))
