"""What a demonstration starts with: people, named stations, cards, and two weeks of sessions. Made up, every time.

The sessions go through the same services as those of real stations, with times in the past.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from ocpp_server import clock
from ocpp_server.charging.building import Drawing
from ocpp_server.models import Operator, Reservation, ReservationEvent
from ocpp_server.models.reservations import CANCELLED, EXPIRED, USED
from ocpp_server.services.access import operators
from ocpp_server.services.card import id_tags
from ocpp_server.services.local_list import local_lists
from ocpp_server.services.reservation import reservations
from ocpp_server.services.reservation.reservations import Wish
from ocpp_server.services.session import transactions
from ocpp_server.services.site import sites
from ocpp_server.services.site.sites import Circuit, Member, Plan
from ocpp_server.services.smart_charging import charging_profiles, charging_templates
from ocpp_server.services.smart_charging.charging_profiles import Spot
from ocpp_server.services.station import charge_points
from ocpp_server.simulator.car import CAR_MODELS, CarModel, Supply, charging_watts, fits, soc_gain
from ocpp_server.simulator.cards import DEFAULT_ID_TAGS
from ocpp_server.simulator.models import STATION_MODELS
from ocpp_server.store import Store, Unit

EMAIL, PASSWORD = "demo@example.com", "demonstration"
PREFIX = "DEMO-"
DAYS = 14
_STEP = timedelta(minutes=5)
_PLACES = (
    ("Gate", "Front yard"),
    ("Hall A north", "Front yard"),
    ("Hall A south", "Front yard"),
    ("Visitors", "Car park"),
    ("Workshop", "Back yard"),
    ("Fast charger", "Street"),
    ("Canteen", "Car park"),
    ("Hyper charger", "Street"),
)
_PEOPLE = ("Anna Berg", "Van 1", "Van 2", "Pool car", "Jonas Falk", "Visitors")
_FLEET = "FLEET"
#: Station, connector, card, begin and end in minutes from now; and what became of those of the past.
_COMING = (
    (0, 1, 0, 0, 60),
    (6, 2, 5, 0, 150),
    (1, 1, 4, 45, 135),
    (3, 1, 5, 90, 210),
    (2, 1, 1, 240, 330),
    (4, 1, 3, 1500, 1620),
)
_PAST = ((0, 1, 2, -300, -240, USED), (1, 1, 5, -200, -140, EXPIRED), (3, 1, 0, -150, -60, CANCELLED))


@dataclass(frozen=True)
class Yard:
    """What was made: station ids with what they can give, and the cards that may charge."""

    stations: tuple[tuple[int, Supply], ...]
    id_tags: tuple[str, ...]


def fill(store: Store) -> None:
    """Make everything, once; a demonstration that was started before keeps what it has."""
    with store.reading():
        if Operator.select().exists():
            return
    password_hash = operators.hash_password(PASSWORD)
    yard = store.write(lambda unit: _furnish(unit, password_hash))
    store.write(lambda unit: _reserve(unit, yard))
    chance = random.Random(16)  # noqa: S311 - believable, not secret
    for number, (charge_point_id, supply) in enumerate(yard.stations):
        _history(store, charge_point_id, supply, yard.id_tags, chance, 1_000_000 + 7_500 * number)


def _furnish(unit: Unit, password_hash: str) -> Yard:
    operators.add(unit, EMAIL, password_hash=password_hash, role="admin", name="Demo Operator")
    stations = []
    for number, (label, location) in enumerate(_PLACES):
        identity = f"{PREFIX}{number + 1:03d}"
        charge_point = charge_points.add(unit, identity, label=label, location=location)
        stations.append((charge_point.id, STATION_MODELS[number % len(STATION_MODELS)].supply))
    for id_tag, person in zip(DEFAULT_ID_TAGS, _PEOPLE, strict=True):
        parent = _FLEET if person.startswith(("Van", "Pool")) else None
        id_tags.add(unit, id_tag, label=person, parent_id_tag=parent)
    id_tags.add(unit, "04LOST0000000001", label="Lost key fob", status="blocked")
    # The gate and the canteen let cards charge while they are offline.
    local_lists.keep(unit, stations[0][0], "all")
    local_lists.keep(unit, stations[6][0], "groups", [_FLEET])
    id_tags.add(unit, "04TRIAL000000002", label="Trial in spring", expiry_date=clock.now() - timedelta(days=60))
    _limit_the_day(unit, stations[0][0])
    _share_the_connection(unit, stations)
    return Yard(tuple(stations), DEFAULT_ID_TAGS)


def _share_the_connection(unit: Unit, stations: Sequence[tuple[int, Supply]]) -> None:
    """The AC stations hang on one connection that is too small for all of them."""
    turned = ("123", "231", "312")
    members = [
        Member(number, connector_id, "Car park", turned[(place + connector_id) % 3][: supply.phases], maximum_a=most)
        for place, (number, supply) in enumerate(stations)
        if supply.phases
        for connector_id, most in ((1, _most(supply)), (2, _most(supply)))
    ]
    circuits = [Circuit("Connection", 125.0, reserve_a=5.0), Circuit("Car park", 80.0, parent="Connection")]
    sites.save(unit, Plan("Yard", circuits, members))


def _most(supply: Supply) -> float:
    """A for each phase."""
    return 32.0 if supply.watts / supply.phases > 4_000 else 16.0


def _reserve(unit: Unit, yard: Yard) -> None:
    """Some around now: the server sends the coming ones to the simulated stations at their time."""
    now = clock.now()
    for station, connector_id, card, begin, end in _COMING:
        starts_at, expiry_date = now + timedelta(minutes=begin), now + timedelta(minutes=end)
        wish = Wish(connector_id, yard.id_tags[card], expiry_date, starts_at)
        reservations.add(unit, yard.stations[station][0], wish, by="Demo Operator")
    for station, connector_id, card, begin, end, state in _PAST:
        starts_at, expiry_date, id_tag = (
            now + timedelta(minutes=begin),
            now + timedelta(minutes=end),
            yard.id_tags[card],
        )
        row = Reservation.create(
            charge_point=yard.stations[station][0],
            reservation_id=9000 + card,
            connector_id=connector_id,
            id_tag=id_tag,
            id_tag_key=id_tags.key(id_tag),
            starts_at=starts_at,
            expiry_date=expiry_date,
            state=state,
            ended_at=expiry_date if state == EXPIRED else starts_at + timedelta(minutes=20),
            created_by="Demo Operator",
            created_at=starts_at,
            updated_at=expiry_date,
        )
        ReservationEvent.create(reservation=row, at=starts_at, kind="made", who="Demo Operator")
        ReservationEvent.create(reservation=row, at=row.ended_at, kind=state)


def _limit_the_day(unit: Unit, charge_point_id: int) -> None:
    """A schedule, given to a station that takes it when it connects."""
    drawing = Drawing(steps=[(0, 16.0), (6 * 3600, 10.0), (22 * 3600, 16.0)])
    template = charging_templates.save(unit, "Night", drawing)
    profile, spots = charging_templates.profile_of(template, clock.now()), [Spot(charge_point_id, 0)]
    charging_profiles.apply(unit, profile, spots, by="Demo Operator", name=template.name, template_id=template.id)


def _history(
    store: Store, charge_point_id: int, supply: Supply, tags: tuple[str, ...], chance: random.Random, register: float
) -> None:
    now = clock.now()
    for day in range(DAYS, 0, -1):
        begin = (now - timedelta(days=day)).replace(hour=6, minute=0, second=0, microsecond=0)
        for slot in range(chance.choice((1, 2, 2, 3))):
            started = begin + timedelta(hours=5 * slot, minutes=chance.randint(0, 150))
            car = chance.choice([model for model in CAR_MODELS if fits(model, supply)])
            readings = list(_charge(car, supply, started, register, chance))
            register = readings[-1][1]
            if readings[-1][0] < now:
                tag = chance.choice(tags)
                store.write(partial(_replay, charge_point_id=charge_point_id, id_tag=tag, readings=readings))


def _charge(
    car: CarModel, supply: Supply, started: datetime, register: float, chance: random.Random
) -> Iterator[tuple[datetime, float, float, float]]:
    """Time, register in Wh, power in W and SoC in %, from start to end."""
    soc, at, watts = chance.uniform(10, 60), started, 0.0
    until = chance.uniform(75, 100)
    yield at, register, watts, soc
    while soc < until and at - started < timedelta(hours=6):
        at += _STEP
        elapsed = (at - started).total_seconds()
        watts = charging_watts(car, supply, soc, elapsed, noise=chance.uniform(-0.015, 0.015))
        energy = watts * _STEP.total_seconds() / 3600
        register += energy
        soc = min(100.0, soc + soc_gain(car, supply, energy))
        yield at, register, watts, soc


def _replay(
    unit: Unit, charge_point_id: int, id_tag: str, readings: list[tuple[datetime, float, float, float]]
) -> None:
    """Tell the services what a station would have told, message by message."""
    first, last = readings[0], readings[-1]
    begin = {
        "connectorId": 1,
        "idTag": id_tag,
        "meterStart": round(first[1]),
        "timestamp": clock.iso(first[0]),
    }
    transaction_id, _ = transactions.start(
        unit, charge_point_id, begin, clock.to_ms(first[0]) + 800, concurrent_tx=False
    )
    values = [_meter_value(*reading) for reading in readings[1:]]
    payload = {"connectorId": 1, "transactionId": transaction_id, "meterValue": values}
    transactions.meter(unit, charge_point_id, payload, clock.to_ms(last[0]) + 800)
    end = {
        "transactionId": transaction_id,
        "idTag": id_tag,
        "meterStop": round(last[1]),
        "timestamp": clock.iso(last[0]),
        "reason": "EVDisconnected" if last[3] >= 99 else "Local",
    }
    transactions.stop(unit, charge_point_id, end, clock.to_ms(last[0]) + 900)


def _meter_value(at: datetime, register: float, watts: float, soc: float) -> dict:
    samples = [
        {"value": f"{register:.0f}", "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
        {"value": f"{watts:.0f}", "measurand": "Power.Active.Import", "unit": "W"},
        {"value": f"{soc:.0f}", "measurand": "SoC", "unit": "Percent"},
    ]
    return {"timestamp": clock.iso(at), "sampledValue": samples}
