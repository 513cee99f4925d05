"""What stations' answers mean for their local lists (sections 5.10, 5.15, 7.47).

Whatever was asked, by Chargeyard or by hand, an answer tells something of the list. Only the answer to the request that
Chargeyard waits for moves it on, and a refusal leads to a whole list once before it is shown as a refusal.
"""

import json
from typing import Any

from ocpp.v16.enums import UpdateStatus

from ocpp_server import clock
from ocpp_server.frames import NOT_IMPLEMENTED, NOT_SUPPORTED
from ocpp_server.models import Command, LocalList
from ocpp_server.models.commands import CANCELLED, EXPIRED, LOST, TIMEOUT
from ocpp_server.models.local_lists import BEHIND, IN_STEP, NONE, REFUSED, UNSUPPORTED
from ocpp_server.services.card import id_tag_changes
from ocpp_server.services.failures import Failure
from ocpp_server.services.local_list import local_lists, plan, records
from ocpp_server.services.local_list.plan import Payload
from ocpp_server.services.local_list.steps import limits_of
from ocpp_server.store import Unit

#: So many refusals, or answers that do not come, end the attempt.
_REFUSALS, _LOSSES = 2, 8


def version_told(unit: Unit, charge_point_id: int, command_id: int, told: Any, *, may_go_on: bool) -> None:
    """GetLocalListVersion was answered: -1 means no list at all, 0 an empty one; neither is kept as a version."""
    listing = local_lists.of(charge_point_id)
    is_ours = _take(listing, command_id)
    version = plan.version_of(told)
    if version is None:
        if is_ours:
            _refuse(unit, listing, "no version")
        return
    listing.checked_at = clock.now()
    if version < 0:
        _has_none(unit, listing, "")
        return
    if listing.state == UNSUPPORTED:
        listing.state = BEHIND
    _compare(unit, listing, version)
    _go_on(unit, listing, is_ours and may_go_on)


def _compare(unit: Unit, listing: LocalList, version: int) -> None:
    doubted, listing.doubted_id, listing.check_version = listing.doubted_id, None, False
    sent = _payload(doubted) if doubted is not None else None
    if version and sent is not None and sent["listVersion"] == version:
        # The update arrived, only its answer did not.
        _accept(unit, listing, sent, is_ours=version == listing.sent_version)
    elif version == 0:
        listing.rebuild = listing.rebuild or listing.entries > 0
        records.clear(unit, listing.charge_point_id)
        listing.version = listing.entries = 0
    elif version != listing.version:
        listing.version, listing.rebuild = version, True
    if listing.rebuild and listing.state == IN_STEP:
        listing.state = BEHIND


def updated(
    unit: Unit, charge_point_id: int, command_id: int, payload: Payload, status: str, *, may_go_on: bool
) -> None:
    """SendLocalList was answered."""
    listing = local_lists.of(charge_point_id)
    is_ours = _take(listing, command_id)
    if status == UpdateStatus.accepted.value:
        listing.refusals = listing.losses = 0
        listing.reason, listing.doubted_id = "", None
        if listing.state == UNSUPPORTED:
            listing.state = BEHIND
        _accept(unit, listing, payload, is_ours=is_ours)
        _go_on(unit, listing, is_ours and may_go_on)
    elif status == UpdateStatus.not_supported.value:
        _has_none(unit, listing, "")
    elif is_ours:
        _refused(unit, listing, payload, status, may_go_on=may_go_on)
    elif listing.keeps != NONE and payload["updateType"] == plan.DIFFERENTIAL:
        # The station's list may not be what we think (5.15): its version will tell.
        listing.check_version = True
        if listing.state == IN_STEP:
            listing.state = BEHIND
        local_lists.save(unit, listing)


def failed(failure: Failure) -> None:
    """A request about the list ended without a usable answer."""
    unit, listing = failure.unit, local_lists.of(failure.charge_point_id)
    is_ours = _take(listing, failure.command_id)
    if failure.state in (LOST, TIMEOUT):
        _lost(unit, listing, failure, is_ours=is_ours)
    elif failure.state == EXPIRED and is_ours:
        listing.state = BEHIND
        local_lists.save(unit, listing)
    elif failure.state == CANCELLED and is_ours:
        _refuse(unit, listing, CANCELLED)
    elif failure.error_code in (NOT_IMPLEMENTED, NOT_SUPPORTED):
        _has_none(unit, listing, failure.error_code)
    elif is_ours:
        reason = " ".join(filter(None, (failure.error_code or "no usable answer", failure.error_description)))
        _not_understood(unit, listing, failure, reason[:500])


def _accept(unit: Unit, listing: LocalList, payload: Payload, *, is_ours: bool) -> None:
    """The station holds this now."""
    _note_entries(unit, listing, payload, is_part=is_ours and listing.part_end is not None)
    # By hand anything may be sent.
    listing.version = min(payload["listVersion"], plan.LAST_VERSION)
    listing.sent_version = max(listing.sent_version, listing.version)
    if not is_ours:
        _by_hand(unit, listing, payload, list(plan.entries(payload)))
    elif payload["updateType"] == plan.FULL:
        listing.rebuild, listing.scan_key = False, listing.part_end
    elif listing.part_end is not None:
        listing.scan_key = listing.part_end


