"""The machine that was measured on: figures mean nothing without it."""

import os
import platform
import sqlite3
import statistics
import time
from pathlib import Path

import psycopg

from tests.bench.targets import POSTGRESQL

_SYNCS = 50


def describe(folder: Path) -> dict[str, str]:
    """What a reader needs to compare with their own machine; the disk is that of `folder`."""
    median, slowest = fsync_ms(folder)
    facts = {
        "Processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        "Kernel": platform.release(),
        "Python": platform.python_version(),
        "SQLite": f"{sqlite3.sqlite_version}, synchronous=FULL, WAL",
        "fsync of 4 kB": f"{median:.2f} ms (median of {_SYNCS}; slowest {slowest:.2f} ms)",
        "Load average before": " ".join(f"{value:.1f}" for value in os.getloadavg()),
    }
    version = postgresql_version()
    return facts | ({"PostgreSQL": version} if version else {})


def fsync_ms(folder: Path) -> tuple[float, float]:
    """Median and slowest of appending a page and waiting for the disk, as each commit does."""
    path = folder / "fsync.tmp"
    took = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(_SYNCS):
            begin = time.perf_counter()
            file.write(b"\0" * 4096)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - begin) * 1000)
    path.unlink()
    return statistics.median(took), max(took)


def postgresql_version() -> str:
    try:
        with psycopg.connect(f"{POSTGRESQL}/postgres", connect_timeout=3) as connection:
            version = connection.execute("SHOW server_version").fetchone()
            commit = connection.execute("SHOW synchronous_commit").fetchone()
    except psycopg.OperationalError:
        return ""
    return f"{version[0]}, synchronous_commit={commit[0]}" if version and commit else ""


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
