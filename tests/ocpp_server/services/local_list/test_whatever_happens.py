"""Whatever stations do, the list ends as it should be."""

import random
from typing import Any

import pytest

from ocpp_server import clock
from ocpp_server.models import IdTag
from ocpp_server.services.card import id_tags
from ocpp_server.services.local_list import local_lists
from ocpp_server.store import Store
from tests.local_lists import HeldList
from tests.ocpp_server.services.local_list.keeper import Keeper


class Moody:
    """A station that answers as it pleases: it may lose an update, or its answer, or refuse."""

    def __init__(self, chance: random.Random, held: HeldList) -> None:
        self.chance, self.held, self.original = chance, held, held.answer
        self.is_moody = True

    def answer(self, action: str, payload: dict[str, Any]) -> Any:
        mood = self.chance.random() if self.is_moody else 1
        if mood < 0.1:
            return None
        if mood < 0.25:
            self.original(action, payload)
            return None
        if mood < 0.4 and action == "SendLocalList":
            return {"status": self.chance.choice(["Failed", "VersionMismatch"])}
        if mood < 0.45:
            # It loses its memory, which takes a restart.
            self.held.version, self.held.entries = 0, {}
            return None
        return self.original(action, payload)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_list_ends_as_it_should_be(store, keeper, tick, seed):
    chance = random.Random(seed)
    station = keeper(per_message=2, total=6)
    moody = Moody(chance, station.held)
    station.held.answer = moody.answer
    station.keep()
    for _ in range(40):
        happen(store, station, chance)
        if chance.random() < 0.5:
            tick(station)
    moody.is_moody = False
    for _ in range(2):
        # What was refused is tried again after a boot.
        station.station.note_boot(clock.to_ms(clock.now()), "1", "1")
        tick(station)
    with store.reading():
        cards = [card for card in IdTag.select().order_by(IdTag.id) if card.status == "accepted"]
    keeps_all = station.row.keeps == "all"
    wanted = [card.id_tag.lower() for card in cards if keeps_all or card.parent_id_tag][:6]
    assert station.row.state == "in_step"
    assert station.held.entries.keys() == set(wanted)
    assert station.noted().keys() == station.held.entries.keys()
    assert station.row.entries == len(wanted)


def happen(store: Store, station: Keeper, chance: random.Random) -> None:
    """Something happens to a card or to the list."""
    tag = f"T{chance.randrange(12):02}"

    def work(unit: Any) -> None:
        card, what = id_tags.find(tag), chance.random()
        if what < 0.05:
            local_lists.conflict(unit, station.id)
        elif what < 0.1:
            local_lists.keep(unit, station.id, *chance.choice([("all",), ("groups", ["Fleet"])]))
        elif what < 0.15:
            local_lists.sync(unit, station.id, by="Anna", whole=chance.random() < 0.5)
        elif card is None:
            id_tags.add(unit, tag, parent_id_tag=chance.choice([None, "Fleet"]))
        elif what < 0.3:
            id_tags.delete(unit, card.id)
        else:
            id_tags.update(unit, card.id, status=chance.choice(["accepted", "blocked"]))

    store.write(work)
