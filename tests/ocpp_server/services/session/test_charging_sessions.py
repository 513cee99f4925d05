from datetime import UTC, datetime

from ocpp_server.services.session import charging_sessions
from tests import charging

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_stations_to_choose_from_are_those_that_still_exist(store):
    def work(unit):
        charging.station("WEST")
        charging.station("EAST")
        charging.station("GONE", deleted_at=NOON)

    store.write(work)
    with store.reading():
        assert [station.identity for station in charging_sessions.stations()] == ["EAST", "WEST"]
