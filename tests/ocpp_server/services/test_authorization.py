"""May this card charge?"""

from dataclasses import replace

import pytest

from ocpp_server import clock
from ocpp_server.services import authorization
from ocpp_server.services.authorization import Decision
from tests.ocpp_server.conftest import NOON


def judge(store, id_tag, at=NOON):
    return store.write(lambda unit: authorization.check(unit, id_tag, clock.to_ms(at)))


@pytest.mark.parametrize(
    ("id_tag", "status"),
    [
        ("GOOD", "Accepted"),
        ("PLAIN", "Accepted"),
        ("EXPIRED", "Expired"),
        ("BLOCKED", "Blocked"),
        ("UNKNOWN", "Invalid"),
        ("Fleet", "Invalid"),
        ("", "Invalid"),
        ("x" * 1000, "Invalid"),
        ("'; DROP TABLE id_tag; --", "Invalid"),
    ],
)
def test_a_card_is_judged(store, cards, id_tag, status):
    assert judge(store, id_tag).status == status


@pytest.mark.parametrize("spelling", ["Good", "GOOD", "good", "gOOD"])
def test_case_does_not_matter(speaker, spelling):
    assert speaker.ask("Authorize", {"idTag": spelling})["idTagInfo"]["status"] == "Accepted"


def test_a_card_expires_at_its_moment(speaker, time):
    time.go_on(days=30, seconds=-1)
    assert speaker.ask("Authorize", {"idTag": "good"})["idTagInfo"]["status"] == "Accepted"
    time.go_on(seconds=1)
    assert speaker.ask("Authorize", {"idTag": "good"})["idTagInfo"]["status"] == "Expired"


def test_the_answer_names_group_and_expiry_and_leaves_out_what_is_absent(speaker):
    assert speaker.ask("Authorize", {"idTag": "good"})["idTagInfo"] == {
        "status": "Accepted",
        "parentIdTag": "Fleet",
        "expiryDate": "2026-12-22T12:00:00Z",
    }
    assert speaker.ask("Authorize", {"idTag": "mate"})["idTagInfo"] == {"status": "Accepted", "parentIdTag": "Fleet"}
    assert speaker.ask("Authorize", {"idTag": "plain"})["idTagInfo"] == {"status": "Accepted"}
    assert speaker.ask("Authorize", {"idTag": "who"})["idTagInfo"] == {"status": "Invalid"}


def test_only_accepted_is_accepted():
    words = ["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]
    assert [Decision(word).is_accepted for word in words] == [True, False, False, False, False]


def test_authorize_never_answers_concurrent_tx(settings, speaker):
    speaker.settings = replace(settings, concurrent_tx=True)
    start = {"connectorId": 1, "idTag": "PLAIN", "meterStart": 0, "timestamp": "2026-11-22T12:00:00Z"}
    speaker.ask("StartTransaction", start)
    assert speaker.ask("Authorize", {"idTag": "PLAIN"})["idTagInfo"]["status"] == "Accepted"
