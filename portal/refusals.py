"""Why a handshake was refused, in a plain sentence, and what can be done about it right there."""

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, Refusal
from ocpp_server.models.charge_points import ACCEPTED, PENDING
from ocpp_server.services.errors import Invalid
from ocpp_server.services.station import charge_points
from portal.addresses import station_address
from portal.context import settings
from portal.remedies import Explanation, Remedy
from portal.wording import said

#: What was done and what helps, where that is up to the station.
_AT_THE_STATION = {
    "insecure": (
        _l("%(who)s came without encryption, which its security profile forbids."),
        _l(
            "Have it connect by wss://. If a reverse proxy speaks TLS for Chargeyard, tell Chargeyard so with "
            "CSMS_TRUSTED_PROXIES."
        ),
    ),
    "flood": (
        _l("%(who)s sent far more messages than a station can mean to."),
        _l(
            "It was cut off, so that the others are served, and is let in again when it slows down. Restart it; if it "
            "does it again, its firmware is at fault, or two stations share this identity."
        ),
    ),
    "too_long": (
        _l("%(who)s sent a message that is longer than allowed."),
        _l(
            "It was cut off, and will send the message again. If it is the end of a long session with many meter "
            "values, raise CSMS_MAX_MESSAGE_SIZE and restart Chargeyard, or its energy is never billed."
        ),
    ),
}


def explain(refusal: Refusal, charge_point: ChargePoint | None) -> Explanation:
    """The sentence and the remedies; `charge_point` is the station of that identity, deleted ones included."""
    if refusal.reason in _AT_THE_STATION:
        what, advice = _AT_THE_STATION[refusal.reason]
        return Explanation(what % {"who": _who(refusal, charge_point)}, str(advice), _show(charge_point))
    words = _WORDS.get(refusal.reason, _other)
    return words(refusal, charge_point)


def _unknown_identity(refusal: Refusal, charge_point: ChargePoint | None) -> Explanation:
    if charge_point is not None and charge_point.deleted_at is None:
        return Explanation(
            _("A station came as “%(identity)s” before it was added.", identity=refusal.identity),
            _("It is added now and may connect when it next tries. Nothing is left to do."),
        )
    what = _("A station came as “%(identity)s”, which is not among your stations.", identity=refusal.identity)
    if charge_point is not None:
        what = _("A station came as “%(identity)s”, which was deleted here.", identity=refusal.identity)
    try:
        charge_points.check_identity(refusal.identity)
    except Invalid as invalid:
        advice = _("Nothing can be called so: %(why)s Give the station another identity.", why=said(invalid))
        return Explanation(what, advice, address=station_address())
    return Explanation(
        what,
        _(
            "If it is yours, add it: it connects by itself when it next tries, usually within minutes. "
            "A pending station may connect and be configured, but not charge yet."
        ),
        (
            _add(refusal, _("Add this station"), ACCEPTED),
            _add(refusal, _("Add as pending"), PENDING),
            Remedy(_("Add with details…"), url_for("stations.add", identity=refusal.identity)),
        ),
    )


def _missing_credentials(refusal: Refusal, charge_point: ChargePoint | None) -> Explanation:
    if charge_point is not None and charge_point.deleted_at is None and charge_point.password_hash is None:
        return Explanation(
            _(
                "%(who)s has no password here, and its security profile asks for one.",
                who=_who(refusal, charge_point),
            ),
            _("Set one here and type it into the station; the user is its identity."),
            _about_password(charge_point),
        )
    return Explanation(
        _("%(who)s sent no password, but it has one here.", who=_who(refusal, charge_point)),
        _(
            "Type its password into the station; the user is its identity. If nobody knows the password any more, "
            "set a new one. If the station cannot send one, let it in without."
        ),
        _about_password(charge_point),
    )


def _wrong_credentials(refusal: Refusal, charge_point: ChargePoint | None) -> Explanation:
    advice = _("Type the right one into the station, or set a new one here. The user is the station's identity.")
    if charge_point is not None and sessions.is_connected(charge_point.id):
        advice = _(
            "The station itself is online, so something else uses its identity: an old station, or somebody guessing."
        )
    return Explanation(
        _("%(who)s sent a wrong password.", who=_who(refusal, charge_point)),
        advice,
        _about_password(charge_point),
        note=_("After some wrong ones in a row, each further try from there must wait for up to a minute."),
    )


