"""The menu and the tabs of a station: a view module that has a `nav` or a `station_tab` appears in them."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from flask import request, url_for


@dataclass(frozen=True)
class Nav:
    """One entry. `label` is lazily translated; `role` is the least that sees it.

    `count` is shown as a badge, which fetches itself from `count_endpoint` when `topic` was published.
    """

    label: object
    icon: str
    order: int
    endpoint: str
    role: str = "viewer"
    count: Callable[[], int] | None = None
    count_endpoint: str = ""
    topic: str = ""

    @property
    def is_administration(self) -> bool:
        """Whether it stands below the daily work, among what only admins see."""
        return self.role == "admin"

    @property
    def is_current(self) -> bool:
        """Whether the page being shown is this entry's or below it."""
        address = url_for(self.endpoint)
        return request.path == address or request.path.startswith(f"{address}/")


@dataclass(frozen=True)
class StationTab:
    """One of the pages of a station; `endpoint` takes a `charge_point_id`. Its template extends stations/frame.html."""

    label: object
    icon: str
    order: int
    endpoint: str
    role: str = "viewer"


def station_tabs(modules: list[ModuleType]) -> list[StationTab]:
    """The tabs of these view modules."""
    found = [module.station_tab for module in modules if hasattr(module, "station_tab")]
    return sorted(found, key=lambda tab: tab.order)


def current_tab(tabs: list[StationTab], charge_point_id: int) -> StationTab | None:
    """The tab whose page is being shown, or below which it is: the one with the longest address."""
    addresses = {url_for(tab.endpoint, charge_point_id=charge_point_id): tab for tab in tabs}
    fitting = [address for address in addresses if f"{request.path}/".startswith(f"{address}/")]
    return addresses[max(fitting, key=len)] if fitting else None


def entries(modules: list[ModuleType]) -> list[Nav]:
    """The menu of these view modules."""
    found = [module.nav for module in modules if hasattr(module, "nav")]
    return sorted(found, key=lambda nav: nav.order)
