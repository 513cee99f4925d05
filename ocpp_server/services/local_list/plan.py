"""From what a station's list should hold and does hold to the next message (sections 5.15, 6.41, 7.1, 9.2).

Pure: no database, no clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ocpp.v16.enums import AuthorizationStatus, UpdateType

from ocpp_server import timestamps
from ocpp_server.services.card.authorization import Decision

ACCEPTED = AuthorizationStatus.accepted.value
FULL, DIFFERENTIAL = UpdateType.full.value, UpdateType.differential.value
#: Entries in a message for a station that does not tell its limit. Some close the connection on a long message
#: (quirk 19); twenty entries are 2 kB.
CAUTIOUS = 20
#: And at most, whatever it tells: about 25 kB.
MOST = 250
#: Versions are integers of 32 bits to many stations.
LAST_VERSION = 2**31 - 1
_PER_MESSAGE, _TOTAL = "sendlocallistmaxlength", "localauthlistmaxlength"
#: The configuration keys that say what a station's list can do, in small letters.
ENABLED, PROFILES, USED_OFFLINE = "localauthlistenabled", "supportedfeatureprofiles", "localauthorizeoffline"
KEYS = (_PER_MESSAGE, _TOTAL, ENABLED, PROFILES, USED_OFFLINE)

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list; the expiry in ms since 1970, without fractions of a second, which OCPP does not carry."""

    id_tag: str
    expiry_date: int | None = None
    parent_id_tag: str | None = None
    status: str = ACCEPTED

    @property
    def key(self) -> str:
        return self.id_tag.casefold()

    def data(self) -> Payload:
        """As AuthorizationData."""
        info = Decision(self.status, self.parent_id_tag, self.expiry_date).id_tag_info()
        return {"idTag": self.id_tag, "idTagInfo": info}


@dataclass(frozen=True, slots=True)
class Limits:
    """How many entries a message and the whole list may have. `told`: the station named the former itself."""

    per_message: int
    total: int | None
    told: bool


def whole_seconds(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else milliseconds // 1000 * 1000


def limits(configured: Mapping[str, str | None], learnt: int | None = None) -> Limits:
    """From a station's configuration (keys in small letters); `learnt` is what did not break its connection."""
    told, total = _number(configured.get(_PER_MESSAGE)), _number(configured.get(_TOTAL))
    per_message = min(told or CAUTIOUS, MOST)
    if learnt is not None:
        per_message = max(1, min(per_message, learnt))
    return Limits(per_message, total, bool(told))


def differences(wanted: Mapping[str, Entry], held: Mapping[str, Entry]) -> list[Payload]:
    """The changes that make `held` into `wanted` (both by key): removals first, so that the list never overflows."""
    removals = [{"idTag": held[key].id_tag} for key in sorted(held) if key not in wanted]
    updates = [entry.data() for key, entry in sorted(wanted.items()) if held.get(key) != entry]
    return removals + updates


def growth(changes: Iterable[Payload], held: Mapping[str, Entry]) -> int:
    """By how many entries these changes make the list longer."""
    return sum(int(change["idTag"].casefold() not in held) if "idTagInfo" in change else -1 for change in changes)


def update(kind: str, version: int, data: Iterable[Payload]) -> Payload:
    """The payload of SendLocalList."""
    return {"listVersion": version, "updateType": kind, "localAuthorizationList": list(data)}


def next_version(*known: int) -> int | None:
    """The version after all of these; None where there is none left, so that a full list begins again at 1."""
    version = max([0, *known]) + 1
    return version if version <= LAST_VERSION else None


def version_of(value: Any) -> int | None:
    """The version that a station tells; None for what is none. Some write 5.0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return None
    return int(value) if value <= LAST_VERSION else None


def entries(payload: Payload) -> dict[str, Entry | None]:
    """What an update that was accepted says, by key; None where the entry is deleted."""
    found: dict[str, Entry | None] = {}
    for item in payload.get("localAuthorizationList") or []:
        entry = _entry(item)
        info = item.get("idTagInfo")
        if "\0" not in entry.id_tag:
            found[entry.key] = entry if info else None
    return found


def _entry(item: Payload) -> Entry:
    info = item.get("idTagInfo") or {}
    expiry = info.get("expiryDate")
    return Entry(
        item["idTag"],
        whole_seconds(timestamps.parse(expiry)) if expiry else None,
        info.get("parentIdTag") or None,
        info.get("status", ACCEPTED),
    )


def _number(text: str | None) -> int | None:
    stripped = (text or "").strip()
    return int(stripped) if stripped.isdecimal() and len(stripped) < 10 else None
