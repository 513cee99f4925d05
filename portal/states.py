"""How a connector's state looks: colour, icon and word, the same three on every page."""

from flask_babel import gettext as _

_LOOKS = {
    "Available": ("green", "plug"),
    "Preparing": ("blue", "plug-connected"),
    "Charging": ("primary", "bolt"),
    "SuspendedEV": ("yellow", "car"),
    "SuspendedEVSE": ("yellow", "player-pause"),
    "Finishing": ("blue", "flag"),
    "Reserved": ("purple", "bookmark"),
    "Unavailable": ("secondary", "ban"),
    "Faulted": ("red", "alert-triangle"),
}


def connector_look(status: str) -> tuple[str, str, str]:
    """Colour, icon and word of a status; an unknown one keeps its own word."""
    colour, icon = _LOOKS.get(status, ("secondary", "circle-dashed"))
    return colour, icon, state_word(status)


def state_word(status: str) -> str:
    """The status in the viewer's words."""
    words = {
        "": _("Not reported"),
        "Available": _("Available"),
        "Preparing": _("Preparing"),
        "Charging": _("Charging"),
        "SuspendedEV": _("Paused by vehicle"),
        "SuspendedEVSE": _("Paused by station"),
        "Finishing": _("Finishing"),
        "Reserved": _("Reserved"),
        "Unavailable": _("Unavailable"),
        "Faulted": _("Faulted"),
    }
    return words.get(status, status)


def error_words(error_code: str, info: str | None = None) -> str:
    """What a faulted connector complains about; empty where it does not."""
    words = {
        "NoError": "",
        "ConnectorLockFailure": _("cable lock failed"),
        "EVCommunicationError": _("no communication with the vehicle"),
        "GroundFailure": _("ground fault"),
        "HighTemperature": _("too hot"),
        "InternalError": _("internal error"),
        "LocalListConflict": _("conflict in its list of cards"),
        "OtherError": _("other error"),
        "OverCurrentFailure": _("over-current"),
        "OverVoltage": _("voltage too high"),
        "PowerMeterFailure": _("power meter failed"),
        "PowerSwitchFailure": _("power switch failed"),
        "ReaderFailure": _("card reader failed"),
        "ResetFailure": _("could not reset"),
        "UnderVoltage": _("voltage too low"),
        "WeakSignal": _("weak signal"),
    }
    said = words.get(error_code, error_code)
    return ", ".join(part for part in (said, info) if part)
