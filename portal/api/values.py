"""How values are written: times in UTC to the second, JSON texts as what they say."""

import json
from datetime import datetime
from typing import Any

from ocpp_server import clock


def time(moment: datetime | None) -> str | None:
    """`2026-11-22T10:00:00Z`."""
    return None if moment is None else clock.iso(moment)


def parsed(text: str | None) -> Any:
    """What a stored JSON text says; null for what is none. Stations write NaN, which JSON does not know."""
    try:
        return None if text is None else json.loads(text, parse_constant=lambda word: None)
    except (ValueError, RecursionError):
        return None
