"""What a schedule results in on a connector, before it is applied: as its station would be sent it first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from ocpp_server import clock
from ocpp_server.charging import ladder
from ocpp_server.charging.ladder import Attempt
from ocpp_server.charging.profile import CHARGE_POINT_MAX, TX, parse
from ocpp_server.models import ChargingProfileTemplate, Transaction
from ocpp_server.services.smart_charging import charging_templates, composite_schedules
from ocpp_server.services.smart_charging.charging_profiles import Spot
from ocpp_server.services.smart_charging.charging_traits import StationPlace
from portal import composites, fates
from portal.yard import StationView


@dataclass(frozen=True)
class Preview:
    """One connector's limits with and without the schedule; `fitted` says in what the station is sent something else
    than was drawn."""

    station: StationView
    connector_id: int
    plot: composites.Plot
    fitted: str


def of_spot(
    template: ChargingProfileTemplate, spot: Spot, station: StationView, begin: datetime, end: datetime
) -> Preview:
    """The composites of that time, as they are and as they will be. Needs a connection."""
    session = _session(template, spot, station)
    attempt = _first(template, spot, session)
    number = spot.connector_id or _shown(station, session, attempt)
    is_tx = attempt.profile["chargingProfilePurpose"] == TX
    plan = parse(number if is_tx else attempt.connector_id, attempt.profile)
    holdings = composite_schedules.Holdings(spot.charge_point_id)
    before, after = (
        holdings.calculate(number, begin, end, unit=template.unit, more=more, planned=True) for more in ([], [plan])
    )
    lines = [("before", _("Now"), composites.points(before)), ("after", _("With it"), composites.points(after))]
    plot = composites.plot(template.unit, end, lines)
    return Preview(station, number, plot, fates.changes({"profile": attempt.profile, "changed": attempt.changed}))


def _session(template: ChargingProfileTemplate, spot: Spot, station: StationView) -> Transaction | None:
    """The one that the schedule would be given to first, where it is for sessions that run."""
    if template.purpose != TX:
        return None
    running: Collection[Transaction] = station.running
    return next((session for session in running if spot.connector_id in (0, session.connector_id)), None)


def _first(template: ChargingProfileTemplate, spot: Spot, session: Transaction | None) -> Attempt:
    now = clock.now()
    wish = charging_templates.profile_for(template, spot.connector_id, now)
    return next(ladder.attempts(wish, StationPlace(*spot, session), now))


def _shown(station: StationView, session: Transaction | None, attempt: Attempt) -> int:
    """Of a whole station its limit, or a connector that the schedule counts for."""
    if attempt.profile["chargingProfilePurpose"] == CHARGE_POINT_MAX:
        return 0
    numbers = [outlet.connector_id for outlet in station.outlets]
    return session.connector_id if session else next(iter(numbers), 1)
