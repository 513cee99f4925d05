"""Makes cards and secrets unreadable before something leaves the house: the same card is the same made-up name
throughout. Pure; one object for one bundle."""

import json
import re
from collections.abc import Iterable
from typing import Any

from ocpp_server import address_secrets

HIDDEN = "********"
#: Fields that hold a card, in OCPP's spelling, without regard to case.
_CARD_FIELDS = {"idtag", "parentidtag"}
#: Readings: numbers that may look like a card and never are one.
_READINGS = {"sampledvalue"}
#: Keys of configurations, and fields of data, whose values are secrets.
_SECRET = re.compile(
    r"passw|passphrase|secret|credential|token|private_?key|api_?key|authorizationkey|psk|(sim|apn)?_?pin$",
    re.IGNORECASE,
)
#: A configuration's value that is a card, as `FreevendIdTag`.
_CARD_KEY = re.compile(r"idtag$|id_tag$", re.IGNORECASE)
#: What may be a card within a text. Shorter ones would hide ordinary words and numbers.
_WORD = re.compile(r"[0-9A-Za-z]{6,20}")
#: A field of what is no JSON, for instance because it was cut off: up to the end of its text or of everything. The
#: quotes may be escaped, as in JSON within JSON.
_FIELD = re.compile(
    r'(?P<quote>\\{0,7}")(?P<name>[^"\\]{1,100})(?P=quote)\s*:\s*(?P=quote)'
    r"(?P<value>(?:(?!(?P=quote))(?:\\.|[^\\]))*)",
    re.DOTALL,
)
_USER = re.compile(r"(://)[^/\s:@\"]+(:[^/\s@\"]*)?@")


class Pseudonyms:
    """`known` are the cards that are on record; those that stand in a card's field are learned on the way."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._names: dict[str, str] = {}
        self._known = {tag.casefold() for tag in known}

    def card(self, tag: str) -> str:
        """The made-up name of a card; never longer than a card may be (20 characters)."""
        key = tag.casefold()
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"CARD-{len(self._names) + 1:04}"
        return name

    @property
    def count(self) -> int:
        """How many cards were replaced."""
        return len(self._names)

    def text(self, text: str) -> str:
        """A text without the cards that are known, without what opens an address, and without the cards and secrets
        in what looks like fields of JSON."""
        text = _USER.sub(rf"\1{HIDDEN}@", address_secrets.hide(text))
        return _WORD.sub(self._word, self._fields(text))

    def value(self, value: Any) -> Any:
        """The same JSON value with all of its texts made safe."""
        if isinstance(value, str):
            return self.card(value) if self._is_known(value) else self._string(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return self._object(value)
        return value

    def setting(self, key: str, value: str | None) -> str | None:
        """The value of a configuration key."""
        if value is None or value == "":
            return value
        if _SECRET.search(key):
            return HIDDEN
        return self.card(value) if _CARD_KEY.search(key) else self.value(value)

    def _string(self, text: str) -> str:
        """A text that may be JSON of its own, as the data of a DataTransfer often is (section 4.3)."""
        if text.lstrip()[:1] in ("{", "["):
            try:
                return json.dumps(self.value(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
            except (ValueError, RecursionError):
                pass
        return self.text(text)

    def _fields(self, text: str) -> str:
        """Fields that could not be read as JSON. Which `value` belongs to which `key` is not known then."""
        fields = list(_FIELD.finditer(text))
        names_secret = any(field["name"] == "key" and _SECRET.search(field["value"]) for field in fields)

        def made(field: re.Match[str]) -> str:
            name, value = field["name"], field["value"]
            before = field[0][: field.start("value") - field.start()]
            return before + (HIDDEN if names_secret and name == "value" else self._field(name, value))

        return _FIELD.sub(made, text) if fields else text

    def _object(self, fields: dict[str, Any]) -> dict[str, Any]:
        key = fields.get("key")
        made = {name: self._field(name, value) for name, value in fields.items()}
        if isinstance(key, str) and isinstance(fields.get("value"), str):
            made["value"] = self.setting(key, fields["value"])
        return made

    def _field(self, name: str, value: Any) -> Any:
        plain = name.casefold()
        if plain in _CARD_FIELDS and isinstance(value, str | int):
            return self.card(str(value)) if value else value
        if plain in _READINGS:
            return value
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value and _SECRET.search(name):
            return HIDDEN
        return self.value(value)

    def _is_known(self, text: str) -> bool:
        return len(text) >= 4 and (text.casefold() in self._known or text.casefold() in self._names)

    def _word(self, match: re.Match[str]) -> str:
        return self.card(match[0]) if self._is_known(match[0]) else match[0]
