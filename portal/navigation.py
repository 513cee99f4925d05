"""The menu: a view module that has a `nav` appears in it."""

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
    def is_current(self) -> bool:
        """Whether the page being shown is this entry's or below it."""
        address = url_for(self.endpoint)
        return request.path == address or request.path.startswith(f"{address}/")


def entries(modules: list[ModuleType]) -> list[Nav]:
    """The menu of these view modules."""
    found = [module.nav for module in modules if hasattr(module, "nav")]
    return sorted(found, key=lambda nav: nav.order)
