"""The support bundle: what it holds, and what it must not."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock, frame_log
from ocpp_server.models import AuditEntry, ChargePoint, DiagnosticsRequest, ReceivedFile
from ocpp_server.services.card import id_tags
from ocpp_server.services.configuration import configuration
from ocpp_server.services.firmware import firmware_jobs, firmware_updates
from ocpp_server.services.firmware.plans import Plan
from ocpp_server.store import Store
from portal import support_bundle

Add = Callable[..., ChargePoint]
CARD = "04A1B2C3D4"


def log(store: Store, station: ChargePoint, *texts: str, days_ago: float = 0, **fields: Any) -> None:
    """Messages of the station: a frame each."""
    at = clock.to_ms(clock.now() - timedelta(days=days_ago))
    facts = {"outgoing": False, "kind": 2, "outcome": "", "note": "", **fields}

    def work(unit: Any) -> None:
        for text in texts:
            action = text.split('"')[3] if text.startswith("[2") else ""
            row = (facts["outgoing"], facts["kind"], "1", action, text, facts["outcome"], facts["note"])
            unit.insert_later(frame_log.INSERT, (station.id, at, *row))

    store.write(work)


def bundle(client: FlaskClient, station: ChargePoint, **form: Any) -> dict[str, str]:
    """The texts of its files by name."""
    answer = client.post(f"/stations/{station.id}/support-bundle", data=form)
    assert (answer.status_code, answer.mimetype) == (200, "application/octet-stream")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture
def station(store: Store, add_station: Add) -> ChargePoint:
    station = add_station("CP 1", label="Anna's house", location="Home Road 5")
    store.write(lambda unit: id_tags.add(unit, CARD, label="Anna"))
    return station


def test_the_conversation_is_there_in_words_and_as_data(
    operator: FlaskClient, store: Store, station: ChargePoint
) -> None:
    log(store, station, '[2,"1","StatusNotification",{"connectorId":1,"status":"Charging","errorCode":"NoError"}]')
    log(store, station, "half a frame {", kind=0, outcome="FormationViolation", note="This is no frame.")
    files = bundle(operator, station)
    assert "<- StatusNotification Request Connector 1: Charging\n" in files["conversation.txt"]
    first = json.loads(files["conversation.jsonl"].splitlines()[0])
    assert first["frame"][3]["status"] == "Charging"
    assert first["out"] is False
    assert "! FormationViolation\n    ! This is no frame." in files["odd.txt"]
    assert "Charging" not in files["odd.txt"]


def test_cards_and_secrets_and_people_are_unreadable(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    now = clock.now()
    log(
        store,
        station,
        f'[2,"1","Authorize",{{"idTag":"{CARD}"}}]',
        f'[2,"1","StartTransaction",{{"idTag":"{CARD.lower()}","connectorId":1,"meterStart":5}}]',
        f'[2,"1","DataTransfer",{{"vendorId":"x","data":"uid={CARD} wifiPassword"}}]',
        '[2,"1","ChangeConfiguration",{"key":"WifiPassword","value":"hunter2"}]',
        '[2,"1","UpdateFirmware",{"location":"ftp://me:hunter2@files.example/x"}]',
        f"broken {CARD} hunter",
        note=f"{CARD} was odd",
    )

    def work(unit: Any) -> None:
        for key, value in (("WifiPassword", "hunter2"), ("FreevendIdTag", CARD), ("HeartbeatInterval", "60")):
            configuration.report(unit, station.id, {"key": key, "value": value, "readonly": False}, now)
            configuration.changed(unit, station.id, key, value + "0", source="Anna", awaits_reboot=False, at=now)

    store.write(work)
    files = bundle(operator, station)
    everything = "".join(files.values())
    for secret in (CARD, CARD.lower(), "hunter2", "Anna", "Home Road"):
        assert secret not in everything, secret
    assert files["conversation.txt"].count("CARD-0001") >= 5
    assert '"60"' in files["configuration.json"]
    assert "HeartbeatInterval" in files["configuration.json"]


def test_a_message_that_the_log_cut_off_tells_no_cards_either(
    operator: FlaskClient, store: Store, station: ChargePoint
) -> None:
    cards = [{"idTag": f"UNKNOWN{number:05}", "idTagInfo": {"status": "Accepted"}} for number in range(2000)]
    text = json.dumps([2, "1", "SendLocalList", {"listVersion": 1, "localAuthorizationList": cards}])
    log(store, station, frame_log.redact(text), outgoing=True)
    said = bundle(operator, station)["conversation.txt"]
    assert "UNKNOWN" not in said
    assert "CARD-0900" in said
    assert f"({len(text):,} characters in all)" in said


def test_firmware_diagnostics_and_boots_are_there(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    log(store, station, '[2,"1","BootNotification",{"chargePointVendor":"Acme","chargePointModel":"Box"}]')
    plan = Plan(location="ftp://me:hunter2@files.example/x", version="2.0")
    store.write(lambda unit: firmware_jobs.create(unit, plan, [station.id], by="Olga"))
    store.write(lambda unit: firmware_updates.heard(unit, station.id, "Downloading", clock.to_ms(clock.now())))
    now = clock.now()
    store.write(
        lambda unit: DiagnosticsRequest.create(charge_point=station, requested_at=now, news_at=now, requested_by="Olga")
    )
    facts = {"file_name": "log.zip", "size": 5, "sha256": "ab", "stored_as": "hidden-name", "received_at": now}
    store.write(lambda unit: ReceivedFile.create(charge_point=station, **facts))
    files = bundle(operator, station)
    assert '"expected_version": "2.0"' in files["firmware.json"]
    assert '"word": "Downloading"' in files["firmware.json"]
    assert "log.zip" in files["diagnostics.json"]
    assert len(files["boots.jsonl"].splitlines()) == 1
    assert json.loads(files["station.json"])["identity"] == "CP 1"
    everything = "".join(files.values())
    for word in ("Olga", "hidden-name", "hunter2"):
        assert word not in everything


def test_only_the_time_that_is_wanted_is_there(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    log(store, station, '[2,"1","Heartbeat",{"old":1}]', days_ago=9)
    log(store, station, '[2,"1","Heartbeat",{"new":1}]', days_ago=5)
    files = bundle(operator, station, days=7)
    assert '"new"' in files["conversation.txt"]
    assert '"old"' not in files["conversation.txt"]
    assert '"new"' not in bundle(operator, station, days=1)["conversation.txt"]


def test_of_too_many_messages_the_newest_are_packed_and_it_says_so(
    operator: FlaskClient, store: Store, station: ChargePoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(support_bundle, "MOST", 5)
    monkeypatch.setattr(support_bundle, "AT_ONCE", 2)
    log(store, station, *(f'[2,"1","Heartbeat",{{"n":{number}}}]' for number in range(9)))
    files = bundle(operator, station)
    assert [json.loads(line)["frame"][3]["n"] for line in files["conversation.jsonl"].splitlines()] == [4, 5, 6, 7, 8]
    assert "only the newest 5 are in here" in files["README.txt"]


def test_it_is_on_record_and_for_operators_only(
    operator: FlaskClient, viewer: FlaskClient, store: Store, station: ChargePoint
) -> None:
    assert viewer.post(f"/stations/{station.id}/support-bundle").status_code == 403
    answer = operator.post(f"/stations/{station.id}/support-bundle")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="support-CP-1-')
    with store.reading():
        entry = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
    assert (entry.action, entry.target) == ("diagnostics.bundle", "CP 1")
