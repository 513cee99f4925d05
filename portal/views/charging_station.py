"""A station's charging profiles: what it holds, what that adds up to today, what it refused, and what was learnt."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from ocpp_server import clock
from ocpp_server.charging.limits import Limits
from ocpp_server.charging.profile import CHARGE_POINT_MAX, DAILY
from ocpp_server.models import InstalledChargingProfile
from ocpp_server.services.smart_charging import charging_profiles, charging_traits, unanswered_profiles
from ocpp_server.services.smart_charging.composite_schedules import Holdings
from portal import audit, charging, composites, fates, yard
from portal.auth import role_required
from portal.htmx import page
from portal.locale import zone, zone_name
from portal.navigation import StationTab
from portal.views.stations import fetch

bp = Blueprint("charging_station", __name__, url_prefix="/stations/<int:charge_point_id>/charging")
station_tab = StationTab(lazy_gettext("Charging"), "chart-line", 40, "charging_station.index")

#: So many connectors are plotted.
MOST = 8


@bp.get("")
def index(charge_point_id: int) -> Response:
    charge_point, holdings = fetch(charge_point_id), Holdings(charge_point_id)
    (view,) = yard.look_at([charge_point])
    limits = charging_traits.limits_of([charge_point_id])[charge_point_id]
    return page(
        "charging/station.html",
        "held",
        charge_point=charge_point,
        places=[_place(holdings, view, number) for number in _connectors(holdings, view)],
        unit=_unit(holdings),
        held=_held(holdings),
        fates=fates.of(charging_profiles.requests_of(charge_point_id)),
        learnt=charging.learnt_words(charging_traits.of_station(charge_point_id)),
        limits=charging.limits_words(limits),
        knows_limits=limits != Limits(),
        words=charging,
        zone_name=zone_name(),
    )


@bp.get("/plot.json")
def plot(charge_point_id: int) -> Response:
    """Today's composite schedule of `?connector=`, for the plot."""
    fetch(charge_point_id)
    number = min(max(0, request.args.get("connector", 0, type=int)), 2**31)
    holdings = Holdings(charge_point_id)
    return jsonify(composites.today(holdings, number, *_today(), _unit(holdings))[1])


@bp.post("/forget")
@role_required("operator")
def forget(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    audit.write(lambda unit: charging_traits.forget(unit, charge_point_id), "charging.forget", charge_point.identity)
    flash(_("Forgotten. The next profile is tried as if the station had refused nothing."), "success")
    return redirect(url_for("charging_station.index", charge_point_id=charge_point_id), 303)


@dataclass(frozen=True)
class Held:
    """A profile that the station holds by our record. `asked` is the command without an answer by which it may be
    gone; for one that is not `on_record`, by which it may be there."""

    row: InstalledChargingProfile
    profile: dict[str, Any]
    on_record: bool
    asked: int | None


def _held(holdings: Holdings) -> list[Held]:
    """What is on record, then what may be there beside it."""
    unanswered = unanswered_profiles.of_station(holdings.charge_point_id, holdings.rows)

    def asked(row: InstalledChargingProfile) -> int | None:
        return next((item.command_id for item in unanswered if item.concerns(row)), None)

    found = [Held(row, json.loads(row.profile), True, asked(row)) for row in holdings.rows]
    maybe = [(item.may_hold, item.command_id) for item in unanswered if item.may_hold is not None]
    return [*found, *(Held(row, json.loads(row.profile), False, command_id) for row, command_id in maybe)]


def _today() -> tuple[datetime, datetime]:
    return charging.day_around(clock.now().astimezone(zone()))


def _place(holdings: Holdings, view: yard.StationView, number: int) -> dict[str, Any]:
    """One connector today: its limit now, its steps, what the station reported, and whether it draws too much."""
    (begin, end), unit = _today(), _unit(holdings)
    steps, _plot = composites.today(holdings, number, begin, end, unit)
    seconds = [(round((step.at - begin).total_seconds()), step.limit) for step in steps]
    reading = holdings.readings.get(number)
    return {
        "number": number,
        "day": charging.steps_word(seconds, unit, DAILY, most=8),
        "now": [step for step in steps if step.at <= clock.now()][-1].limit,
        "excess": _excess(holdings, view, number),
        "reading": reading,
        **(composites.shown(reading) if reading else {}),
    }


def _excess(holdings: Holdings, view: yard.StationView, number: int) -> float | None:
    """The measured power where it is more than the profiles allow: a station may accept a profile and not obey it."""
    power_w = next((session.power_w for session in view.running if session.connector_id == number), None)
    if not power_w:
        return None
    now = clock.now()
    (step, *_later) = holdings.calculate(number, now, now + timedelta(seconds=1), unit="W")
    is_more = step.limit is not None and power_w > 1.05 * step.limit + 100
    return power_w if is_more else None


def _connectors(holdings: Holdings, view: yard.StationView) -> list[int]:
    """Those that are known or hold a profile, else the first; and the whole station where it has a limit."""
    held = {row.connector_id for row in holdings.rows if row.connector_id}
    whole = [0] if any(row.purpose == CHARGE_POINT_MAX for row in holdings.rows) else []
    return [*whole, *(sorted({*held, *(outlet.connector_id for outlet in view.outlets)})[:MOST] or [1])]


def _unit(holdings: Holdings) -> str:
    """What the station's profiles are mostly written in; amperes where there are none."""
    units = [profile.unit for profile in holdings.profiles]
    return "W" if units.count("W") > units.count("A") else "A"
