"""Who may charge, as far as the station itself knows: the authorization cache and the local list (section 3.5)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Cards that drivers hold up when no others are named; a demo enrols the same ones.
DEFAULT_ID_TAGS = (
    "04A2C8127E6180",
    "04B91F3A5D2C84",
    "0436E7C0915F80",
    "04D15B2274AC81",
    "047C90E61B3D82",
    "04F3286A8E0783",
)


@dataclass
class LocalList:
    """The local authorization list: idTagInfo by lower-case idTag. Version 0 means that it is empty."""

    version: int = 0
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)

    def update(self, version: int, full: bool, changes: list[dict[str, Any]], most: int, most_per_message: int) -> str:
        """What SendLocalList does (section 5.15); the status that it answers. On failure nothing changes."""
        if version < 1 or len(changes) > most_per_message or not _is_consistent(changes, full):
            return "Failed"
        if not full and version <= self.version:
            return "VersionMismatch"
        entries = _merged({} if full else self.entries, changes)
        if len(entries) > most:
            return "Failed"
        self.entries, self.version = entries, version
        return "Accepted"


def _is_consistent(changes: list[dict[str, Any]], full: bool) -> bool:
    names = [change["id_tag"].lower() for change in changes]
    complete = not full or all(change.get("id_tag_info") for change in changes)
    return complete and len(set(names)) == len(names)


def _merged(entries: dict[str, dict[str, Any]], changes: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    merged = dict(entries)
    for change in changes:
        info = change.get("id_tag_info")
        if info:
            merged[change["id_tag"].lower()] = info
        else:
            merged.pop(change["id_tag"].lower(), None)
    return merged


def is_valid(info: dict[str, Any] | None, now: datetime) -> bool:
    """Whether a remembered idTagInfo still lets its card charge."""
    if info is None or info.get("status") != "Accepted":
        return False
    expiry = info.get("expiry_date")
    return not expiry or parse_time(expiry) > now


def parse_time(text: str) -> datetime:
    """An OCPP time as an aware datetime; a time without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return datetime.fromisoformat(text + "+00:00")
    return moment
