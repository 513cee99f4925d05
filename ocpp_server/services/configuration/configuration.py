"""The configuration that stations report, and its history."""

from datetime import datetime
from typing import Any

from peewee import fn

from ocpp_server.models import ConfigurationChange, ConfigurationKey
from ocpp_server.store import Unit

REPORTED = "reported by the station"
#: Keys whose value is a secret: it is neither kept nor shown.
SECRET_KEYS = {"authorizationkey"}


def report(unit: Unit, charge_point_id: int, item: dict[str, Any], at: datetime) -> None:
    """A key as the station reports it: `key`, `value` (may be absent) and `readonly`."""
    key, value = str(item.get("key", ""))[:255], item.get("value")
    if not key:
        return
    value = None if value is None or key.lower() in SECRET_KEYS else str(value)
    _store(unit, charge_point_id, key, value, REPORTED, at, readonly=item.get("readonly") is True, known=True)


def report_unknown(unit: Unit, charge_point_id: int, key: str, at: datetime) -> None:
    """A key that the station says it does not know."""
    _store(unit, charge_point_id, key[:255], None, REPORTED, at, known=False)


def changed(
    unit: Unit, charge_point_id: int, key: str, value: str, *, source: str, awaits_reboot: bool, at: datetime
) -> None:
    """A value that the station accepted."""
    _store(unit, charge_point_id, key, value, source, at, known=True, awaits_reboot=awaits_reboot)


def _find(charge_point_id: int, key: str) -> ConfigurationKey | None:
    """Keys are matched without regard to case (CiString); the station's own spelling is kept."""
    row = ConfigurationKey.get_or_none(charge_point=charge_point_id, key=key)
    if row is not None:
        return row
    same = fn.LOWER(ConfigurationKey.key) == key.lower()
    return ConfigurationKey.get_or_none(ConfigurationKey.charge_point == charge_point_id, same)


def _store(
    unit: Unit, charge_point_id: int, key: str, value: str | None, source: str, at: datetime, **facts: bool
) -> None:
    row = _find(charge_point_id, key)
    if row is None:
        row = ConfigurationKey(charge_point=charge_point_id, key=key, seen_at=at)
        is_new = True
    else:
        is_new = False
    if row.value != value and not (is_new and source == REPORTED):
        ConfigurationChange.create(
            charge_point=charge_point_id, key=row.key, old_value=row.value, new_value=value, source=source, at=at
        )
    row.value, row.seen_at = value, at
    row.awaits_reboot = facts.pop("awaits_reboot", False)
    for name, fact in facts.items():
        setattr(row, name, fact)
    row.save()
    unit.publish(f"configuration-{charge_point_id}")


def max_keys(charge_point_id: int) -> int | None:
    """How many keys the station lets one GetConfiguration name, as far as it told. Needs a connection."""
    row = ConfigurationKey.get_or_none(charge_point=charge_point_id, key="GetConfigurationMaxKeys")
    text = ((row and row.value) or "").strip()
    return int(text) if text.isdecimal() and int(text) > 0 else None


def in_parts(charge_point_id: int, keys: list[str]) -> list[list[str]]:
    """The keys to ask for by name, in as many requests as the station needs (rule 76). Needs a connection."""
    size = max_keys(charge_point_id) or max(1, len(keys))
    return [keys[first : first + size] for first in range(0, len(keys), size)] or [[]]
