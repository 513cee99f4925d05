"""Configuration keys that can cut a station off: a wrong value, and it is not heard of again."""

import re

from ocpp_server.configuration_keys import N_, find

_STANDARD = {
    "authorizationkey": N_("From Accepted on the station must log in with the new key, or it is refused."),
    "securityprofile": N_(
        "The station disconnects and comes back with the other kind of protection. Without the right address,"
        " password or certificate it cannot connect, and the profile can never be lowered again from here."
    ),
    "websocketpinginterval": N_(
        "Behind a router or proxy, a connection without frequent pings is dropped and the station appears offline."
    ),
    "messagetimeout": N_("Too small a value makes the station give up on every answer and reconnect for ever."),
    "cponame": N_("Certificates for another name are refused: a station with security profile 3 cannot connect."),
}
_ELSEWHERE = N_("By its name this key decides how or as whom the station reaches this server.")
#: Words in the names of vendors' own keys.
_NAMES = (
    "url uri host hostname server backend endpoint address csms apn sim modem wifi ssid wlan lan network ethernet ip"
    " dhcp dns gateway proxy vpn port websocket ws wss tls ssl certificate cert protocol identity boxid ocppid"
    " chargeboxid chargepointid centralsystem password authorization"
)
_WORDS = frozenset(_NAMES.split())
_PAIRS = ("central system", "charge box", "charge point id", "box id", "cp id", "ocpp version", "ocpp j")


def explain(key: str) -> str | None:
    """Why changing this key can cut the station off; None where it cannot, as far as its name tells."""
    known = _STANDARD.get(key.strip().lower())
    if known or find(key):
        return known
    words = _words(key)
    if _WORDS & set(words) or any(pair in " ".join(words) for pair in _PAIRS):
        return _ELSEWHERE
    return None


def _words(key: str) -> list[str]:
    """`OCPPServerURL` and `ocpp_server-url` are ocpp, server, url."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", key)]
