"""What a station does with its local list: the rules of SendLocalList, checked as strictly as the strictest station."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class HeldList:
    """One station's list: `entries` are idTagInfos by tag in small letters. `messages` are all it was sent."""

    per_message: int = 250
    total: int = 1_000_000
    version: int = 0
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The payload of the answer."""
        if action == "GetLocalListVersion":
            return {"listVersion": self.version}
        assert action == "SendLocalList", action
        self.messages.append(payload)
        return {"status": self.update(payload)}

    def update(self, payload: dict[str, Any]) -> str:
        changes = payload.get("localAuthorizationList", [])
        tags = [change["idTag"].lower() for change in changes]
        is_full = payload["updateType"] == "Full"
        assert payload["listVersion"] > 0
        assert len(set(tags)) == len(tags), "a tag comes twice"
        assert not is_full or all("idTagInfo" in change for change in changes)
        if len(changes) > self.per_message:
            return "Failed"
        if not is_full and payload["listVersion"] <= self.version:
            return "VersionMismatch"
        entries = {} if is_full else dict(self.entries)
        for change in changes:
            entries.pop(change["idTag"].lower(), None)
            if "idTagInfo" in change:
                entries[change["idTag"].lower()] = change["idTagInfo"]
        if len(entries) > self.total:
            return "Failed"
        self.entries, self.version = entries, payload["listVersion"]
        return "Accepted"
