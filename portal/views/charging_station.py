"""A station's charging profiles: what it holds, what that adds up to today, what it refused, and what was learnt."""

import json
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from ocpp_server import clock, sessions
from ocpp_server.charging.profile import CHARGE_POINT_MAX, DAILY
from ocpp_server.services import charging_profiles, charging_traits, composite_schedules, installed_profiles
from portal import audit, charging, composites, fates, outcomes, yard
from portal.actions import brief, label_of, latest
from portal.auth import role_required
from portal.htmx import page
from portal.locale import zone
from portal.navigation import StationTab
from portal.views.stations import fetch

bp = Blueprint("charging_station", __name__, url_prefix="/stations/<int:charge_point_id>/charging")
station_tab = StationTab(lazy_gettext("Charging"), "chart-line", 40, "charging_station.index")

#: So many connectors are plotted.
MOST = 8
_ACTIONS = ("SetChargingProfile", "ClearChargingProfile", "GetCompositeSchedule")


@bp.get("")
def index(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    begin, end = charging.day_around(clock.now().astimezone(zone()))
    unit = _unit(charge_point_id)
    (view,) = yard.look_at([charge_point])
    powers = {session.connector_id: session.power_w for session in view.running}
    return page(
        "charging/station.html",
        "held",
        charge_point=charge_point,
        online=sessions.is_connected(charge_point_id),
        places=[
            {
                **_place(charge_point_id, number, begin, end, unit),
                "excess": _excess(charge_point_id, number, powers.get(number)),
            }
            for number in _connectors(view)
        ],
        unit=unit,
        held=[(row, json.loads(row.profile)) for row in installed_profiles.of_station(charge_point_id)],
        fates=fates.of(charging_profiles.requests_of(charge_point_id)),
        learnt=charging.learnt_words(charging_traits.of_station(charge_point_id)),
        limits=charging.limits_words(charging_traits.limits_of([charge_point_id])[charge_point_id]),
        requests=latest(charge_point_id, *_ACTIONS),
        outcome_of=outcomes.of,
        label_of=label_of,
        brief=brief,
        words=charging,
        zone_name=getattr(zone(), "key", "UTC"),
    )


@bp.get("/plot.json")
def plot(charge_point_id: int) -> Response:
    """Today's composite schedule of `?connector=`, for the plot."""
    fetch(charge_point_id)
    number = min(max(0, request.args.get("connector", 0, type=int)), 2**31)
    begin, end = charging.day_around(clock.now().astimezone(zone()))
    return jsonify(composites.today(charge_point_id, number, begin, end, _unit(charge_point_id))[1])


@bp.post("/forget")
@role_required("operator")
def forget(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    audit.write(lambda unit: charging_traits.forget(unit, charge_point_id), "charging.forget", charge_point.identity)
    flash(_("Forgotten. The next profile is tried as if the station had refused nothing."), "success")
    return redirect(url_for("charging_station.index", charge_point_id=charge_point_id), 303)


def _place(charge_point_id: int, number: int, begin: datetime, end: datetime, unit: str) -> dict[str, Any]:
    """One connector today: its limit now, and its steps."""
    steps, _plot = composites.today(charge_point_id, number, begin, end, unit)
    now = [step for step in steps if step.at <= clock.now()][-1]
    reading = composite_schedules.latest(charge_point_id, number)
    shown = composites.shown(reading) if reading else {}
    seconds = [(round((step.at - begin).total_seconds()), step.limit) for step in steps]
    day = charging.steps_word(seconds, unit, DAILY, most=8)
    return {"number": number, "day": day, "now": now.limit, "reading": reading, **shown}


def _excess(charge_point_id: int, number: int, power_w: float | None) -> float | None:
    """The measured power where it is more than the profiles allow: a station may accept a profile and not obey it."""
    if not power_w:
        return None
    now = clock.now()
    (step, *_later) = composite_schedules.calculate(charge_point_id, number, now, now + timedelta(seconds=1), unit="W")
    is_more = step.limit is not None and power_w > 1.05 * step.limit + 100
    return power_w if is_more else None


def _connectors(view: yard.StationView) -> list[int]:
    """Those that are known or hold a profile, else the first; and the whole station where it has a limit."""
    held = installed_profiles.of_station(view.charge_point.id)
    numbers = {outlet.connector_id for outlet in view.outlets} | {row.connector_id for row in held if row.connector_id}
    whole = [0] if any(row.purpose == CHARGE_POINT_MAX for row in held) else []
    return [*whole, *(sorted(numbers)[:MOST] or [1])]


def _unit(charge_point_id: int) -> str:
    """What the station's profiles are mostly written in; amperes where there are none."""
    found = [profile.unit for profile in installed_profiles.parsed(installed_profiles.of_station(charge_point_id))]
    return "W" if found.count("W") > found.count("A") else "A"
