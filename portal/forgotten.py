"""Sessions that run on paper only: which they are, and what speaks for it, in the operator's words."""

from collections.abc import Iterable

from flask_babel import gettext as _

from ocpp_server import clock, sessions
from ocpp_server.models import ChargePoint, Connector, Transaction
from ocpp_server.services.session import session_repair
from ocpp_server.services.session.session_repair import Sign
from portal.yard import StationView


def among(stations: Iterable[StationView]) -> list[tuple[StationView, Transaction]]:
    """The running sessions of these stations that look as if they had ended."""
    return [
        (station, session)
        for station in stations
        for session in station.running
        if _signs(session, station.charge_point, _status_of(station, session))
    ]


def evidence(session: Transaction) -> list[str]:
    """Why a session looks as if it had ended, a sentence each; nothing where nothing speaks for it."""
    point = session.charge_point
    connector = Connector.get_or_none(
        (Connector.charge_point == point) & (Connector.connector_id == session.connector_id)
    )
    words = {
        Sign.CONNECTOR_FREE: _("The connector has reported since that it is available."),
        Sign.BOOTED_SINCE: _("The station has started anew since, and did not report an end."),
        Sign.STATION_AWAY: _("The station has not been heard of for more than a day."),
    }
    return [words[sign] for sign in _signs(session, point, connector)]


def _signs(session: Transaction, charge_point: ChargePoint, connector: Connector | None) -> list[Sign]:
    online = sessions.is_connected(charge_point.id)
    return session_repair.signs(session, charge_point, connector, online=online, now=clock.now())


def _status_of(station: StationView, session: Transaction) -> Connector | None:
    return next((outlet.row for outlet in station.outlets if outlet.connector_id == session.connector_id), None)
