"""Firmware jobs: planning one, seeing before it begins what it will do, watching and steering it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from peewee import fn
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, FileLink, FirmwareImage, FirmwareJob, FirmwareUpdate
from ocpp_server.models.firmware import PLANNED, RUNNING
from ocpp_server.services.errors import Invalid
from ocpp_server.services.firmware import firmware_images, firmware_jobs, firmware_updates, plans, states
from ocpp_server.services.firmware.firmware_jobs import Until
from ocpp_server.services.firmware.plans import Plan
from ocpp_server.store import Unit
from portal import audit, firmware, firmware_plans, formats, lists, local_times, selection, wording, yard
from portal.auth import role_required
from portal.context import settings
from portal.htmx import page
from portal.locale import zone_name

bp = Blueprint("firmware_jobs", __name__, url_prefix="/firmware/jobs")

#: What the stations of a job can be filtered by.
KINDS = {
    "good": states.GOOD,
    "unproven": (states.UNPROVEN,),
    "under_way": states.UNDER_WAY,
    "waiting": states.NOT_ASKED,
    "bad": states.BAD,
    "left_out": (states.CANCELLED,),
}
_FACTS = ("vendor", "model", "firmware_version")
#: Fields of the form that belong to the conversation, not to the plan.
_STEPS = {"confirmed", "edit", "check", *selection.FIELDS}


@bp.get("")
def index() -> Response:
    pages = lists.paginate(FirmwareJob.select().order_by(FirmwareJob.id.desc()), 25)
    return page(
        "firmware_jobs/index.html",
        "results",
        pages=pages,
        progress=firmware_jobs.progress(job.id for job in pages.rows),
        firmware=firmware,
    )


@bp.get("/new")
@role_required("operator")
def new() -> Response:
    """The stations that the filter in the address leaves are all chosen at first."""
    return _form(_filtered(), firmware_plans.DEFAULTS | request.args.to_dict(), {})


@bp.post("/new")
@role_required("operator")
def create() -> Response:
    """From the form, or the list of stations, to the summary and the job: each step posts again."""
    stations, values = selection.chosen(), request.form.to_dict()
    if not {"check", "confirmed", "edit"} & set(values):
        return _form(stations, dict(firmware_plans.DEFAULTS), {})
    if "edit" in values:
        return _form(stations, values, {})
    try:
        plan = firmware_plans.read(values, _target(stations, values))
        plans.check(plan, [station.id for station in stations])
    except Invalid as error:
        return _form(stations or _filtered(), values, wording.at_field(error), 422)
    if "confirmed" not in values:
        return _confirm(plan, stations, values)
    job = firmware_plans.begin(plan, [station.id for station in stations])
    return redirect(url_for("firmware_jobs.show", job_id=job.id), 303)


@bp.get("/<int:job_id>")
def show(job_id: int) -> Response:
    job = _fetch(job_id)
    kind = request.args.get("kind", "")
    found = firmware_jobs.updates(job_id)
    if kind in KINDS:
        found = found.where(FirmwareUpdate.state.in_(KINDS[kind]))
    pages = lists.paginate(found, 100)
    counts = firmware_jobs.progress([job_id])[job_id]
    connected = sessions.connected_ids()
    return page(
        "firmware_jobs/show.html",
        "job",
        job=job,
        counts=counts,
        groups={name: sum(counts.get(state, 0) for state in group) for name, group in KINDS.items()},
        total=sum(counts.values()),
        image=_image(job.image_id),
        waves=_waves(job_id),
        kind=kind,
        pages=pages,
        loaded=_loaded(pages.rows),
        busy_with=_busy_with(pages.rows),
        explain=lambda update: firmware.explain(update, is_online=update.charge_point.id in connected),
        needs_end=_needs_end(job),
        worth_a_try=sum(counts.get(state, 0) for state in states.WORTH_ANOTHER_TRY),
        firmware=firmware,
    )


@bp.post("/<int:job_id>/pause")
@role_required("operator")
def pause(job_id: int) -> Response:
    return _steer(job_id, firmware_jobs.pause, "firmware.pause", _("The job is paused. What is under way goes on."))


@bp.post("/<int:job_id>/resume")
@role_required("operator")
def resume(job_id: int) -> Response:
    return _go_on(job_id, firmware_jobs.resume, "firmware.resume", _("The job goes on."))


@bp.post("/<int:job_id>/cancel")
@role_required("operator")
def cancel(job_id: int) -> Response:
    if _fetch(job_id).image_id is not None:
        done = _("The job is cancelled. Stations that have not begun to load cannot load the image any more.")
    else:
        done = _("The job is cancelled. Stations that have the request already are followed to the end.")
    return _steer(job_id, firmware_jobs.cancel, "firmware.cancel", done)


@bp.post("/<int:job_id>/retry")
@role_required("operator")
def retry(job_id: int) -> Response:
    return _go_on(job_id, firmware_jobs.retry, "firmware.retry", _("These stations will be asked again."))


@bp.post("/<int:job_id>/delete")
@role_required("operator")
def delete(job_id: int) -> Response:
    done = _("The job was deleted.")
    answer = _steer(job_id, firmware_jobs.delete, "firmware.delete", done)
    return redirect(url_for("firmware_jobs.index"), 303) if not FirmwareJob.get_or_none(id=job_id) else answer


def _go_on(job_id: int, do: Callable[[Unit, int, Until | None], Any], action: str, done: str) -> Response:
    """Steer a job that may need another end of its window."""
    try:
        until = _until()
        return _steer(job_id, lambda unit, number: do(unit, number, until), action, done)
    except Invalid as error:
        flash(wording.said(error), "error")
        return redirect(url_for("firmware_jobs.show", job_id=job_id), 303)


def _until() -> Until | None:
    if "without_end" in request.form:
        return Until(None)
    try:
        ends_at = local_times.moment_from(request.form.get("ends_at", ""))
    except ValueError:
        raise Invalid("ends_at", "This is not a time.") from None
    return Until(ends_at) if ends_at is not None else None


def _steer(job_id: int, do: Callable[[Unit, int], Any], action: str, done: str) -> Response:
    _fetch(job_id)
    changed = audit.write(lambda unit: do(unit, job_id), action, f"firmware job {job_id}")
    if changed:
        flash(done, "success")
    else:
        flash(_("That is not possible any more: the job has changed meanwhile."), "warning")
    return redirect(url_for("firmware_jobs.show", job_id=job_id), 303)


def _needs_end(job: FirmwareJob) -> bool:
    """Whether the job only goes on with another end, or without one."""
    return job.state not in (PLANNED, RUNNING) and firmware_jobs.needs_end(job)


def _waves(job_id: int) -> list[tuple[int, dict[str, int]]]:
    """Each wave that has begun, with its stations by state."""
    query = (
        FirmwareUpdate.select(FirmwareUpdate.wave, FirmwareUpdate.state, fn.COUNT(FirmwareUpdate.id))
        .where(FirmwareUpdate.job == job_id, FirmwareUpdate.wave.is_null(False))
        .group_by(FirmwareUpdate.wave, FirmwareUpdate.state)
    )
    found: dict[int, dict[str, int]] = {}
    rows: Any = query.tuples()
    for wave, state, count in rows:
        found.setdefault(wave, {})[state] = count
    order = {state: place for place, state in enumerate(states.STATES)}
    return [(wave, dict(sorted(found[wave].items(), key=lambda item: order[item[0]]))) for wave in sorted(found)]


def _loaded(updates: list[FirmwareUpdate]) -> dict[int, int]:
    """How many bytes went out by the links of those that are loading."""
    links = [update.link_id for update in updates if update.state == states.DOWNLOADING and update.link_id]
    return {link.id: link.transferred for link in FileLink.select().where(FileLink.id.in_(links))} if links else {}


def _busy_with(updates: list[FirmwareUpdate]) -> dict[int, int]:
    """The job that each station has to finish first."""
    waiting = [update.charge_point.id for update in updates if update.reason == states.BUSY]
    return firmware_updates.busy_with(waiting) if waiting else {}


def _filtered() -> list[ChargePoint]:
    """The stations that vendor, model, version and search in the address leave."""
    query = ChargePoint.select().where(ChargePoint.deleted_at.is_null())
    for name in _FACTS:
        if request.args.get(name):
            query = query.where(getattr(ChargePoint, name) == request.args[name])
    if request.args.get("q", "").strip():
        searched = (ChargePoint.identity, ChargePoint.label, ChargePoint.location)
        query = query.where(lists.mentions(searched, request.args["q"].strip()))
    return list(query.order_by(ChargePoint.identity_key).limit(selection.MOST))


def _options(name: str, label: str) -> list[tuple[str, str]]:
    field = getattr(ChargePoint, name)
    query = ChargePoint.select(field).where(ChargePoint.deleted_at.is_null(), field.is_null(False), field != "")
    rows: Any = query.distinct().order_by(field).tuples()
    return [("", label), *((value, value) for (value,) in rows)]


def _target(stations: list[ChargePoint], values: dict[str, str]) -> str:
    """How the stations were chosen, for people."""
    words = ", ".join(values[f"by_{name}"] for name in (*_FACTS, "q") if values.get(f"by_{name}"))
    count = ngettext("%(num)d station", "%(num)d stations", len(stations))
    return f"{count}: {words}" if words else count


def _form(stations: list[ChargePoint], values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
    return page(
        "firmware_jobs/new.html",
        "stations",
        status=status,
        stations=yard.look_at(stations),
        values=values,
        errors=errors,
        zone_name=zone_name(),
        chosen_by={name: request.args.get(name, "") for name in (*_FACTS, "q")},
        images=[("", _("None: an address elsewhere")), *map(_image_option, firmware_images.everything())],
        vendors=_options("vendor", _("Any maker")),
        models=_options("model", _("Any model")),
        versions=_options("firmware_version", _("Any firmware")),
    )


def _image(image_id: int | None) -> FirmwareImage | None:
    return FirmwareImage.get_or_none(FirmwareImage.id == image_id) if image_id is not None else None


def _image_option(image: FirmwareImage) -> tuple[str, str]:
    return str(image.id), f"{image.name} {image.version}".strip() + f" ({formats.size(image.size)})"


def _confirm(plan: Plan, stations: list[ChargePoint], values: dict[str, str]) -> Response:
    views = yard.look_at(stations)
    return page(
        "firmware_jobs/confirm.html",
        plan=plan,
        stations=views,
        summary=firmware_plans.summarize(plan, views, settings()),
        image=_image(plan.image_id),
        values={name: value for name, value in values.items() if name not in _STEPS},
        firmware=firmware,
    )


def _fetch(job_id: int) -> FirmwareJob:
    return FirmwareJob.get_or_none(FirmwareJob.id == job_id) or abort(404)
