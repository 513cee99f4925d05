"""One card in the lists of many stations: who has it already, and who still waits."""

from collections.abc import Sequence

from ocpp_server import clock
from ocpp_server.models import LocalList
from ocpp_server.models.local_lists import NONE
from ocpp_server.services.card.id_tag_changes import Rows
from ocpp_server.services.local_list import records
from ocpp_server.services.local_list.plan import Entry

#: As it should be · still to come · there with other facts · there but not to be · does not fit · not to be there.
HELD, MISSING, OUTDATED, TO_GO, LEFT_OUT, NOT_KEPT = "held", "missing", "outdated", "to_go", "left_out", "not_kept"
STATES = (HELD, MISSING, OUTDATED, TO_GO, LEFT_OUT, NOT_KEPT)


def stand(rows: Rows, id_tag_key: str, lists: Sequence[LocalList]) -> list[str]:
    """How the card stands in each of these lists, one of STATES. Needs a connection."""
    now = clock.to_ms(clock.now())
    wanted: dict[tuple[str, str], tuple[int, Entry] | None] = {}
    for listing in lists:
        policy = (listing.keeps, listing.groups)
        if listing.keeps != NONE and policy not in wanted:
            wanted[policy] = records.find(rows, records.selection(rows, listing, now), id_tag_key)
    held = records.holders(rows, id_tag_key)
    return [
        _stand(listing, wanted.get((listing.keeps, listing.groups)), held.get(listing.charge_point_id))
        for listing in lists
    ]


def _stand(listing: LocalList, wanted: tuple[int, Entry] | None, held: Entry | None) -> str:
    number, entry = wanted or (0, None)
    if entry is not None and listing.cutoff is not None and number >= listing.cutoff:
        return TO_GO if held is not None else LEFT_OUT
    if held is None:
        return NOT_KEPT if entry is None else MISSING
    if listing.keeps == NONE:
        return HELD
    if entry is None:
        return TO_GO
    return HELD if entry == held else OUTDATED