def _note_entries(unit: Unit, listing: LocalList, payload: Payload, *, is_part: bool) -> None:
    station = listing.charge_point_id
    if payload["updateType"] == plan.FULL:
        listing.entries = records.apply(unit, station, payload)
    elif is_part and listing.scan_key is not None:
        listing.entries += records.append(unit, station, payload, listing.scan_key)
    else:
        listing.entries += records.apply(unit, station, payload)


def _by_hand(unit: Unit, listing: LocalList, payload: Payload, keys: list[str]) -> None:
    """An operator's update may differ from what the station should keep: it is compared, and put right."""
    if payload["updateType"] == plan.DIFFERENTIAL:
        id_tag_changes.note(unit, keys)
        return
    listing.rebuild, listing.scan_key = True, None
    if listing.keeps != NONE:
        listing.state = BEHIND
    wanted = records.selection(unit.all, listing, clock.to_ms(clock.now()))
    if records.count(unit.all, wanted) == len(keys):
        found = records.among(unit.all, wanted, keys)
        listing.rebuild = found != records.held(unit.all, listing.charge_point_id, keys)
        listing.seen_revision, listing.cutoff = id_tag_changes.latest(unit.all), None


def _go_on(unit: Unit, listing: LocalList, may_go_on: bool) -> None:
    if may_go_on:
        local_lists.advance(unit, listing)
        return
    if listing.command_id is None and listing.state not in (IN_STEP, REFUSED):
        listing.state = BEHIND
    local_lists.save(unit, listing)


def _refused(unit: Unit, listing: LocalList, payload: Payload, reason: str, *, may_go_on: bool) -> None:
    """No to changes leads to the whole list once (5.15); no to that is final, unless only its version was meant."""
    listing.refusals += 1
    listing.reason = reason[:500]
    is_mismatch = reason == UpdateStatus.version_mismatch.value
    if listing.refusals >= _REFUSALS or (payload["updateType"] == plan.FULL and not is_mismatch):
        _refuse(unit, listing, reason)
        return
    listing.rebuild, listing.scan_key, listing.check_version = True, None, is_mismatch
    listing.state = BEHIND
    _go_on(unit, listing, may_go_on)


def _not_understood(unit: Unit, listing: LocalList, failure: Failure, reason: str) -> None:
    """A CALLERROR, or an answer that is none. A station that cannot tell its version may take a list all the same."""
    sent = _payload(failure.command_id)
    if failure.action == "SendLocalList" and sent is not None:
        _refused(unit, listing, sent, reason, may_go_on=False)
        return
    listing.checked_at = clock.now()
    listing.refusals += 1
    if listing.refusals >= _REFUSALS:
        _refuse(unit, listing, reason)
        return
    listing.state, listing.reason = BEHIND, reason
    listing.check_version, listing.rebuild, listing.scan_key = False, True, None
    local_lists.save(unit, listing)


def _lost(unit: Unit, listing: LocalList, failure: Failure, *, is_ours: bool) -> None:
    """Whether the update arrived is not known: the version will tell."""
    if failure.action == "SendLocalList":
        listing.rebuild = listing.rebuild or listing.doubted_id is not None
        listing.doubted_id, listing.check_version = failure.command_id, True
    if is_ours:
        listing.losses += 1
        listing.reason = failure.state
        if listing.losses >= _LOSSES:
            _refuse(unit, listing, failure.state)
            return
        if listing.losses > 1 and failure.action == "SendLocalList":
            # The second time in a row: the message may be too long for it (quirk 19).
            listing.message_limit = max(1, limits_of(unit.all, listing).per_message // 2)
    if is_ours or listing.state == IN_STEP:
        listing.state = BEHIND
    local_lists.save(unit, listing)


def _refuse(unit: Unit, listing: LocalList, reason: str) -> None:
    """Shown to the operator, and not tried again until something changes."""
    listing.state, listing.reason, listing.refused_at = REFUSED, reason, clock.now()
    listing.rebuild, listing.scan_key, listing.check_version, listing.asked_by = True, None, True, ""
    local_lists.save(unit, listing)


def _has_none(unit: Unit, listing: LocalList, reason: str) -> None:
    listing.state, listing.reason, listing.refused_at = UNSUPPORTED, reason, clock.now()
    listing.rebuild, listing.scan_key, listing.check_version, listing.asked_by = True, None, True, ""
    local_lists.save(unit, listing)


def _take(listing: LocalList, command_id: int) -> bool:
    """Whether this is the request that Chargeyard waits for; it does so no longer."""
    if listing.command_id != command_id:
        return False
    listing.command_id = None
    return True


def _payload(command_id: int) -> Payload | None:
    command = Command.get_or_none(Command.id == command_id)
    return json.loads(command.payload) if command is not None else None
