"""What forms offer: the connectors, cards and sessions that are known."""

from collections.abc import Callable, Iterable

from flask_babel import gettext as _

from ocpp_server.models import IdTag, Transaction
from ocpp_server.services.card import id_tags
from portal.operation import Choice, Target
from portal.states import state_word

#: So many cards are offered while one types: those used last.
CARDS = 300


def connectors(target: Target) -> list[Choice]:
    """The connectors of a station, or as many as any of many stations has."""
    if target.one:
        return [
            Choice(
                str(outlet.connector_id),
                _("Connector %(number)s", number=outlet.connector_id),
                state_word(outlet.status),
            )
            for outlet in target.one.outlets
        ]
    numbers = sorted({outlet.connector_id for station in target.stations for outlet in station.outlets})
    return [Choice(str(number), _("Connector %(number)s", number=number)) for number in numbers[:8]]


def connectors_and_station(target: Target) -> list[Choice]:
    """With 0, which is the station itself."""
    whole = Choice("0", _("The whole station"), _("connector 0"))
    return [whole, *connectors(target)]


def cards(target: Target) -> list[Choice]:
    """The cards that are not blocked, those used last first."""
    found = (
        IdTag.select(IdTag.id_tag, IdTag.label)
        .where(IdTag.status == "accepted")
        .order_by(IdTag.last_used_at.desc(nulls="last"), IdTag.id_tag)
        .limit(CARDS)
    )
    return [Choice(card.id_tag, card.label or card.id_tag) for card in found]


def card_names(running: Iterable[Transaction]) -> Callable[[str], str]:
    """What people call the cards of these sessions: by their tags where they have no label."""
    card_of = id_tags.finder(session.id_tag for session in running)

    def name(id_tag: str) -> str:
        card = card_of(id_tag)
        return card.label if card and card.label else id_tag

    return name


def sessions(target: Target) -> list[Choice]:
    """The sessions that run."""
    name = card_names(target.running)
    return [
        Choice(
            str(session.id),
            _("Session %(number)s", number=session.id),
            _("connector %(number)s, card %(card)s", number=session.connector_id, card=name(session.id_tag)),
        )
        for session in target.running
    ]
