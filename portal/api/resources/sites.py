"""Sites: connections that are shared, what is true of them now, and how they were shared over time."""

from dataclasses import replace
from typing import Any

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Site
from ocpp_server.services.errors import Invalid
from ocpp_server.services.site import site_samples, site_sharing, site_view, sites
from ocpp_server.services.site.site_view import Place, Sums
from ocpp_server.services.site.sites import (
    LEASES,
    MAX_LIMIT,
    MAX_NAME,
    MODES,
    PHASES,
    SLOTS,
    UNITS,
    Circuit,
    Member,
    Plan,
)
from portal import audit
from portal.api import paging
from portal.api.operation import Reply, operation
from portal.api.problems import Problem, missing
from portal.api.routing import PREFIX
from portal.api.schema import (
    BOOLEAN,
    ID,
    INTEGER,
    NUMBER,
    PAGING,
    SINCE,
    STRING,
    TIME,
    body,
    list_of,
    one_of,
    or_null,
    page_of,
    record,
    text,
)
from portal.api.values import time
from portal.context import store

TAG = "Sites"
ORDER = paging.Order((Site.name,))
#: So many samples at most in one answer.
MOST = 5000
_LIMIT = {**NUMBER, "exclusiveMinimum": 0, "maximum": MAX_LIMIT}
_AMPERES = {**NUMBER, "minimum": 0, "maximum": MAX_LIMIT}
_PHASES = one_of(PHASES, description="Which phases of the site the station's L1, L2 and L3 are: 231 for L2, L3, L1.")
_CIRCUIT = body(
    ["name", "limit"],
    name=text(MAX_NAME, minLength=1),
    parent={**or_null(text(MAX_NAME)), "description": "Another circuit's name; null for the connection itself."},
    limit=_LIMIT,
    unit=one_of(UNITS, description="A for each phase, or kW in all."),
    reserve_a={**_AMPERES, "description": "A for each phase that are never handed out."},
)
_MEMBER = body(
    ["station", "connector_id"],
    station=text(255, minLength=1),
    connector_id={**INTEGER, "minimum": 1, "maximum": 128},
    circuit={**text(MAX_NAME), "description": "A circuit's name; the connection itself where it is left out."},
    phases=_PHASES,
    minimum_a=_LIMIT,
    maximum_a=_LIMIT,
    priority={**INTEGER, "minimum": -1000, "maximum": 1000},
    can_pause={**BOOLEAN, "description": "False where a limit of 0 would end the session."},
)
_FIELDS: dict[str, Any] = {
    "name": text(MAX_NAME, minLength=1),
    "mode": one_of(MODES),
    "lease_s": {**INTEGER, "minimum": LEASES[0], "maximum": LEASES[1]},
    "slot_s": {**INTEGER, "minimum": SLOTS[0], "maximum": SLOTS[1]},
    "circuits": {**list_of(_CIRCUIT), "minItems": 1, "maxItems": 200},
    "members": {**list_of(_MEMBER), "maxItems": 2000},
}
_CIRCUIT_SHOWN = record(name=STRING, parent=or_null(STRING), limit=NUMBER, unit=one_of(UNITS), reserve_a=NUMBER)
_MEMBER_SHOWN = record(
    station=STRING,
    connector_id=INTEGER,
    circuit=STRING,
    phases=STRING,
    minimum_a=NUMBER,
    maximum_a=NUMBER,
    priority=INTEGER,
    can_pause=BOOLEAN,
)
SITE = record(
    id=ID,
    name=STRING,
    mode=one_of(MODES),
    lease_s=INTEGER,
    slot_s=INTEGER,
    circuits=list_of(_CIRCUIT_SHOWN),
    members=list_of(_MEMBER_SHOWN),
    created_at=TIME,
)
_EACH_PHASE = {**list_of(NUMBER), "minItems": 3, "maxItems": 3}
_FULLEST = {**NUMBER, "description": "What the fullest phase may carry; of a limit in kW, what the others leave."}
STATE = record(
    limit_a=_FULLEST,
    is_above={**BOOLEAN, "description": "Whether more is measured than one of the circuits bears."},
    circuits=list_of(
        record(
            name=STRING,
            is_above=BOOLEAN,
            allotted_a=_EACH_PHASE,
            measured_a=_EACH_PHASE,
            fail_safe_a=_EACH_PHASE,
        )
    ),
    connectors=list_of(
        record(
            station=STRING,
            connector_id=INTEGER,
            state=one_of(site_view.STATES),
            transaction_id=or_null(INTEGER),
            wanted_a=or_null(NUMBER),
            given_a=or_null(NUMBER),
            measured_a=or_null(NUMBER),
            counted_a=NUMBER,
            fail_safe_a=NUMBER,
            fail_safe_installed=BOOLEAN,
            schedule_allows_a={**or_null(NUMBER), "description": "By profiles of others than the site, now."},
            schedule_instead_a={**or_null(NUMBER), "description": "What cars follow by these without a site's limit."},
            next_in_s=or_null(NUMBER),
        )
    ),
)
_SAMPLE = record(at=TIME, limit_a=_FULLEST, allotted_a=_EACH_PHASE, measured_a=_EACH_PHASE)


@operation("GET", "/sites", "List sites", tag=TAG, answer=page_of(SITE), query=PAGING)
def index(query: dict[str, Any]) -> dict[str, Any]:
    return paging.part(Site.select(), ORDER, query, paging.each(_site))


@operation("POST", "/sites", "Add a site", tag=TAG, body=body(["name", "circuits"], **_FIELDS), answer=SITE, status=201)
def create(body: dict[str, Any]) -> Reply:
    saved = _save(_changed(Plan("", ()), body), None)
    return Reply(_site(saved), 201, {"Location": f"{PREFIX}/sites/{saved.id}"})


