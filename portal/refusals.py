"""Why a handshake was refused, in a plain sentence, and what to do about it."""

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _

from ocpp_server.models import ChargePoint, Refusal


@dataclass(frozen=True)
class Remedy:
    """What happened, what to do, and where that is done (an empty address where it is done at the station)."""

    what: str
    advice: str
    label: str = ""
    url: str = ""


def explain(refusal: Refusal, charge_point: ChargePoint | None) -> Remedy:
    """The sentence and the remedy; `charge_point` is the station of that identity, if there is one now."""
    words = _WORDS.get(refusal.reason, _other)
    return words(refusal, charge_point)


def _unknown_identity(refusal: Refusal, charge_point: ChargePoint | None) -> Remedy:
    if charge_point is not None:
        return Remedy(
            _("A station came as “%(identity)s” before it was added.", identity=refusal.identity),
            _("It is added now and may connect when it next tries. Nothing is left to do."),
            *_station(charge_point),
        )
    return Remedy(
        _("A station came as “%(identity)s”, which is not among your stations.", identity=refusal.identity),
        _("If it is yours, add it. It connects by itself when it next tries, usually within minutes."),
        _("Add this station"),
        url_for("stations.add", identity=refusal.identity),
    )


def _missing_credentials(refusal: Refusal, charge_point: ChargePoint | None) -> Remedy:
    return Remedy(
        _("“%(identity)s” sent no password, but it has one here.", identity=refusal.identity),
        _("Type its password into the station, or take the password away here if the station cannot send one."),
        *_password(charge_point),
    )


def _wrong_credentials(refusal: Refusal, charge_point: ChargePoint | None) -> Remedy:
    return Remedy(
        _("“%(identity)s” sent a wrong password.", identity=refusal.identity),
        _("Type the right one into the station, or set a new one here. If it is not yours, somebody is guessing."),
        *_password(charge_point),
    )


def _subprotocol(refusal: Refusal, charge_point: ChargePoint | None) -> Remedy:
    return Remedy(
        _("“%(identity)s” offered no version of OCPP that is spoken here.", identity=refusal.identity),
        _("Set the station to OCPP 1.6 JSON (it may be called OCPP 1.6J)."),
    )


def _no_subprotocol(refusal: Refusal, charge_point: ChargePoint | None) -> Remedy:
    return Remedy(
        _("“%(identity)s” did not say which version of OCPP it speaks.", identity=refusal.identity),
        _("Set the station to OCPP 1.6 JSON, or allow it to connect without saying so."),
        *_settings(charge_point),
    )


def _no_identity(refusal: Refusal, charge_point: ChargePoint | None) -> Remedy:
    return Remedy(
        _("Something connected without an identity, at %(path)s.", path=refusal.path),
        _("The address in the station must end with its identity: /ocpp/ and then the identity."),
    )


def _not_websocket(refusal: Refusal, charge_point: ChargePoint | None) -> Remedy:
    return Remedy(
        _("Something opened the address of a station without a WebSocket."),
        _("A browser does that, and so does a proxy that does not pass WebSockets on. Check the proxy's settings."),
    )


def _rejected(refusal: Refusal, charge_point: ChargePoint | None) -> Remedy:
    return Remedy(
        _("“%(identity)s” tried to connect, but its registration is rejected here.", identity=refusal.identity),
        _("Accept the station if it may come back."),
        *_settings(charge_point),
    )


def _flood(refusal: Refusal, charge_point: ChargePoint | None) -> Remedy:
    return Remedy(
        _("“%(identity)s” tried to connect far too often.", identity=refusal.identity),
        _("It is let in again when it slows down. Two stations with the same identity look like this too."),
        *_station(charge_point),
    )


def _other(refusal: Refusal, charge_point: ChargePoint | None) -> Remedy:
    return Remedy(
        _("“%(identity)s” was refused (%(reason)s).", identity=refusal.identity, reason=refusal.reason),
        _("What it sent is shown below."),
    )


def _station(charge_point: ChargePoint | None) -> tuple[str, str]:
    if charge_point is None:
        return "", ""
    return _("Show the station"), url_for("stations.show", charge_point_id=charge_point.id)


def _settings(charge_point: ChargePoint | None) -> tuple[str, str]:
    if charge_point is None:
        return "", ""
    return _("Change the station"), url_for("stations.edit", charge_point_id=charge_point.id)


def _password(charge_point: ChargePoint | None) -> tuple[str, str]:
    if charge_point is None:
        return "", ""
    return _("Set its password"), url_for("stations.edit", charge_point_id=charge_point.id, _anchor="password")


_WORDS = {
    "unknown_identity": _unknown_identity,
    "missing_credentials": _missing_credentials,
    "wrong_credentials": _wrong_credentials,
    "subprotocol": _subprotocol,
    "no_subprotocol": _no_subprotocol,
    "no_identity": _no_identity,
    "not_websocket": _not_websocket,
    "rejected": _rejected,
    "flood": _flood,
}
