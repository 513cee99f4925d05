"""What database and files take, how fast they grow, when the disk is full, and what keeps them small; for admins."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response

from ocpp_server import clock, scheduler
from ocpp_server.scheduler import Run
from ocpp_server.services import storage
from ocpp_server.services.file import file_limits, file_usage
from portal.auth import role_required
from portal.context import settings, store
from portal.htmx import page
from portal.navigation import Nav
from portal.table_names import TABLE_NAMES

bp = Blueprint("storage", __name__)
nav = Nav(lazy_gettext("Storage"), "archive", 96, "storage.index", role="admin")

#: So long before the disk is full it is a warning.
_WARN = timedelta(days=30)


@dataclass(frozen=True)
class Job:
    """A recurring job in words."""

    name: str
    hours: float
    run: Run | None


@bp.get("/settings/storage")
@role_required("admin")
def index() -> Response:
    disks = storage.disks(store(), file_limits.shelf(settings()))
    growth = storage.growth(storage.samples(), disks)
    return page(
        "storage/index.html",
        "sizes",
        whole=storage.database_bytes(store()),
        usage=file_usage.usage(),
        disks=disks,
        growth=growth,
        is_urgent=growth is not None and growth.full_at is not None and growth.full_at - clock.now() < _WARN,
        tables=[table for table in storage.tables(store()) if table.rows],
        name_of=TABLE_NAMES.get,
        jobs=_jobs(),
        retention=_retention(),
        is_sqlite=store().is_sqlite,
    )


def _retention() -> list[tuple[str, str, str]]:
    """What is kept, for how long, and the setting that says so."""
    frames, values = settings().frame_log_days, settings().meter_value_days
    return [
        (_("Message log"), _days(frames), "CSMS_FRAME_LOG_DAYS"),
        (_("Raw meter values, after the session's end"), _days(values), "CSMS_METER_VALUE_DAYS"),
        (_("Files from stations"), _days(settings().received_days), "CSMS_RECEIVED_DAYS"),
        (_("Finished requests, resolved messages, audit"), _days(settings().record_days), "CSMS_RECORD_DAYS"),
        (_("Energy by the quarter hour, sessions, cards"), _("for good"), ""),
    ]


def _days(number: int) -> str:
    return ngettext("%(num)s day", "%(num)s days", number) if number else _("for good")


def _jobs() -> list[Job]:
    """Those that keep the database small or watch it."""
    names = {
        "prune_frames": _("Remove old messages from the log"),
        "prune_records": _("Remove old requests, resolved messages and entries of the audit log"),
        "reduce_meter_values": _("Turn old meter values into quarter hours"),
        "prune_received_files": _("Remove old files of stations"),
        "note_storage": _("Note the size of the database and the files"),
    }
    return [
        Job(names[job.function.__name__], job.seconds / 3600, run)
        for job, run in scheduler.jobs_and_runs()
        if job.function.__name__ in names
    ]
