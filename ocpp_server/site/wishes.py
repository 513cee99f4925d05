"""From an order to the charging profile that says it (sections 7.8 and 7.13). Pure.

What follows when Chargeyard is gone stands in the profile itself: after the lease comes the fail-safe limit. So nothing
depends on how a station reads the end of a schedule.
"""

from datetime import datetime, timedelta
from typing import Any

from ocpp_server import clock
from ocpp_server.site.controller import Order

#: A schedule begins so long (s) in the past, so that a clock that is a little behind opens no gap (3.13.2).
PAST = 60


def profile(order: Order, now: datetime, *, profile_id: int, stack_level: int) -> dict[str, Any]:
    """The csChargingProfiles of SetChargingProfile."""
    return (
        _default(order, profile_id, stack_level)
        if order.transaction_id is None
        else _limit(order, now, profile_id, stack_level)
    )


def read(profile: dict[str, Any]) -> tuple[float, float, float | None]:
    """What an order's profile says: the limit, the one that follows, and after how many s; None where none follows."""
    periods = profile["chargingSchedule"]["chargingSchedulePeriod"]
    first, last = periods[0], periods[-1]
    past = PAST if "transactionId" in profile else 0
    follows = last["startPeriod"] - past if len(periods) > 1 else None
    return float(first["limit"]), float(last["limit"]), follows


def _limit(order: Order, now: datetime, profile_id: int, stack_level: int) -> dict[str, Any]:
    schedule = {
        "startSchedule": clock.iso(now - timedelta(seconds=PAST)),
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": _periods(order, PAST + round(order.lease)),
    }
    return {
        "chargingProfileId": profile_id,
        "transactionId": order.transaction_id,
        "stackLevel": stack_level,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }


def _default(order: Order, profile_id: int, stack_level: int) -> dict[str, Any]:
    """A session that is told nothing begins with nothing, until all that was lent to others has ended."""
    return {
        "chargingProfileId": profile_id,
        "stackLevel": stack_level,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": _periods(order, round(order.lease))},
    }


def _periods(order: Order, until: int) -> list[dict[str, Any]]:
    first = [{"startPeriod": 0, "limit": order.amperes}]
    if order.amperes == order.fail_safe:
        return first
    return [*first, {"startPeriod": until, "limit": order.fail_safe}]
