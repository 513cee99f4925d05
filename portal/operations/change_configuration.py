"""ChangeConfiguration: set one key (section 5.3)."""

from flask_babel import lazy_gettext as _l

from ocpp_server.configuration_keys import READ_ONLY, STANDARD_KEYS
from ocpp_server.models import ConfigurationKey
from portal.operation import CONFIGURATION, Choice, Field, Operation, Target
from portal.operation_warnings import key_risk


def _keys(target: Target) -> list[Choice]:
    """The station's own keys that can be written, or the standard's."""
    found: dict[str, str] = {}
    if target.one:
        query = ConfigurationKey.select().where(
            ConfigurationKey.charge_point == target.one.charge_point.id,
            ConfigurationKey.known,
            ~ConfigurationKey.readonly,
        )
        found = {row.key: row.value or "" for row in query}
    standard = {key.name: "" for key in STANDARD_KEYS if key.access != READ_ONLY}
    return [Choice(key, value) for key, value in sorted({**standard, **found}.items())]


operation = Operation(
    action="ChangeConfiguration",
    label=_l("Change configuration"),
    icon="settings",
    order=70,
    topic=CONFIGURATION,
    explanation=_l("Sets one key of the station's configuration."),
    fields=(
        Field("key", _l("Key"), required=True, choices=_keys, suggests=True, hint=_l("Any key can be typed.")),
        Field("value", _l("Value"), sends_empty=True, hint=_l("Always sent as text, whatever the key holds.")),
    ),
    warnings=key_risk,
    meanings={
        "Accepted": _l("The new value is in effect."),
        "RebootRequired": _l("The station has taken the new value; it takes effect after a reset."),
        "Rejected": _l("The station does not take this value for this key."),
        "NotSupported": _l("The station has no such key."),
    },
    verb=_l("Change"),
)
