"""Every setting, once. Each is an environment variable; the README's table is checked against this file."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: As in models/charge_points.py, which this file does not need otherwise.
REGISTRATIONS = ("accepted", "pending", "rejected")


class SettingsError(ValueError):
    """A setting that cannot be used; the text says which, why, and what would do."""


def setting(variable: str, default: Any, meaning: str) -> Any:
    """A dataclass field that is read from an environment variable; `meaning` is for the README and `--help`."""
    return field(default=default, metadata={"variable": variable, "meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """What the product was told by its environment; sizes in bytes, durations in seconds unless named."""

    host: str = setting("CSMS_HOST", "127.0.0.1", "Address to listen on. Loopback only unless told otherwise.")
    port: int = setting("CSMS_PORT", 8080, "Port of the portal, the API and the charge points.")
    data_dir: Path = setting("CSMS_DATA_DIR", Path("data"), "Folder of the database, the secret key and all files.")
    database_url: str = setting(
        "CSMS_DATABASE_URL",
        "",
        "`sqlite:///path` or `postgresql://user:password@host/name`. Default: `chargeyard.db` in the data folder.",
    )
    public_url: str = setting(
        "CSMS_PUBLIC_URL",
        "",
        "The address people and charge points use, if it is not `http://host:port` (behind a proxy, for example).",
    )
    trusted_proxies: int = setting(
        "CSMS_TRUSTED_PROXIES", 0, "How many reverse proxies stand in front and add X-Forwarded headers."
    )
    heartbeat_interval: int = setting(
        "CSMS_HEARTBEAT_INTERVAL", 60, "Seconds between heartbeats, told to stations when they boot."
    )
    pending_interval: int = setting(
        "CSMS_PENDING_INTERVAL", 60, "Seconds after which a pending or rejected station may boot again."
    )
    ping_interval: int = setting(
        "CSMS_PING_INTERVAL", 30, "Seconds of silence before a station's socket is pinged; 0 never pings."
    )
    ping_misses: int = setting(
        "CSMS_PING_MISSES", 2, "Pings without any sign of life after which a socket counts as half-open."
    )
    strict_subprotocol: bool = setting(
        "CSMS_STRICT_SUBPROTOCOL",
        False,
        "Refuse stations that name no WebSocket subprotocol, unless told otherwise for a station.",
    )
    concurrent_tx: bool = setting(
        "CSMS_CONCURRENT_TX", False, "Answer ConcurrentTx when a card is already charging elsewhere."
    )
    default_registration: str = setting(
        "CSMS_DEFAULT_REGISTRATION",
        "accepted",
        "Registration of a station that is added without naming one: `accepted`, `pending` or `rejected`.",
    )
    spontaneous_calls: bool = setting(
        "CSMS_SPONTANEOUS_CALLS",
        True,
        "Let Chargeyard ask stations by itself (configuration after a boot, statuses after a reconnect, local lists).",
    )
    max_message_size: int = setting(
        "CSMS_MAX_MESSAGE_SIZE", 4_194_304, "Bytes; a longer message closes the station's socket."
    )
    frame_log_days: int = setting("CSMS_FRAME_LOG_DAYS", 30, "Days for which the message log is kept; 0 keeps all.")
    meter_value_days: int = setting(
        "CSMS_METER_VALUE_DAYS",
        90,
        "Days after a session's end for which its raw meter values are kept, then 15-minute energy; 0 keeps all.",
    )
    record_days: int = setting(
        "CSMS_RECORD_DAYS",
        730,
        "Days for which finished requests to stations, resolved messages and the audit log are kept; 0 keeps all.",
    )
    files_url: str = setting(
        "CSMS_FILES_URL",
        "",
        "Where stations fetch firmware and send files, if not at the address they connect to (`http://host:port`).",
    )
    ftp_port: int = setting(
        "CSMS_FTP_PORT", 0, "Port of the FTP server for stations that speak nothing else; 0 starts none."
    )
    ftp_passive_ports: str = setting(
        "CSMS_FTP_PASSIVE_PORTS", "50000-50099", "First and last port of FTP's data connections."
    )
    ftp_address: str = setting(
        "CSMS_FTP_ADDRESS", "", "The address that FTP stations use, if not the one they connect to (behind a NAT)."
    )
    firmware_max_size: int = setting("CSMS_FIRMWARE_MAX_SIZE", 1_000_000_000, "Bytes of one firmware image at most.")
    received_max_size: int = setting(
        "CSMS_RECEIVED_MAX_SIZE", 250_000_000, "Bytes of one file that a station sends, at most."
    )
    received_per_station: int = setting(
        "CSMS_RECEIVED_PER_STATION", 1_000_000_000, "Bytes of all files kept of one station, at most."
    )
    received_total: int = setting(
        "CSMS_RECEIVED_TOTAL", 10_000_000_000, "Bytes of all files kept of all stations, at most."
    )
    received_days: int = setting(
        "CSMS_RECEIVED_DAYS", 90, "Days for which files that stations sent are kept; 0 keeps all."
    )
    disk_reserve: int = setting("CSMS_DISK_RESERVE", 500_000_000, "Bytes of disk that files always leave free.")
    timezone: str = setting(
        "CSMS_TIMEZONE", "UTC", "Time zone of pages for viewers whose browser does not tell its own."
    )
    demo: bool = setting("CSMS_DEMO", False, "Shows on every page that this is a demonstration.")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read all settings. Raises SettingsError naming the variable that cannot be used."""
        source = os.environ if environ is None else environ
        values = {}
        for item in fields(cls):
            text = source.get(item.metadata["variable"])
            if text is not None and text != "":
                values[item.name] = _parse(item.metadata["variable"], text, type(item.default))
        settings = cls(**values)
        settings._check()
        return settings

    def _check(self) -> None:
        if self.port > 65_535:
            raise SettingsError(f"CSMS_PORT must be a port, 0 to 65535, but it is {self.port}.")
        if self.database_url and not re.match(r"sqlite:///.|postgres(ql)?://", self.database_url):
            # It may hold a password, so it is not repeated.
            raise SettingsError("CSMS_DATABASE_URL must begin with sqlite:/// or postgresql:// and name a database.")
        if self.public_url and not re.match(r"https?://[^/]", self.public_url):
            raise SettingsError(f"CSMS_PUBLIC_URL must begin with http:// or https://, but it is {self.public_url!r}.")
        if self.ftp_port > 65_535:
            raise SettingsError(f"CSMS_FTP_PORT must be a port, 0 to 65535, but it is {self.ftp_port}.")
        _first_and_last(self.ftp_passive_ports)
        if self.files_url and not re.match(r"https?://[^/]", self.files_url):
            raise SettingsError(f"CSMS_FILES_URL must begin with http:// or https://, but it is {self.files_url!r}.")
        if self.default_registration not in REGISTRATIONS:
            raise SettingsError(
                f"CSMS_DEFAULT_REGISTRATION must be accepted, pending or rejected, but it is"
                f" {self.default_registration!r}."
            )
        try:
            ZoneInfo(self.timezone)
        except (ValueError, OSError, ZoneInfoNotFoundError) as error:
            raise SettingsError(f"CSMS_TIMEZONE must be like Europe/Berlin, but it is {self.timezone!r}.") from error

    @property
    def database(self) -> str:
        """The URL of the database, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'chargeyard.db'}"

    @property
    def portal_url(self) -> str:
        """Where people find the portal, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def ftp_ports(self) -> tuple[int, int]:
        """The first and the last port of FTP's data connections."""
        return _first_and_last(self.ftp_passive_ports)

    @property
    def files_folder(self) -> Path:
        """Where firmware images and the files of stations are."""
        return self.data_dir / "files"

    @property
    def charge_point_url(self) -> str:
        """What is typed into a charge point; its identity follows after the slash."""
        return re.sub(r"^http", "ws", self.portal_url) + "/ocpp/"


def _first_and_last(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text.strip())
    first, last = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= first <= last <= 65_535:
        raise SettingsError(f"CSMS_FTP_PASSIVE_PORTS must be like 50000-50099, but it is {text!r}.")
    return first, last


def _parse(variable: str, text: str, kind: type) -> Any:
    if kind is bool:
        return _parse_bool(variable, text)
    if kind is int:
        if not re.fullmatch(r"\d{1,12}", text):
            raise SettingsError(f"{variable} must be a whole number, but it is {text!r}.")
        return int(text)
    return kind(text) if kind is str else Path(text)


def _parse_bool(variable: str, text: str) -> bool:
    word = text.strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise SettingsError(f"{variable} must be yes or no, but it is {text!r}.")
