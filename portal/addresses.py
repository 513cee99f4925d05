"""What is typed into a charge point so that it finds this server. Makers ask for it in different pieces."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from flask import request

from portal.context import settings


@dataclass(frozen=True)
class StationAddress:
    """The address in every form that stations ask for."""

    base: str
    identity: str

    @property
    def full(self) -> str:
        """With the identity, for stations with one field for everything."""
        return self.base + quote(self.identity, safe="")

    @property
    def host(self) -> str:
        return urlsplit(self.base).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.base)
        return parts.port or (443 if parts.scheme == "wss" else 80)

    @property
    def path(self) -> str:
        return urlsplit(self.base).path

    @property
    def is_encrypted(self) -> bool:
        return self.base.startswith("wss:")

    @property
    def is_only_local(self) -> bool:
        """Whether no other machine can reach this, which no real station is."""
        return self.host in {"localhost", "127.0.0.1", "::1"}


def station_address(identity: str = "") -> StationAddress:
    """The public address if one is set, else the one this page was opened with: that one evidently works."""
    if settings().public_url:
        return StationAddress(settings().charge_point_url, identity)
    scheme = "wss" if request.is_secure else "ws"
    return StationAddress(f"{scheme}://{request.host}/ocpp/", identity)
