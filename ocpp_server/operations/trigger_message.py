"""TriggerMessage: the station sends something now (section 5.17)."""

from ocpp.v16.enums import TriggerMessageStatus

from ocpp_server.outgoing import Conclusion, concludes


@concludes("TriggerMessage")
def triggered(conclusion: Conclusion) -> None:
    """A pending station may send what it was asked for (4.2). The answer comes before the message (rule 123)."""
    if conclusion.status == TriggerMessageStatus.accepted.value:
        requested = conclusion.command.payload["requestedMessage"]
        conclusion.unit.after_commit(lambda: conclusion.station.triggered.add(requested))
