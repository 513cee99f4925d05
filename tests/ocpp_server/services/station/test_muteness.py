from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.services import commands
from ocpp_server.services.station import charge_points, muteness

SECOND = timedelta(seconds=1)


@pytest.fixture
def ends(store):
    """Let the station be asked, and each request end so; whether it counts as mute then, connected for a minute."""
    station = store.write(lambda unit: charge_points.add(unit, "CP-1"))
    since = clock.now() - 60 * SECOND

    def work(unit, how):
        commands.request(unit, station.id, "ClearCache", {}, by="anna")
        claimed = commands.claim(unit, station.id)
        if how == "answered":
            commands.answered(unit, claimed, {"status": "Rejected"})
        elif how != "open":
            commands.timed_out(unit, claimed)
        if how == "late":
            commands.answered_late(unit, claimed.id, station.id, "[]")

    def ends(*hows, connected_at=since):
        for how in hows:
            store.write(lambda unit, how=how: work(unit, how))
        with store.reading():
            return muteness.is_mute(station.id, connected_at)

    return ends


@pytest.mark.parametrize(
    ("hows", "mute"),
    [
        ((), False),
        (("silent", "silent"), False),
        (("answered", "silent", "silent", "silent"), True),
        (("silent", "silent", "silent", "open"), True),
        (("silent", "late", "silent"), False),
        (("silent", "silent", "silent", "answered"), False),
    ],
)
def test_three_requests_without_any_answer_make_it_mute(ends, hows, mute):
    assert ends(*hows) is mute


def test_what_was_asked_on_another_connection_does_not_count(ends):
    assert not ends("silent", "silent", "silent", connected_at=clock.now() + SECOND)
    assert not ends(connected_at=None)
