"""Sessions (X-T) and meter values (X-M): what a Central System must do with what stations send.

Our own cases beside the certification's; the ids are those of the list of cases. Everything goes through a real
socket into a real database.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ocpp.v16.enums import Reason

from ocpp_server.models import Connector, Frame, MeterValue, OrphanMessage, Transaction
from tests.fake_charge_point import FakeChargePoint, iso
from tests.wire.yard import CARD, Yard

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> str:
    """So many minutes after noon of a day that is past."""
    return iso(NOON + timedelta(minutes=minutes))


def sample(value: str, **more: str) -> dict[str, str]:
    return {"value": value, **more}


def values(*samples: dict, minutes: float = 1) -> list[dict]:
    return [{"timestamp": at(minutes), "sampledValue": list(samples)}]


class TestTransactions:
    def test_x_t_01_a_stop_without_card_and_reason_is_local(self, yard: Yard) -> None:
        charge_point = yard.connect()
        transaction_id = charge_point.start()["transactionId"]
        assert charge_point.stop(transaction_id, 1500) == {}
        row = yard.row(Transaction)
        assert (row.stop_reason, row.stop_id_tag, row.energy_wh) == ("Local", None, 500)

    def test_x_t_02_a_stop_of_an_unknown_session_is_answered_and_kept(self, yard: Yard) -> None:
        charge_point = yard.connect()
        assert charge_point.stop(999_999, 7, idTag=CARD) == {"idTagInfo": {"status": "Accepted"}}
        orphan = yard.row(OrphanMessage)
        assert (orphan.action, json.loads(orphan.payload)["transactionId"]) == ("StopTransaction", 999_999)

    def test_x_t_03_minus_one_is_the_session_that_runs(self, yard: Yard) -> None:
        charge_point = yard.connect()
        charge_point.start(timestamp=at(0))
        assert charge_point.meter(1200, -1, timestamp=at(5)) == {}
        assert charge_point.stop(-1, 1500, timestamp=at(9)) == {}
        row = yard.row(Transaction)
        assert (row.energy_wh, row.meter_stop) == (500, 1500)
        assert yard.row(MeterValue).transaction_id == row.id

    def test_x_t_03_minus_one_without_a_session_is_answered_too(self, yard: Yard) -> None:
        charge_point = yard.connect()
        assert charge_point.meter(1200, -1) == {}
        assert charge_point.stop(-1, 1500) == {}
        assert yard.row(OrphanMessage).action == "StopTransaction"

    def test_x_t_04_the_first_stop_counts(self, yard: Yard) -> None:
        charge_point = yard.connect()
        transaction_id = charge_point.start(timestamp=at(0))["transactionId"]
        first = charge_point.stop(transaction_id, 1500, timestamp=at(5), reason="EVDisconnected", idTag=CARD)
        again = charge_point.stop(transaction_id, 1800, timestamp=at(6), reason="Other", idTag=CARD)
        assert again == first
        row = yard.row(Transaction)
        assert (row.meter_stop, row.stop_reason, iso(row.stopped_at)) == (1500, "EVDisconnected", at(5))
        assert not yard.rows(OrphanMessage)

    @pytest.mark.parametrize(
        ("stop", "flag"),
        [
            ({"meterStop": 900, "timestamp": at(9)}, "meter_decreased"),
            ({"meterStop": 1500, "timestamp": at(-9)}, "stopped_before_start"),
            ({"meterStop": 900_000_000, "timestamp": at(9)}, "implausible_energy"),
            ({"meterStop": 1500, "timestamp": "1970-01-01T00:00:00Z"}, "clock_unset"),
        ],
    )
    def test_x_t_05_an_odd_stop_is_answered_and_flagged(self, yard: Yard, stop: dict, flag: str) -> None:
        charge_point = yard.connect()
        transaction_id = charge_point.start(timestamp=at(0))["transactionId"]
        assert charge_point.call("StopTransaction", {"transactionId": transaction_id, **stop}) == {}
        row = yard.row(Transaction)
        assert flag in row.flags.split()
        assert row.stopped_at >= row.started_at
        assert row.energy_wh >= 0

    @pytest.mark.parametrize("connector_id", [0, 99, -1, 2**40])
    def test_x_t_05_a_start_on_an_odd_connector_is_a_session(self, yard: Yard, connector_id: int) -> None:
        charge_point = yard.connect()
        answer = charge_point.start(connector_id=connector_id)
        assert answer["idTagInfo"]["status"] == "Accepted"
        charge_point.stop(answer["transactionId"], 1500)
        assert yard.row(Transaction).energy_wh == 500

    def test_x_t_06_the_data_of_a_stop_are_meter_values(self, yard: Yard) -> None:
        charge_point = yard.connect()
        transaction_id = charge_point.start(timestamp=at(0))["transactionId"]
        data = [
            *values(sample("1000", context="Transaction.Begin"), minutes=0),
            *values(sample("1500", context="Transaction.End"), minutes=9),
        ]
        charge_point.stop(transaction_id, 1500, timestamp=at(9), transactionData=data)
        stored = yard.rows(MeterValue)
        assert [(row.transaction_id, row.energy_wh) for row in stored] == [
            (transaction_id, 1000),
            (transaction_id, 1500),
        ]

    @pytest.mark.parametrize("reason", [reason.value for reason in Reason])
    def test_x_t_07_every_reason_is_kept(self, yard: Yard, reason: str) -> None:
        charge_point = yard.connect()
        transaction_id = charge_point.start()["transactionId"]
        assert charge_point.stop(transaction_id, 1500, reason=reason) == {}
        assert yard.row(Transaction).stop_reason == reason

    def test_x_t_07_there_are_eleven_reasons(self) -> None:
        assert len(Reason) == 11

    def test_x_t_08_statuses_may_overtake_sessions(self, yard: Yard) -> None:
        charge_point = yard.connect()
        charge_point.status("Charging")
        transaction_id = charge_point.start()["transactionId"]
        charge_point.status("Finishing")
        assert charge_point.stop(transaction_id, 1500) == {}
        assert yard.row(Connector).status == "Finishing"

    @pytest.mark.parametrize(("when", "reason"), [("before", "SoftReset"), ("after", "HardReset")])
    def test_x_t_09_a_stop_may_come_before_or_after_the_boot(self, yard: Yard, when: str, reason: str) -> None:
        charge_point = yard.connect()
        transaction_id = charge_point.start(timestamp=at(0))["transactionId"]
        if when == "before":
            charge_point.stop(transaction_id, 1500, timestamp=at(5), reason=reason)
        charge_point.vanish()
        charge_point.connect()
        assert charge_point.boot()["status"] == "Accepted"
        if when == "after":
            assert yard.row(Transaction).stopped_at is None
            charge_point.stop(transaction_id, 1500, timestamp=at(5), reason=reason)
        row = yard.row(Transaction)
        assert (row.stop_reason, row.energy_wh, iso(row.stopped_at)) == (reason, 500, at(5))

    def test_x_t_10_a_new_session_ends_the_one_whose_stop_was_lost(self, yard: Yard) -> None:
        charge_point = yard.connect()
        lost = charge_point.start(timestamp=at(0))["transactionId"]
        charge_point.meter(1400, lost, timestamp=at(5))
        new = charge_point.start(timestamp=at(60), meter=1500)
        assert new["idTagInfo"]["status"] == "Accepted"
        first, second = yard.rows(Transaction)
        assert (first.id, first.energy_wh, iso(first.stopped_at)) == (lost, 400, at(5))
        assert "closed_by_next_start" in first.flags
        assert second.stopped_at is None

    def test_x_t_10_its_own_stop_still_counts_when_it_comes_late(self, yard: Yard) -> None:
        charge_point = yard.connect()
        lost = charge_point.start(timestamp=at(0))["transactionId"]
        charge_point.start(timestamp=at(60), meter=1500)
        assert charge_point.stop(lost, 1490, timestamp=at(30), reason="PowerLoss") == {}
        row = yard.row(Transaction, Transaction.id == lost)
        assert (row.energy_wh, row.stop_reason, iso(row.stopped_at)) == (490, "PowerLoss", at(30))

    def test_sessions_of_hours_ago_keep_their_own_times(self, yard: Yard) -> None:
        charge_point = yard.connect()
        transaction_id = charge_point.start(timestamp="2026-03-01T13:00:00.250+01:00")["transactionId"]
        charge_point.stop(transaction_id, 1900, timestamp="2026-03-01T12:30:00")
        row = yard.row(Transaction)
        assert (iso(row.started_at), iso(row.stopped_at)) == ("2026-03-01T12:00:00.250Z", at(30))
        assert row.start_received_at > row.started_at


class TestMeterValues:
    @pytest.fixture
    def running(self, charge_point: FakeChargePoint) -> int:
        return charge_point.start(timestamp=at(0))["transactionId"]

    @staticmethod
    def _send(charge_point: FakeChargePoint, meter_value: list, transaction_id: int | None = None, **more: Any) -> None:
        payload = {"connectorId": 1, "meterValue": meter_value, **more}
        if transaction_id is not None:
            payload["transactionId"] = transaction_id
        assert charge_point.call("MeterValues", payload) == {}

    def test_x_m_01_each_measurand_is_kept(self, yard: Yard, charge_point: FakeChargePoint, running: int) -> None:
        samples = [
            sample("1600", context="Sample.Periodic", measurand="Energy.Active.Import.Register", unit="Wh"),
            sample("11000", measurand="Power.Active.Import", unit="W"),
            sample("16.1", measurand="Current.Import", unit="A", phase="L1"),
            sample("230.5", measurand="Voltage", unit="V", phase="L1-N"),
            sample("55", measurand="SoC", unit="Percent", location="EV"),
            sample("31", measurand="Temperature", unit="Celsius"),
        ]
        self._send(charge_point, values(*samples, minutes=5), running)
        row = yard.row(MeterValue)
        found = (row.energy_wh, row.power_w, row.current_a, row.voltage_v, row.soc_percent)
        assert found == (1600, 11000, 16.1, 230.5, 55)
        assert json.loads(row.samples) == samples
        session = yard.row(Transaction)
        assert (session.energy_wh, session.power_w, session.soc_percent) == (600, 11000, 55)

    def test_x_m_02_values_of_the_main_meter_belong_to_no_session(
        self, yard: Yard, charge_point: FakeChargePoint, running: int
    ) -> None:
        self._send(charge_point, values(sample("99", context="Sample.Clock")), connectorId=0)
        row = yard.row(MeterValue)
        assert (row.connector_id, row.transaction_id, row.energy_wh) == (0, None, 99)
        assert yard.row(Transaction).energy_wh == 0

    def test_x_m_03_a_bare_value_is_energy_in_wh(self, yard: Yard, charge_point: FakeChargePoint, running: int) -> None:
        self._send(charge_point, values(sample("1250")), running)
        assert yard.row(Transaction).energy_wh == 250

    @pytest.mark.parametrize(
        ("samples", "energy"),
        [
            ([sample("1.25", unit="kWh")], 250),
            ([sample("1250.0", phase="L1"), sample("400", phase="L2")], 650),
            ([sample("21.4", measurand="Temperature"), sample("1100.5")], 100.5),
            ([sample("A1F00C", format="SignedData"), sample("1100")], 100),
            ([sample(" 1100 ")], 100),
            ([sample(""), sample("1100")], 100),
        ],
    )
    def test_x_m_04_units_phases_and_signed_data_are_understood(
        self, yard: Yard, charge_point: FakeChargePoint, running: int, samples: list, energy: float
    ) -> None:
        self._send(charge_point, values(*samples), running)
        assert yard.row(Transaction).energy_wh == pytest.approx(energy)

    @pytest.mark.parametrize("unit", ["Celsius", "Celcius"])
    def test_x_m_05_both_spellings_of_celsius_are_accepted(
        self, yard: Yard, charge_point: FakeChargePoint, running: int, unit: str
    ) -> None:
        warm = values(sample("31", measurand="Temperature", unit=unit))
        self._send(charge_point, warm, running)
        assert charge_point.stop(running, 1500, timestamp=at(9), transactionData=warm) == {}
        assert not any(frame.outcome for frame in yard.rows(Frame))

    def test_x_m_06_a_frequency_is_no_energy(self, yard: Yard, charge_point: FakeChargePoint, running: int) -> None:
        self._send(charge_point, values(sample("1500", measurand="Frequency")), running)
        assert yard.row(MeterValue).energy_wh is None
        assert yard.row(Transaction).energy_wh == 0

    def test_x_m_07_values_of_an_unknown_session_are_answered(self, yard: Yard, charge_point: FakeChargePoint) -> None:
        self._send(charge_point, values(sample("5")), 4711, connectorId=9)
        assert yard.row(MeterValue).transaction_id is None

    def test_quirk_33_values_without_an_id_belong_to_the_session_of_their_connector(
        self, yard: Yard, charge_point: FakeChargePoint, running: int
    ) -> None:
        self._send(charge_point, values(sample("1300")))
        assert yard.row(MeterValue).transaction_id == running

    def test_repeated_values_count_once(self, yard: Yard, charge_point: FakeChargePoint, running: int) -> None:
        for _ in range(3):
            self._send(charge_point, values(sample("1300")), running)
        assert yard.row(Transaction).energy_wh == 300
        assert len(yard.rows(MeterValue)) == 1
