"""Cards (id tags): list, add, change, block, delete; CSV out and in."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from peewee import DoesNotExist
from werkzeug.wrappers import Response as BaseResponse

from ocpp_server import clock
from ocpp_server.models import IdTag
from ocpp_server.models.id_tags import ACCEPTED, BLOCKED
from ocpp_server.services.card import id_tag_import, id_tags, unknown_cards
from ocpp_server.services.card.id_tag_import import Line
from ocpp_server.services.errors import Invalid
from portal import audit, card_files, card_rules, enrolment, lists, local_times, spreadsheets
from portal.auth import role_required
from portal.htmx import page
from portal.locale import zone, zone_name
from portal.navigation import Nav
from portal.wording import at_field, said

bp = Blueprint("cards", __name__)
nav = Nav(label=lazy_gettext("Cards"), icon="id-badge-2", order=40, endpoint="cards.index")

_TEXTS = ("id_tag", "label", "parent_id_tag", "note")


@bp.get("/cards")
def index() -> BaseResponse:
    wanted = _wanted()
    pages = lists.paginate(id_tags.search(**wanted, sort=_sort().removeprefix("-"), descending=_sort()[:1] == "-"))
    return page(
        "cards/index.html",
        "results",
        pages=pages,
        wanted=wanted,
        sort=_sort(),
        states=_states(),
        groups=[("", _("All groups")), *((group, group) for group in id_tags.groups())],
        usage=id_tags.usage_since(local_times.start_of_month(), pages.rows),
        state_of=id_tags.state,
        looks=_looks(),
        query=urlencode(request.args),
        in_use=any(wanted.values()) or IdTag.select().exists(),
    )


@bp.get("/cards.csv")
def export() -> Response:
    cards = id_tags.search(**_wanted(), sort=_sort().removeprefix("-"), descending=_sort()[:1] == "-")
    rows = card_files.to_rows(cards, zone())
    return _file(b"".join(spreadsheets.encode(card_files.EXPORTED, [rows])))


@bp.route("/cards/add", methods=["GET", "POST"])
@role_required("operator")
def add() -> BaseResponse:
    if request.method == "GET":
        return _form(IdTag(id_tag=request.args.get("id_tag", "")), {}, {})
    try:
        fields = _fields(request.form)
        card = audit.write(
            lambda unit: id_tags.add(unit, **fields), "card.add", fields["id_tag"], audit.changes(fields)
        )
    except Invalid as invalid:
        return _form(IdTag(), request.form, at_field(invalid))
    flash(_("Card %(id_tag)s was added.", id_tag=card.id_tag), "success")
    return redirect(url_for("cards.index"), 303)


@bp.route("/cards/<int:id_tag_id>/edit", methods=["GET", "POST"])
@role_required("operator")
def edit(id_tag_id: int) -> BaseResponse:
    card = _card(id_tag_id)
    if request.method == "GET":
        return _form(card, {}, {})
    try:
        fields = _fields(request.form)
        _change(lambda unit: id_tags.update(unit, id_tag_id, **fields), "card.change", card, audit.changes(fields))
    except Invalid as invalid:
        return _form(card, request.form, at_field(invalid))
    flash(_("Card %(id_tag)s was saved.", id_tag=fields["id_tag"]), "success")
    return redirect(url_for("cards.index"), 303)


@bp.post("/cards/<int:id_tag_id>/status")
def set_status(id_tag_id: int) -> BaseResponse:
    status = request.form.get("status", "")
    if status not in id_tags.STATUSES:
        abort(400)
    action = "card.block" if status == BLOCKED else "card.accept"
    _change(lambda unit: id_tags.update(unit, id_tag_id, status=status), action, _card(id_tag_id))
    return redirect(_back_to_list(), 303)


@bp.route("/cards/<int:id_tag_id>/delete", methods=["GET", "POST"])
@role_required("operator")
def delete(id_tag_id: int) -> BaseResponse:
    card = _card(id_tag_id)
    if request.method == "GET":
        return page("cards/delete.html", card=card)
    _change(lambda unit: id_tags.delete(unit, id_tag_id), "card.delete", card)
    flash(_("Card %(id_tag)s was deleted. Its sessions are kept.", id_tag=card.id_tag), "success")
    return redirect(url_for("cards.index"), 303)


@bp.route("/cards/import", methods=["GET", "POST"])
@role_required("operator")
def import_file() -> BaseResponse:
    """First the file, to see what it would change; then, from the preview, its text to do it."""
    if request.method == "GET":
        return page("cards/import.html", errors={}, lines=[])
    try:
        text = request.form.get("text") or _uploaded()
        lines = card_files.read(text)
    except card_files.Unreadable as error:
        return page("cards/import.html", status=422, errors={"file": str(error)}, lines=[])
    if "text" not in request.form:
        return _preview(id_tag_import.plan(lines), text)
    done = card_files.take_over(lines)
    if any(line.problem for line in done):
        return _preview(done, text)
    flash(
        ngettext("%(num)d card was read from the file.", "%(num)d cards were read from the file.", len(done)), "success"
    )
    return redirect(url_for("cards.index"), 303)


def _uploaded() -> str:
    """The text of the uploaded file; spreadsheets that know no UTF-8 write Windows' western code page."""
    upload = request.files.get("file")
    content = upload.read() if upload else b""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _preview(lines: list[Line], text: str) -> BaseResponse:
    problems = sum(bool(line.problem) for line in lines)
    return page(
        "cards/import.html",
        status=422 if problems else 200,
        errors={},
        lines=sorted(lines, key=lambda line: not line.problem),
        problems=problems,
        counts=Counter(line.change for line in lines),
        text=text,
        said=said,
    )


