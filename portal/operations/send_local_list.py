"""SendLocalList: one update of the list of cards that a station keeps, by hand (section 5.15)."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from ocpp_server.models.local_lists import NONE
from ocpp_server.services.local_list import local_lists
from ocpp_server.services.local_list import messages as local_list_messages
from ocpp_server.services.local_list.messages import CLEAR, DIFFERENTIAL, FULL, REMOVE
from ocpp_server.services.local_list.steps import limits_of
from portal.context import store
from portal.formats import number
from portal.operation import CARDS, CHOICE, LINES, NUMBER, Choice, Field, Operation, Payload, Target, Values


class SendLocalList(Operation):
    """Its payload depends on the stations: their cards, and their next version."""

    def build(self, values: Values, target: Target) -> tuple[str, Payload]:
        read = {item.name: item.read(values) for item in self.fields}
        ids = [station.charge_point.id for station in target.stations]
        tags, version = read["id_tags"] or [], read["listVersion"]
        return self.action, local_list_messages.build(store().query, read["kind"], tags, ids, version)

    def typed(self, payload: Payload) -> dict[str, str]:
        entries = payload.get("localAuthorizationList") or []
        kind = payload["updateType"]
        if kind == FULL and not entries:
            kind = CLEAR
        elif kind == DIFFERENTIAL and entries and not any("idTagInfo" in entry for entry in entries):
            kind = REMOVE
        return {"kind": kind, "id_tags": "\n".join(entry["idTag"] for entry in entries)}


def _kinds(target: Target) -> list[Choice]:
    return [
        Choice(
            FULL, _("Replace the list"), _("by the cards below, or without any by all that the station should keep")
        ),
        Choice(DIFFERENTIAL, _("Change these cards"), _("those that may not charge are taken out")),
        Choice(REMOVE, _("Take these cards out")),
        Choice(CLEAR, _("Empty the list")),
    ]


def _versions(target: Target) -> list[Choice]:
    ids = [station.charge_point.id for station in target.stations]
    version = str(local_list_messages.next_version(ids))
    return [Choice(version, version, _("the next one"))]


def _warn(target: Target, payload: Payload) -> list[str]:
    entries = payload.get("localAuthorizationList") or []
    lists = [local_lists.of(station.charge_point.id) for station in target.stations]
    said = []
    if payload["updateType"] == FULL:
        words = ngettext(
            "Its list then has %(entries)s cards.",
            "Their lists then have %(entries)s cards.",
            len(lists),
            entries=number(len(entries)),
        )
        said.append(_("What the list holds now is replaced.") + " " + words)
    too_short = sum(limits_of(store().query, listing).per_message < len(entries) for listing in lists)
    if too_short:
        said.append(_too_long(too_short))
    kept = sum(listing.keeps != NONE for listing in lists)
    if said and kept:
        said.append(_("Chargeyard keeps the list in step with the cards, so it puts right what differs."))
    return said


def _too_long(count: int) -> str:
    words = ngettext(
        "%(num)d station takes fewer cards in one message: it may refuse this, or drop its connection.",
        "%(num)d stations take fewer cards in one message: they may refuse this, or drop their connection.",
        count,
    )
    return words + " " + _("“Bring in step” on the page of its local list sends them in parts.")


operation = SendLocalList(
    action="SendLocalList",
    label=_l("Send local list"),
    icon="list-details",
    order=130,
    topic=CARDS,
    explanation=_l(
        "Changes the list of cards that the station keeps for when it is offline, in one message. To keep it in step"
        " for good, choose on the page of its local list which cards it keeps."
    ),
    fields=(
        Field("kind", _l("What to do"), CHOICE, required=True, default=FULL, choices=_kinds),
        Field(
            "id_tags",
            _l("Cards"),
            LINES,
            hint=_l("One on a line. Each goes with its group and expiry as they are here."),
        ),
        Field(
            "listVersion", _l("Version"), NUMBER, choices=_versions, suggests=True, hint=_l("Empty takes the next one.")
        ),
    ),
    warnings=_warn,
    meanings={
        "Accepted": _l("The station has taken the update."),
        "Failed": _l(
            "The station could not take the update. Its list may be full, or one of the cards does not please it."
        ),
        "NotSupported": _l("The station keeps no local list. It may be switched off: see LocalAuthListEnabled."),
        "VersionMismatch": _l("The station has this version already, or a later one. A whole list puts that right."),
    },
    verb=_l("Send"),
)
