"""The configuration keys of a station (OCPP 1.6 section 9): what they are, what they accept, when they take effect."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ocpp_server.simulator.meter import SUPPORTED_MEASURANDS

Check = Callable[[str], bool]

MAX_KEYS = 50  # GetConfigurationMaxKeys
PROFILES = "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"


def whole_number(text: str, least: int = 0, most: int = 2_147_483_647) -> bool:
    """Whether the text is a whole number in this range."""
    return text.strip().isdecimal() and least <= int(text) <= most


def truth(text: str) -> bool:
    """Whether the text is `true` or `false`, in any case."""
    return text.strip().lower() in {"true", "false"}


def measurand_list(text: str) -> bool:
    """Whether every entry is a measurand this station has; an empty list is one, too (section 3.16.5)."""
    return all(item in SUPPORTED_MEASURANDS for item in split(text))


def password(text: str) -> bool:
    """16 to 20 bytes in hexadecimal digits (OCPP-J section 6.2.2)."""
    return 32 <= len(text) <= 40 and len(text) % 2 == 0 and all(digit in "0123456789abcdefABCDEF" for digit in text)


def anything(text: str) -> bool:
    """For keys whose text the simulator does not interpret."""
    return len(text) <= 500


def split(text: str) -> list[str]:
    """The entries of a comma-separated list, trimmed."""
    return [item.strip() for item in text.split(",") if item.strip()]


@dataclass
class Key:
    """One configuration key. `check` None: read-only. `hidden`: can be written, is never shown (AuthorizationKey)."""

    value: str
    check: Check | None = None
    needs_reboot: bool = False
    hidden: bool = False


def _positive(text: str) -> bool:
    return whole_number(text, least=1)


def _percent(text: str) -> bool:
    return whole_number(text, most=100)


def factory_keys(connectors: int, phases: int) -> dict[str, Key]:
    """All keys as a station leaves the factory."""
    sampled = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC,Temperature"
    rotation = ",".join(f"{connector_id}.{'RST' if phases == 3 else 'R'}" for connector_id in range(connectors + 1))
    return {
        "AllowOfflineTxForUnknownId": Key("false", truth),
        "AuthorizationCacheEnabled": Key("true", truth),
        "AuthorizeRemoteTxRequests": Key("true", truth),
        "BlinkRepeat": Key("3", whole_number),
        "ClockAlignedDataInterval": Key("0", whole_number),
        "ConnectionTimeOut": Key("60", _positive),
        "ConnectorPhaseRotation": Key(rotation, anything),
        "ConnectorPhaseRotationMaxLength": Key(str(connectors + 1)),
        "GetConfigurationMaxKeys": Key(str(MAX_KEYS)),
        "HeartbeatInterval": Key("300", whole_number),
        "LightIntensity": Key("60", _percent),
        "LocalAuthorizeOffline": Key("true", truth),
        "LocalPreAuthorize": Key("false", truth),
        "MaxEnergyOnInvalidId": Key("0", whole_number),
        "MeterValuesAlignedData": Key("Energy.Active.Import.Register", measurand_list),
        "MeterValuesAlignedDataMaxLength": Key(str(len(SUPPORTED_MEASURANDS))),
        "MeterValuesSampledData": Key(sampled, measurand_list),
        "MeterValuesSampledDataMaxLength": Key(str(len(SUPPORTED_MEASURANDS))),
        "MeterValueSampleInterval": Key("60", whole_number),
        "MinimumStatusDuration": Key("0", whole_number),
        "NumberOfConnectors": Key(str(connectors)),
        "ResetRetries": Key("1", whole_number),
        "StopTransactionOnEVSideDisconnect": Key("true", truth),
        "StopTransactionOnInvalidId": Key("true", truth),
        "StopTxnAlignedData": Key("", measurand_list),
        "StopTxnAlignedDataMaxLength": Key(str(len(SUPPORTED_MEASURANDS))),
        "StopTxnSampledData": Key("", measurand_list),
        "StopTxnSampledDataMaxLength": Key(str(len(SUPPORTED_MEASURANDS))),
        "SupportedFeatureProfiles": Key(PROFILES),
        "SupportedFeatureProfilesMaxLength": Key("6"),
        "TransactionMessageAttempts": Key("3", _positive),
        "TransactionMessageRetryInterval": Key("60", whole_number),
        "UnlockConnectorOnEVSideDisconnect": Key("true", truth),
        "WebSocketPingInterval": Key("60", whole_number, needs_reboot=True),
        "LocalAuthListEnabled": Key("true", truth),
        "LocalAuthListMaxLength": Key("500"),
        "SendLocalListMaxLength": Key("100"),
        "ReserveConnectorZeroSupported": Key("true"),
        "ChargeProfileMaxStackLevel": Key("8"),
        "ChargingScheduleAllowedChargingRateUnit": Key("Current,Power"),
        "ChargingScheduleMaxPeriods": Key("24"),
        "ConnectorSwitch3to1PhaseSupported": Key("false"),
        "MaxChargingProfilesInstalled": Key("20"),
        "SupportedFileTransferProtocols": Key("FTP,HTTP,HTTPS"),
        "AuthorizationKey": Key("", password, hidden=True),
    }


@dataclass
class Configuration:
    """The keys of one station, with typed reading. Listeners hear the name of a key that was changed."""

    keys: dict[str, Key]
    listeners: list[Callable[[str], None]] = field(default_factory=list)

    def number(self, name: str) -> int:
        """The value of a key that holds a whole number."""
        return int(self.keys[name].value)

    def is_on(self, name: str) -> bool:
        """The value of a key that holds true or false."""
        return self.keys[name].value.strip().lower() == "true"

    def items(self, name: str) -> list[str]:
        """The value of a key that holds a comma-separated list."""
        return split(self.keys[name].value)

    def find(self, name: str) -> str | None:
        """The key in the station's own spelling; names are case-insensitive (CiString)."""
        return next((key for key in self.keys if key.lower() == name.lower()), None)

    def set(self, name: str, value: str) -> None:
        """Store a value that is known to be good, and tell the listeners."""
        self.keys[name].value = value
        for listener in self.listeners:
            listener(name)

    def change(self, name: str, value: str) -> str:
        """What ChangeConfiguration does; the status that it answers."""
        known = self.find(name)
        if known is None:
            return "NotSupported"
        key = self.keys[known]
        if key.check is None or not key.check(value):
            return "Rejected"
        self.set(known, value)
        return "RebootRequired" if key.needs_reboot else "Accepted"

    def report(self, names: Iterable[str] = ()) -> tuple[list[dict[str, object]], list[str]]:
        """The known and the unknown keys for GetConfiguration; without names all that can be read."""
        wanted = list(names)
        if not wanted:
            return list(self._entries(self.keys)), []
        found = {name: self.find(name) for name in wanted}
        return list(self._entries(key for key in found.values() if key)), [n for n, key in found.items() if not key]

    def _entries(self, names: Iterable[str]) -> Iterator[dict[str, object]]:
        for name in names:
            key = self.keys[name]
            if not key.hidden:
                yield {"key": name, "readonly": key.check is None, "value": key.value}
