"""What wins where a schedule goes to a connector whose site gives limits of its own (section 3.13.3)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from ocpp_server.charging.profile import CHARGE_POINT_MAX, TX
from ocpp_server.models import ChargingProfileTemplate, Site
from ocpp_server.services.site import sites
from ocpp_server.services.site.site_orders import DEFAULT_LEVEL, LIMIT_LEVEL
from ocpp_server.services.smart_charging import charging_traits
from ocpp_server.services.smart_charging.charging_profiles import Spot
from portal.yard import StationView

Key = tuple[int, int]
#: So many connectors are named.
NAMED = 8


@dataclass(frozen=True)
class Won:
    """The site of a connector, and what wins there against the schedule, in words."""

    site: Site
    sentence: str


def by_connector(template: ChargingProfileTemplate, charge_point_ids: Sequence[int]) -> dict[Key, Won]:
    """What wins on each connector of these stations that a site shares: a constant number of queries."""
    found = sites.of_connectors(charge_point_ids)
    if not found:
        return {}
    known = zip(charge_point_ids, charging_traits.known_limits(charge_point_ids), strict=True)
    highest = {number: limits.max_stack_level for number, limits in known}
    return {key: Won(site, _sentence(template, highest[key[0]])) for key, site in found.items()}


def together(
    found: Mapping[Key, Won], spots: Iterable[Spot], stations: Mapping[int, StationView]
) -> list[tuple[list[str], str]]:
    """The connectors that these places mean, in words, by what wins there."""
    wanted, places = {tuple(spot) for spot in spots}, defaultdict(list)
    for (charge_point_id, connector_id), won in sorted(found.items()):
        if wanted & {(charge_point_id, 0), (charge_point_id, connector_id)}:
            names = {"station": stations[charge_point_id].charge_point.name, "number": connector_id}
            places[won.sentence].append(_("connector %(number)s of %(station)s", **names))
    return [(_shortened(names), sentence) for sentence, names in places.items()]


def _shortened(names: list[str]) -> list[str]:
    more = len(names) - NAMED
    return names if more <= 0 else [*names[:NAMED], ngettext("%(num)d more", "%(num)d more", more)]


def _sentence(template: ChargingProfileTemplate, highest: int | None) -> str:
    """`highest` is the station's highest stack level, which the site's limits have."""
    level = template.stack_level if highest is None else min(template.stack_level, highest)
    limit_level = max(LIMIT_LEVEL, level) if highest is None else highest
    if template.purpose == CHARGE_POINT_MAX:
        return _("Both count: the lower limit holds. The site does not know of this one.")
    if template.purpose == TX:
        return _of_session(level, limit_level)
    if level == DEFAULT_LEVEL:
        return _(
            "The schedule has the stack level of the site's fail-safe limit. Where it takes that one's place, the site"
            " puts its own back, so the schedule does not last there."
        )
    return _(
        "The site gives each session a limit of its own, and no more than the schedule allows. A car that comes follows"
        " the schedule and not the fail-safe limit until it has its own, and as long as Chargeyard is gone, so the site"
        " keeps as much free for it."
    )


def _of_session(level: int, limit_level: int) -> str:
    if level == limit_level:
        return _(
            "The schedule takes the place of the site's limit, until the site sends its next one, which replaces it."
        )
    return _("The site's limit for the session wins. The schedule has no effect while the site gives one.")
