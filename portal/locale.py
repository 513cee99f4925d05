"""The viewer's language, time zone and theme."""

from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask, g, request
from flask_babel import Babel

from portal.context import settings

THEMES = ("light", "dark", "auto")


def init(app: Flask) -> None:
    """Set up translations. English is the source; a language is a folder in `translations/`."""
    Babel(app, default_locale="en", locale_selector=_language)


def _language() -> str:
    return "en"


def zone() -> tzinfo:
    """The zone the browser told (app.js puts it into a cookie), else the one from the settings."""
    if "zone" not in g:
        g.zone = named_zone(request.cookies.get("tz", "")) or named_zone(settings().timezone) or UTC
    return g.zone


def zone_name() -> str:
    """Its name, like Europe/Berlin."""
    return getattr(zone(), "key", "UTC")


@lru_cache(maxsize=256)
def named_zone(name: str) -> tzinfo | None:
    """The time zone of this name; None when there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def theme() -> str:
    """Light or dark where the viewer chose, else auto: what the device prefers."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in THEMES else "auto"
