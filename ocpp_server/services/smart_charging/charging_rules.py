"""What the standard asks of a profile beyond its schema: sections 3.13.1, 5.16, 7.8, 7.13 and 7.14."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from ocpp_server.charging.profile import ABSOLUTE, CHARGE_POINT_MAX, RECURRING, RELATIVE, TX
from ocpp_server.services.errors import Invalid

Json = dict[str, Any]


def problems(profile: Json, connector_id: int) -> Iterator[Invalid]:
    """Each rule that a profile (valid by the schema) breaks at this connector, by its field."""
    purpose = profile["chargingProfilePurpose"]
    if purpose == CHARGE_POINT_MAX and connector_id != 0:
        yield Invalid("connectorId", "A ChargePointMaxProfile is for the whole station, connector 0.")
    if purpose == TX and connector_id == 0:
        yield Invalid("connectorId", "A TxProfile is for a session on one connector, not for connector 0.")
    if purpose != TX and profile.get("transactionId") is not None:
        yield Invalid("transactionId", "Only a TxProfile belongs to a session.")
    yield from _kind(profile)
    yield from _periods(profile["chargingSchedule"])


def _kind(profile: Json) -> Iterator[Invalid]:
    kind, start = profile["chargingProfileKind"], profile["chargingSchedule"].get("startSchedule")
    recurs = profile.get("recurrencyKind") is not None
    if recurs != (kind == RECURRING):
        yield Invalid("recurrencyKind", "A Recurring profile says Daily or Weekly; the others say nothing here.")
    if kind in (ABSOLUTE, RECURRING) and start is None:
        yield Invalid("chargingSchedule.startSchedule", "A profile of kind %(kind)s needs a start.", kind=kind)
    if kind == RELATIVE and start is not None:
        yield Invalid("chargingSchedule.startSchedule", "A Relative profile begins with the session and has no start.")


def _periods(schedule: Json) -> Iterator[Invalid]:
    name = "chargingSchedule.chargingSchedulePeriod"
    starts = [period["startPeriod"] for period in schedule["chargingSchedulePeriod"]]
    if not starts or starts[0] != 0:
        yield Invalid(name, "The first period begins at 0.")
    if any(later <= earlier for earlier, later in pairwise(starts)):
        yield Invalid(name, "The periods must follow one another.")
    if any(period["limit"] < 0 for period in schedule["chargingSchedulePeriod"]):
        yield Invalid(name, "A limit is not below 0.")
