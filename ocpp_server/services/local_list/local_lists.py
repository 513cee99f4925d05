"""Local authorization lists: which cards a station keeps, and bringing its list in step with them (sections 3.5.2,
5.10, 5.15).

The cards are the source; a station's list is a wanted state. One request at a time is on its way to a station; what its
answer means is told in local_list_answers.py.
"""

import json
from collections.abc import Iterable

from ocpp_server import clock, stations
from ocpp_server.models import ChargePoint, LocalList
from ocpp_server.models.local_lists import ALL, BEHIND, GROUPS, IN_STEP, NONE, SENDING
from ocpp_server.services import commands
from ocpp_server.services.card import id_tags
from ocpp_server.services.errors import Invalid
from ocpp_server.services.local_list.steps import next_step
from ocpp_server.services.spontaneous import BY
from ocpp_server.store import Unit

KEEPS = (NONE, ALL, GROUPS)
#: So long a request waits for a station that is connected, in seconds.
_LIFETIME = 120.0
#: A conflict that a station reports leads to a whole list at most once in this time, in ms.
_CONFLICT_PAUSE = 3_600_000
_CONFLICT = (
    "UPDATE local_list SET rebuild = ?, conflict_at = ?, state = CASE state WHEN 'in_step' THEN 'behind' ELSE state END"
    " WHERE charge_point_id = ? AND keeps <> 'none' AND (conflict_at IS NULL OR conflict_at < ?)"
)


def find(charge_point_id: int) -> LocalList | None:
    """A station's list, if there was ever anything to say of it. Needs a connection."""
    return LocalList.get_or_none(LocalList.charge_point == charge_point_id)


def of(charge_point: int | ChargePoint) -> LocalList:
    """A station's list; a new one, not stored yet, where there is none. Needs a connection."""
    number = charge_point if isinstance(charge_point, int) else charge_point.id
    return find(number) or LocalList(charge_point=charge_point)


def keep(unit: Unit, charge_point_id: int, keeps: str, groups: Iterable[str] = ()) -> LocalList:
    """Choose which cards a station keeps: none, all, or those of these groups (parent id tags). Raises Invalid.

    With none its list is left as it is.
    """
    chosen = list(dict.fromkeys(group.strip() for group in groups)) if keeps == GROUPS else []
    _check(keeps, chosen)
    listing = of(charge_point_id)
    if (keeps, chosen) == (listing.keeps, json.loads(listing.groups)) and listing.id is not None:
        return listing
    listing.keeps, listing.groups = keeps, json.dumps(chosen, ensure_ascii=False)
    _begin_anew(unit, listing)
    listing.asked_by = ""
    save(unit, listing)
    return listing


def sync(unit: Unit, charge_point_id: int, *, by: str, whole: bool = False) -> LocalList:
    """Bring a station's list in step because somebody asks for it, with `whole` by sending all of it.

    That is done also where the station is not sent anything unasked, and waits for one that is away. Raises Invalid.
    """
    listing = of(charge_point_id)
    if listing.keeps == NONE:
        raise Invalid("keeps", "Choose first which cards this station keeps.")
    listing.asked_by = by[:255]
    if whole or listing.state not in (IN_STEP, BEHIND, SENDING):
        _begin_anew(unit, listing)
    listing.refusals = listing.losses = 0
    listing.message_limit, listing.reason = None, ""
    if listing.command_id is None and stations.is_connected(charge_point_id):
        advance(unit, listing)
    else:
        if listing.command_id is None:
            listing.state = BEHIND
        save(unit, listing)
    return listing


def advance(unit: Unit, listing: LocalList) -> None:
    """Ask the station for the next thing, or note that its list is in step."""
    step = next_step(unit.all, listing)
    if step is None:
        _note_in_step(listing)
    else:
        by = listing.asked_by or BY
        asked = commands.request(unit, listing.charge_point_id, step.action, step.payload, by=by, lifetime=_LIFETIME)
        listing.command_id, listing.state = asked.id, SENDING
    save(unit, listing)


def look(unit: Unit, listing: LocalList) -> None:
    """Note whether anything is to be sent to a station that cannot be sent it now."""
    if next_step(unit.all, listing) is None:
        _note_in_step(listing)
        save(unit, listing)
    else:
        LocalList.update(state=BEHIND).where(LocalList.id == listing.id).execute()
        publish(unit, listing)


def conflict(unit: Unit, charge_point_id: int) -> None:
    """The station says that its list and our answers disagree (section 3.5.2): it gets all of it again.

    An update that is under way goes on, and the whole list follows.
    """
    now = clock.to_ms(clock.now())
    unit.execute(_CONFLICT, True, now, charge_point_id, now - _CONFLICT_PAUSE)
    unit.publish("local-lists", f"local-list-{charge_point_id}")


def save(unit: Unit, listing: LocalList) -> None:
    listing.save()
    publish(unit, listing)


def publish(unit: Unit, listing: LocalList) -> None:
    unit.publish("local-lists", f"local-list-{listing.charge_point_id}")


def _begin_anew(unit: Unit, listing: LocalList) -> None:
    """Forget what is under way: its answer no longer counts for this list, and its version is used up."""
    if listing.command_id is not None:
        under_way, listing.command_id = listing.command_id, None
        listing.sent_version += 1
        listing.save()
        commands.cancel(unit, under_way)
    listing.state, listing.reason, listing.refused_at = BEHIND, "", None
    listing.rebuild, listing.scan_key = True, None
    listing.check_version = listing.version == 0 or listing.check_version
    listing.refusals = listing.losses = 0


def _note_in_step(listing: LocalList) -> None:
    listing.wanted = listing.entries
    listing.state, listing.reason, listing.asked_by = IN_STEP, "", ""
    listing.refusals = listing.losses = 0
    listing.in_step_at = clock.now()


def _check(keeps: str, groups: list[str]) -> None:
    if keeps not in KEEPS:
        raise Invalid("keeps", "Choose one of none, all and groups.")
    if keeps == GROUPS and not groups:
        raise Invalid("groups", "Choose at least one group.")
    for group in groups:
        if not group or len(group) > id_tags.MAX_LENGTH or not group.isprintable():
            raise Invalid("groups", "A group has 1 to 20 visible characters.")
