"""The status of connectors."""

import pytest

from ocpp_server import clock, frames

STATUSES = [
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEVSE",
    "SuspendedEV",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
]


def report(speaker, status, connector_id=1, error="NoError", **more):
    return speaker.ask(
        "StatusNotification", {"connectorId": connector_id, "errorCode": error, "status": status, **more}
    )


def stored(speaker, connector_id=1):
    row = speaker.row(
        "SELECT status, error_code FROM connector WHERE charge_point_id = ? AND connector_id = ?",
        speaker.station.id,
        connector_id,
    )
    return row and tuple(row)


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_stored(speaker, status):
    report(speaker, status)
    assert stored(speaker) == (status, "NoError")


@pytest.mark.parametrize("error", ["ConnectorLockFailure", "OtherError", "WeakSignal", "Error", "x" * 300])
def test_every_error_is_stored_also_one_that_does_not_exist(speaker, error):
    report(speaker, "Faulted", error=error, info="ä" * 50, vendorId="v", vendorErrorCode="17")
    assert stored(speaker) == ("Faulted", error)


def test_the_station_itself_and_unknown_connectors_are_stored(speaker):
    report(speaker, "Available", 0)
    report(speaker, "Charging", 7)
    assert (stored(speaker, 0), stored(speaker, 7)) == (("Available", "NoError"), ("Charging", "NoError"))


@pytest.mark.parametrize("connector_id", [129, 1634030126, 2**40, 10**30])
def test_a_nonsense_connector_is_answered_noted_and_not_stored(speaker, connector_id):
    assert report(speaker, "Available", connector_id) == {}
    assert speaker.row("SELECT count(*) FROM connector") == (0,)
    assert "was not stored" in speaker.row("SELECT note FROM frame ORDER BY id")[0]


def test_a_negative_connector_is_refused(speaker):
    payload = {"connectorId": -1, "errorCode": "NoError", "status": "Available"}
    assert speaker.refused("StatusNotification", payload) == frames.PROPERTY_CONSTRAINT_VIOLATION


def test_an_older_status_does_not_overwrite_a_newer_one(speaker, time):
    report(speaker, "Charging", timestamp=time.iso(minutes=-1))
    report(speaker, "Preparing", timestamp=time.iso(minutes=-2))
    assert stored(speaker) == ("Charging", "NoError")
    report(speaker, "Finishing", timestamp=time.iso(minutes=-1))
    assert stored(speaker) == ("Finishing", "NoError")


def test_an_older_status_does_not_count_whatever_was_written_meanwhile(speaker, time):
    report(speaker, "Charging", timestamp=time.iso(minutes=-1))
    speaker.store.write(lambda unit: unit.execute("DELETE FROM command"))
    report(speaker, "Preparing", timestamp=time.iso(minutes=-2))
    assert stored(speaker) == ("Charging", "NoError")


def test_without_a_time_it_is_of_now_by_our_clock_and_says_nothing_of_the_stations(speaker, time):
    """The station is an hour behind."""
    report(speaker, "Charging", timestamp=time.iso(hours=-1))
    time.go_on(minutes=1)
    report(speaker, "Finishing")
    assert stored(speaker) == ("Finishing", "NoError")
    assert speaker.row("SELECT status_at FROM connector") == (clock.to_ms(time.now),)
    time.go_on(minutes=1)
    report(speaker, "Available", timestamp=time.iso(hours=-1))
    assert stored(speaker) == ("Available", "NoError")


@pytest.mark.parametrize("anew", ["connection", "boot"])
def test_a_clock_that_was_put_back_holds_nothing_back(speaker, time, anew):
    report(speaker, "Charging", timestamp=time.iso())
    if anew == "boot":
        speaker.ask("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    else:
        speaker.station.begin_connection(lambda: None, lambda reason: None)
    time.go_on(seconds=1)
    report(speaker, "Finishing", timestamp=time.iso(hours=-2))
    report(speaker, "Preparing", timestamp=time.iso(hours=-3))
    assert stored(speaker) == ("Finishing", "NoError")


@pytest.mark.parametrize("text", ["1970-01-01T00:00:05Z", "0001-01-01T00:00:00Z", "soon", ""])
def test_a_clock_that_is_not_set_holds_nothing_back(speaker, time, text):
    report(speaker, "Charging")
    time.go_on(seconds=1)
    report(speaker, "Finishing", timestamp=text)
    assert stored(speaker) == ("Finishing", "NoError")


def test_a_clock_that_runs_ahead_holds_nothing_back(speaker, time):
    report(speaker, "Charging", timestamp=time.iso(hours=2))
    time.go_on(seconds=1)
    report(speaker, "Finishing", timestamp=time.iso())
    assert stored(speaker) == ("Finishing", "NoError")


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "Charging"])
def test_a_connector_that_does_not_charge_draws_no_power(speaker, time, status):
    start = {"connectorId": 1, "idTag": "GOOD", "meterStart": 0, "timestamp": time.iso()}
    transaction_id = speaker.ask("StartTransaction", start)["transactionId"]
    power = [{"value": "7", "measurand": "Power.Active.Import", "unit": "kW"}]
    values = [{"timestamp": time.iso(), "sampledValue": power}]
    speaker.ask("MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": values})
    report(speaker, "Charging", timestamp=time.iso())
    report(speaker, status, timestamp=time.iso(minutes=-1))
    assert speaker.session(transaction_id)["power_w"] == 7000
    report(speaker, status, timestamp=time.iso())
    assert speaker.session(transaction_id)["power_w"] == 0
