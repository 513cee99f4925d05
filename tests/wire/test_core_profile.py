"""Boot (X-B), cards (X-A) and statuses (X-C-07 and 08): what a Central System must do with what stations send.

Our own cases beside the certification's; the ids are those of the list of cases. Everything goes through a real
socket into a real database.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import gevent
import pytest
from ocpp.v16.enums import ChargePointErrorCode, ChargePointStatus

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, Connector, Frame, IdTag, Transaction
from ocpp_server.services.card import id_tags
from ocpp_server.settings import Settings
from tests.fake_charge_point import FakeChargePoint, iso, now
from tests.wire.yard import CARD, Yard, eventually

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> str:
    """So many minutes after noon of a day that is past."""
    return iso(NOON + timedelta(minutes=minutes))


class TestBoot:
    def test_x_b_01_a_pending_station_stays_connected(self, yard: Yard) -> None:
        yard.add_station("NEW", registration="pending")
        charge_point = yard.connect("NEW")
        answer = charge_point.boot()
        assert answer["status"] == "Pending"
        assert answer["interval"] > 0
        assert charge_point.boot()["status"] == "Pending"

    def test_x_b_02_a_rejected_station_is_told_when_to_come_again(self, yard: Yard) -> None:
        yard.add_station("NEW", registration="rejected")
        answer = yard.connect("NEW").boot()
        assert (answer["status"], answer["interval"]) == ("Rejected", 60)

    def test_x_b_03_a_pending_station_that_is_accepted_meanwhile_may_go_on(self, yard: Yard) -> None:
        station = yard.add_station("NEW", registration="pending")
        charge_point = yard.connect("NEW")
        assert charge_point.boot()["status"] == "Pending"
        yard.change_station(station, registration="accepted")
        assert charge_point.boot()["status"] == "Accepted"
        for connector_id in range(3):
            assert charge_point.status(connector_id=connector_id) == {}
        assert len(yard.rows(Connector)) == 3

    def test_x_b_05_vendor_and_model_are_enough(self, yard: Yard) -> None:
        answer = yard.connect().boot()
        assert set(answer) == {"status", "currentTime", "interval"}
        row = yard.row(ChargePoint)
        assert (row.vendor, row.model, row.serial_number) == ("Acme", "Box", None)

    def test_x_b_05_everything_that_a_station_says_of_itself_is_kept(self, yard: Yard) -> None:
        yard.connect().boot(
            chargePointSerialNumber="SN-1",
            chargeBoxSerialNumber="a serial number of more than 25 characters",
            firmwareVersion="1.2.3",
            iccid="8949",
            imsi="262",
            meterType="M",
            meterSerialNumber="M-1",
        )
        row = yard.row(ChargePoint)
        assert row.charge_box_serial_number == "a serial number of more than 25 characters"
        assert (row.serial_number, row.firmware_version, row.iccid, row.imsi) == ("SN-1", "1.2.3", "8949", "262")
        assert (row.meter_type, row.meter_serial_number) == ("M", "M-1")

    def test_x_b_06_times_are_utc_with_a_z(self, charge_point: FakeChargePoint) -> None:
        for answer in (charge_point.boot(), charge_point.call("Heartbeat")):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["currentTime"])
            told = datetime.fromisoformat(answer["currentTime"])
            assert abs(datetime.now(UTC) - told) < timedelta(seconds=5)

    def test_x_b_07_any_message_is_a_sign_of_life(self, yard: Yard) -> None:
        charge_point = yard.connect()
        station = yard.row(ChargePoint).id
        eventually(lambda: sessions.is_connected(station))
        before = sessions.last_seen(station)
        gevent.sleep(0.01)
        charge_point.meter(5)
        assert sessions.last_seen(station) > before


class TestCards:
    def test_x_a_01_a_card_has_no_upper_and_lower_case(self, yard: Yard) -> None:
        yard.add_card("AbC123")
        charge_point = yard.connect()
        for spelling in ("AbC123", "abc123", "ABC123"):
            assert charge_point.authorize(spelling) == {"status": "Accepted"}
        assert charge_point.start("aBc123")["idTagInfo"]["status"] == "Accepted"
        assert yard.row(IdTag, IdTag.id_tag == "AbC123").last_used_at is not None
        assert yard.row(Transaction).id_tag == "aBc123"

    def test_x_a_03_a_card_of_the_same_group_may_stop(self, yard: Yard) -> None:
        yard.add_card("A", parent_id_tag="FAMILY")
        yard.add_card("B", parent_id_tag="FAMILY")
        charge_point = yard.connect()
        transaction_id = charge_point.start("A")["transactionId"]
        info = {"status": "Accepted", "parentIdTag": "FAMILY"}
        assert charge_point.authorize("B") == info
        assert charge_point.stop(transaction_id, 1500, idTag="B") == {"idTagInfo": info}
        row = yard.row(Transaction)
        assert (row.id_tag, row.stop_id_tag) == ("A", "B")

    def test_x_a_04_group_and_expiry_are_told_and_nothing_else(self, yard: Yard) -> None:
        expiry = datetime(2040, 1, 1, 12, 30, tzinfo=UTC)
        yard.add_card("A", parent_id_tag="12345678901234567890", expiry_date=expiry)
        assert yard.connect().authorize("A") == {
            "status": "Accepted",
            "parentIdTag": "12345678901234567890",
            "expiryDate": "2040-01-01T12:30:00Z",
        }

    @pytest.mark.parametrize(
        ("fields", "word"),
        [
            ({"status": "blocked"}, "Blocked"),
            ({"expiry_date": datetime(2020, 1, 1, tzinfo=UTC)}, "Expired"),
            (None, "Invalid"),
        ],
    )
    def test_x_a_05_a_start_judges_the_card_anew_and_has_an_id_all_the_same(
        self, yard: Yard, fields: dict | None, word: str
    ) -> None:
        if fields is not None:
            yard.add_card("DOUBTFUL", **fields)
        answer = yard.connect().start("DOUBTFUL")
        assert answer["idTagInfo"]["status"] == word
        assert answer["transactionId"] > 0
        assert yard.row(Transaction).id_tag_status == word

    def test_x_a_05_a_card_that_is_blocked_after_authorize_does_not_start(self, yard: Yard) -> None:
        charge_point = yard.connect()
        assert charge_point.authorize(CARD)["status"] == "Accepted"
        card = yard.row(IdTag).id
        yard.store.write(lambda unit: id_tags.update(unit, card, status="blocked"))
        assert charge_point.start()["idTagInfo"]["status"] == "Blocked"


class TestConcurrentTx:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, concurrent_tx=True)

    def test_x_a_02_a_card_that_charges_elsewhere_is_concurrent_and_still_has_an_id(self, yard: Yard) -> None:
        charge_point = yard.connect()
        first = charge_point.start(connector_id=1)
        second = charge_point.start(CARD.lower(), connector_id=2)
        assert second["idTagInfo"]["status"] == "ConcurrentTx"
        assert second["transactionId"] not in {0, first["transactionId"]}
        assert charge_point.authorize(CARD)["status"] == "Accepted"

    def test_x_a_02_the_same_start_again_is_not_concurrent_with_itself(self, yard: Yard) -> None:
        charge_point = yard.connect()
        assert charge_point.start(timestamp=at(0)) == charge_point.start(timestamp=at(0))


class TestStatus:
    @pytest.mark.parametrize("status", [status.value for status in ChargePointStatus])
    def test_x_c_07_every_status_is_kept(self, yard: Yard, charge_point: FakeChargePoint, status: str) -> None:
        assert charge_point.status(status) == {}
        assert yard.row(Connector).status == status

    def test_x_c_07_every_error_code_is_kept(self, yard: Yard, charge_point: FakeChargePoint) -> None:
        for number, code in enumerate(ChargePointErrorCode):
            assert charge_point.status("Faulted", connector_id=number, errorCode=code.value) == {}
        assert [row.error_code for row in yard.rows(Connector)] == [code.value for code in ChargePointErrorCode]

    def test_x_c_07_a_warning_with_vendor_fields_is_no_fault(self, yard: Yard, charge_point: FakeChargePoint) -> None:
        more = {"info": "door", "vendorId": "acme", "vendorErrorCode": "E7"}
        charge_point.status("Charging", errorCode="HighTemperature", **more)
        row = yard.row(Connector)
        assert (row.status, row.error_code) == ("Charging", "HighTemperature")
        assert (row.info, row.vendor_id, row.vendor_error_code) == ("door", "acme", "E7")

    def test_x_c_07_an_older_status_does_not_overwrite_a_newer_one(
        self, yard: Yard, charge_point: FakeChargePoint
    ) -> None:
        charge_point.status("Charging", timestamp=at(10))
        assert charge_point.status("Preparing", timestamp=at(5)) == {}
        assert yard.row(Connector).status == "Charging"
        charge_point.status("Finishing", timestamp=at(15))
        assert yard.row(Connector).status == "Finishing"

    def test_x_c_07_a_status_without_a_time_is_of_now(self, yard: Yard, charge_point: FakeChargePoint) -> None:
        charge_point.status("Charging", timestamp=at(10))
        payload = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
        assert charge_point.call("StatusNotification", payload) == {}
        assert yard.row(Connector).status == "Available"

    def test_x_c_07_connector_0_is_the_station_itself(self, yard: Yard, charge_point: FakeChargePoint) -> None:
        charge_point.status("Available", connector_id=0)
        charge_point.status("Charging", connector_id=1)
        assert {row.connector_id: row.status for row in yard.rows(Connector)} == {0: "Available", 1: "Charging"}

    def test_x_c_08_an_unknown_connector_is_learnt(self, yard: Yard, charge_point: FakeChargePoint) -> None:
        assert charge_point.status("Available", connector_id=7) == {}
        assert yard.row(Connector).connector_id == 7

    def test_x_c_08_a_connector_that_cannot_be_is_answered_and_not_kept(
        self, yard: Yard, charge_point: FakeChargePoint
    ) -> None:
        assert charge_point.status("Available", connector_id=1_634_030_126) == {}
        assert not yard.rows(Connector)

    def test_quirk_24_a_wrong_error_code_is_kept_as_it_is(self, yard: Yard, charge_point: FakeChargePoint) -> None:
        assert charge_point.status("Faulted", errorCode="Error") == {}
        assert yard.row(Connector).error_code == "Error"


def test_the_frame_log_shows_both_directions(yard: Yard, charge_point: FakeChargePoint) -> None:
    charge_point.call("Heartbeat", message_id="seen")
    asked, answered = yard.rows(Frame, Frame.message_id == "seen")
    assert (asked.outgoing, asked.message_type, asked.text) == (False, 2, '[2, "seen", "Heartbeat", {}]')
    assert (answered.outgoing, answered.message_type, answered.action) == (True, 3, "Heartbeat")
    assert asked.at <= datetime.now(UTC)
    assert now() > iso(asked.at - timedelta(seconds=1))
