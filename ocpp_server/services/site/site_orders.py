"""Sends what a site decided, as charging profiles, and hears what came of it."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from ocpp_server import clock
from ocpp_server.charging.profile import TX, TX_DEFAULT
from ocpp_server.models import Transaction
from ocpp_server.models.charging import INSTALLED, REFUSED
from ocpp_server.services import spontaneous
from ocpp_server.services.site import site_loading, site_sharing
from ocpp_server.services.site.site_sharing import SITE, Live
from ocpp_server.services.smart_charging import charging_profiles, charging_traits, installed_profiles
from ocpp_server.services.smart_charging.charging_owners import GONE, Outcome, on_outcome
from ocpp_server.services.spontaneous import BY
from ocpp_server.site import wishes
from ocpp_server.site.controller import Order
from ocpp_server.site.member import Key
from ocpp_server.store import Unit

#: The default holds where nobody else gave one; a session's limit must win over anybody's, so it has the station's
#: highest level. Where that is not known, it has this one at least.
DEFAULT_LEVEL, LIMIT_LEVEL = 0, 9
#: So long (s) an order waits for a station that is busy. Later it would no longer be true.
LIFETIME = 20.0
#: After so long (s) nothing will come of an order any more.
GIVEN_UP = 300.0

#: Limits are sent so often that their commands are kept for so many days only.
KEPT_DAYS = 7


def forget_old(unit: Unit) -> bool:
    """Remove some of the old commands; whether there may be more."""
    before = clock.to_ms(clock.now() - timedelta(days=KEPT_DAYS))
    return spontaneous.forget(unit, "SetChargingProfile", before)


def send(unit: Unit, orders: Iterable[Order]) -> None:
    """As commands to the stations."""
    for order in orders:
        charge_point_id, connector_id = order.key
        now = charging_traits.station_time(_session(order))
        is_default = order.transaction_id is None
        purpose, level = (TX_DEFAULT, DEFAULT_LEVEL) if is_default else (TX, _limit_level(charge_point_id))
        number = SITE.profile_id(purpose, connector_id)
        profile = wishes.profile(order, now, profile_id=number, stack_level=level)
        charging_profiles.hold(
            unit, SITE, charge_point_id, connector_id, profile, by=BY, lifetime=LIFETIME, phases=order.phases
        )


def _limit_level(charge_point_id: int) -> int:
    (limits,) = charging_traits.known_limits([charge_point_id])
    if limits.max_stack_level is not None:
        return limits.max_stack_level
    held = [row.stack_level for row in installed_profiles.of_station(charge_point_id) if row.purpose == TX]
    return max([LIMIT_LEVEL, *held])


def _session(order: Order) -> Transaction | None:
    return Transaction.get_or_none(Transaction.id == order.transaction_id) if order.transaction_id else None


def give_up(live: Live, now: float) -> None:
    """What was never heard of again counts as unanswered."""
    for (key, purpose), (order, since) in list(live.pending.items()):
        if now - since > GIVEN_UP:
            site_sharing.conclude(key, purpose, order.transaction_id, accepted=False, refused=False)


@on_outcome(SITE)
def heard(outcome: Outcome) -> None:
    """What a station answered, once that is committed."""
    key = outcome.charge_point_id, outcome.connector_id
    if outcome.state == GONE:
        outcome.unit.after_commit(lambda: site_sharing.gone(key, outcome.purpose))
        return
    accepted, refused = outcome.state == INSTALLED, outcome.state == REFUSED
    transaction_id = outcome.transaction_id if outcome.purpose == TX else None
    if accepted and not site_sharing.is_awaited(key, outcome.purpose, transaction_id):
        _recall(outcome, key)
    outcome.unit.after_commit(
        lambda: site_sharing.conclude(key, outcome.purpose, transaction_id, accepted=accepted, refused=refused)
    )
    changed = tuple(outcome.changed)
    outcome.unit.after_commit(lambda: site_sharing.fitted(key, outcome.purpose, changed))
    outcome.unit.publish("sites")


def _recall(outcome: Outcome, key: Key) -> None:
    """What was sent before a restart has arrived after it."""
    live = site_sharing.at(key)
    for row in installed_profiles.of_station(key[0]):
        wished = installed_profiles.wished_of(row)
        if live and wished and (wished.connector_id, row.purpose) == (key[1], outcome.purpose):
            started_at = site_loading.started_at(row)
            outcome.unit.after_commit(partial(site_loading.recall, live.site, row, wished, started_at))
