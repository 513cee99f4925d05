"""The standard's configuration keys: OCPP 1.6 section 9, errata v4.0, security whitepaper section 7.

Meanings are in our own short words; `N_` marks them for translation where they are shown.
"""

from dataclasses import dataclass
from typing import Any

BOOLEAN, INTEGER, LIST, TEXT = "boolean", "integer", "list", "text"
READ_ONLY, READ_WRITE, WRITE_ONLY, STATION_DECIDES = "R", "RW", "W", "R or RW"

MEASURANDS = (
    *("Energy.Active.Import.Register", "Energy.Active.Import.Interval", "Energy.Active.Export.Register"),
    *("Energy.Active.Export.Interval", "Energy.Reactive.Import.Register", "Energy.Reactive.Import.Interval"),
    *("Energy.Reactive.Export.Register", "Energy.Reactive.Export.Interval", "Power.Active.Import"),
    *("Power.Active.Export", "Power.Reactive.Import", "Power.Reactive.Export", "Power.Offered", "Power.Factor"),
    *("Current.Import", "Current.Export", "Current.Offered", "Voltage", "Frequency", "SoC", "Temperature", "RPM"),
)
_ROTATIONS = ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")
_PROFILES = ("Core", "FirmwareManagement", "LocalAuthListManagement", "Reservation", "SmartCharging", "RemoteTrigger")


