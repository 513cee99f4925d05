"""What a station must be sent next so that its list becomes what it should be.

Whole lists go out in parts: the first as Full, the others as Differential, in the order of the cards' keys. From then
on only what changed is compared and sent. A card that may charge no longer leaves the list before anything else is
done. Everything here changes the LocalList object, and nothing is saved.
"""

from dataclasses import dataclass

from ocpp_server import clock
from ocpp_server.models import LocalList
from ocpp_server.services.card import id_tag_changes
from ocpp_server.services.card.id_tag_changes import Rows
from ocpp_server.services.local_list import plan, records
from ocpp_server.services.local_list.plan import Limits, Payload
from ocpp_server.services.local_list.records import Selection

#: Changed cards that are looked at together, and cards by which the end of a full list may move without sending all.
_WINDOW, _SHIFT = 200, 1000
#: Changes since a list was last in step, after which the whole list is less work than to look through them.
_MANY = 5000


@dataclass(frozen=True, slots=True)
class Step:
    """A request to the station."""

    action: str
    payload: Payload


def next_step(rows: Rows, listing: LocalList) -> Step | None:
    """The next request; None where the list is as it should be."""
    if listing.check_version:
        return Step("GetLocalListVersion", {})
    limits = limits_of(rows, listing)
    chosen = records.selection(rows, listing, clock.to_ms(clock.now()))
    if not listing.rebuild and id_tag_changes.latest(rows) - listing.seen_revision <= _MANY:
        return _go_on(rows, listing, limits, chosen)
    return _whole(rows, listing, limits, chosen)


def _go_on(rows: Rows, listing: LocalList, limits: Limits, chosen: Selection) -> Step | None:
    listing.part_end = None
    if listing.scan_key is None:
        return _changes(rows, listing, limits, chosen)
    part = records.after(rows, chosen.before(listing.cutoff), listing.scan_key, limits.per_message)
    if not part:
        listing.scan_key = None
        return _changes(rows, listing, limits, chosen)
    gone = _gone(rows, listing, limits, chosen)
    listing.part_end = None if gone else part[-1].key
    return _differential(rows, listing, limits, chosen, gone or [entry.data() for entry in part])


def _gone(rows: Rows, listing: LocalList, limits: Limits, chosen: Selection) -> list[Payload]:
    """Removals of the cards that may charge no longer."""
    station, since = listing.charge_point_id, listing.seen_revision
    return [{"idTag": id_tag} for id_tag in records.gone(rows, station, chosen, since, limits.per_message)]


def limits_of(rows: Rows, listing: LocalList) -> Limits:
    """What the station takes, as far as it told or as it was learnt."""
    found = records.configured(rows, listing.charge_point_id)
    return plan.limits(found, listing.message_limit)


def _whole(rows: Rows, listing: LocalList, limits: Limits, chosen: Selection) -> Step:
    """The first part of the whole list."""
    listing.rebuild, listing.scan_key = True, None
    listing.seen_revision = id_tag_changes.latest(rows)
    listing.cutoff = records.cutoff(rows, chosen, limits.total)
    listing.wanted = records.count(rows, chosen.before(listing.cutoff))
    listing.left_out = records.count(rows, chosen.beyond(listing.cutoff))
    if plan.next_version(listing.version, listing.sent_version) is None:
        listing.version = listing.sent_version = 0
    first = records.after(rows, chosen.before(listing.cutoff), "", limits.per_message)
    listing.part_end = first[-1].key if first else None
    return _update(listing, plan.FULL, [entry.data() for entry in first])


def _changes(rows: Rows, listing: LocalList, limits: Limits, chosen: Selection) -> Step | None:
    """What changed since this list was last in step, and what a moved cutoff brings."""
    while True:
        window = id_tag_changes.since(rows, listing.seen_revision, _WINDOW)
        cutoff = records.cutoff(rows, chosen, limits.total)
        shifted = records.between(rows, cutoff, listing.cutoff, _SHIFT)
        if len(shifted) == _SHIFT:
            return _whole(rows, listing, limits, chosen)
        keys = {*(key for key, _ in window), *shifted}
        wanted = records.among(rows, chosen.before(cutoff), keys)
        changes = plan.differences(wanted, records.held(rows, listing.charge_point_id, keys))
        if changes:
            has_more = len(changes) > limits.per_message or len(window) == _WINDOW
            gone = _gone(rows, listing, limits, chosen) if has_more else []
            return _differential(rows, listing, limits, chosen, gone or changes[: limits.per_message])
        if cutoff is not None or listing.cutoff is not None:
            listing.cutoff, listing.left_out = cutoff, records.count(rows, chosen.beyond(cutoff))
        listing.seen_revision = window[-1][1] if window else listing.seen_revision
        if len(window) < _WINDOW:
            return None


def _differential(rows: Rows, listing: LocalList, limits: Limits, chosen: Selection, changes: list[Payload]) -> Step:
    """These changes, unless they would make the list longer than the station takes, or no version is left."""
    if _overflows(rows, listing, limits, changes) or plan.next_version(listing.version, listing.sent_version) is None:
        return _whole(rows, listing, limits, chosen)
    return _update(listing, plan.DIFFERENTIAL, changes)


def _overflows(rows: Rows, listing: LocalList, limits: Limits, changes: list[Payload]) -> bool:
    if limits.total is None or listing.entries + len(changes) <= limits.total:
        return False
    held = records.held(rows, listing.charge_point_id, [item["idTag"].casefold() for item in changes])
    return listing.entries + plan.growth(changes, held) > limits.total


def _update(listing: LocalList, kind: str, data: list[Payload]) -> Step:
    version = plan.next_version(listing.version, listing.sent_version) or 1
    listing.sent_version = version
    return Step("SendLocalList", plan.update(kind, version, data))
