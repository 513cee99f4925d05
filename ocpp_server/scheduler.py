"""What recurs: `@every(minutes=5)` on a function of jobs/ that takes the store and the settings.

APScheduler drops a run that is a second late and does not wait for running jobs when it stops, so misfires are
given time, runs are not piled up, and every job is a function that can run twice.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from apscheduler.schedulers.gevent import GeventScheduler

from ocpp_server import jobs
from ocpp_server.discovery import import_all
from ocpp_server.settings import Settings
from ocpp_server.store import Store

log = logging.getLogger(__name__)

JobFunction = Callable[[Store, Settings], None]


@dataclass(frozen=True)
class Job:
    function: JobFunction
    seconds: float


_jobs: list[Job] = []


def every(*, seconds: float = 0, minutes: float = 0, hours: float = 0) -> Callable[[JobFunction], JobFunction]:
    """Run a function again and again, at this interval."""

    def register(function: JobFunction) -> JobFunction:
        _jobs.append(Job(function, seconds + 60 * minutes + 3600 * hours))
        return function

    return register


def start(store: Store, settings: Settings) -> GeventScheduler:
    """Begin running all jobs."""
    import_all(jobs)
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": 300}
    scheduler = GeventScheduler(job_defaults=defaults, timezone="UTC")
    for job in _jobs:
        scheduler.add_job(_run, "interval", (job.function, store, settings), seconds=job.seconds, jitter=5)
    scheduler.start()
    return scheduler


def _run(function: JobFunction, store: Store, settings: Settings) -> None:
    try:
        function(store, settings)
    except Exception:
        log.exception("the job %s failed; it runs again at its next time", function.__name__)
