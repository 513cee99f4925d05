"""A station's firmware and logs: what it runs, its updates, what it sent, and the bundle for its maker."""

from flask import Blueprint
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, DiagnosticsRequest, FirmwareJob, FirmwareUpdate, ReceivedFile, StationNotice
from portal import diagnostics, firmware
from portal.context import settings
from portal.htmx import page
from portal.navigation import StationTab
from portal.views.stations import fetch

bp = Blueprint("station_firmware", __name__)
station_tab = StationTab(lazy_gettext("Firmware & logs"), "cpu", 60, "station_firmware.show")

_SHOWN = 20


@bp.get("/stations/<int:charge_point_id>/firmware")
def show(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    online = sessions.is_connected(charge_point_id)
    return page(
        "station_firmware/show.html",
        "firmware",
        charge_point=charge_point,
        online=online,
        obstacle=diagnostics.obstacle(settings(), charge_point_id),
        updates=_updates(charge_point),
        requests=_newest(DiagnosticsRequest, charge_point_id),
        files={file.id: file for file in _newest(ReceivedFile, charge_point_id)},
        notices=_newest(StationNotice, charge_point_id),
        explain=lambda update: firmware.explain(update, is_online=online),
        firmware=firmware,
        diagnostics=diagnostics,
    )


def _updates(charge_point: ChargePoint) -> list[FirmwareUpdate]:
    query = (
        FirmwareUpdate.select(FirmwareUpdate, FirmwareJob)
        .join(FirmwareJob)
        .where(FirmwareUpdate.charge_point == charge_point)
        .order_by(FirmwareUpdate.id.desc())
        .limit(_SHOWN)
    )
    updates = list(query)
    for update in updates:
        update.charge_point = charge_point
    return updates


def _newest(table: type, charge_point_id: int) -> list:
    query = table.select().where(table.charge_point == charge_point_id)  # type: ignore[attr-defined]
    return list(query.order_by(table.id.desc()).limit(_SHOWN))  # type: ignore[attr-defined]
