"""What a file is called, made safe to show and to save. A name from the wire is never used as a path here."""

import re
import unicodedata

MAX_LENGTH = 200
#: Devices on Windows, whatever follows the dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.IGNORECASE)


class UnusableName(ValueError):
    """No honest peer calls a file so; the text says why, in plain words."""


def display_name(told: str, otherwise: str = "file") -> str:
    """The last part of a name from the wire, decoded already, fit to be shown and saved by a browser.

    Raises UnusableName for control characters and for a path that climbs.
    """
    if any(unicodedata.category(character) == "Cc" for character in told):
        raise UnusableName("The file's name holds a control character.")
    parts = re.split(r"[/\\]", told)
    if ".." in (part.strip() for part in parts):
        raise UnusableName("The file's name is a path that climbs out of its folder.")
    return _tidy(parts[-1]) or otherwise


def plain(name: str) -> str:
    """The name in letters that need no encoding in an address, and short: not every station decodes, or has room."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[-80:].lstrip(".")


def _tidy(name: str) -> str:
    visible = "".join(character if _is_plain(character) else "_" for character in unicodedata.normalize("NFC", name))
    name = visible.strip().rstrip(". ")
    if name.startswith(".") or _DEVICES.fullmatch(name):
        name = f"_{name}"
    return _shortened(name)


def _is_plain(character: str) -> bool:
    """Neither invisible nor able to turn the direction of what follows, nor unassigned, nor half a character."""
    return unicodedata.category(character)[0] != "C"


def _shortened(name: str) -> str:
    """Cut in the middle where it is too long: the ending says what kind of file it is."""
    if len(name) <= MAX_LENGTH:
        return name
    ending = name[-20:]
    return name[: MAX_LENGTH - len(ending) - 1] + "…" + ending