def N_(text: str) -> str:
    """Marks a text that is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class StandardKey:
    """One key. `choices` are the items of a list; `source` is its section."""

    name: str
    kind: str
    meaning: str
    source: str
    unit: str = ""
    access: str = READ_WRITE
    required: bool = False
    profile: str = "Core"
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()


def _on(name: str, source: str, meaning: str, **more: Any) -> StandardKey:
    return StandardKey(name, BOOLEAN, meaning, source, **more)


def _number(name: str, source: str, meaning: str, unit: str = "", **more: Any) -> StandardKey:
    return StandardKey(name, INTEGER, meaning, source, unit, **{"least": 0, **more})


def _maximum(name: str, source: str, meaning: str, **more: Any) -> StandardKey:
    return _number(name, source, meaning, access=READ_ONLY, **more)


def _list(name: str, source: str, meaning: str, choices: tuple[str, ...] = MEASURANDS, **more: Any) -> StandardKey:
    return StandardKey(name, LIST, meaning, source, choices=choices, **more)


_MUST: dict[str, Any] = {"required": True}
_LOCAL: dict[str, Any] = {"profile": "LocalAuthListManagement", "required": True}
_SMART: dict[str, Any] = {"profile": "SmartCharging"}
_SECURITY: dict[str, Any] = {"profile": "Security"}

_CORE = (
    _on("AllowOfflineTxForUnknownId", "9.1.1", N_("While offline, let unknown cards charge.")),
    _on("AuthorizationCacheEnabled", "9.1.2", N_("Remember which cards were accepted before.")),
    _on(
        "AuthorizeRemoteTxRequests",
        "9.1.3",
        N_("Ask whether the card is valid before a remote start begins."),
        access=STATION_DECIDES,
        **_MUST,
    ),
    _number("BlinkRepeat", "9.1.4", N_("How often the lights blink to signal something."), "times"),
    _number(
        "ClockAlignedDataInterval",
        "9.1.5",
        N_("Send meter values at fixed times of the day, so far apart, counted from midnight. 0 sends none."),
        "s",
        most=86_400,
        **_MUST,
    ),
    _number(
        "ConnectionTimeOut",
        "9.1.6",
        N_("How long a driver has to plug in after showing a card, or to show one after plugging in."),
        "s",
        **_MUST,
    ),
    _list(
        "ConnectorPhaseRotation",
        "9.1.7",
        N_("How the phases of each connector are wired, like 1.RST, 2.RTS; 0 is the main meter."),
        _ROTATIONS,
        **_MUST,
    ),
    _maximum("ConnectorPhaseRotationMaxLength", "9.1.8", N_("Most entries in ConnectorPhaseRotation.")),
    _maximum("GetConfigurationMaxKeys", "9.1.9", N_("Most keys that may be asked for by name at once."), **_MUST),
    _number("HeartbeatInterval", "9.1.10", N_("After so much silence the station sends a heartbeat."), "s", **_MUST),
    _number("LightIntensity", "9.1.11", N_("Brightness of the lights."), "%", most=100),
    _on(
        "LocalAuthorizeOffline",
        "9.1.12",
        N_("While offline, let cards charge that the station knows itself."),
        **_MUST,
    ),
    _on(
        "LocalPreAuthorize",
        "9.1.13",
        N_("While online, start at once for cards that the station knows, without asking first."),
        **_MUST,
    ),
    _number(
        "MaxEnergyOnInvalidId",
        "9.1.14",
        N_("Energy that is still delivered when a card turns out to be invalid after the start."),
        "Wh",
    ),
    _number("MessageTimeout", "errata 3.82", N_("How long the station waits for an answer before it gives up."), "s"),
    _list(
        "MeterValuesAlignedData",
        "9.1.15",
        N_("What is measured at the fixed times of ClockAlignedDataInterval."),
        **_MUST,
    ),
    _maximum("MeterValuesAlignedDataMaxLength", "9.1.16", N_("Most entries in MeterValuesAlignedData.")),
    _list(
        "MeterValuesSampledData",
        "9.1.17",
        N_("What is measured during a session, every MeterValueSampleInterval."),
        **_MUST,
    ),
    _maximum("MeterValuesSampledDataMaxLength", "9.1.18", N_("Most entries in MeterValuesSampledData.")),
    _number(
        "MeterValueSampleInterval",
        "9.1.19",
        N_("Time between two meter values of a session. 0 sends none."),
        "s",
        **_MUST,
    ),
    _number("MinimumStatusDuration", "9.1.20", N_("A state must last so long before it is reported."), "s"),
    _maximum("NumberOfConnectors", "9.1.21", N_("How many connectors the station has."), **_MUST),
    _number("ResetRetries", "9.1.22", N_("How often a reset is tried again when it fails."), "times", **_MUST),
    _on(
        "StopTransactionOnEVSideDisconnect",
        "9.1.23",
        N_("End the session when the cable is pulled from the vehicle."),
        access=STATION_DECIDES,
        **_MUST,
    ),
    _on(
        "StopTransactionOnInvalidId",
        "9.1.24",
        N_("End a session whose card is refused after the start."),
        **_MUST,
    ),
    _maximum(
        "StopTransactionMaxMeterValues",
        "errata 3.89",
        N_("Most meter values in the message that ends a session."),
    ),
    _list(
        "StopTxnAlignedData",
        "9.1.25",
        N_("What the message that ends a session repeats of the values at fixed times."),
        **_MUST,
    ),
    _maximum("StopTxnAlignedDataMaxLength", "9.1.26", N_("Most entries in StopTxnAlignedData.")),
    _list(
        "StopTxnSampledData",
        "9.1.27",
        N_("What the message that ends a session repeats of the values during it."),
        **_MUST,
    ),
    _maximum("StopTxnSampledDataMaxLength", "9.1.28", N_("Most entries in StopTxnSampledData.")),
    _list(
        "SupportedFeatureProfiles",
        "9.1.29",
        N_("Which parts of OCPP the station has."),
        _PROFILES,
        access=READ_ONLY,
        **_MUST,
    ),
    _maximum("SupportedFeatureProfilesMaxLength", "9.1.30", N_("Most entries in SupportedFeatureProfiles.")),
    _number(
        "TransactionMessageAttempts",
        "9.1.31",
        N_("How often a message about a session is sent when it cannot be processed."),
        "times",
        **_MUST,
    ),
    _number(
        "TransactionMessageRetryInterval",
        "9.1.32",
        N_("How long the station waits before it sends such a message again; longer each time."),
        "s",
        **_MUST,
    ),
    _on(
        "UnlockConnectorOnEVSideDisconnect",
        "9.1.33",
        N_("Unlock the cable at the station when it is pulled from the vehicle."),
        access=STATION_DECIDES,
        **_MUST,
    ),
    _number(
        "WebSocketPingInterval",
        "9.1.34",
        N_("Time between two pings that keep the connection open. 0 sends none."),
        "s",
    ),
)

_OTHERS = (
    _on("LocalAuthListEnabled", "9.2.1", N_("Use the list of cards that was sent to the station."), **_LOCAL),
    _maximum("LocalAuthListMaxLength", "9.2.2", N_("Most cards in the local list."), **_LOCAL),
    _maximum("SendLocalListMaxLength", "9.2.3", N_("Most cards in one message of the local list."), **_LOCAL),
    _on(
        "ReserveConnectorZeroSupported",
        "9.3.1",
        N_("Whether “any connector” can be reserved."),
        access=READ_ONLY,
        profile="Reservation",
    ),
    _maximum("ChargeProfileMaxStackLevel", "9.4.1", N_("Highest level of a charging profile."), **_SMART, **_MUST),
    _list(
        "ChargingScheduleAllowedChargingRateUnit",
        "9.4.2",
        N_("Whether charging profiles may be given in amperes (Current), watts (Power), or both."),
        ("Current", "Power"),
        access=READ_ONLY,
        **_SMART,
        **_MUST,
    ),
    _maximum("ChargingScheduleMaxPeriods", "9.4.3", N_("Most periods in a charging schedule."), **_SMART, **_MUST),
    _on(
        "ConnectorSwitch3to1PhaseSupported",
        "9.4.4",
        N_("Whether the station can go from three phases to one during a session."),
        access=READ_ONLY,
        **_SMART,
    ),
    _maximum("MaxChargingProfilesInstalled", "9.4.5", N_("Most charging profiles at a time."), **_SMART, **_MUST),
    _list(
        "SupportedFileTransferProtocols",
        "errata 3.88",
        N_("How files can be sent to and fetched from the station."),
        ("FTP", "FTPS", "HTTP", "HTTPS"),
        access=READ_ONLY,
        profile="FirmwareManagement",
    ),
    _on(
        "AdditionalRootCertificateCheck",
        "whitepaper 7.1",
        N_("A new root certificate must be signed by the one it replaces."),
        access=READ_ONLY,
        **_SECURITY,
    ),
    StandardKey(
        "AuthorizationKey",
        TEXT,
        N_("The station's password: 32 to 40 hex digits. It can be written, never read."),
        "whitepaper 7.2",
        access=WRITE_ONLY,
        profile="Security",
    ),
    _maximum(
        "CertificateSignedMaxChainSize",
        "whitepaper 7.3",
        N_("Most characters in a certificate chain."),
        most=10_000,
        **_SECURITY,
    ),
    _maximum("CertificateStoreMaxLength", "whitepaper 7.4", N_("Most root certificates at a time."), **_SECURITY),
    StandardKey(
        "CpoName", TEXT, N_("The operator's name in the station's certificate."), "whitepaper 7.5", profile="Security"
    ),
    _number(
        "SecurityProfile",
        "whitepaper 7.6",
        N_("How the connection is protected: 0 not, 1 by password, 2 by TLS too, 3 by certificates. Never lowered."),
        most=3,
        **_SECURITY,
    ),
)

STANDARD_KEYS = _CORE + _OTHERS
_BY_NAME = {key.name.lower(): key for key in STANDARD_KEYS}


def find(name: str) -> StandardKey | None:
    """The standard's key of this name, in any case; None for a vendor's own."""
    return _BY_NAME.get(name.strip().lower())
