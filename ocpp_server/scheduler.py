"""What recurs: `@every(minutes=5)` on a function of jobs/ that takes the store and the settings.

APScheduler drops a run that is a second late and does not wait for running jobs when it stops, so misfires are
given time, runs are not piled up, and every job is a function that can run twice.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apscheduler.schedulers.gevent import GeventScheduler

from ocpp_server import clock, jobs
from ocpp_server.discovery import import_all
from ocpp_server.settings import Settings
from ocpp_server.store import Store

log = logging.getLogger(__name__)

JobFunction = Callable[[Store, Settings], None]


@dataclass(frozen=True)
class Job:
    function: JobFunction
    seconds: float


@dataclass(frozen=True)
class Run:
    """When a job last ended, how many seconds it took, and whether it failed."""

    ended_at: datetime
    seconds: float
    failed: bool


_jobs: list[Job] = []
_last_runs: dict[str, Run] = {}


def every(*, seconds: float = 0, minutes: float = 0, hours: float = 0) -> Callable[[JobFunction], JobFunction]:
    """Run a function again and again, at this interval."""

    def register(function: JobFunction) -> JobFunction:
        _jobs.append(Job(function, seconds + 60 * minutes + 3600 * hours))
        return function

    return register


def jobs_and_runs() -> list[tuple[Job, Run | None]]:
    """Every job, with its last run since this process began."""
    return [(job, _last_runs.get(job.function.__name__)) for job in _jobs]


def start(store: Store, settings: Settings) -> GeventScheduler:
    """Begin running all jobs."""
    import_all(jobs)
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": 300}
    scheduler = GeventScheduler(job_defaults=defaults, timezone="UTC")
    for job in _jobs:
        scheduler.add_job(_run, "interval", (job.function, store, settings), seconds=job.seconds, jitter=_jitter(job))
    scheduler.start()
    return scheduler


def _jitter(job: Job) -> float:
    """Jobs of the same interval do not all run at the same moment; one that runs often keeps its rhythm."""
    return min(5.0, job.seconds / 4)


def _run(function: JobFunction, store: Store, settings: Settings) -> None:
    begin, failed = time.monotonic(), False
    try:
        function(store, settings)
    except Exception:
        failed = True
        log.exception("the job %s failed; it runs again at its next time", function.__name__)
    _last_runs[function.__name__] = Run(clock.now(), time.monotonic() - begin, failed)
