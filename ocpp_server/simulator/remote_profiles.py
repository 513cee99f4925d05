"""Answers of the SmartCharging profile (OCPP 1.6 sections 5.5, 5.7, 5.16)."""

import math
from typing import Any

from ocpp.exceptions import PropertyConstraintViolationError
from ocpp.routing import on
from ocpp.v16 import call_result
from ocpp.v16.enums import (
    Action,
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    GetCompositeScheduleStatus,
)

from ocpp_server import clock
from ocpp_server.simulator.connector import Connector
from ocpp_server.simulator.equipment import iso
from ocpp_server.simulator.link import Link
from ocpp_server.simulator.profiles import (
    CHARGE_POINT_MAX,
    TX,
    Moment,
    change_points,
    composite,
    from_watts,
)


class ProfileAnswers(Link):
    """Profiles that are accepted here really cap the power."""

    @on(Action.set_charging_profile)
    def on_set_charging_profile(
        self, connector_id: int, cs_charging_profiles: dict[str, Any]
    ) -> call_result.SetChargingProfile:
        self._check_connector(connector_id)
        if not self._is_acceptable(connector_id, cs_charging_profiles):
            return call_result.SetChargingProfile(ChargingProfileStatus.rejected)
        self._catch_up()
        self.station.profiles.add(connector_id, cs_charging_profiles)
        self.station.wake()
        return call_result.SetChargingProfile(ChargingProfileStatus.accepted)

    @on(Action.clear_charging_profile)
    def on_clear_charging_profile(
        self,
        id: int | None = None,
        connector_id: int | None = None,
        charging_profile_purpose: str | None = None,
        stack_level: int | None = None,
    ) -> call_result.ClearChargingProfile:
        self._catch_up()
        removed = self.station.profiles.clear(id, connector_id, charging_profile_purpose, stack_level)
        self.station.wake()
        status = ClearChargingProfileStatus.accepted if removed else ClearChargingProfileStatus.unknown
        return call_result.ClearChargingProfile(status)

    @on(Action.get_composite_schedule)
    def on_get_composite_schedule(
        self, connector_id: int, duration: int, charging_rate_unit: str | None = None
    ) -> call_result.GetCompositeSchedule:
        if connector_id not in (0, *self.station.connectors):
            return call_result.GetCompositeSchedule(GetCompositeScheduleStatus.rejected)
        start = clock.now()
        return call_result.GetCompositeSchedule(
            GetCompositeScheduleStatus.accepted,
            connector_id=connector_id,
            schedule_start=iso(start),
            charging_schedule={
                "duration": duration,
                "start_schedule": iso(start),
                "charging_rate_unit": charging_rate_unit or "W",
                "charging_schedule_period": self._periods(connector_id, duration, charging_rate_unit or "W"),
            },
        )

    def _periods(self, connector_id: int, duration: int, unit: str) -> list[dict[str, Any]]:
        phases = self.station.model.supply.phases
        connector = self.station.connectors.get(connector_id)
        running = connector.transaction if connector else None
        moment = Moment(clock.now(), running.started_at if running else None)
        points = change_points(self.station.profiles, moment, duration)
        limits = ((point, self._limit_at(connector, moment.later(point))) for point in points)
        return [
            {"start_period": second, "limit": from_watts(watts, unit, phases), "number_phases": phases or 3}
            for second, watts in composite(limits)
        ]

    def _limit_at(self, connector: Connector | None, moment: Moment) -> float:
        """W for one connector, or for the whole station."""
        supply, profiles = self.station.model.supply, self.station.profiles
        whole = min(profiles.station_limit_watts(supply.phases, moment), supply.watts * len(self.station.connectors))
        if connector is None:
            return whole
        own = profiles.limit_watts(connector.connector_id, supply.phases, moment)
        return min(whole, own if own < math.inf else supply.watts, supply.watts)

    def _is_acceptable(self, connector_id: int, profile: dict[str, Any]) -> bool:
        station, purpose = self.station, profile["charging_profile_purpose"]
        periods = profile["charging_schedule"]["charging_schedule_period"]
        full = len(station.profiles.installed) >= station.configuration.number("MaxChargingProfilesInstalled")
        if profile["stack_level"] > station.configuration.number("ChargeProfileMaxStackLevel") or full:
            return False
        if not periods or len(periods) > station.configuration.number("ChargingScheduleMaxPeriods"):
            return False
        if purpose == CHARGE_POINT_MAX:
            return connector_id == 0
        return purpose != TX or self._fits_transaction(connector_id, profile)

    def _fits_transaction(self, connector_id: int, profile: dict[str, Any]) -> bool:
        """A TxProfile needs the transaction that runs on its connector (section 5.16)."""
        connector = self.station.connectors.get(connector_id)
        running = connector.transaction if connector else None
        return running is not None and profile.get("transaction_id") in {None, running.transaction_id}

    def _catch_up(self) -> None:
        """What was charged so far was charged under the old limit."""
        for connector in self.station.connectors.values():
            self.station.catch_up(connector)

    def _check_connector(self, connector_id: int) -> None:
        """Errata 3.38: an unknown connector is a CALLERROR."""
        if connector_id not in (0, *self.station.connectors):
            raise PropertyConstraintViolationError(details={"cause": f"There is no connector {connector_id}."})
