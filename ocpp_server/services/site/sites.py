"""Sites as people set them up: a connection, its circuits, and the connectors on them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Site, SiteCircuit, SiteMember
from ocpp_server.models.sites import AMPERES, KILOWATTS
from ocpp_server.services.errors import Invalid
from ocpp_server.services.site import site_sharing
from ocpp_server.site.controller import FAIR, PRIORITY
from ocpp_server.store import Unit

MODES = (FAIR, PRIORITY)
UNITS = (AMPERES, KILOWATTS)
#: Which phases of the site a station's L1, L2 and L3 may be: turned, crossed, or some of them.
PHASES = ("123", "231", "312", "132", "213", "321", "1", "2", "3", "12", "23", "31")
MAX_NAME, MAX_LIMIT = 255, 100_000.0
LEASES, SLOTS = (120, 3600), (300, 14_400)


@dataclass(frozen=True)
class Circuit:
    """A fuse as it is wished; `parent` is another's name. `limit` in `unit`, the reserve in A for each phase."""

    name: str
    limit: float
    unit: str = AMPERES
    reserve_a: float = 0.0
    parent: str | None = None


@dataclass(frozen=True)
class Member:
    """A connector as it is wished on the circuit of that name; A for each phase."""

    charge_point_id: int
    connector_id: int
    circuit: str
    phases: str = "123"
    minimum_a: float = 6.0
    maximum_a: float = 32.0
    priority: int = 0
    can_pause: bool = True


@dataclass(frozen=True)
class Plan:
    """A whole site as it is wished."""

    name: str
    circuits: Sequence[Circuit]
    members: Sequence[Member] = field(default=())
    mode: str = FAIR
    lease_s: int = 900
    slot_s: int = 1800


def save(unit: Unit, plan: Plan, site_id: int | None = None) -> Site:
    """Add a site, or make one as the plan says. Raises Invalid for a field of it."""
    plan = _checked(plan, site_id)
    site = Site.get_by_id(site_id) if site_id else Site(created_at=clock.now())
    site.name, site.mode, site.lease_s, site.slot_s = plan.name, plan.mode, plan.lease_s, plan.slot_s
    site.save()
    circuits = _save_circuits(site, plan.circuits)
    left = _save_members(site, plan.members, circuits)
    SiteCircuit.delete().where(SiteCircuit.site == site, SiteCircuit.id.not_in(list(circuits.values()))).execute()
    _changed(unit, site.id)
    site_sharing.let_go(unit, left)
    site_sharing.keep(unit, [(member.charge_point_id, member.connector_id) for member in plan.members])
    return site


def delete(unit: Unit, site_id: int) -> None:
    """The site is gone; its stations are told to forget the limits that it gave them."""
    left = [(row.charge_point_id, row.connector_id) for row in members_of(site_id)]
    Site.delete_by_id(site_id)
    _changed(unit, site_id)
    site_sharing.let_go(unit, left)


def plan_of(site: Site) -> Plan:
    """The site as it is, to be changed and saved."""
    circuits, members = circuits_of(site.id), members_of(site.id)
    names = {row.id: row.name for row in circuits}
    return Plan(
        site.name,
        [Circuit(row.name, row.limit, row.unit, row.reserve_a, names.get(row.parent_id)) for row in circuits],
        [
            Member(
                row.charge_point_id,
                row.connector_id,
                names[row.circuit_id],
                row.phases,
                row.minimum_a,
                row.maximum_a,
                row.priority,
                row.can_pause,
            )
            for row in members
        ],
        site.mode,
        site.lease_s,
        site.slot_s,
    )


def circuits_of(site_id: int) -> list[SiteCircuit]:
    """The connection first, the others in the order in which they were added."""
    rows = SiteCircuit.select().where(SiteCircuit.site == site_id).order_by(SiteCircuit.id)
    return sorted(rows, key=lambda row: row.parent_id is not None)


def members_of(site_id: int) -> list[SiteMember]:
    """With their stations, by name."""
    query = SiteMember.select(SiteMember, ChargePoint).join(SiteCircuit).switch(SiteMember).join(ChargePoint)
    rows = query.where(SiteCircuit.site == site_id, ChargePoint.deleted_at.is_null())
    return sorted(rows, key=lambda row: (row.charge_point.name.casefold(), row.charge_point_id, row.connector_id))


def of_connectors(charge_point_ids: Collection[int]) -> dict[tuple[int, int], Site]:
    """The site of each connector of these stations that belongs to one. Stations that are told nothing unasked get
    none of its limits, so they are left out."""
    query = SiteMember.select(SiteMember, SiteCircuit, Site).join(SiteCircuit).join(Site)
    rows = (
        query.switch(SiteMember)
        .join(ChargePoint)
        .where(SiteMember.charge_point.in_(list(charge_point_ids)), ChargePoint.spontaneous_calls)
    )
    return {(row.charge_point_id, row.connector_id): row.circuit.site for row in rows}


