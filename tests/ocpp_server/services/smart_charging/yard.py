"""A station that is given charging profiles, and the record of what it holds."""

from collections.abc import Callable
from typing import Any

from ocpp_server import clock, outgoing
from ocpp_server.charging.limits import Traits
from ocpp_server.charging.profile import TX_DEFAULT
from ocpp_server.frames import CallResult
from ocpp_server.models import ChargingProfileRequest
from ocpp_server.services import commands
from ocpp_server.services.commands import Claimed
from ocpp_server.services.configuration import configuration
from ocpp_server.services.smart_charging import (
    charging_profiles,
    charging_traits,
    installed_profiles,
    unanswered_profiles,
)
from ocpp_server.services.smart_charging.charging_owners import Owner
from ocpp_server.services.smart_charging.charging_profiles import Spot
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.charging_station import Answerer
from tests.ocpp_server.conftest import Clock

SITE = Owner("site-of-tests", 2)


def default(limit: float = 10, **more: Any) -> dict[str, Any]:
    return {
        "stackLevel": 1,
        "chargingProfilePurpose": TX_DEFAULT,
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
        **more,
    }


def limits_of(profile: dict[str, Any]) -> list[float]:
    return [period["limit"] for period in profile["chargingSchedule"]["chargingSchedulePeriod"]]


class Yard:
    """One station, what it says, and the record of it."""

    def __init__(self, store: Store, time: Clock, identity: str = "CP-1") -> None:
        self.store, self.time = store, time
        self.station = Answerer(store, store.write(lambda unit: charge_points.add(unit, identity)))
        self.id = self.station.charge_point.id

    def says(self, answer: Callable[[str, dict], str] | str) -> None:
        self.station.says = answer if callable(answer) else lambda action, payload: answer

    def apply(self, profile: dict, connector_id: int = 1, **more: Any) -> ChargingProfileRequest:
        spots = [Spot(self.id, connector_id)]
        self.store.write(lambda unit: charging_profiles.apply(unit, profile, spots, by="Otto", **more))
        self.station.answer()
        return self.latest()

    def limit(self, amperes: float | None, connector_id: int = 1, purpose: str = TX_DEFAULT) -> Any:
        return self.store.write(
            lambda unit: charging_profiles.set_limit(
                unit, SITE, self.id, connector_id, amperes, purpose=purpose, by="Chargeyard"
            )
        )

    def ask(self, action: str, payload: dict) -> None:
        """As an operator sends it by hand; it waits for its answer."""
        self.store.write(lambda unit: commands.request(unit, self.id, action, payload, by="Otto"))

    def call(self, action: str, payload: dict) -> None:
        """As an operator sends it by hand."""
        self.ask(action, payload)
        self.station.answer()

    def misses(self) -> Claimed:
        """The next request reaches it, and it does not answer in time."""
        taken = self.store.write(lambda unit: outgoing.take(unit, self.station.station))
        assert taken is not None
        self.store.write(lambda unit: commands.timed_out(unit, taken[0]))
        return taken[0]

    def answers_late(self, claimed: Claimed, status: str = "Accepted") -> None:
        answer = CallResult(claimed.message_id, {"status": status}, "")
        self.store.write(lambda unit: outgoing.late(unit, self.station.station, claimed, answer))

    def latest(self) -> ChargingProfileRequest:
        with self.store.reading():
            return charging_profiles.requests_of(self.id)[0]

    def uncertain(self) -> tuple[list[int], list[int]]:
        """By their chargingProfileIds: what it may hold though it is not on record, and what is and may be gone."""
        with self.store.reading():
            held = installed_profiles.of_station(self.id)
            found = unanswered_profiles.of_station(self.id, held)
        gone = [row.charging_profile_id for row in held if any(item.concerns(row) for item in found)]
        return [item.may_hold.charging_profile_id for item in found if item.may_hold is not None], gone

    def held(self) -> list[tuple]:
        with self.store.reading():
            rows = installed_profiles.of_station(self.id)
        return [(row.connector_id, row.purpose, row.stack_level, row.charging_profile_id) for row in rows]

    def knows(self, **keys: str) -> None:
        for key, value in keys.items():
            item = {"key": key, "value": value}
            self.store.write(lambda unit, item=item: configuration.report(unit, self.id, item, clock.now()))

    def learnt(self) -> Traits:
        with self.store.reading():
            return charging_traits.of_station(self.id)

    def starts(self, connector_id: int = 1, late: float = 0) -> int:
        now = clock.to_ms(self.time.now)
        return self.station.start(self.time.iso(hours=-late), now, connector_id)

    def stops(self, transaction_id: int) -> None:
        self.station.stop(transaction_id, self.time.iso(), clock.to_ms(self.time.now))
