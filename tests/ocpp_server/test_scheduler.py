"""What recurs."""

import logging

import gevent.event
import pytest

from ocpp_server import jobs, scheduler
from ocpp_server.discovery import import_all


@pytest.fixture
def registered(monkeypatch):
    """Only the jobs that the test registers."""
    import_all(jobs)
    mine = []
    monkeypatch.setattr(scheduler, "_jobs", mine)
    return mine


def test_a_job_recurs_at_its_interval(registered):
    @scheduler.every(hours=1, minutes=1, seconds=1)
    def tidy(store, settings):
        pass

    assert registered == [scheduler.Job(tidy, 3661)]


def test_every_job_of_the_package_is_registered():
    import_all(jobs)
    assert {job.function.__name__ for job in scheduler._jobs} >= {"note_last_seen", "prune_frames"}


def test_jobs_run_with_the_store_and_the_settings_until_the_scheduler_stops(registered):
    ran = gevent.event.AsyncResult()

    @scheduler.every(seconds=0.01)
    def job(store, settings):
        ran.set((store, settings))

    running = scheduler.start("store", "settings")
    try:
        assert ran.get(timeout=10) == ("store", "settings")
    finally:
        running.shutdown(wait=False)


def test_a_late_run_is_not_dropped_and_runs_do_not_pile_up(registered):
    scheduler.every(hours=1)(lambda store, settings: None)
    running = scheduler.start("store", "settings")
    (job,) = running.get_jobs()
    running.shutdown(wait=False)
    assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, 300)


def test_a_job_that_fails_is_logged_and_fails_alone(caplog):
    def broken(store, settings):
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        scheduler._run(broken, None, None)
    assert "the job broken failed" in caplog.text
