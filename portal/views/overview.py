"""The first page: is anything wrong, what is going on, what happened today."""

from datetime import datetime

from flask import Blueprint
from flask_babel import lazy_gettext
from peewee import fn
from werkzeug.wrappers import Response

from ocpp_server import clock
from ocpp_server.models import ChargePoint, FirmwareJob, OrphanMessage, Transaction
from ocpp_server.models.firmware import STOPPED
from ocpp_server.services.card import id_tags
from ocpp_server.services.reservation import reservation_search
from portal import firmware, forgotten, inbox, local_lists, reservations, yard
from portal.addresses import station_address
from portal.htmx import page
from portal.locale import zone
from portal.navigation import Nav
from portal.views import sites

bp = Blueprint("overview", __name__)
nav = Nav(lazy_gettext("Overview"), "layout-dashboard", 10, "overview.index")

#: More stations than this do not fit on a page that is read at a glance.
SHOWN = 120


@bp.get("/")
def index() -> Response:
    stations = yard.look_at(list(ChargePoint.select().where(ChargePoint.deleted_at.is_null())))
    energy_wh, session_count = _today()
    running = [(station, session) for station in stations for session in station.running]
    return page(
        "overview/index.html",
        "yard",
        stations=sorted(stations, key=_urgency),
        shown=SHOWN,
        glance=yard.summarize(stations),
        running=running,
        card_of=id_tags.finder(session.id_tag for _, session in running),
        energy_wh=energy_wh,
        session_count=session_count,
        faulted=[(station, outlet) for station in stations if station.online for outlet in station.faults],
        offline=[station for station in stations if not station.online],
        waiting=inbox.waiting(),
        forgotten=forgotten.among(stations),
        refused_lists=local_lists.refused(),
        unheld=reservation_search.in_trouble(),
        reservation_look=reservations.look,
        orphans=OrphanMessage.select().where(OrphanMessage.resolved_at.is_null()).count(),
        sites=sites.troubles(),
        stopped_jobs=list(FirmwareJob.select().where(FirmwareJob.state == STOPPED).order_by(FirmwareJob.id)),
        job_title=firmware.title,
        address=station_address(),
    )


def _today() -> tuple[float, int]:
    """Energy and number of the sessions that run now or ended since the viewer's midnight."""
    today = (Transaction.stopped_at.is_null()) | (Transaction.stopped_at >= _midnight())
    figures = Transaction.select(fn.SUM(Transaction.energy_wh), fn.COUNT(Transaction.id)).where(today)
    energy_wh, count = figures.scalar(as_tuple=True)
    return energy_wh or 0.0, count


def _midnight() -> datetime:
    return clock.now().astimezone(zone()).replace(hour=0, minute=0, second=0, microsecond=0)


def _urgency(station: yard.StationView) -> tuple[bool, bool, float, str]:
    """Faulted first, then what charges most, then the rest by name; offline ones at the end."""
    return (
        not (station.online and station.faults),
        not station.online,
        -station.power_w,
        station.charge_point.name.casefold(),
    )