def _subprotocol(refusal: Refusal, charge_point: ChargePoint | None) -> Explanation:
    if "ocpp2" in refusal.detail.lower():
        return Explanation(
            _("%(who)s speaks OCPP 2, and Chargeyard speaks OCPP 1.6.", who=_who(refusal, charge_point)),
            _(
                "Most such stations can do both: in the station's own settings, choose OCPP 1.6 JSON (OCPP 1.6J) as "
                "the protocol, then restart it. Some need another firmware for it."
            ),
        )
    return Explanation(
        _("%(who)s offered no version of OCPP that is spoken here.", who=_who(refusal, charge_point)),
        _("In the station's own settings, choose OCPP 1.6 JSON (OCPP 1.6J) as the protocol."),
    )


def _no_subprotocol(refusal: Refusal, charge_point: ChargePoint | None) -> Explanation:
    remedies: tuple[Remedy, ...] = ()
    if charge_point is not None:
        url = url_for("inbox.allow_no_subprotocol", charge_point_id=charge_point.id)
        remedies = (Remedy(_("Allow a missing subprotocol"), url, is_post=True, is_main=True),)
    return Explanation(
        _("%(who)s did not say which version of OCPP it speaks.", who=_who(refusal, charge_point)),
        _("Set the station to OCPP 1.6 JSON, or allow this station to connect without saying so. That does no harm."),
        remedies,
    )


def _no_identity(refusal: Refusal, charge_point: ChargePoint | None) -> Explanation:
    return Explanation(
        _("Something connected without an identity, at %(path)s.", path=refusal.path),
        _("The address in the station must end with its identity. Type this, with the identity behind the last slash:"),
        address=station_address(),
    )


def _not_websocket(refusal: Refusal, charge_point: ChargePoint | None) -> Explanation:
    what = _("Something opened the address of a station without a WebSocket.")
    if charge_point is not None:
        what = _("Something opened the address of %(who)s without a WebSocket.", who=_who(refusal, charge_point))
    return Explanation(
        what,
        _(
            "A browser does that, and then nothing is wrong. A station does it behind a proxy that passes no "
            "WebSockets, or when it is set to OCPP 1.6 SOAP or to an address with http. "
            "Set it to OCPP 1.6 JSON and type this:"
        ),
        address=station_address(refusal.identity),
    )


def _other(refusal: Refusal, charge_point: ChargePoint | None) -> Explanation:
    return Explanation(
        _("%(who)s was refused (%(reason)s).", who=_who(refusal, charge_point), reason=refusal.reason),
        _("What it sent is shown below."),
    )


def _who(refusal: Refusal, charge_point: ChargePoint | None) -> str:
    """The station as people call it, with what it called itself."""
    if charge_point is None or not charge_point.label:
        return f"“{refusal.identity}”"
    return f"{charge_point.label} (“{refusal.identity}”)"


def _add(refusal: Refusal, label: str, registration: str) -> Remedy:
    fields = (("identity", refusal.identity), ("registration", registration))
    is_main = registration == settings().default_registration
    return Remedy(label, url_for("inbox.add"), is_post=True, fields=fields, is_main=is_main)


def _about_password(charge_point: ChargePoint | None) -> tuple[Remedy, ...]:
    if charge_point is None or charge_point.deleted_at is not None:
        return ()
    new = Remedy(_("Set a new password…"), url_for("inbox.new_password", charge_point_id=charge_point.id), is_main=True)
    if charge_point.security_profile not in (0, 1):
        # It would still be asked for one.
        return (new,)
    none = Remedy(_("Let it in without a password…"), url_for("inbox.no_password", charge_point_id=charge_point.id))
    return new, none


def _show(charge_point: ChargePoint | None) -> tuple[Remedy, ...]:
    if charge_point is None or charge_point.deleted_at is not None:
        return ()
    return (Remedy(_("Show the station"), url_for("stations.show", charge_point_id=charge_point.id)),)


_WORDS = {
    "unknown_identity": _unknown_identity,
    "missing_credentials": _missing_credentials,
    "wrong_credentials": _wrong_credentials,
    "subprotocol": _subprotocol,
    "no_subprotocol": _no_subprotocol,
    "no_identity": _no_identity,
    "not_websocket": _not_websocket,
}
