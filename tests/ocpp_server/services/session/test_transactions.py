"""Sessions from StartTransaction to StopTransaction."""

import pytest

from ocpp_server import events
from ocpp_server.models import IdTag
from ocpp_server.services.card import id_tags
from tests.ocpp_server.conftest import NOON
from tests.ocpp_server.services.session.messages import HOUR, NOON_MS, at, meter, start, start_id, stop, value

REASONS = [
    "DeAuthorized",
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "Local",
    "Other",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
]


def test_a_session_from_start_to_stop(speaker, time):
    answer = start(speaker)
    assert answer["idTagInfo"]["status"] == "Accepted"
    transaction_id = answer["transactionId"]
    assert 0 < transaction_id < 2**31
    time.go_on(minutes=30)
    samples = [{"value": "1500"}, {"value": "7", "measurand": "Power.Active.Import", "unit": "kW"}]
    meter(speaker, value(time.iso(), *samples, {"value": "40", "measurand": "SoC"}), transaction_id=transaction_id)
    running = speaker.session(transaction_id)
    assert (running["energy_wh"], running["power_w"], running["soc_percent"]) == (500, 7000, 40)
    time.go_on(minutes=30)
    assert stop(speaker, transaction_id, 2000, idTag="good", reason="Remote")["idTagInfo"]["status"] == "Accepted"
    session = speaker.session(transaction_id)
    assert (session["started_at"], session["stopped_at"]) == (NOON_MS, NOON_MS + HOUR)
    assert (session["energy_wh"], session["power_w"], session["flags"]) == (1000, None, set())
    assert (session["id_tag"], session["stop_id_tag"], session["stop_reason"]) == ("GOOD", "good", "Remote")


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_stored(speaker, reason):
    transaction_id = start_id(speaker)
    stop(speaker, transaction_id, reason=reason)
    assert speaker.session(transaction_id)["stop_reason"] == reason


def test_without_card_and_reason_the_stop_is_local_and_answered_without_a_judgement(speaker):
    transaction_id = start_id(speaker)
    assert stop(speaker, transaction_id) == {}
    session = speaker.session(transaction_id)
    assert (session["stop_reason"], session["stop_id_tag"]) == ("Local", None)


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_card_is_no_card(speaker, empty):
    transaction_id = start_id(speaker)
    assert stop(speaker, transaction_id, idTag=empty) == {}
    assert speaker.session(transaction_id)["stop_id_tag"] is None


def test_a_member_of_the_group_may_stop(speaker):
    transaction_id = start_id(speaker)
    assert stop(speaker, transaction_id, idTag="MATE")["idTagInfo"] == {"status": "Accepted", "parentIdTag": "Fleet"}
    session = speaker.session(transaction_id)
    assert (session["id_tag"], session["stop_id_tag"]) == ("GOOD", "MATE")


def test_a_stop_cannot_be_prevented(speaker):
    transaction_id = start_id(speaker)
    assert stop(speaker, transaction_id, idTag="BLOCKED")["idTagInfo"]["status"] == "Blocked"
    assert speaker.session(transaction_id)["stopped_at"] == NOON_MS


@pytest.mark.parametrize(
    ("id_tag", "status"), [("nobody", "Invalid"), ("EXPIRED", "Expired"), ("BLOCKED", "Blocked"), ("", "Invalid")]
)
def test_a_start_is_judged_and_answered_with_an_id_whatever_the_status(speaker, id_tag, status):
    answer = start(speaker, id_tag=id_tag)
    assert answer["idTagInfo"]["status"] == status
    session = speaker.session(answer["transactionId"])
    assert (session["id_tag"], session["id_tag_status"]) == (id_tag, status)


def test_ids_are_unique_over_all_stations(speaker, another):
    other = another("CP-2")
    ids = [start_id(station, connector) for connector in (1, 2, 3) for station in (speaker, other)]
    assert len(set(ids)) == 6


def test_a_start_uses_its_reservation_and_its_card(speaker, store, time):
    transaction_id = start_id(speaker, reservationId=17)
    assert speaker.session(transaction_id)["reservation_id"] == 17
    with store.reading():
        assert id_tags.find("good").last_used_at == NOON
    start_id(speaker, 2, timestamp=at(hours=-5))
    with store.reading():
        assert id_tags.find("good").last_used_at == NOON
        assert IdTag.select().where(IdTag.last_used_at.is_null(False)).count() == 1


def test_the_pages_are_told(speaker):
    subscription = events.subscribe(["transactions", "charge-points", f"charge-point-{speaker.station.id}"])
    transaction_id = start_id(speaker)
    assert subscription.wait(1) == subscription.topics
    mine = events.subscribe(["transactions", f"transaction-{transaction_id}"])
    meter(speaker, value(at(), value="1100"), transaction_id=transaction_id)
    assert mine.wait(1) == {f"transaction-{transaction_id}"}
    stop(speaker, transaction_id)
    assert mine.wait(1) == mine.topics
    events.unsubscribe(subscription)
    events.unsubscribe(mine)
