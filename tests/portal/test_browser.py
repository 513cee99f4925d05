"""The portal in a real browser: accessible, within its own security policy, and live."""

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import gevent
import pytest

from ocpp_server import clock, events
from ocpp_server.models import ChargePoint, Connector, DiagnosticsRequest, Frame, ReceivedFile, Refusal
from ocpp_server.server import Server
from ocpp_server.services.access import operators
from ocpp_server.services.card import id_tags, unknown_cards
from ocpp_server.services.diagnostics import diagnostics
from ocpp_server.services.file import file_limits
from ocpp_server.services.firmware import firmware_jobs, firmware_updates, plans
from ocpp_server.services.local_list import local_lists, records
from ocpp_server.services.reservation import reservations
from ocpp_server.services.reservation.reservations import Wish
from ocpp_server.services.site import sites
from ocpp_server.services.site.sites import Circuit, Member, Plan
from ocpp_server.services.station import charge_points, refusals
from ocpp_server.store import Unit
from portal import live
from tests.charging import session
from tests.conftest import PASSWORD

SCRIPT = Path(__file__).with_name("browser_check.py")
HASH = operators.hash_password(PASSWORD)


def furnish(unit: Unit) -> None:
    now = clock.now()
    operators.add(unit, "anna@example.com", password_hash=HASH, role="admin", name="Anna")
    station = charge_points.add(unit, "CP-1", label="Gate", registration="pending")
    statuses = ("Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Reserved")
    for number, status in enumerate((*statuses, "Unavailable", "Faulted"), 1):
        fields = {"error_code": "GroundFailure", "status_at": now, "received_at": now}
        Connector.create(charge_point=station, connector_id=number, status=status, **fields)
    sites.save(unit, Plan("Yard", [Circuit("Main", 63.0)], [Member(station.id, 3, "Main")]))
    session(station, now, hours=None, connector_id=3, power_w=11000)
    session(station, now)
    wish = Wish(1, "CARD-1", now + timedelta(hours=2), now + timedelta(hours=1))
    reservations.add(unit, station.id, wish, by="Anna")
    for outcome in ("", "NotImplemented"):
        Frame.create(
            charge_point_id=station.id,
            at=now,
            outgoing=False,
            message_type=2,
            message_id="1",
            action="Heartbeat",
            text='[2,"1","Heartbeat",{}]',
            outcome=outcome,
            note="odd",
        )
    for reason in refusals.EVERY:
        Refusal.create(first_at=now, last_at=now, address="192.168.1.7", path="/", identity="CP-1", reason=reason)
    unknown_cards.tapped(unit, "04FF", station.id, "Authorize", clock.to_ms(now))
    entries = [{"idTag": id_tags.add(unit, tag).id_tag, "idTagInfo": {"status": "Accepted"}} for tag in ("A", "B")]
    local_lists.keep(unit, station.id, "all")
    records.apply(unit, station.id, {"updateType": "Full", "localAuthorizationList": entries})


def firmware_and_logs(server: Server) -> None:
    """A job, a log that was asked for, and a text that came."""
    incoming = file_limits.shelf(server.settings).begin(1 << 20)
    incoming.write(b"first line\nlast line\n")
    now, stored_as = clock.now(), incoming.keep()
    facts = {"file_name": "log.txt", "size": incoming.size, "sha256": incoming.sha256, "received_at": now}

    def work(unit: Unit) -> None:
        station = ChargePoint.get_by_id(1)
        plan = plans.Plan(location="ftp://files.example/new.bin", version="2.0")
        firmware_jobs.create(unit, plan, [station.id], by="Anna")
        firmware_updates.heard(unit, station.id, "Downloading", clock.to_ms(now))
        file = ReceivedFile.create(charge_point=station, stored_as=stored_as, **facts)
        diagnostics.ask(unit, server.settings, station, by="Anna")
        DiagnosticsRequest.update(state="arrived", received_file_id=file.id).execute()

    server.store.write(work)


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")
def test_pages_are_accessible_keep_to_their_policy_and_follow_changes(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PING_SECONDS", 0.5)
    server.store.write(furnish)
    firmware_and_logs(server)
    base = f"http://127.0.0.1:{server.port}"
    command = [sys.executable, str(SCRIPT), base, "anna@example.com", PASSWORD, "Renamed while you watch"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    await_the_end_of_streams()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"problems": [], "live": True, "boosted": True}


def await_the_end_of_streams() -> None:
    """A stream notices that its reader left when it next writes."""
    with gevent.Timeout(10):
        while events._subscriptions:
            gevent.sleep(0.05)
