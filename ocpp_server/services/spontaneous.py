"""What stations are asked although nobody asked: little, once, late, and never where a switch says no.

After a boot the configuration is read, if it is not known or the firmware is new. After a reconnect without a boot
the statuses may be out of date, so they are asked for once (quirks 12 to 14, 18 and 20: stations need quiet after a
boot, and some bear no repetition).
"""

from ocpp_server.models.commands import ANSWERED, LOST
from ocpp_server.services import commands
from ocpp_server.stations import Station
from ocpp_server.store import Unit

#: Who asks, in the command table.
BY = "Chargeyard"
#: So long after a boot, and after a connection without one, a station is left alone; in milliseconds.
BOOT_QUIET, RECONNECT_QUIET = 10_000, 20_000
_LIFETIME = 120.0
_KNOWN = "SELECT 1 FROM configuration_key WHERE charge_point_id = ? LIMIT 1"
_BOOTED_BEFORE = "SELECT 1 FROM charge_point WHERE id = ? AND last_boot_at IS NOT NULL"
_LAST = (
    "SELECT state, status FROM command WHERE charge_point_id = ? AND requested_by = ? AND action = ?"
    " ORDER BY id DESC LIMIT 1"
)
_LAST_TWO = (
    "SELECT state FROM command WHERE charge_point_id = ? AND requested_by = ? AND action = ? ORDER BY id DESC LIMIT 2"
)
#: The oldest are looked at, in the order of time, until one is young enough. The name is spelled out for the index.
_FORGET = (
    "DELETE FROM command WHERE finished_at IS NOT NULL AND id IN (SELECT id FROM (SELECT id, requested_at FROM command"  # noqa: S608
    f" WHERE requested_by = '{BY}' AND action = ? ORDER BY id LIMIT 500) AS oldest WHERE requested_at < ?)"
)


def is_due(station: Station, connected_at: int, now: int) -> bool:
    """Whether a connected station has been quiet for long enough to be asked; times in ms since 1970."""
    if station.looked_after or not (station.spontaneous_calls and station.is_accepted):
        return False
    return has_settled(station, connected_at, now)


def has_settled(station: Station, connected_at: int, now: int) -> bool:
    """Whether a connected station has been left alone for long enough; times in ms since 1970."""
    if station.booted_at is not None:
        return now >= station.booted_at + BOOT_QUIET
    return now >= connected_at + RECONNECT_QUIET


def look_after(unit: Unit, station: Station) -> None:
    """Ask what this connection makes worth asking."""
    if station.booted_at is None:
        _refresh_statuses(unit, station)
    elif station.has_new_firmware or (unit.one(_KNOWN, station.id) is None and not _is_in_vain(unit, station)):
        ask(unit, station.id, "GetConfiguration", {})


def _is_in_vain(unit: Unit, station: Station) -> bool:
    """Whether the station went away twice when it was asked: some start anew on the question, for ever (quirk 18)."""
    return unit.all(_LAST_TWO, station.id, BY, "GetConfiguration") == [(LOST,), (LOST,)]


def _refresh_statuses(unit: Unit, station: Station) -> None:
    """Not where nothing is known that could be out of date, and not again where it did not help before."""
    if unit.one(_BOOTED_BEFORE, station.id) is None:
        return
    last = unit.one(_LAST, station.id, BY, "TriggerMessage")
    if last is None or last == (ANSWERED, "Accepted"):
        ask(unit, station.id, "TriggerMessage", {"requestedMessage": "StatusNotification"})


def ask(unit: Unit, charge_point_id: int, action: str, payload: dict) -> None:
    """Ask a station for something in our own name."""
    commands.request(unit, charge_point_id, action, payload, by=BY, lifetime=_LIFETIME)


def forget(unit: Unit, action: str, before: int) -> bool:
    """Remove some of what was asked before that time (ms since 1970); whether there may be more."""
    return unit.execute(_FORGET, action, before).rowcount > 0
