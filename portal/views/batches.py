"""One request to many stations: choosing it, confirming it with the numbers, and following it."""

import json

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from ocpp.v16.enums import ConfigurationStatus
from peewee import ModelSelect
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, Command, CommandBatch
from ocpp_server.models.commands import ANSWERED, CANCELLED, ERROR, EXPIRED, LOST, QUEUED, SENT, TIMEOUT
from ocpp_server.services import batches, commands
from ocpp_server.services.errors import Invalid
from portal import asking, audit, lists, operation, outcomes, selection, triggered, yard
from portal.actions import brief, label_of, pretty
from portal.auth import role_required
from portal.htmx import page
from portal.operation import Operation, Target
from portal.outcomes import GOOD
from portal.views.commands import errors_of

bp = Blueprint("batches", __name__, url_prefix="/batches")

#: What a batch's filter means in the table; `expired` is told apart by its code.
_STATES = {
    "error": (ERROR,),
    "silent": (TIMEOUT,),
    "offline": (EXPIRED,),
    "busy": (EXPIRED,),
    "lost": (LOST,),
    "waiting": (QUEUED,),
    "sent": (SENT,),
}
REBOOT_REQUIRED = ConfigurationStatus.reboot_required.value
_WORTH_ANOTHER_TRY = {"refused", "error", "silent", "offline", "busy", "lost", "left_out", "cancelled"}
#: What the list of stations offers beside the operations has pages of its own.
_ELSEWHERE = {"template-": "templates.preview", "schedule-": "charging_apply.confirm"}
#: Fields of the form that belong to the conversation, not to the payload.
_STEPS = {"confirmed", "edit", "send"}


@bp.get("")
def index() -> Response:
    pages = lists.paginate(CommandBatch.select().order_by(CommandBatch.id.desc()), 25)
    progress = batches.progress([batch.id for batch in pages.rows])
    return page(
        "batches/index.html",
        "results",
        pages=pages,
        progress=progress,
        counts_of=outcomes.counts,
        sentence=outcomes.sentence,
        label_of=label_of,
        brief=brief,
    )


@bp.post("/new")
@role_required("operator")
def create() -> Response:
    """From the stations chosen in the list to the form, the confirmation, and the batch: each step posts again."""
    for prefix, endpoint in _ELSEWHERE.items():
        if request.form.get("operation", "").startswith(prefix):
            return _to_template(request.form["operation"].removeprefix(prefix), endpoint)
    if request.form.get("operation") == "firmware-job":
        return redirect(url_for("firmware_jobs.create"), 307)
    chosen, stations = operation.find(request.form.get("operation", "")), selection.chosen()
    if not stations or chosen is None or not chosen.for_many:
        flash(_("Choose stations and an action first."), "warning")
        return redirect(url_for("stations.index"), 303)
    target, values = Target(tuple(yard.look_at(stations))), request.form.to_dict()
    if "send" not in values and "confirmed" not in values:
        return _form(chosen, target, values if "edit" in values else _defaults(chosen), {})
    try:
        wish = asking.read(chosen, values, target)
    except Invalid as error:
        return _form(chosen, target, values, errors_of(chosen, error), 422)
    if "confirmed" not in values:
        warnings = [*wish.notes, *chosen.warn(target, wish.action, wish.payload)]
        return _confirm(chosen, target, values, warnings, wish.action)
    (batch,) = asking.many([(wish, stations)])
    return redirect(url_for("batches.show", batch_id=batch.id), 303)


@bp.get("/<int:batch_id>")
def show(batch_id: int) -> Response:
    batch = _fetch(batch_id)
    progress = batches.progress([batch_id])[batch_id]
    kind = request.args.get("kind", "")
    pages = lists.paginate(_commands(batch_id, kind), 100)
    connected = sessions.connected_ids()
    return page(
        "batches/show.html",
        "batch",
        batch=batch,
        progress=progress,
        counts=outcomes.counts(progress),
        sentence=outcomes.sentence,
        errors=_errors(progress),
        kinds=outcomes.kinds_to_filter(outcomes.counts(progress)),
        kind=kind,
        pages=pages,
        came={number: len(rows) for number, rows in triggered.rows(pages.rows).items()},
        outcome_of=outcomes.of,
        explain=lambda command: _explain(command, connected),
        label=label_of(batch),
        payload=pretty(batch.payload),
        to_reset=sum(group.count for group in progress.groups if group.status == REBOOT_REQUIRED),
        unhappy=sum(count for name, count in outcomes.counts(progress).items() if name in _WORTH_ANOTHER_TRY),
    )


