"""GetConfiguration and ChangeConfiguration: what a station is set to (sections 5.3 and 5.8)."""

from ocpp.v16.enums import ConfigurationStatus

from ocpp_server import clock
from ocpp_server.outgoing import Conclusion, concludes
from ocpp_server.services.configuration import configuration, configuration_ladder
from ocpp_server.services.failures import Failure, on_failure
from ocpp_server.services.station import charge_points

AUTHORIZATION_KEY = "AuthorizationKey"


@concludes("GetConfiguration")
def got(conclusion: Conclusion) -> None:
    """Both lists are optional (rule 75); a key without a value is a key all the same."""
    result = conclusion.result
    now = clock.now()
    for item in _dicts(result.get("configurationKey")):
        configuration.report(conclusion.unit, conclusion.station.id, item, now)
    unknown = result.get("unknownKey")
    for key in unknown if isinstance(unknown, list) else []:
        configuration.report_unknown(conclusion.unit, conclusion.station.id, str(key), now)
    asked = conclusion.command.payload.get("key") or []
    configuration_ladder.answered(conclusion.unit, conclusion.station.id, asked, conclusion.command.requested_by)


on_failure("GetConfiguration")(configuration_ladder.unanswered)


@concludes("ChangeConfiguration")
def changed(conclusion: Conclusion) -> None:
    """RebootRequired is a success that takes effect later (rule 74)."""
    request = conclusion.command.payload
    accepted = conclusion.status == ConfigurationStatus.accepted.value
    reboot = conclusion.status == ConfigurationStatus.reboot_required.value
    if not (accepted or reboot):
        return
    if request["key"].lower() == AUTHORIZATION_KEY.lower():
        take = charge_points.accept_key if accepted else charge_points.expect_key
        take(conclusion.unit, conclusion.station.id, request["value"])
        return
    configuration.changed(
        conclusion.unit,
        conclusion.station.id,
        request["key"],
        request["value"],
        source=conclusion.command.requested_by,
        awaits_reboot=reboot,
        at=clock.now(),
    )


@on_failure("ChangeConfiguration")
def unanswered(failure: Failure) -> None:
    """Whether the station took the new password nobody knows, so it may come with either."""
    request = failure.payload
    if request is not None and request["key"].lower() == AUTHORIZATION_KEY.lower():
        charge_points.expect_key(failure.unit, failure.charge_point_id, request["value"])


def _dicts(value: object) -> list[dict]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