def _save_circuits(site: Site, circuits: Iterable[Circuit]) -> dict[str, int]:
    """Their ids by name; a parent is there before its children."""
    known = {row.name: row for row in SiteCircuit.select().where(SiteCircuit.site == site)}
    ids: dict[str, int] = {}
    for wish in circuits:
        row = known.get(wish.name) or SiteCircuit(site=site, name=wish.name)
        row.limit, row.unit, row.reserve_a = wish.limit, wish.unit, wish.reserve_a
        row.parent_id = ids[wish.parent] if wish.parent else None
        row.save()
        ids[wish.name] = row.id
    return ids


def _save_members(site: Site, members: Iterable[Member], circuits: dict[str, int]) -> list[tuple[int, int]]:
    """The connectors that belong to the site no longer."""
    known = {(row.charge_point_id, row.connector_id): row for row in members_of(site.id)}
    for wish in members:
        key = wish.charge_point_id, wish.connector_id
        row = known.pop(key, None) or SiteMember(charge_point=key[0], connector_id=key[1])
        row.circuit_id, row.phases, row.priority = circuits[wish.circuit], wish.phases, wish.priority
        row.minimum_a, row.maximum_a, row.can_pause = wish.minimum_a, wish.maximum_a, wish.can_pause
        row.save()
    for row in known.values():
        row.delete_instance()
    return list(known)


def _changed(unit: Unit, site_id: int) -> None:
    unit.after_commit(site_sharing.reload_soon)
    unit.publish("sites", f"site-{site_id}")


def _checked(plan: Plan, site_id: int | None) -> Plan:
    name = plan.name.strip()
    _check_name("name", name)
    other = Site.get_or_none(Site.name == name)
    if other is not None and other.id != site_id:
        raise Invalid("name", "Another site has this name.")
    if plan.mode not in MODES:
        raise Invalid("mode", "Share fairly or by priority.")
    _between("lease_s", plan.lease_s, *LEASES)
    _between("slot_s", plan.slot_s, *SLOTS)
    circuits = _in_order(plan.circuits)
    _check_members(plan.members, {circuit.name for circuit in circuits}, site_id)
    return Plan(name, circuits, plan.members, plan.mode, plan.lease_s, plan.slot_s)


def _in_order(circuits: Sequence[Circuit]) -> list[Circuit]:
    """Parents before children. One circuit is the connection, all others hang on it."""
    for circuit in circuits:
        _check_circuit(circuit)
    if len({circuit.name for circuit in circuits}) < len(circuits):
        raise Invalid("circuits", "Two circuits have the same name.")
    if sum(circuit.parent is None for circuit in circuits) != 1:
        raise Invalid("circuits", "One circuit is the connection itself; each other one hangs on a circuit.")
    ordered: list[Circuit] = []
    waiting = list(circuits)
    while waiting:
        placed = {circuit.name for circuit in ordered} | {None}
        ready = [circuit for circuit in waiting if circuit.parent in placed]
        if not ready:
            raise Invalid("circuits", "A circuit hangs on one that is not there, or on itself.")
        ordered += ready
        waiting = [circuit for circuit in waiting if circuit not in ready]
    return ordered


def _check_circuit(circuit: Circuit) -> None:
    _check_name("circuits", circuit.name)
    if circuit.unit not in UNITS:
        raise Invalid("unit", "A limit is in A for each phase, or in kW.")
    if not 0 < circuit.limit <= MAX_LIMIT:
        raise Invalid("limit", "Give the limit as a number above 0.")
    if not 0 <= circuit.reserve_a < MAX_LIMIT:
        raise Invalid("reserve_a", "Give the reserve in A, 0 for none.")


def _check_members(members: Sequence[Member], circuits: set[str], site_id: int | None) -> None:
    keys = {(member.charge_point_id, member.connector_id) for member in members}
    if len(keys) < len(members):
        raise Invalid("members", "A connector is named twice.")
    for member in members:
        if member.circuit not in circuits:
            raise Invalid("members", "There is no circuit %(name)s.", name=member.circuit)
        if member.phases not in PHASES:
            raise Invalid("phases", "Choose which phases the connector is wired to.")
        if not (0 < member.minimum_a <= member.maximum_a <= MAX_LIMIT):
            raise Invalid("maximum_a", "The smallest current is above 0 A, the largest not below it.")
        if not 1 <= member.connector_id <= 128:
            raise Invalid("connector_id", "Connectors are numbered from 1.")
        if abs(member.priority) > 1000:
            raise Invalid("priority", "Give a whole number from -1000 to 1000.")
    _check_elsewhere(keys, site_id)


def _check_elsewhere(keys: set[tuple[int, int]], site_id: int | None) -> None:
    ids = [charge_point_id for charge_point_id, _ in keys]
    query = SiteMember.select(SiteMember, SiteCircuit, Site).join(SiteCircuit).join(Site)
    for row in query.where(SiteMember.charge_point.in_(ids)):
        if (row.charge_point_id, row.connector_id) in keys and row.circuit.site_id != site_id:
            raise Invalid(
                "members",
                "Connector %(connector)s of %(station)s belongs to the site %(site)s.",
                connector=row.connector_id,
                station=row.charge_point.name,
                site=row.circuit.site.name,
            )


def _check_name(field_name: str, name: str) -> None:
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Invalid(field_name, "Give a name of 255 characters at most.")


def _between(field_name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise Invalid(field_name, "Give a number from %(least)s to %(most)s.", least=least, most=most)