@operation("GET", "/sites/<int:site_id>", "Show a site", tag=TAG, answer=SITE)
def show(site_id: int) -> dict[str, Any]:
    return _site(_fetch(site_id))


@operation(
    "PATCH",
    "/sites/<int:site_id>",
    "Change a site; `circuits` and `members` replace all that it has",
    tag=TAG,
    body=body(**_FIELDS),
    answer=SITE,
)
def update(site_id: int, body: dict[str, Any]) -> dict[str, Any]:
    return _site(_save(_changed(sites.plan_of(_fetch(site_id)), body), site_id))


@operation("DELETE", "/sites/<int:site_id>", "Delete a site; its stations forget the limits that it gave them", tag=TAG)
def delete(site_id: int) -> None:
    site = _fetch(site_id)
    audit.write(lambda unit: sites.delete(unit, site_id), "site.delete", site.name)


@operation(
    "GET",
    "/sites/<int:site_id>/state",
    "Show who has how much now, and why",
    tag=TAG,
    answer=STATE,
    errors={409: "The site is so new that nobody has looked at it yet."},
)
def state(site_id: int) -> dict[str, Any]:
    _fetch(site_id)
    live = site_sharing.get(site_id)
    if live is None:
        raise Problem(409, "The site was made just now. Ask again in a second.")
    picture = site_view.look(live, clock.now().timestamp())
    names, circuits = _stations(), {row.id: row.name for row in sites.circuits_of(site_id)}
    return {
        "limit_a": picture.limit_a,
        "is_above": bool(picture.above),
        "circuits": [_sums(circuits, item) for item in picture.sums],
        "connectors": [_place(names, item) for item in picture.places],
    }


@operation(
    "GET",
    "/sites/<int:site_id>/samples",
    "List how a site was shared over time, oldest first, 5000 at most; the last day where `since` is left out",
    tag=TAG,
    answer=record(items=list_of(_SAMPLE)),
    query=(SINCE,),
)
def samples(site_id: int, query: dict[str, Any]) -> dict[str, Any]:
    _fetch(site_id)
    since = clock.to_ms(query["since"]) if "since" in query else clock.to_ms(clock.now()) - 24 * 3600 * 1000
    return {"items": [_sample(row) for row in site_samples.since(store(), site_id, since, MOST)]}


def _save(plan: Plan, site_id: int | None) -> Site:
    return audit.write(
        lambda unit: sites.save(unit, plan, site_id), "site.change" if site_id else "site.add", plan.name.strip()
    )


def _changed(plan: Plan, wish: dict[str, Any]) -> Plan:
    """The plan with what the body says. Raises Invalid."""
    plain = {name: wish[name] for name in ("name", "mode", "lease_s", "slot_s") if name in wish}
    plan = replace(plan, **plain)
    if "circuits" in wish:
        plan = replace(plan, circuits=[Circuit(**item) for item in wish["circuits"]])
    if "members" in wish:
        root = next((circuit.name for circuit in plan.circuits if circuit.parent is None), "")
        numbers = {identity.casefold(): number for number, identity in _stations().items()}
        plan = replace(plan, members=[_member(numbers, root, item) for item in wish["members"]])
    return plan


def _member(numbers: dict[str, int], root: str, item: dict[str, Any]) -> Member:
    fields = {name: value for name, value in item.items() if name not in ("station", "connector_id", "circuit")}
    number = numbers.get(item["station"].casefold())
    if number is None:
        raise Invalid("members", "There is no station %(identity)s.", identity=item["station"])
    return Member(number, item["connector_id"], item.get("circuit", root), **fields)


def _stations() -> dict[int, str]:
    query = ChargePoint.select(ChargePoint.id, ChargePoint.identity).where(ChargePoint.deleted_at.is_null())
    return {row.id: row.identity for row in query}


def _fetch(site_id: int) -> Site:
    site = Site.get_or_none(Site.id == site_id)
    if site is None:
        raise missing(f"site {site_id}")
    return site


def _site(row: Site) -> dict[str, Any]:
    plan, names = sites.plan_of(row), _stations()
    return {
        "id": row.id,
        "name": row.name,
        "mode": row.mode,
        "lease_s": row.lease_s,
        "slot_s": row.slot_s,
        "circuits": [vars(circuit) for circuit in plan.circuits],
        "members": [
            {
                "station": names[member.charge_point_id],
                **{k: v for k, v in vars(member).items() if k != "charge_point_id"},
            }
            for member in plan.members
        ],
        "created_at": time(row.created_at),
    }


def _sums(circuits: dict[int, str], item: Sums) -> dict[str, Any]:
    return {
        "name": circuits.get(item.circuit, ""),
        "is_above": item.is_above,
        "allotted_a": list(item.allotted),
        "measured_a": list(item.measured),
        "fail_safe_a": list(item.fail_safe),
    }


def _place(names: dict[int, str], place: Place) -> dict[str, Any]:
    return {
        "station": names.get(place.key[0], ""),
        "connector_id": place.key[1],
        "state": place.state,
        "transaction_id": place.transaction_id,
        "wanted_a": place.wanted,
        "given_a": place.given,
        "measured_a": place.measured,
        "counted_a": place.counted,
        "fail_safe_a": place.fail_safe,
        "fail_safe_installed": place.is_fail_safe_installed,
        "schedule_allows_a": place.cap,
        "schedule_instead_a": place.instead,
        "next_in_s": place.next_in,
    }


def _sample(row: tuple) -> dict[str, Any]:
    at, limit, *amperes = row
    return {"at": time(clock.from_ms(at)), "limit_a": limit, "allotted_a": amperes[:3], "measured_a": amperes[3:]}
