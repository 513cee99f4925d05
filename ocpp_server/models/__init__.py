"""The tables, a module per topic."""

from ocpp_server.models.access import ApiToken, AuditEntry, UnknownCard
from ocpp_server.models.base import Table, UtcField, database
from ocpp_server.models.charge_points import ChargePoint, Connector
from ocpp_server.models.charging import (
    ChargingApplication,
    ChargingProfileRequest,
    ChargingProfileTemplate,
    ChargingTraits,
    CompositeReading,
    InstalledChargingProfile,
)
from ocpp_server.models.commands import Command, CommandBatch, TriggeredMessage
from ocpp_server.models.configuration import ConfigurationChange, ConfigurationKey, ConfigurationTemplate
from ocpp_server.models.diagnostics import DiagnosticsRequest
from ocpp_server.models.files import FileEvent, FileLink, FirmwareImage, ReceivedFile
from ocpp_server.models.firmware import FirmwareJob, FirmwareUpdate, StationNotice
from ocpp_server.models.frames import Frame
from ocpp_server.models.id_tags import IdTag
from ocpp_server.models.local_lists import IdTagChange, LocalList, LocalListEntry
from ocpp_server.models.operators import Operator, Setting
from ocpp_server.models.refusals import Refusal
from ocpp_server.models.reservations import CalendarFeed, Reservation, ReservationEvent
from ocpp_server.models.sites import Site, SiteCircuit, SiteMember, SiteSample
from ocpp_server.models.storage import EnergyQuarter, StorageSample
from ocpp_server.models.transactions import MeterValue, OrphanMessage, Transaction

TABLES = (
    ChargePoint,
    Connector,
    IdTag,
    Transaction,
    MeterValue,
    OrphanMessage,
    Frame,
    Refusal,
    Operator,
    Setting,
    Command,
    CommandBatch,
    ConfigurationKey,
    ConfigurationChange,
    ConfigurationTemplate,
    ApiToken,
    AuditEntry,
    UnknownCard,
    EnergyQuarter,
    StorageSample,
    FirmwareImage,
    FileLink,
    FileEvent,
    ReceivedFile,
    InstalledChargingProfile,
    ChargingApplication,
    ChargingProfileRequest,
    ChargingTraits,
    LocalList,
    LocalListEntry,
    IdTagChange,
    ChargingProfileTemplate,
    CompositeReading,
    FirmwareJob,
    FirmwareUpdate,
    StationNotice,
    DiagnosticsRequest,
    Site,
    SiteCircuit,
    SiteMember,
    SiteSample,
    Reservation,
    ReservationEvent,
    CalendarFeed,
    TriggeredMessage,
)

__all__ = [
    "TABLES",
    "ApiToken",
    "AuditEntry",
    "CalendarFeed",
    "ChargePoint",
    "ChargingApplication",
    "ChargingProfileRequest",
    "ChargingProfileTemplate",
    "ChargingTraits",
    "Command",
    "CommandBatch",
    "CompositeReading",
    "ConfigurationChange",
    "ConfigurationKey",
    "ConfigurationTemplate",
    "Connector",
    "DiagnosticsRequest",
    "EnergyQuarter",
    "FileEvent",
    "FileLink",
    "FirmwareImage",
    "FirmwareJob",
    "FirmwareUpdate",
    "Frame",
    "IdTag",
    "IdTagChange",
    "InstalledChargingProfile",
    "LocalList",
    "LocalListEntry",
    "MeterValue",
    "Operator",
    "OrphanMessage",
    "ReceivedFile",
    "Refusal",
    "Reservation",
    "ReservationEvent",
    "Setting",
    "Site",
    "SiteCircuit",
    "SiteMember",
    "SiteSample",
    "StationNotice",
    "StorageSample",
    "Table",
    "Transaction",
    "TriggeredMessage",
    "UnknownCard",
    "UtcField",
    "database",
]
