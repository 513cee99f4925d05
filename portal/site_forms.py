"""What the forms of a site say, read into a plan of it."""

from collections.abc import Iterator
from dataclasses import replace

from flask import request
from werkzeug.datastructures import MultiDict

from ocpp_server.models import ChargePoint, Connector, SiteMember
from ocpp_server.services.errors import Invalid
from ocpp_server.services.site.sites import Circuit, Member, Plan

#: The stations' L1 turned by one phase from connector to connector, so that cars on one phase spread.
TURNS = ("123", "231", "312")


def site(before: Plan | None) -> Plan:
    """The form of a site: its name, how it shares, and its circuits. Raises Invalid."""
    form = request.form
    renamed = _renamed(form)
    members = [
        replace(member, circuit=renamed.get(member.circuit, "").strip() or _main(form))
        for member in (before.members if before else ())
    ]
    return Plan(
        form.get("name", ""),
        list(_circuits(form)),
        members,
        form.get("mode", ""),
        _whole("lease_s", form.get("lease_minutes", "15"), 60),
        _whole("slot_s", form.get("slot_minutes", "30"), 60),
    )


def _main(form: MultiDict[str, str]) -> str:
    return form.get("circuit_name", "").strip()


def _circuits(form: MultiDict[str, str]) -> Iterator[Circuit]:
    """Lines without a name are left out; a parent may be named as it was called before."""
    names, lists = form.getlist("circuit_name"), ("parent", "limit", "unit", "reserve_a")
    parents, limits, units, reserves = (form.getlist(name) for name in lists)
    renamed = _renamed(form)
    for name, parent, limit, unit, reserve in zip(names, parents, limits, units, reserves, strict=False):
        if name.strip():
            above = renamed.get(parent, parent).strip() or None
            number = _number("limit", limit), unit, _number("reserve_a", reserve or "0")
            yield Circuit(name.strip(), *number, above)


def _renamed(form: MultiDict[str, str]) -> dict[str, str]:
    """How each circuit is called now, by the name that it had."""
    pairs = zip(form.getlist("circuit_was"), form.getlist("circuit_name"), strict=False)
    return {was: name for was, name in pairs if was}


def members(before: Plan) -> Plan:
    """The form of a site's connectors: those that stay, and those that are added. Raises Invalid."""
    form = request.form
    stay = [_member(form, old) for old in before.members if f"{_key(old)}-remove" not in form]
    return replace(before, members=[*stay, *_added(form, before)])


def _member(form: MultiDict[str, str], old: Member) -> Member:
    key = _key(old)
    if f"{key}-circuit" not in form:
        return old
    return replace(
        old,
        circuit=form[f"{key}-circuit"],
        phases=form.get(f"{key}-phases", old.phases),
        minimum_a=_number("minimum_a", form.get(f"{key}-minimum", "")),
        maximum_a=_number("maximum_a", form.get(f"{key}-maximum", "")),
        priority=_whole("priority", form.get(f"{key}-priority", "0")),
        can_pause=f"{key}-pause" in form,
    )


def _added(form: MultiDict[str, str], before: Plan) -> Iterator[Member]:
    chosen = form.getlist("add")
    if not chosen:
        return
    maximum = _number("maximum_a", form.get("add-maximum", "32"))
    circuit, phases = form.get("add-circuit", ""), form.get("add-phases", "turned")
    for number, text in enumerate(chosen, len(before.members)):
        station, _, connector = text.partition("-")
        if not (station.isdecimal() and connector.isdecimal() and len(text) < 24):
            raise Invalid("members", "Choose connectors from the list.")
        turned = TURNS[number % 3] if phases == "turned" else phases
        yield Member(int(station), int(connector), circuit, turned, maximum_a=maximum, minimum_a=min(6.0, maximum))


def free_connectors() -> list[tuple[ChargePoint, int]]:
    """The connectors that belong to no site; a station that reported none has at least one."""
    taken = {(row.charge_point_id, row.connector_id) for row in SiteMember.select()}
    reported: dict[int, set[int]] = {}
    for row in Connector.select().where(Connector.connector_id > 0):
        reported.setdefault(row.charge_point_id, set()).add(row.connector_id)  # type: ignore[attr-defined]
    stations = sorted(ChargePoint.select().where(ChargePoint.deleted_at.is_null()), key=lambda row: row.name.casefold())
    return [
        (station, number)
        for station in stations
        for number in sorted(reported.get(station.id, {1}))
        if (station.id, number) not in taken
    ]


def _key(member: Member) -> str:
    return f"{member.charge_point_id}-{member.connector_id}"


def _number(field: str, text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise Invalid(field, "Write a number.") from None


def _whole(field: str, text: str, factor: int = 1) -> int:
    number = _number(field, text)
    if number != number or abs(number) > 1e6 or number * factor != int(number * factor):
        raise Invalid(field, "Write a whole number.")
    return int(number * factor)
