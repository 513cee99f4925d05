from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from ocpp_server import clock
from portal import formats

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_berlin(app: Flask) -> Iterator[None]:
    clock.use(lambda: NOW)
    with app.test_request_context("/", headers={"Cookie": "tz=Europe/Berlin"}):
        yield


@pytest.mark.parametrize(
    ("show", "value", "text"),
    [
        (formats.energy, 12345.6, "12.35 kWh"),
        (formats.energy, 1234567.8, "1,234.57 kWh"),
        (formats.energy, 0, "0.00 kWh"),
        (formats.energy, None, "–"),
        (formats.power, 7360, "7.4 kW"),
        (formats.power, None, "–"),
        (formats.percent, 79.6, "80 %"),
        (formats.number, 1234, "1,234"),
        (formats.duration, 59.9, "59 s"),
        (formats.duration, 600, "10 min"),
        (formats.duration, 3900, "1 h 05 min"),
        (formats.duration, timedelta(days=3, hours=4), "3 d 4 h"),
        (formats.duration, -5, "0 s"),
        (formats.duration, None, "–"),
        (formats.date_time, None, "–"),
        (formats.relative, None, "–"),
    ],
)
def test_figures_carry_their_unit(show: Callable[[Any], str], value: Any, text: str) -> None:
    assert show(value) == text


def test_a_time_is_shown_in_the_viewers_zone_with_utc_on_hover() -> None:
    html = formats.date_time(NOW)
    assert html == '<time datetime="2026-11-23T12:00:00Z" title="2026-11-23 12:00:00 UTC">23 Nov 2026 13:00</time>'


def test_a_relative_time_can_go_on_in_the_browser() -> None:
    html = formats.relative(NOW - timedelta(minutes=3))
    assert ">3 minutes ago<" in html
    assert 'data-tick="relative"' in html
    assert ">just now<" in formats.relative(NOW - timedelta(seconds=2))
    assert 'data-tick="since">1 h 30 min<' in formats.since(NOW - timedelta(minutes=90))


def test_a_time_of_another_day_names_the_day() -> None:
    assert ">13:00:00<" in formats.time(NOW)
    assert ">22 Nov 13:00:00<" in formats.time(NOW - timedelta(days=1))


@pytest.mark.parametrize("cookie", ["", "Nowhere/Land", "../../etc/passwd", "x" * 300, "\x00"])
def test_a_zone_that_does_not_exist_falls_back_to_the_setting(app: Flask, cookie: str) -> None:
    with app.test_request_context("/", environ_overrides={"HTTP_COOKIE": f"tz={cookie}"}):
        assert "12:00" in formats.date_time(NOW)
