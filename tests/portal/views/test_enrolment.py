"""Add a card by tapping it: the window of a minute, and what may happen in it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock, stations
from ocpp_server.models import ChargePoint, UnknownCard
from ocpp_server.services.card import id_tags, unknown_cards
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.portal.conftest import PARTIAL

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SINCE = clock.to_ms(NOON)
ANY = f"/cards/enrol?since={SINCE}"


class Yard:
    """Two stations, a card that is known, and a clock that is set by the seconds since the window began."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOON

    def at(self, seconds: float) -> "Yard":
        self.now = NOON + timedelta(seconds=seconds)
        return self

    def tap(self, id_tag: str, station: int = 1) -> None:
        at = clock.to_ms(self.now)
        self.store.write(lambda unit: unknown_cards.tapped(unit, id_tag, station, "Authorize", at))

    def tap_known(self, id_tag: str, station: int = 1) -> None:
        with self.store.reading():
            stations.of(ChargePoint.get_by_id(station)).last_tap = (id_tag, clock.to_ms(self.now))


@pytest.fixture
def yard(store: Store) -> Iterator[Yard]:
    yard = Yard(store)

    def furnish(unit: object) -> None:
        charge_points.add(unit, "CP-1", label="Gate")
        charge_points.add(unit, "CP-2", label="Hall")
        charge_points.add(unit, "CP-3", label="Waiting", registration="pending")
        id_tags.add(unit, "KNOWN", label="Anna", parent_id_tag="FLEET")

    store.write(furnish)
    clock.use(lambda: yard.now)
    yield yard
    clock.use(None)


def test_the_page_to_add_a_card_offers_to_tap_it(operator: FlaskClient, yard: Yard) -> None:
    text = operator.get("/cards/add").text
    assert 'action="/cards/enrol"' in text
    assert re.findall(r'<option value="(\d*)">([^<]+)</option>', text)[:3] == [
        ("", "Any station"),
        ("1", "Gate (offline)"),
        ("2", "Hall (offline)"),
    ]
    assert "Waiting" not in text


def test_the_window_begins_with_the_address_and_survives_a_reload(operator: FlaskClient, yard: Yard) -> None:
    first = operator.get("/cards/enrol?station=")
    assert (first.status_code, first.location) == (302, ANY)
    assert operator.get("/cards/enrol?station=2").location == f"/cards/enrol?station=2&since={SINCE}"
    yard.at(18)
    for _ in range(2):
        assert "42 s" in operator.get(ANY).text


@pytest.mark.parametrize("since", ["x", "", "-5", "99999999999999999999", str(SINCE + 3_600_000)])
def test_a_time_that_cannot_be_begins_anew(operator: FlaskClient, yard: Yard, since: str) -> None:
    assert operator.get(f"/cards/enrol?since={since}").location == ANY


def test_a_station_that_is_not_there_is_not_found(operator: FlaskClient, yard: Yard) -> None:
    assert operator.get(f"/cards/enrol?station=99&since={SINCE}").status_code == 404


def test_while_it_waits_the_page_ticks_and_listens(operator: FlaskClient, yard: Yard) -> None:
    text = operator.get(f"/cards/enrol?station=1&since={SINCE}").text
    assert "Hold the new card to the reader of Gate" in text
    assert "unknown-cards from:#live" in text
    assert "every 1s" in text
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in text
    assert "Gate is offline, so a tap there cannot be seen here." in text
    assert "tap it again to charge" in text
    assert "No station is online" in operator.get(ANY).text


def test_the_first_unknown_card_brings_its_form(operator: FlaskClient, yard: Yard) -> None:
    yard.at(5).tap("04FF", 2)
    text = operator.get(ANY, headers={**PARTIAL, "HX-Target": "div#enrolment"}).text
    assert text.lstrip().startswith('<div id="enrolment"')
    assert "Card 04FF was tapped at Hall." in text
    assert '<input type="hidden" name="id_tag" value="04FF">' in text
    assert '<option value="FLEET">' in text
    assert "tap it again to charge" in text
    # Nothing may redraw a form that is being filled in.
    assert "every 1s" not in text
    form = {"id_tag": "04FF", "label": "Bert", "parent_id_tag": "FLEET", "expiry_date": ""}
    assert operator.post("/cards/add", data=form).status_code == 303
    with yard.store.reading():
        card = id_tags.find("04ff")
        assert (card.label, card.parent_id_tag, card.status) == ("Bert", "FLEET", "accepted")
        assert UnknownCard.select().count() == 0


def test_only_taps_at_the_chosen_station_and_in_the_window_count(operator: FlaskClient, yard: Yard) -> None:
    yard.at(-1).tap("EARLY")
    yard.at(5).tap("ELSEWHERE", 2)
    assert "Hold the new card" in operator.get(f"/cards/enrol?station=1&since={SINCE}").text
    yard.at(61).tap("LATE", 1)
    text = operator.get(f"/cards/enrol?station=1&since={SINCE}").text
    assert "No new card was tapped within a minute." in text
    assert "LATE" not in text


def test_a_card_that_is_known_is_named_and_the_wait_goes_on(operator: FlaskClient, yard: Yard) -> None:
    yard.at(-1).tap_known("KNOWN", 2)
    assert "is known already" not in operator.get(ANY).text
    yard.at(5).tap_known("known", 1)
    text = operator.get(ANY).text
    assert "Anna (KNOWN) is known already: it was tapped at Gate." in text
    assert "Hold the new card" in text
    assert "is known already" not in operator.get(f"/cards/enrol?station=2&since={SINCE}").text


def test_nothing_tapped_in_time_offers_another_minute(operator: FlaskClient, yard: Yard) -> None:
    yard.at(60)
    text = operator.get(f"/cards/enrol?station=1&since={SINCE}").text
    assert "No new card was tapped within a minute." in text
    assert 'href="/cards/enrol?station=1"' in text
    assert "every 1s" not in text
    assert "http-equiv" not in text


def test_two_cards_are_a_choice(operator: FlaskClient, yard: Yard) -> None:
    yard.at(5).tap("ONE", 1)
    yard.at(6).tap("TWO", 2)
    text = operator.get(ANY).text
    assert "More than one unknown card was tapped" in text
    for id_tag in ("ONE", "TWO"):
        assert f'href="/cards/enrol?since={SINCE}&amp;card={id_tag}"' in text
    chosen = operator.get(f"{ANY}&card=TWO").text
    assert '<input type="hidden" name="id_tag" value="TWO">' in chosen
    assert "Another unknown card was tapped meanwhile" in chosen


def test_a_second_card_is_told_without_disturbing_the_form(operator: FlaskClient, yard: Yard) -> None:
    yard.at(5).tap("ONE", 1)
    text = operator.get(ANY).text
    block = re.search(r'<div id="others" hx-get="([^"]+)"', text)
    assert block is not None
    assert "Another unknown card" not in text
    yard.at(6).tap("TWO", 2)
    fragment = operator.get(block[1].replace("&amp;", "&"), headers={**PARTIAL, "HX-Target": "div#others"}).text
    assert fragment.lstrip().startswith('<div id="others"')
    assert "<form" not in fragment
    assert "TWO" in fragment
    assert "at Hall" in fragment


def test_enrolling_is_for_operators(viewer: FlaskClient, yard: Yard) -> None:
    assert viewer.get(ANY).status_code == 403
