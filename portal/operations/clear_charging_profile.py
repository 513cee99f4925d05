"""ClearChargingProfile: take profiles away, one, some or all (section 5.5, errata 3.25)."""

from collections import Counter

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from ocpp_server.charging.profile import PURPOSES
from ocpp_server.services.smart_charging import installed_profiles
from portal.charging import purpose_word
from portal.operation import CHOICE, NUMBER, Choice, Field, Operation, Payload, Target
from portal.operation_choices import connectors_and_station
from portal.operation_warnings import running, sessions_run, where


def _warn(target: Target, payload: Payload) -> list[str]:
    """How many profiles go, by our record, and what is gone with them."""
    ids = [station.charge_point.id for station in target.stations]
    rows = [row for row in installed_profiles.of_stations(ids) if installed_profiles.fits(row, payload)]
    sessions = sessions_run(running(target, payload.get("connectorId")), where(target))
    if not rows:
        return [_("By our record no profile fits this. The station is asked all the same."), sessions]
    stations = len({row.charge_point_id for row in rows})
    words = ngettext("%(num)d profile is removed", "%(num)d profiles are removed", len(rows))
    place = ngettext("from %(num)d station", "from %(num)d stations", stations)
    kinds = Counter(purpose_word(row.purpose) for row in rows)
    parts = ", ".join(f"{word}: {count}" for word, count in kinds.items())
    after = _("What they limited is then limited by what remains, or not at all.")
    return [f"{words} {place} ({parts}).", f"{sessions} {after}"]


operation = Operation(
    action="ClearChargingProfile",
    label=_l("Clear charging profiles"),
    icon="eraser",
    order=84,
    explanation=_l(
        "The station removes what fits all the fields that are filled in. With an id, only that counts. With nothing"
        " filled in it removes every profile."
    ),
    fields=(
        Field("id", _l("Profile id"), NUMBER, hint=_l("The chargingProfileId of one profile.")),
        Field("connectorId", _l("Connector"), NUMBER, choices=connectors_and_station, nothing=_l("Any")),
        Field(
            "chargingProfilePurpose",
            _l("For"),
            CHOICE,
            choices=lambda target: [
                Choice("", _("Anything")),
                *(Choice(item, purpose_word(item)) for item in PURPOSES),
            ],
        ),
        Field("stackLevel", _l("Stack level"), NUMBER),
    ),
    warnings=_warn,
    meanings={
        "Accepted": _l("The station has removed them."),
        "Unknown": _l("The station holds no profile that fits; our record says so now, too."),
    },
    is_apart=True,
    verb=_l("Clear"),
)
