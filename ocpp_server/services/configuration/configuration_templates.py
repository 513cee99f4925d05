"""Templates: named sets of configuration keys and values, and where stations differ from them."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from peewee import fn

from ocpp_server import clock
from ocpp_server.configuration_keys import BOOLEAN, INTEGER, LIST, TEXT, find
from ocpp_server.models import ConfigurationKey, ConfigurationTemplate
from ocpp_server.services.configuration.configuration import SECRET_KEYS
from ocpp_server.services.errors import Invalid
from ocpp_server.store import Unit

MAX_KEY, MAX_VALUE, MAX_NAME = 50, 500, 255


@dataclass(frozen=True)
class Difference:
    """One key of a template at one station. `current` is None where it is not known."""

    charge_point_id: int
    key: str
    current: str | None
    wanted: str
    #: Nothing is sent: the station said that it does not know the key, or that it cannot be written.
    is_unknown: bool = False
    is_read_only: bool = False

    @property
    def is_sent(self) -> bool:
        return not (self.is_unknown or self.is_read_only)


def save(unit: Unit, name: str, keys: Mapping[str, str], template_id: int | None = None) -> ConfigurationTemplate:
    """Add a template, or change one. Raises Invalid for `name` or `keys`."""
    name, keys = name.strip(), {key.strip(): value for key, value in keys.items() if key.strip()}
    _check(name, keys, template_id)
    template = ConfigurationTemplate.get_by_id(template_id) if template_id else ConfigurationTemplate()
    template.name, template.keys, template.updated_at = name, json.dumps(keys, ensure_ascii=False), clock.now()
    template.save()
    return template


def delete(unit: Unit, template_id: int) -> None:
    ConfigurationTemplate.delete_by_id(template_id)


def keys_of(template: ConfigurationTemplate) -> dict[str, str]:
    """Its keys in their order."""
    return json.loads(template.keys)


def differences(template: ConfigurationTemplate, charge_point_ids: Iterable[int]) -> list[Difference]:
    """Where these stations are not as the template wants, key by key in its order: one query."""
    wanted, ids = keys_of(template), list(charge_point_ids)
    query = ConfigurationKey.select().where(
        ConfigurationKey.charge_point.in_(ids), fn.LOWER(ConfigurationKey.key).in_([key.lower() for key in wanted])
    )
    rows = {(row.charge_point_id, row.key.lower()): row for row in query}  # type: ignore[attr-defined]
    found = (
        _difference(charge_point_id, key, value, rows.get((charge_point_id, key.lower())))
        for key, value in wanted.items()
        for charge_point_id in ids
    )
    return [difference for difference in found if difference is not None]


def by_key(found: Iterable[Difference]) -> dict[str, list[Difference]]:
    """What is sent, a list of stations for each key."""
    keys: dict[str, list[Difference]] = defaultdict(list)
    for difference in found:
        if difference.is_sent:
            keys[difference.key].append(difference)
    return keys


def is_same(name: str, one: str | None, other: str | None) -> bool:
    """Whether two values of a key mean the same: stations write TRUE for true, and blanks after commas."""
    if one is None or other is None or one == other:
        return one == other
    key = find(name)
    kind = key.kind if key else TEXT
    if kind == BOOLEAN:
        return one.strip().lower() == other.strip().lower()
    if kind == LIST:
        return re.sub(r"\s*,\s*", ",", one.strip()) == re.sub(r"\s*,\s*", ",", other.strip())
    return kind == INTEGER and one.strip() == other.strip()


def _difference(charge_point_id: int, key: str, wanted: str, row: ConfigurationKey | None) -> Difference | None:
    if row is None:
        return Difference(charge_point_id, key, None, wanted)
    if row.known and is_same(key, row.value, wanted):
        return None
    return Difference(charge_point_id, key, row.value, wanted, not row.known, row.known and row.readonly)


def _check(name: str, keys: Mapping[str, str], template_id: int | None) -> None:
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Invalid("name", "Give the template a name of 255 characters at most.")
    other = ConfigurationTemplate.get_or_none(ConfigurationTemplate.name == name)
    if other is not None and other.id != template_id:
        raise Invalid("name", "Another template has this name.")
    if not keys:
        raise Invalid("keys", "Name at least one key.")
    seen: set[str] = set()
    for key, value in keys.items():
        if len(key) > MAX_KEY or len(value) > MAX_VALUE or "\0" in key + value:
            raise Invalid("keys", "%(key)s: a key has 50 characters at most, a value 500.", key=key[:MAX_KEY])
        if key.lower() in SECRET_KEYS:
            raise Invalid(
                "keys", "%(key)s is a secret that every station has for itself; it cannot be in a template.", key=key
            )
        if key.lower() in seen:
            raise Invalid("keys", "%(key)s is named twice.", key=key)
        seen.add(key.lower())
