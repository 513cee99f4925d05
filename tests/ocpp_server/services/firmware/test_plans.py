"""What no firmware job can do is named."""

from typing import Any

import pytest

from ocpp_server.services.errors import Invalid
from ocpp_server.services.firmware import plans
from tests.ocpp_server.conftest import NOON
from tests.ocpp_server.services.firmware.conftest import Yard


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("location", {"location": " "}),
        ("location", {"location": "files.example/new.bin"}),
        ("location", {"location": "192.168.1.5/new.bin"}),
        ("location", {"location": "ftp://files.example/new bin"}),
        ("location", {"location": "ftp://files.example/für.bin"}),
        ("location", {"location": "mailto:me@files.example"}),
        ("location", {"location": "http:new.bin"}),
        ("location", {"location": "ftp://[::1/new.bin"}),
        ("version", {"version": "x" * 51}),
        ("waves", {"waves": (0,)}),
        ("stop_percent", {"stop_percent": 101}),
        ("ends_at", {"ends_at": NOON}),
        ("window_to", {"window_from": "22:00", "zone": "UTC"}),
        ("patience", {"patience": 1}),
        ("retries", {"retries": -1}),
    ],
)
def test_what_cannot_be_is_named(yard: Yard, field: str, fields: dict[str, Any]) -> None:
    yard.stations(1)
    with pytest.raises(Invalid) as error:
        yard.plan(**fields)
    assert (error.value.field, yard.job_id) == (field, 0), "nothing is planned"


def test_a_job_needs_stations(yard: Yard) -> None:
    with pytest.raises(Invalid):
        yard.plan()


def test_the_sizes_of_waves_are_read_as_people_write_them() -> None:
    assert plans.wave_sizes(" 1, 10 / 50") == (1, 10, 50)
    assert plans.wave_sizes("") == ()
    with pytest.raises(Invalid):
        plans.wave_sizes("one")
