"""What operators are warned of before something is sent, with the numbers as they are now."""

from flask_babel import gettext as _
from flask_babel import ngettext

from ocpp_server import configuration_risks
from portal.operation import Payload, Target


def running(target: Target, connector_id: int | None = None) -> int:
    """How many sessions run there."""
    return sum(1 for session in target.running if connector_id in (None, 0, session.connector_id))


def where(target: Target) -> str:
    """`on this station` or `on these 12 stations`."""
    count = len(target.stations)
    return _("on this station") if count == 1 else _("on these %(count)s stations", count=count)


def sessions_run(count: int, place: str) -> str:
    """`2 sessions are running on this station.`"""
    if count == 0:
        return _("No session is running %(place)s.", place=place)
    return ngettext(
        "%(num)d session is running %(place)s.", "%(num)d sessions are running %(place)s.", count, place=place
    )


def key_risk(target: Target, payload: Payload) -> list[str]:
    """For ChangeConfiguration of a key that can cut the station off."""
    reason = configuration_risks.explain(payload["key"])
    if reason is None:
        return []
    change = _("%(key)s can cut the station off.", key=payload["key"])
    help_ = _("If that happens, somebody must go to the station and put it right there.")
    return [f"{change} {_(reason)}", help_]
