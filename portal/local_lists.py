"""Local lists as pages show them: how each stands in colour, icon and word, why, and what to do."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, LocalList
from ocpp_server.models.commands import CANCELLED, LOST, TIMEOUT
from ocpp_server.models.local_lists import BEHIND, GROUPS, IN_STEP, NONE, REFUSED, SENDING, UNSUPPORTED
from ocpp_server.services.local_list import cards, plan
from portal import outcomes
from portal.context import settings
from portal.formats import number

#: How lists are shown and filtered, in this order.
KINDS = ("in_step", "sending", "waiting", "held_back", "refused", "unsupported", "none")


@dataclass(frozen=True)
class ListView:
    """One station's list."""

    charge_point: ChargePoint
    listing: LocalList
    online: bool

    @property
    def groups(self) -> list[str]:
        return json.loads(self.listing.groups)

    @property
    def keeps(self) -> str:
        """What it keeps, in words."""
        words = {NONE: _("None"), GROUPS: ", ".join(self.groups)}
        return words.get(self.listing.keeps, _("All valid cards"))

    @property
    def kind(self) -> str:
        """One of KINDS."""
        listing = self.listing
        if listing.state == UNSUPPORTED:
            return "unsupported"
        if listing.keeps == NONE:
            return "none"
        if listing.state == BEHIND:
            return "held_back" if self.online and self._is_silenced else "waiting"
        return {IN_STEP: "in_step", SENDING: "sending", REFUSED: "refused"}[listing.state]

    @property
    def look(self) -> tuple[str, str, str]:
        """Colour, icon and word."""
        colour, icon = _LOOKS[self.kind]
        return colour, icon, kind_word(self.kind)

    @property
    def meaning(self) -> str:
        """What that means, and what to do."""
        if self.kind == "waiting":
            return (
                _("It goes out by itself in a few seconds.")
                if self.online
                else _("It goes out when the station is back.")
            )
        if self.kind == "refused":
            return refusal(self.listing.reason)
        return _meanings()[self.kind]

    @property
    def percent(self) -> int:
        """How much of the list is there while it is sent."""
        wanted = max(1, self.listing.wanted)
        return min(100, 100 * self.listing.entries // wanted)

    @property
    def _is_silenced(self) -> bool:
        is_allowed = settings().spontaneous_calls and self.charge_point.spontaneous_calls
        return not is_allowed and not self.listing.asked_by


_LOOKS = {
    "in_step": ("green", "circle-check"),
    "sending": ("primary", "send"),
    "waiting": ("blue", "hourglass"),
    "held_back": ("yellow", "player-pause"),
    "refused": ("red", "circle-x"),
    "unsupported": ("secondary", "ban"),
    "none": ("secondary", "circle-dashed"),
}


def kind_word(kind: str) -> str:
    words = {
        "in_step": _("In step"),
        "sending": _("Being sent"),
        "waiting": _("Changes wait"),
        "held_back": _("Held back"),
        "refused": _("Refused"),
        "unsupported": _("No local list"),
        "none": _("Not kept"),
    }
    return words[kind]


def _meanings() -> dict[str, str]:
    return {
        "in_step": _("The station has exactly the cards that it should have."),
        "sending": _("The station is being sent its list, one part after the other."),
        "held_back": _("Unasked messages to this station are switched off. “Bring in step” sends it all the same."),
        "unsupported": _(
            "The station says that it keeps no list of cards. That may be switched off: see LocalAuthListEnabled in its"
            " configuration."
        ),
        "none": _("Chargeyard does not touch this station's list."),
    }


def refusal(reason: str) -> str:
    """Why a station's list is not in step, from its own word."""
    words = {
        "Failed": _(
            "The station could not store the list. It may have less room than it says, or refuse a card's number."
        ),
        "VersionMismatch": _("The station refuses every version that it is sent."),
        TIMEOUT: _("The station did not answer, again and again."),
        LOST: _("The connection broke with every attempt, even with short messages."),
        CANCELLED: _("It was taken back before it was sent."),
        "no version": _("The station did not tell which version it has."),
    }
    code, _blank, description = reason.partition(" ")
    said = words.get(reason) or f"{outcomes.error_meaning(code)} {description}".strip()
    return said + " " + _("It is tried again when the station starts anew, and once a day.")


def views(rows: Iterable[tuple[ChargePoint, LocalList]]) -> list[ListView]:
    """These stations with their lists."""
    connected = sessions.connected_ids()
    return [ListView(charge_point, listing, charge_point.id in connected) for charge_point, listing in rows]


def hints(configured: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """What in a station's configuration keeps its list from being of use: the key to set to true, if one would help,
    and the sentence."""
    found = []
    if _is_off(configured.get(plan.ENABLED)):
        found.append(("LocalAuthListEnabled", _("The station's local list is switched off.")))
    if _is_off(configured.get(plan.USED_OFFLINE)):
        found.append(("LocalAuthorizeOffline", _("While it is offline, the station lets nobody charge by its list.")))
    profiles = configured.get(plan.PROFILES)
    if profiles and "localauthlistmanagement" not in profiles.casefold():
        found.append(("", _("The station does not name local lists among the things that it can do.")))
    return found


def _is_off(value: str | None) -> bool:
    return (value or "").strip().casefold() == "false"


def refused() -> list[ChargePoint]:
    """The stations that refuse the list that they should keep. Needs a connection."""
    query = ChargePoint.select().join(LocalList).where(ChargePoint.deleted_at.is_null(), LocalList.keeps != NONE)
    return list(query.where(LocalList.state == REFUSED).order_by(ChargePoint.identity_key))


def card_look(state: str) -> tuple[str, str, str]:
    """How a card stands in a list: colour, icon and word."""
    looks = {
        cards.HELD: ("green", "circle-check", _("Has it")),
        cards.MISSING: ("blue", "hourglass", _("Waits for it")),
        cards.OUTDATED: ("blue", "refresh", _("Has it as it was before")),
        cards.TO_GO: ("red", "alert-triangle", _("Still has it")),
        cards.LEFT_OUT: ("yellow", "alert-circle", _("No room for it")),
        cards.NOT_KEPT: ("secondary", "circle-dashed", _("Not for this station")),
    }
    return looks[state]


def spread(states: list[str]) -> str:
    """`12 stations have it, 3 wait for it.`"""
    count = states.count
    held, waiting, to_go = count(cards.HELD), count(cards.MISSING) + count(cards.OUTDATED), count(cards.TO_GO)
    said = [ngettext("%(num)d station has it", "%(num)d stations have it", held)]
    if waiting:
        said.append(ngettext("%(num)d waits for it", "%(num)d wait for it", waiting))
    if to_go:
        said.append(ngettext("%(num)d still has it and should not", "%(num)d still have it and should not", to_go))
    return ", ".join(said) + "."


def left_out(listing: LocalList) -> str:
    """`12 cards do not fit.`, or nothing."""
    if not listing.left_out:
        return ""
    words = ngettext(
        "%(count)s card does not fit into this station's list, which has room for %(room)s.",
        "%(count)s cards do not fit into this station's list, which has room for %(room)s.",
        listing.left_out,
        count=number(listing.left_out),
        room=number(listing.wanted),
    )
    return words + " " + _("The cards that were added first are in it.")