def _wanted() -> dict[str, str]:
    return {
        "text": request.args.get("q", "").strip(),
        "state": request.args.get("state", ""),
        "group": request.args.get("group", ""),
    }


def _sort() -> str:
    return lists.chosen_sort(dict.fromkeys(id_tags.SORTS), "tag")


def _states() -> list[tuple[str, str]]:
    return [
        ("", _("All cards")),
        (id_tags.ACCEPTED, _("Accepted")),
        (id_tags.BLOCKED, _("Blocked")),
        (id_tags.EXPIRED, _("Expired")),
    ]


def _looks() -> dict[str, tuple[str, str, str]]:
    """Word, colour and icon of each state."""
    return {
        id_tags.ACCEPTED: (_("Accepted"), "green", "circle-check"),
        id_tags.BLOCKED: (_("Blocked"), "red", "ban"),
        id_tags.EXPIRED: (_("Expired"), "yellow", "hourglass"),
    }


def _card(id_tag_id: int) -> IdTag:
    return IdTag.get_or_none(IdTag.id == id_tag_id) or abort(404)


def _change(work: Any, action: str, card: IdTag, detail: str = "") -> None:
    """Run it, on record; a card that was deleted meanwhile is a page that is not there."""
    try:
        audit.write(work, action, card.id_tag, detail)
    except DoesNotExist:
        abort(404)


def _fields(form: Mapping[str, str]) -> dict[str, Any]:
    """The card in a form. Raises Invalid for a date that cannot be read; all else is for the service to judge."""
    fields: dict[str, Any] = {name: form.get(name, "").strip() for name in _TEXTS}
    fields["status"] = BLOCKED if form.get("status") == BLOCKED else ACCEPTED
    try:
        fields["expiry_date"] = local_times.moment_from(form.get("expiry_date", ""))
    except ValueError as error:
        raise Invalid("expiry_date", "Type a date and a time, for example 2027-01-31 18:00.") from error
    return fields


def _form(card: IdTag, typed: Mapping[str, str], errors: dict[str, str]) -> BaseResponse:
    """The form with what was typed, else with what is stored."""
    stored = {name: getattr(card, name) or "" for name in (*_TEXTS, "status")}
    stored["expiry_date"] = local_times.moment_to(card.expiry_date)
    return page(
        "cards/form.html",
        status=422 if errors else 200,
        card=card,
        values={**stored, **typed},
        errors=errors,
        groups=id_tags.groups(),
        readers=enrolment.readers() if card.id is None else [],
        tapped=_tapped(card, typed),
        verdict=card_rules.judge(card.id_tag) if card.id else None,
        zone_name=zone_name(),
    )


def _tapped(card: IdTag, typed: Mapping[str, str]) -> enrolment.Tapped | None:
    """Where a new card was held to a reader lately, if it was."""
    id_tag = typed.get("id_tag", card.id_tag or "").strip()
    if card.id is not None or not id_tag.isprintable():
        return None
    found = unknown_cards.find(id_tag)
    return None if found is None else enrolment.Tapped.of(found)


def _back_to_list() -> str:
    """The list with the search, sorting and page that it had."""
    query = urlencode(parse_qsl(request.form.get("query", "")))
    return url_for("cards.index") + (f"?{query}" if query else "")


def _file(content: bytes) -> Response:
    response = Response(content, mimetype="text/csv")
    name = f"cards-{clock.now().astimezone(zone()):%Y-%m-%d}.csv"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response
