"""What a firmware job is to do: its plan, and what no job can do."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from ocpp_server import clock, schemas
from ocpp_server.models import FirmwareJob
from ocpp_server.services.errors import Invalid
from ocpp_server.services.firmware import daily_windows

#: How stations can fetch a file (section 8 of the standard lists them under SupportedFileTransferProtocols).
SCHEMES = ("http", "https", "ftp", "ftps")
#: What a form proposes: one station first, then ten, then all; stop when more than a tenth of a wave fails.
WAVES, STOP_PERCENT, PATIENCE = (1, 10), 10, 7200
MAX_STATIONS = 5000


@dataclass(frozen=True)
class Plan:
    """What a job is to do; see models/firmware.py. `retries` and `retry_interval` (seconds) go to the stations."""

    image_id: int | None = None
    location: str = ""
    version: str = ""
    title: str = ""
    target: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    window_from: str | None = None
    window_to: str | None = None
    zone: str | None = None
    waves: tuple[int, ...] = WAVES
    stop_percent: int | None = STOP_PERCENT
    retries: int | None = None
    retry_interval: int | None = None
    respects_sessions: bool = True
    patience: int = PATIENCE


def check(plan: Plan, charge_point_ids: Collection[int]) -> None:
    """Raise Invalid for what no job can do, naming the field."""
    if plan.image_id is None:
        _check_location(plan.location.strip())
    if len(plan.version) > 50:
        raise Invalid("version", "A firmware version has 50 characters at most.")
    if not charge_point_ids:
        raise Invalid("stations", "Choose at least one station.")
    if len(charge_point_ids) > MAX_STATIONS:
        raise Invalid("stations", "A job takes %(most)s stations at most.", most=MAX_STATIONS)
    if any(not 0 < size <= MAX_STATIONS for size in plan.waves) or len(plan.waves) > 20:
        raise Invalid("waves", "Write the sizes of the first waves, like 1, 10.")
    if plan.stop_percent is not None and not 0 <= plan.stop_percent <= 100:
        raise Invalid("stop_percent", "This must be between 0 and 100.")
    first = asks_first(plan, clock.now())
    if plan.ends_at is not None and plan.ends_at <= first:
        raise Invalid("ends_at", "The job would end before it asks the first station.")
    if not 60 <= plan.patience <= 30 * 86400:
        raise Invalid("patience", "This must be between a minute and 30 days.")
    for name in ("retries", "retry_interval"):
        number = getattr(plan, name)
        if number is not None and not 0 <= number < 2**31:
            raise Invalid(name, "This must be a whole number from 0 on.")


def asks_first(plan: Plan | FirmwareJob, now: datetime) -> datetime:
    """When a job that goes on now asks a station at the earliest: at once, or when its time and its hours have come.
    Raises Invalid."""
    window, begin = window_of(plan), max(now, plan.starts_at or now)
    return window.opens(begin) if window is not None else begin


def window_of(plan: Plan | FirmwareJob) -> daily_windows.DailyWindow | None:
    """The hours of each day in which a job asks stations; None where it does at any time. Raises Invalid."""
    return daily_windows.read(plan.window_from, plan.window_to, plan.zone)


def wave_sizes(text: str) -> tuple[int, ...]:
    """`1, 10` as numbers. Raises Invalid."""
    words = re.split(r"[\s,;/]+", text.strip()) if text.strip() else []
    if not all(word.isdecimal() and len(word) < 6 for word in words):
        raise Invalid("waves", "Write the sizes of the first waves, like 1, 10.")
    return tuple(int(word) for word in words)


def _check_location(location: str) -> None:
    """An address that stations can be told: a URI (section 6.55) with a scheme by which they fetch files."""
    if not location:
        raise Invalid("location", "Choose an image, or type where the stations find one.")
    payload = {"location": location, "retrieveDate": clock.iso(clock.now())}
    if not (schemas.request_is_valid("UpdateFirmware", payload) and _has_host(location)):
        raise Invalid(
            "location",
            "Write a whole address like https://example.com/new.bin, with http, https, ftp or ftps and without spaces"
            " or special letters.",
        )


def _has_host(location: str) -> bool:
    try:
        parts = urlsplit(location)
    except ValueError:
        return False
    return parts.scheme in SCHEMES and bool(parts.hostname)
