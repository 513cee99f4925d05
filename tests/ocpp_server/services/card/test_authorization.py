"""May this card charge?"""

from dataclasses import replace

import pytest

from ocpp_server import clock
from ocpp_server.services.card import authorization, id_tags
from ocpp_server.services.card.authorization import Decision
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


def explain(store, id_tag, concurrent_tx=False):
    with store.reading():
        return authorization.explain(store.query, id_tag, clock.to_ms(NOON), concurrent_tx=concurrent_tx)


@pytest.mark.parametrize("id_tag", ["good", "PLAIN", "EXPIRED", "BLOCKED", "who", ""])
def test_the_explanation_comes_to_the_answer_that_stations_get(store, cards, id_tag):
    assert explain(store, id_tag).decision == judge(store, id_tag)


def test_each_rule_that_was_asked_says_whether_it_refuses(store, cards):
    assert explain(store, "who").refuses == {"known": True}
    assert explain(store, "good").refuses == {"known": False, "blocked": False, "expired": False}
    assert explain(store, "expired").refuses == {"known": False, "blocked": False, "expired": True}
    # Both hold, and the first one is what the station is told.
    assert explain(store, "blocked").refuses == {"known": False, "blocked": True, "expired": True}
    assert explain(store, "blocked").decision.status == "Blocked"


def test_a_card_that_charges_is_refused_elsewhere_only_where_the_setting_says_so(speaker, another):
    start = {"connectorId": 1, "idTag": "plain", "meterStart": 0, "timestamp": "2026-11-22T12:00:00Z"}
    running = speaker.ask("StartTransaction", start)["transactionId"]
    lenient, strict = explain(speaker.store, "PLAIN"), explain(speaker.store, "PLAIN", concurrent_tx=True)
    assert (lenient.decision.status, lenient.running, "concurrent" in lenient.refuses) == ("Accepted", running, False)
    assert (strict.decision.status, strict.running, strict.refuses["concurrent"]) == ("ConcurrentTx", running, True)
    other = another("CP-2")
    other.settings = replace(other.settings, concurrent_tx=True)
    assert other.ask("StartTransaction", start)["idTagInfo"]["status"] == strict.decision.status


def test_a_blocked_card_is_blocked_even_where_it_charges(speaker):
    start = {"connectorId": 1, "idTag": "PLAIN", "meterStart": 0, "timestamp": "2026-11-22T12:00:00Z"}
    speaker.ask("StartTransaction", start)
    speaker.store.write(lambda unit: id_tags.update(unit, id_tags.find("PLAIN").id, status="blocked"))
    found = explain(speaker.store, "PLAIN", concurrent_tx=True)
    assert found.decision.status == "Blocked"
    assert found.refuses == {"known": False, "blocked": True, "expired": False, "concurrent": True}


def test_a_card_is_read_once_and_again_after_it_was_changed(store, cards, monkeypatch):
    asked = []
    run = store.run
    monkeypatch.setattr(store, "run", lambda sql, params=(): asked.append(sql) or run(sql, params))

    def status():
        return store.write(lambda unit: authorization.check(unit, "PLAIN", 0)).status

    assert [status() for _ in range(3)] == ["Accepted"] * 3
    assert len(asked) == 1
    card = store.write(lambda unit: id_tags.find("PLAIN"))
    store.write(lambda unit: id_tags.update(unit, card.id, status="blocked"))
    assert status() == "Blocked"
    store.write(lambda unit: id_tags.delete(unit, card.id))
    assert status() == "Invalid"
