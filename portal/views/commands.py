"""Asking a station: the form of each action, its confirmation, and what came of it."""

import json

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from peewee import ModelSelect
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, Command, CommandBatch
from ocpp_server.services import commands, stretches
from ocpp_server.services.errors import Invalid
from portal import asking, audit, htmx, lists, operation, outcomes, triggered, yard
from portal.actions import brief, label_of, pretty
from portal.auth import role_required
from portal.converters import row_id
from portal.htmx import page
from portal.navigation import StationTab
from portal.operation import Operation, Target
from portal.views.stations import fetch
from portal.wording import said

bp = Blueprint("commands", __name__)
station_tab = StationTab(lazy_gettext("Requests"), "send", 20, "commands.index")

#: Fields of the form that belong to the conversation, not to the payload.
_STEPS = {"confirmed", "edit"}


@bp.get("/stations/<int:charge_point_id>/commands")
def index(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    before = request.args.get("before", type=row_id)
    return page(
        "commands/index.html",
        "results",
        charge_point=charge_point,
        found=stretches.newest(*_wanted(charge_point_id), lists.PER_PAGE, before),
        before=before,
        outcome_of=outcomes.of,
        label_of=label_of,
        brief=brief,
        state=request.args.get("state", ""),
        action=request.args.get("action", ""),
        actions=[(item.action, str(item.label)) for item in operation.everything() if item.action],
        has_filter=bool(request.args.get("state") or request.args.get("action")),
    )


def _wanted(charge_point_id: int) -> "tuple[ModelSelect[Command], ModelSelect[Command]]":
    """The requests that are wanted, and those among which they are looked for: an index leads through these."""
    record = Command.select().where(Command.charge_point == charge_point_id)
    if request.args.get("action"):
        record = record.where(Command.action == request.args["action"])
    if request.args.get("state") == "open":
        record = record.where(Command.finished_at.is_null())
    elif request.args.get("state"):
        return record.where(Command.state == request.args["state"]), record
    return record, record


@bp.get("/stations/<int:charge_point_id>/commands/<name>")
@role_required("operator")
def ask(charge_point_id: int, name: str) -> Response:
    """The form of an action; `?connectorId=1` fills a field, `?again=7` all of them as they were then."""
    chosen, target = _operation(name), _target(charge_point_id)
    return _form(chosen, target, _prefilled(chosen), {})


@bp.post("/stations/<int:charge_point_id>/commands/<name>")
@role_required("operator")
def send(charge_point_id: int, name: str) -> Response:
    chosen, target = _operation(name), _target(charge_point_id)
    values = request.form.to_dict()
    if "edit" in values:
        return _form(chosen, target, values, {})
    try:
        wish = asking.read(chosen, values, target)
        commands.check(_one(target), wish.action, wish.payload)
    except Invalid as error:
        return _form(chosen, target, values, errors_of(chosen, error), 422)
    warnings = [*wish.notes, *chosen.warn(target, wish.action, wish.payload)]
    if warnings and "confirmed" not in values:
        return _confirm(chosen, target, values, warnings)
    asked = asking.one(_one(target), wish)
    if isinstance(asked, CommandBatch):
        return _go_to(url_for("batches.show", batch_id=asked.id))
    if htmx.is_fragment():
        return _show(asked.id, is_dialog=True)
    return redirect(url_for("commands.show", command_id=asked.id), 303)


@bp.get("/commands/<int:command_id>")
def show(command_id: int) -> Response:
    return _show(command_id)


@bp.get("/commands/<int:command_id>/brief")
def show_briefly(command_id: int) -> Response:
    """The result as a dialog shows it."""
    if not htmx.is_fragment():
        return redirect(url_for("commands.show", command_id=command_id), 303)
    return _show(command_id, is_dialog=True)


@bp.post("/commands/<int:command_id>/cancel")
@role_required("operator")
def cancel(command_id: int) -> Response:
    command = _fetch(command_id)
    detail = f"{command.action} {command_id}"
    name = command.charge_point.identity
    if audit.write(lambda unit: commands.cancel(unit, command_id), "command.cancel", name, detail):
        flash(_("It was taken back before it was sent."), "success")
    else:
        flash(_("It was sent already, so it cannot be taken back."), "warning")
    return redirect(url_for("commands.show", command_id=command_id), 303)


def _show(command_id: int, *, is_dialog: bool = False) -> Response:
    command = _fetch(command_id)
    known = operation.find(command.action)
    is_online = sessions.is_connected(command.charge_point.id)
    return page(
        "commands/brief.html" if is_dialog else "commands/show.html",
        "ask" if is_dialog else "command",
        command=command,
        charge_point=command.charge_point,
        outcome=outcomes.of(command),
        explanation=outcomes.explain(command, is_online=is_online),
        meaning=known.meanings.get(command.status, "") if known else "",
        name=known.name if known else "any",
        label=label_of(command),
        pretty=pretty,
        is_finished=commands.is_finished(command),
        needs_reset=command.status == "RebootRequired",
        came=triggered.of(command),
        is_awaited=triggered.is_awaited(command),
        was_triggered=triggered.was_accepted(command),
        result=known.result(command) if known else {},
        result_template=known.result_template if known else "",
    )


def _form(
    chosen: Operation, target: Target, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response:
    return page(
        "commands/ask.html",
        "ask",
        status=status,
        operation=chosen,
        target=target,
        charge_point=_one(target),
        values=values,
        errors=errors,
        action_url=url_for("commands.send", charge_point_id=_one(target).id, name=chosen.name),
        is_dialog=htmx.is_fragment(),
    )


def _confirm(chosen: Operation, target: Target, values: dict[str, str], warnings: list[str]) -> Response:
    return page(
        "commands/confirm.html",
        "ask",
        operation=chosen,
        charge_point=_one(target),
        online=_online(target),
        values={name: value for name, value in values.items() if name not in _STEPS},
        warnings=warnings,
        action_url=url_for("commands.send", charge_point_id=_one(target).id, name=chosen.name),
        is_dialog=htmx.is_fragment(),
    )


def _prefilled(chosen: Operation) -> dict[str, str]:
    again = Command.get_or_none(Command.id == request.args.get("again", type=row_id))
    if again is None:
        return {item.name: item.default for item in chosen.fields} | request.args.to_dict()
    if chosen.slug == "any":
        return {"action": again.action, "payload": pretty(again.payload)}
    return chosen.typed(json.loads(again.payload))


def errors_of(chosen: Operation, error: Invalid) -> dict[str, str]:
    """The error at its field, else above all of them."""
    name = error.field.partition(".")[0]
    if name in {"timeout", "lifetime", *(item.name for item in chosen.fields)}:
        return {name: said(error)}
    if chosen.slug == "any" and name != "registration":
        return {"payload": f"{error.field}: {said(error)}"}
    return {"": said(error) if name == "registration" else f"{error.field}: {said(error)}"}


def _go_to(address: str) -> Response:
    """There, as a whole page, also from a dialog."""
    if not htmx.is_fragment():
        return redirect(address, 303)
    response = Response(status=204)
    response.headers["HX-Redirect"] = address
    return response


def _operation(name: str) -> Operation:
    return operation.find(name) or abort(404)


def _target(charge_point_id: int) -> Target:
    return Target(tuple(yard.look_at([fetch(charge_point_id)])))


def _one(target: Target) -> ChargePoint:
    return target.stations[0].charge_point


def _online(target: Target) -> bool:
    return target.stations[0].online


def _fetch(command_id: int) -> Command:
    query = Command.select(Command, ChargePoint).join(ChargePoint).where(Command.id == command_id)
    return query.first() or abort(404)
