"""Cards as they are held to readers: unknown ones are kept for the operator, of the known the latest is remembered."""

from ocpp_server.services.card import authorization, unknown_cards
from ocpp_server.services.card.authorization import Decision
from ocpp_server.stations import Station
from ocpp_server.store import Unit


def note(unit: Unit, station: Station, id_tag: str, action: str, decision: Decision, at: int) -> None:
    """A station asked about a card in this action; `at` in ms since 1970."""
    if decision is authorization.UNKNOWN:
        unknown_cards.tapped(unit, id_tag, station.id, action, at)
    else:
        unit.after_commit(lambda: setattr(station, "last_tap", (id_tag, at)))
