"""Why a connector of a site has what it has, in words."""

from collections.abc import Sequence

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from ocpp_server.services.site import site_view
from ocpp_server.services.site.site_view import Place, Sums
from ocpp_server.site.grid import VOLTAGE
from portal import formats

#: Colour and icon of each state.
LOOKS = {
    site_view.FREE: ("green", "plug"),
    site_view.OFFLINE: ("secondary", "wifi-off"),
    site_view.UNCONTROLLED: ("yellow", "ear-off"),
    site_view.LATE: ("secondary", "hourglass"),
    site_view.DISOBEYS: ("red", "alert-triangle"),
    site_view.REFUSES: ("red", "circle-x"),
    site_view.ASLEEP: ("yellow", "battery-charging"),
    site_view.OTHERS: ("yellow", "clock-pause"),
    site_view.PAUSED: ("yellow", "clock-pause"),
    site_view.TOLD: ("blue", "send"),
    site_view.CAPPED: ("blue", "bolt"),
    site_view.FULL: ("blue", "bolt"),
    site_view.SHARED: ("blue", "bolt"),
}


def amperes(value: float | None) -> str:
    """`16.0 A`, as limits are: with one decimal."""
    return "–" if value is None else f"{format_decimal(value, format='#,##0.0')} A"


def limit(sums: Sums) -> str:
    """What a circuit bears: `63.0 A`, `11.0 kW`."""
    return formats.power(sums.limit_w) if sums.limit is None else amperes(sums.limit)


def of_limit(sums: Sums, values: Sequence[float]) -> str:
    """How much of what a circuit bears these currents on its phases are."""
    if sums.limit is None:
        return _(
            "%(drawn)s of %(limit)s",
            drawn=formats.power(sum(values) * VOLTAGE),
            limit=limit(sums),
        )
    return _("%(drawn)s of %(limit)s on one phase", drawn=amperes(max(values)), limit=limit(sums))


def state(place: Place) -> tuple[str, str, str]:
    """Colour, icon and word."""
    words = {
        site_view.FREE: _("Free"),
        site_view.OFFLINE: _("Offline"),
        site_view.UNCONTROLLED: _("Not controlled"),
        site_view.LATE: _("Reported late"),
        site_view.DISOBEYS: _("Does not obey"),
        site_view.REFUSES: _("Refuses limits"),
        site_view.ASLEEP: _("Takes nothing"),
        site_view.OTHERS: _("Limited by a schedule"),
        site_view.PAUSED: _("Paused"),
        site_view.TOLD: _("Being told"),
        site_view.CAPPED: _("Charging"),
        site_view.FULL: _("Charging"),
        site_view.SHARED: _("Charging"),
    }
    return *LOOKS[place.state], words[place.state]


def why(place: Place) -> str:
    """A sentence for the state, or nothing where there is nothing to explain."""
    if place.state == site_view.PAUSED:
        return _paused(place)
    if place.state == site_view.OTHERS:
        return _("A schedule that was applied here allows no more than %(amperes)s now.", amperes=amperes(place.cap))
    if place.state == site_view.DISOBEYS:
        return _(
            "Draws %(drawn)s though it was given %(given)s. That is taken from the others until it obeys.",
            drawn=amperes(place.measured),
            given=amperes(place.given),
        )
    if place.is_spread_unknown and place.state in (site_view.CAPPED, site_view.SHARED, site_view.FULL):
        return _(
            "Its limit is told in watts. Until its meter shows on which phases they go, the limit is made for one:"
            " MeterValuesSampledData needs Current.Import."
        )
    if not place.can_step and place.state in (site_view.CAPPED, site_view.SHARED):
        return _("The station takes no limit that changes by itself, so it is given no more than its fail-safe limit.")
    if place.state == site_view.CAPPED:
        return _("The car takes no more than about %(amperes)s.", amperes=amperes(place.measured))
    if place.state in (site_view.SHARED, site_view.FULL) and place.measured is None:
        return _("Nothing was measured yet. Its MeterValuesSampledData needs Current.Import, so that its car is seen.")
    if place.state == site_view.FREE and place.counted:
        return _kept_free(place)
    if place.state == site_view.OFFLINE and not place.is_fail_safe_installed:
        return _(
            "Cannot be told anything, and has no fail-safe limit yet: counted with %(amperes)s, which the others lack."
            " Connect it once, or take it out of the site.",
            amperes=amperes(place.counted),
        )
    return _sentences(place.counted).get(place.state, "")


def _sentences(counted: float) -> dict[str, str]:
    return {
        site_view.OFFLINE: _("Cannot be told anything; counted with %(amperes)s.", amperes=amperes(counted)),
        site_view.UNCONTROLLED: _(
            "Messages that nobody asked for are switched off for this station; counted with %(amperes)s.",
            amperes=amperes(counted),
        ),
        site_view.LATE: _("The session began while the station was offline. It gets a limit once it is seen to run."),
        site_view.REFUSES: _("The station refused the limit; counted with %(amperes)s.", amperes=amperes(counted)),
        site_view.ASLEEP: _("Full, or held back by its own timer. Others use its share; it is tried again each hour."),
        site_view.SHARED: _("Has its share of what is there."),
        site_view.FULL: _("Has all that the connector can give."),
        site_view.TOLD: _("A new limit is on its way."),
    }


def _kept_free(place: Place) -> str:
    if place.is_fail_safe_installed:
        return _(
            "A car may begin with %(amperes)s here before it can be told anything; that much is kept free.",
            amperes=amperes(place.counted),
        )
    return _(
        "Has not taken its fail-safe limit; a car may begin with %(amperes)s here, and that much is kept free.",
        amperes=amperes(place.counted),
    )


def _paused(place: Place) -> str:
    minutes = max(1, round((place.next_in or 0) / 60))
    return ngettext(
        "Not all can charge at once. Its turn comes in about %(num)d minute.",
        "Not all can charge at once. Its turn comes in about %(num)d minutes.",
        minutes,
    )


def phases(text: str) -> str:
    """`L2 L3 L1` for 231: what the station's L1, L2 and L3 are at the site."""
    return " ".join(f"L{digit}" for digit in text)
