"""Configuration keys as pages show them: type, meaning and limits in words, and what a change risks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from peewee import fn

from ocpp_server import configuration_risks
from ocpp_server.configuration_keys import (
    BOOLEAN,
    INTEGER,
    LIST,
    READ_ONLY,
    STANDARD_KEYS,
    WRITE_ONLY,
    StandardKey,
    find,
)
from ocpp_server.models import ChargePoint, CommandBatch, ConfigurationKey, ConfigurationTemplate
from ocpp_server.services.configuration.configuration import SECRET_KEYS
from ocpp_server.services.configuration.configuration_templates import by_key, differences, is_same
from portal import asking
from portal.asking import Wish
from portal.formats import number

#: What a page may be narrowed to.
SHOWS = ("", "writable", "readonly", "vendor", "reboot", "unknown")


@dataclass(frozen=True)
class KeyView:
    """One key of a station."""

    row: ConfigurationKey
    standard: StandardKey | None

    @property
    def name(self) -> str:
        return self.row.key

    @property
    def is_secret(self) -> bool:
        return self.row.key.lower() in SECRET_KEYS

    @property
    def meaning(self) -> str:
        return _(self.standard.meaning) if self.standard else ""

    @property
    def limits(self) -> str:
        return limits(self.standard) if self.standard else ""

    @property
    def risk(self) -> str | None:
        return configuration_risks.explain(self.row.key)

    @property
    def offered(self) -> tuple[str, ...]:
        """Values to offer while one types."""
        if self.standard is None:
            return ()
        return ("true", "false") if self.standard.kind == BOOLEAN else self.standard.choices


@dataclass(frozen=True)
class Pair:
    """One key at two stations; None where it was not reported."""

    name: str
    left: ConfigurationKey | None
    right: ConfigurationKey | None
    is_different: bool


def limits(key: StandardKey) -> str:
    """`Whole number, s, 0 to 86,400`."""
    kinds = {BOOLEAN: _("true or false"), INTEGER: _("whole number"), LIST: _("list, separated by commas")}
    parts = [kinds.get(key.kind, _("text"))]
    if key.unit:
        units = {"s": _("seconds"), "times": _("times")}
        parts.append(units.get(key.unit, key.unit))
    if key.kind == INTEGER and key.access != READ_ONLY:
        least, most = number(key.least), number(key.most)
        parts.append(_("%(least)s or more", least=least) if key.most is None else f"{least} – {most}")
    return ", ".join(parts)


def views(rows: Iterable[ConfigurationKey], text: str = "", show: str = "") -> list[KeyView]:
    """The keys that fit a search and a choice of SHOWS."""
    found = (KeyView(row, find(row.key)) for row in rows)
    return [view for view in found if _mentions(view, text.strip().lower()) and _is_shown(view, show)]


def _mentions(view: KeyView, text: str) -> bool:
    return text in f"{view.name} {view.row.value or ''} {view.meaning}".lower()


def _is_shown(view: KeyView, show: str) -> bool:
    row = view.row
    tests = {
        "writable": row.known and not row.readonly,
        "readonly": row.known and row.readonly,
        "vendor": view.standard is None,
        "reboot": row.awaits_reboot,
        "unknown": not row.known,
    }
    return tests.get(show, True)


def missing(rows: Iterable[ConfigurationKey]) -> list[str]:
    """The keys that the standard requires of this station and that it did not report."""
    values = {row.key.lower(): row.value or "" for row in rows if row.known}
    profiles = {name.strip() for name in values.get("supportedfeatureprofiles", "").split(",")} | {"Core"}
    return [
        key.name
        for key in STANDARD_KEYS
        if key.required and key.access != WRITE_ONLY and key.profile in profiles and key.name.lower() not in values
    ]


def compare(left: Mapping[str, ConfigurationKey], right: Mapping[str, ConfigurationKey]) -> list[Pair]:
    """Two stations key by key (names in small letters), differences first."""
    pairs = [_pair(name, left.get(name), right.get(name)) for name in sorted({*left, *right})]
    return sorted(pairs, key=lambda pair: not pair.is_different)


def by_name(charge_point_id: int) -> dict[str, ConfigurationKey]:
    """A station's keys by their names in small letters. Needs a connection."""
    return {row.key.lower(): row for row in rows_of(charge_point_id)}


def rows_of(charge_point_id: int) -> list[ConfigurationKey]:
    """A station's keys in the order of their names. Needs a connection."""
    query = ConfigurationKey.select().where(ConfigurationKey.charge_point == charge_point_id)
    return list(query.order_by(fn.LOWER(ConfigurationKey.key)))


def apply_template(
    template: ConfigurationTemplate, points: Iterable[ChargePoint], options: dict[str, Any]
) -> list[CommandBatch]:
    """A request to many for each key, in the template's order, to the stations that differ now."""
    stations = {point.id: point for point in points}
    wanted = by_key(differences(template, stations))
    return asking.many(
        (
            Wish("ChangeConfiguration", {"key": key, "value": found[0].wanted}, options),
            [stations[item.charge_point_id] for item in found],
        )
        for key, found in wanted.items()
    )


def _pair(name: str, left: ConfigurationKey | None, right: ConfigurationKey | None) -> Pair:
    one, other = (row.value if row and row.known else None for row in (left, right))
    is_there = (bool(left and left.known), bool(right and right.known))
    shown = next(row.key for row in (left, right) if row)
    return Pair(shown, left, right, is_there[0] != is_there[1] or not is_same(name, one, other))
