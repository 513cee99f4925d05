"""Which local lists need something now, and doing it: for the job that keeps them in step."""

from dataclasses import dataclass

from ocpp_server import clock
from ocpp_server.models import Command, LocalList
from ocpp_server.models.commands import OPEN_STATES
from ocpp_server.models.local_lists import IN_STEP, NONE, REFUSED, UNSUPPORTED
from ocpp_server.services import spontaneous
from ocpp_server.services.card.id_tag_changes import Rows
from ocpp_server.services.local_list import local_lists
from ocpp_server.stations import Station
from ocpp_server.store import Unit

#: A refused list is tried again after so long, in ms; sooner where the station has booted meanwhile.
_RETRY = 24 * 3_600_000
_STANDINGS = (
    "SELECT l.charge_point_id, l.state, l.seen_revision, l.asked_by, l.checked_at, l.refused_at, c.state,"
    " CASE WHEN l.rebuild OR l.scan_key IS NOT NULL THEN 1 ELSE 0 END"
    " FROM local_list l JOIN charge_point p ON p.id = l.charge_point_id AND p.deleted_at IS NULL"
    " LEFT JOIN command c ON c.id = l.command_id WHERE l.keeps <> 'none'"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one list stands; times in ms since 1970, `command_state` of the request that is under way. `is_whole`: it is
    to be sent as a whole, or is in the middle of that."""

    charge_point_id: int
    state: str
    seen_revision: int
    asked_by: str = ""
    checked_at: int | None = None
    refused_at: int | None = None
    command_state: str | None = None
    is_whole: int = 0

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self.command_state in OPEN_STATES


def standings(rows: Rows) -> list[Standing]:
    """Every list that is to be kept."""
    return [Standing(*row) for row in rows(_STANDINGS)]


def is_due(standing: Standing, newest: int, station: Station, now: int) -> bool:
    """Whether a station that can be asked should be; `newest` is the number of the last change of a card."""
    if standing.is_waiting:
        return False
    booted_at = station.booted_at or 0
    if standing.state == IN_STEP:
        return standing.seen_revision < newest or booted_at > (standing.checked_at or 0)
    refused_at = standing.refused_at or 0
    if standing.state == REFUSED:
        return booted_at > refused_at or now > refused_at + _RETRY
    if standing.state == UNSUPPORTED:
        return station.has_new_firmware and booted_at > refused_at
    return True


def is_outdated(standing: Standing, newest: int) -> bool:
    """Whether a list of a station that cannot be asked may not be in step any more."""
    return standing.state == IN_STEP and standing.seen_revision < newest


def bring_in_step(unit: Unit, charge_point_id: int, booted_at: int | None) -> None:
    """Send what comes next. After a boot the version is asked for: a station may have lost its list."""
    listing = local_lists.find(charge_point_id)
    if listing is None or listing.keeps == NONE or _waits(listing):
        return
    if listing.command_id is not None:
        # Its request has ended, and nobody heard of it.
        listing.command_id, listing.check_version = None, True
    if listing.state in (REFUSED, UNSUPPORTED):
        listing.refusals = listing.losses = 0
    if booted_at is not None and (listing.checked_at is None or booted_at > clock.to_ms(listing.checked_at)):
        listing.check_version = True
    local_lists.advance(unit, listing)


def _waits(listing: LocalList) -> bool:
    """Whether a request is under way: this may run twice at a time."""
    return Command.select().where(Command.id == listing.command_id, Command.state.in_(OPEN_STATES)).exists()


def compare(unit: Unit, charge_point_id: int) -> None:
    """Note whether anything waits for a station that cannot be asked now."""
    listing = local_lists.find(charge_point_id)
    if listing is not None and listing.state == IN_STEP:
        local_lists.look(unit, listing)


def forget(unit: Unit, before: int) -> bool:
    """Remove some of the updates from before that time (ms since 1970), as a large yard's lists are many megabytes;
    whether there may be more."""
    return spontaneous.forget(unit, "SendLocalList", before)
