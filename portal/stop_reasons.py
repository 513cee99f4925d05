"""Why a session ended (OCPP 1.6 section 7.36), in the operator's words."""

from flask_babel import lazy_gettext as _l

_REASONS = {
    "DeAuthorized": _l("The card was not accepted, so the station stopped the session."),
    "EmergencyStop": _l("Someone pressed the emergency stop."),
    "EVDisconnected": _l("The cable was unplugged from the vehicle."),
    "HardReset": _l("The station was told to restart at once."),
    "Local": _l("Stopped at the station, usually by presenting the card again."),
    "Other": _l("The station gave no particular reason."),
    "PowerLoss": _l("The station lost its power supply."),
    "Reboot": _l("The station restarted by itself."),
    "Remote": _l("Stopped remotely, from this portal or through its API."),
    "SoftReset": _l("The station was told to restart and ended the session first."),
    "UnlockCommand": _l("The connector was unlocked remotely."),
}
_NOT_REPORTED = _l("Not known: the station did not report the end.")


def explain(reason: str | None) -> str:
    """A sentence for the reason; unknown words stay. None: no end was reported, or it would be Local (section 6.49)."""
    return str(_NOT_REPORTED if reason is None else _REASONS.get(reason, reason))
