"""May this card charge? (sections 3.9, 3.10, 4.1, 7.2 and 7.27)"""

from dataclasses import dataclass
from typing import Any

from ocpp.v16.enums import AuthorizationStatus

from ocpp_server import clock
from ocpp_server.models.id_tags import BLOCKED
from ocpp_server.store import Unit

_SELECT = "SELECT status, expiry_date, parent_id_tag FROM id_tag WHERE id_tag_key = ?"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a card is answered. `status` is a word of AuthorizationStatus; the expiry in ms since 1970."""

    status: str
    parent_id_tag: str | None = None
    expiry_date: int | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status == AuthorizationStatus.accepted.value

    def id_tag_info(self) -> dict[str, Any]:
        """The idTagInfo of an answer; what is absent is left out, never null (rule 41)."""
        info: dict[str, Any] = {"status": self.status}
        if self.parent_id_tag:
            info["parentIdTag"] = self.parent_id_tag
        if self.expiry_date is not None:
            info["expiryDate"] = clock.iso(clock.from_ms(self.expiry_date))
        return info


UNKNOWN = Decision(AuthorizationStatus.invalid.value)


def check(unit: Unit, id_tag: str, at: int) -> Decision:
    """Judge a card, as it is at `at` (ms since 1970). Unknown is Invalid, an expiry in the past Expired."""
    row = unit.one(_SELECT, id_tag.casefold())
    if row is None:
        return UNKNOWN
    status, expiry_date, parent_id_tag = row
    if status == BLOCKED:
        word = AuthorizationStatus.blocked
    elif expiry_date is not None and expiry_date <= at:
        word = AuthorizationStatus.expired
    else:
        word = AuthorizationStatus.accepted
    return Decision(word.value, parent_id_tag, expiry_date)