@bp.post("/<int:batch_id>/again")
@role_required("operator")
def again(batch_id: int) -> Response:
    """The form as it was, for the stations that did not do what was asked."""
    batch = _fetch(batch_id)
    chosen = operation.find(batch.action) or operation.find("any") or abort(404)
    rows = [row.charge_point for row in _commands(batch_id, "") if outcomes.of(row).kind in _WORTH_ANOTHER_TRY]
    stations = [row for row in dict.fromkeys(rows) if not row.deleted_at]
    if not stations or not chosen.for_many:
        flash(_("There is no station left to ask again."), "warning")
        return redirect(url_for("batches.show", batch_id=batch_id), 303)
    values = {"action": batch.action, "payload": pretty(batch.payload)}
    if chosen.action:
        values = chosen.typed(json.loads(batch.payload))
    return _form(chosen, Target(tuple(yard.look_at(stations))), values, {})


@bp.post("/<int:batch_id>/reset")
@role_required("operator")
def reset(batch_id: int) -> Response:
    """The form of a reset, for the stations that said RebootRequired."""
    chosen = operation.find("Reset") or abort(404)
    stations = [row.charge_point for row in _awaiting_reset(_fetch(batch_id).id) if not row.charge_point.deleted_at]
    if not stations:
        flash(_("No station waits for a reset."), "warning")
        return redirect(url_for("batches.show", batch_id=batch_id), 303)
    return _form(chosen, Target(tuple(yard.look_at(stations))), _defaults(chosen), {})


@bp.post("/<int:batch_id>/cancel")
@role_required("operator")
def cancel(batch_id: int) -> Response:
    batch = _fetch(batch_id)
    taken = audit.write(
        lambda unit: batches.cancel(unit, batch_id), "command.cancel", f"batch {batch.id}", batch.action
    )
    words = ngettext("%(num)d request was taken back.", "%(num)d requests were taken back.", taken)
    flash(words if taken else _("Everything was sent already."), "success" if taken else "warning")
    return redirect(url_for("batches.show", batch_id=batch_id), 303)


def _commands(batch_id: int, kind: str) -> "ModelSelect[Command]":
    query = (
        Command.select(Command, ChargePoint)
        .join(ChargePoint)
        .where(Command.batch_id == batch_id)
        .order_by(ChargePoint.identity_key, Command.id)
    )
    if kind in _STATES:
        query = query.where(Command.state.in_(_STATES[kind]))
    if kind == "busy":
        return query.where(Command.error_code == "busy")
    if kind == "offline":
        return query.where(Command.error_code != "busy")
    if kind in ("good", "refused"):
        is_good = Command.status.in_(sorted(GOOD))
        return query.where(Command.state == ANSWERED, is_good if kind == "good" else ~is_good)
    if kind in ("left_out", "cancelled"):
        query = query.where(Command.state == CANCELLED)
        return query.where(Command.error_description != "" if kind == "left_out" else Command.error_description == "")
    return query


def _awaiting_reset(batch_id: int) -> "ModelSelect[Command]":
    return _commands(batch_id, "good").where(Command.status == REBOOT_REQUIRED)


def _errors(progress: batches.Progress) -> list[tuple[str, str, int]]:
    """The CALLERRORs: code, what it means, how many."""
    found: dict[str, int] = {}
    for group in progress.groups:
        if group.state == ERROR:
            found[group.error_code] = found.get(group.error_code, 0) + group.count
    return [(code, outcomes.error_meaning(code), count) for code, count in sorted(found.items())]


def _explain(command: Command, connected: set[int]) -> str:
    if command.state == ERROR:
        return command.error_description or outcomes.error_meaning(command.error_code)
    if command.state == ANSWERED:
        return str(operation.meaning(command.action, command.status)) if command.status not in GOOD else ""
    return outcomes.explain(command, is_online=command.charge_point.id in connected)


def _form(
    chosen: Operation, target: Target, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response:
    return page("batches/new.html", status=status, operation=chosen, target=target, values=values, errors=errors)


def _confirm(chosen: Operation, target: Target, values: dict[str, str], warnings: list[str], action: str) -> Response:
    kept = {name: value for name, value in values.items() if name not in {*_STEPS, *selection.FIELDS}}
    return page(
        "batches/confirm.html",
        operation=chosen,
        target=target,
        values=kept,
        warnings=warnings,
        offline=[station for station in target.stations if not station.online],
        left_out=[station for station in target.stations if _is_left_out(station.charge_point, action)],
        lifetime=values.get("lifetime", "60"),
    )


def _is_left_out(charge_point: ChargePoint, action: str) -> bool:
    try:
        commands.check_registration(charge_point, action)
    except Invalid:
        return True
    return False


def _defaults(chosen: Operation) -> dict[str, str]:
    return {item.name: item.default for item in chosen.fields}


def _to_template(number: str, endpoint: str) -> Response:
    """The stations go along to the template's own page, which a redirect with 307 posts them to."""
    if not number.isdecimal():
        abort(404)
    return redirect(url_for(endpoint, template_id=int(number)), 307)


def _fetch(batch_id: int) -> CommandBatch:
    return CommandBatch.get_or_none(CommandBatch.id == batch_id) or abort(404)
