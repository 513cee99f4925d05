"""GET /metrics: the yard and the process in figures, in Prometheus' text format.

Whoever sits on the machine itself may read it, and any API token from elsewhere (`authorization:` in Prometheus'
configuration). Everything is counted when it is asked for: nothing is added to the hot path.
"""

import resource
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, request
from peewee import fn
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, Command, Connector, Frame, LocalList, OrphanMessage, Refusal, Transaction
from ocpp_server.models.commands import OPEN_STATES
from ocpp_server.models.local_lists import NONE
from ocpp_server.services.station.charge_points import REGISTRATIONS
from portal.api import gate
from portal.api.problems import Problem
from portal.auth import public
from portal.context import energy_total, store

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STARTED = time.time()


@dataclass(frozen=True)
class Metric:
    """One figure, or one for each value of a label."""

    name: str
    kind: str
    help: str
    value: float | Mapping[str, float]
    label: str = ""

    def lines(self) -> Iterable[str]:
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} {self.kind}"
        if isinstance(self.value, Mapping):
            yield from (f'{self.name}{{{self.label}="{_escape(key)}"}} {value}' for key, value in self.value.items())
        else:
            yield f"{self.name} {self.value}"


def init(app: Flask) -> None:
    app.add_url_rule("/metrics", "metrics", show)


@public
def show() -> Response:
    if not _is_local():
        try:
            gate.authenticate()
        except Problem as problem:
            return problem.response()
    with store().reading():
        metrics = [*_yard(), *_traffic(), *_process()]
    text = "\n".join(line for metric in metrics for line in metric.lines())
    return Response(f"{text}\n", content_type=MEDIA_TYPE)


def _is_local() -> bool:
    """Whether this comes from the machine itself, and no proxy on it passes somebody else's request on."""
    return request.remote_addr in {"127.0.0.1", "::1"} and not request.headers.get("X-Forwarded-For")


def _yard() -> Iterable[Metric]:
    stations = ChargePoint.select().where(ChargePoint.deleted_at.is_null())
    registered = dict.fromkeys(REGISTRATIONS, 0) | _counts(stations, ChargePoint.registration)
    connectors = Connector.select().join(ChargePoint).where(ChargePoint.deleted_at.is_null())
    plugs = connectors.where(Connector.connector_id > 0)
    running = Transaction.select().where(Transaction.stopped_at.is_null())
    power = running.where(Transaction.charge_point.in_(list(sessions.connected_ids())))
    energy = energy_total().now(store().query)
    return [
        Metric("chargeyard_stations", "gauge", "Stations by registration.", registered, "registration"),
        Metric("chargeyard_stations_connected", "gauge", "Stations connected now.", len(sessions.connected_ids())),
        Metric(
            "chargeyard_connectors",
            "gauge",
            "Connectors by their last status.",
            _counts(plugs, Connector.status),
            "status",
        ),
        Metric("chargeyard_transactions_running", "gauge", "Transactions that run.", running.count()),
        Metric("chargeyard_transactions_total", "counter", "Transactions ever begun.", _last(Transaction)),
        Metric("chargeyard_energy_watt_hours_total", "counter", "Energy charged.", energy),
        Metric("chargeyard_power_watts", "gauge", "Power of the connected stations.", _power(power)),
    ]


def _traffic() -> Iterable[Metric]:
    waiting = Command.select().where(Command.finished_at.is_null())
    commands = dict.fromkeys(OPEN_STATES, 0) | _counts(waiting, Command.state)
    orphans = OrphanMessage.select().where(OrphanMessage.resolved_at.is_null())
    lists = LocalList.select().join(ChargePoint).where(ChargePoint.deleted_at.is_null(), LocalList.keeps != NONE)
    return [
        Metric("chargeyard_messages_total", "counter", "OCPP messages ever logged.", _last(Frame)),
        Metric("chargeyard_store_commits_total", "counter", "Commits since the start.", store().commits),
        Metric("chargeyard_store_pieces_total", "counter", "Units of work that these held.", store().pieces),
        Metric("chargeyard_commands_open", "gauge", "Commands that wait or are on the wire.", commands, "state"),
        Metric("chargeyard_local_lists", "gauge", "Local lists by state.", _counts(lists, LocalList.state), "state"),
        Metric("chargeyard_refusals", "gauge", "Refused connections in the inbox.", Refusal.select().count()),
        Metric("chargeyard_orphan_messages", "gauge", "Messages that fit no transaction.", orphans.count()),
    ]


def _process() -> Iterable[Metric]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    descriptors = sum(1 for _ in Path("/proc/self/fd").iterdir())
    return [
        Metric("process_cpu_seconds_total", "counter", "CPU time used.", round(usage.ru_utime + usage.ru_stime, 2)),
        Metric("process_resident_memory_bytes", "gauge", "Memory in use.", pages * resource.getpagesize()),
        Metric("process_open_fds", "gauge", "Open file descriptors.", descriptors),
        Metric("process_start_time_seconds", "gauge", "When the process began.", round(_STARTED, 2)),
    ]


def _counts(query: Any, column: Any) -> dict[str, int]:
    rows = query.select(column, fn.COUNT(column)).group_by(column).order_by(column)
    return dict(rows.tuples())


def _power(running: Any) -> float:
    return running.select(fn.SUM(Transaction.power_w)).scalar() or 0


def _last(table: Any) -> int:
    """The highest id: what is deleted meanwhile does not make a counter go back."""
    return table.select(fn.MAX(table.id)).scalar() or 0


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
