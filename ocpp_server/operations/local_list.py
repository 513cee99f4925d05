"""GetLocalListVersion and SendLocalList: what a station's answers tell of its list (sections 5.10 and 5.15)."""

from ocpp_server.outgoing import Conclusion, concludes
from ocpp_server.services.failures import Failure, on_failure
from ocpp_server.services.local_list import answers as local_list_answers
from ocpp_server.services.spontaneous import BY


@concludes("GetLocalListVersion")
def told(conclusion: Conclusion) -> None:
    command = conclusion.command
    local_list_answers.version_told(
        conclusion.unit,
        conclusion.station.id,
        command.id,
        conclusion.result.get("listVersion"),
        may_go_on=_may_go_on(conclusion),
    )


@concludes("SendLocalList")
def updated(conclusion: Conclusion) -> None:
    command = conclusion.command
    local_list_answers.updated(
        conclusion.unit,
        conclusion.station.id,
        command.id,
        command.payload,
        conclusion.status,
        may_go_on=_may_go_on(conclusion),
    )


@on_failure("GetLocalListVersion", "SendLocalList")
def failed(failure: Failure) -> None:
    local_list_answers.failed(failure)


def _may_go_on(conclusion: Conclusion) -> bool:
    """What an operator began goes on; what Chargeyard began, unless the station was silenced meanwhile."""
    return conclusion.command.requested_by != BY or conclusion.station.spontaneous_calls
