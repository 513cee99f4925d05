"""One card, one session, where that is asked for."""

from dataclasses import replace

import pytest

from ocpp_server.services.card import id_tags
from tests.ocpp_server.services.session.messages import start, start_id, stop


@pytest.fixture
def strict(speaker, settings):
    speaker.settings = replace(settings, concurrent_tx=True)
    return speaker


def test_a_card_may_charge_twice_unless_told_otherwise(speaker):
    assert [start(speaker, connector)["idTagInfo"]["status"] for connector in (1, 2)] == ["Accepted"] * 2


def test_a_card_that_charges_elsewhere_is_concurrent_and_has_an_id_all_the_same(strict, another):
    other = another("CP-2")
    other.settings = strict.settings
    start(strict, 1, "GOOD")
    for answer in [start(strict, 2, "good"), start(other, 1, "GOOD")]:
        assert answer["idTagInfo"]["status"] == "ConcurrentTx"
        assert strict.session(answer["transactionId"])["id_tag_status"] == "ConcurrentTx"
    assert start(strict, 3, "MATE")["idTagInfo"]["status"] == "Accepted"


def test_the_same_connector_is_not_elsewhere(strict, time):
    start(strict)
    time.go_on(hours=1)
    assert start(strict, meter_start=2000)["idTagInfo"]["status"] == "Accepted"


def test_a_session_that_ended_or_was_not_accepted_is_not_concurrent(strict):
    stop(strict, start_id(strict, 1))
    assert start(strict, 2)["idTagInfo"]["status"] == "Accepted"
    start(strict, 3, "nobody")
    assert start(strict, 4, "nobody")["idTagInfo"]["status"] == "Invalid"


def test_a_card_beyond_ascii_is_concurrent_too(strict, store):
    store.write(lambda unit: id_tags.add(unit, "Äß-1"))
    start(strict, 1, "Äß-1")
    assert start(strict, 2, "Äß-1")["idTagInfo"]["status"] == "ConcurrentTx"
