"""At which address a station can fetch and send files, and by which protocol (section 8, errata 3.88)."""

import re
from urllib.parse import urlsplit

from ocpp_server import stations
from ocpp_server.models import ConfigurationKey
from ocpp_server.settings import Settings

HTTP, HTTPS, FTP, FTPS = "HTTP", "HTTPS", "FTP", "FTPS"
PROTOCOLS = (HTTP, HTTPS, FTP, FTPS)
#: What a Host header may be: a name, an address, or an IPv6 address in brackets, and a port.
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,250})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
_LOCAL = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on


def reached_at(scheme: str, host: str) -> str:
    """The address that a station used for its WebSocket, as an http(s) address; empty where it named none."""
    return f"{scheme}://{host}" if scheme in ("http", "https") and _HOST.fullmatch(host) else ""


def base_url(settings: Settings, charge_point_id: int) -> str:
    """Where this station finds us, without a slash at the end.

    What the settings say; else what the station itself connected to, as that evidently works; else a guess. A station
    that came without TLS where the public address has it is taken at its word: it may not know TLS.
    """
    reached = stations.reached_at(charge_point_id)
    public = "" if _is_plain(reached) and settings.public_url.startswith("https:") else settings.public_url
    return (settings.files_url or public or reached or settings.portal_url).rstrip("/")


def _is_plain(reached: str) -> bool:
    """Whether that is an address without TLS, and of a network: a proxy may have put its own name in its place."""
    host = urlsplit(reached).hostname or ""
    return reached.startswith("http:") and not is_only_local(reached) and ("." in host or ":" in host)


def ftp_server(settings: Settings, base: str) -> str:
    """Host and port of the FTP server, for whom `base` is the address of the files by HTTP."""
    host = settings.ftp_address or urlsplit(base).hostname or settings.host
    host = f"[{host}]" if ":" in host else host
    return host if settings.ftp_port == 21 else f"{host}:{settings.ftp_port}"


def is_only_local(url: str) -> bool:
    """Whether no other machine can reach this."""
    return (urlsplit(url).hostname or "") in _LOCAL


def supported(charge_point_id: int) -> tuple[str, ...]:
    """The protocols that the station says it speaks; empty where it has not said. Needs a connection."""
    row = ConfigurationKey.get_or_none(
        ConfigurationKey.charge_point == charge_point_id, ConfigurationKey.key ** "SupportedFileTransferProtocols"
    )
    return spoken_in(row.value if row else None)


def spoken_in(listed: str | None) -> tuple[str, ...]:
    """The protocols in a station's SupportedFileTransferProtocols, however it separates them."""
    words = re.split(r"[\s,;]+", (listed or "").upper())
    return tuple(word for word in words if word in PROTOCOLS)


def offered_to(settings: Settings, charge_point_id: int) -> tuple[str, ...]:
    """The protocols by which this station could fetch and send files here, the best first."""
    return offered(settings, base_url(settings, charge_point_id))


def offered(settings: Settings, base: str) -> tuple[str, ...]:
    """The same, for whom `base` is the address of the files by HTTP."""
    web = HTTPS if base.startswith("https:") else HTTP
    return (web, FTP) if settings.ftp_port else (web,)


def choose(urls: dict[str, str], spoken: tuple[str, ...]) -> str:
    """The protocol of the best address: one that the station speaks, HTTP(S) before FTP; else the first."""
    for protocol in urls:
        if protocol in spoken:
            return protocol
    return next(iter(urls))
