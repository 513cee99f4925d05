"""Kill the server under load, again and again: nothing that it acknowledged may be lost or stored twice.

After each kill it is started again on the same database, and every station repeats the call that it got no answer
to, as a charge point does. Then the database is read past the product and compared with what was acknowledged.
"""

import json
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import psycopg

from tests.bench import drive
from tests.bench.drive import Load
from tests.bench.targets import NAMES, ROOT, Workshop, end

STATIONS = 200
#: Seconds under load before the kill.
_SECONDS = (2.0, 3.0, 4.0)
_LOAD = Load("closed", STATIONS, seconds=60, warm_up=0)
_SESSIONS = "SELECT id, meter_start, meter_stop, stopped_at FROM charging_transaction"
_SAME = (
    "SELECT count(*) FROM (SELECT 1 FROM charging_transaction"
    " GROUP BY charge_point_id, start_reported_at, meter_start HAVING count(*) > 1) AS twice"
)
_VALUES = "SELECT transaction_id, energy_wh, count(*) FROM meter_value GROUP BY transaction_id, energy_wh"


def run(engines: Iterable[str], times: int, port: int) -> int:
    """Kill so often on each engine; the number of kills after which something was wrong."""
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    wrong = 0
    with tempfile.TemporaryDirectory(dir=folder) as work, Workshop(Path(work), port, STATIONS) as workshop:
        for kind in engines:
            for turn in range(times):
                faults, acknowledged, repeated = once(workshop, kind, _SECONDS[turn % len(_SECONDS)])
                wrong += bool(faults)
                said = "; ".join(faults) or "nothing lost, nothing twice"
                counted = f"{acknowledged:,} acknowledged, {repeated} repeated"
                print(f"{NAMES[kind]}: kill {turn + 1}/{times}: {counted}: {said}", flush=True)
    return wrong


def once(workshop: Workshop, kind: str, seconds: float) -> tuple[list[str], int, int]:
    """One kill: what was wrong, how many messages had been acknowledged, how many calls were repeated."""
    journal = workshop.folder / "journal.json"
    target, server = workshop.start(kind, workshop.fresh(kind))
    load = drive.begin(target, _LOAD, str(journal))
    time.sleep(seconds + 1)
    server.send_signal(signal.SIGKILL)
    server.wait()
    drive.finish(load)
    kept = json.loads(journal.read_text())
    target, server = workshop.start(kind, target.database_url)
    try:
        drive.finish(drive.begin(target, Load("repeat", STATIONS, 30, 0), str(journal)))
    finally:
        end(server)
    again = json.loads(journal.read_text())
    acknowledged = kept["acknowledged"] + again["acknowledged"]
    return compare(target.database_url, acknowledged), len(acknowledged), len(again["acknowledged"])


def compare(url: str, acknowledged: list[list]) -> list[str]:
    """What the database says otherwise than the stations."""
    sessions = {row[0]: row[1:] for row in _rows(url, _SESSIONS)}
    values = Counter({(row[0], row[1]): row[2] for row in _rows(url, _VALUES)})
    ((twice,),) = _rows(url, _SAME)
    faults = [f"{twice} sessions were begun twice"] if twice else []
    started = Counter(entry[1] for entry in acknowledged if entry[0] == "StartTransaction")
    faults += [f"transactionId {number} was given to two sessions" for number, count in started.items() if count > 1]
    for action, transaction_id, register in acknowledged:
        session = sessions.get(transaction_id)
        if session is None:
            faults.append(f"{action} of session {transaction_id} is lost")
        elif action == "StartTransaction" and session[0] != register:
            faults.append(f"session {transaction_id} began at another reading")
        elif action == "StopTransaction" and (session[2] is None or session[1] != register):
            faults.append(f"the stop of session {transaction_id} is lost")
        elif action == "MeterValues" and values[transaction_id, float(register)] != 1:
            faults.append(f"{values[transaction_id, float(register)]} of a reading of session {transaction_id}")
    return faults


def _rows(url: str, sql: str) -> list[tuple]:
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()
    with psycopg.connect(url) as connection:
        return connection.execute(sql).fetchall()
