"""What a maker needs to help with a station, as one zip: its conversation in words and as data, its configuration,
firmware, diagnostics and boots. Cards and secrets are made unreadable, persons are left out.

Everything is read a part at a time while the archive is being sent, in English, as makers want it. The texts are made
outside of the request that asked for it.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import gevent
from peewee import ModelSelect
from playhouse.shortcuts import model_to_dict
from werkzeug.wrappers import Response

from ocpp_server import clock, sessions
from ocpp_server.models import (
    ChargePoint,
    ConfigurationChange,
    ConfigurationKey,
    Connector,
    DiagnosticsRequest,
    FirmwareJob,
    FirmwareUpdate,
    Frame,
    IdTag,
    ReceivedFile,
    StationNotice,
    UnknownCard,
)
from ocpp_server.services.message import frame_times
from ocpp_server.services.pseudonyms import Pseudonyms
from ocpp_server.store import Store
from ocpp_server.zip_stream import stream
from portal import audit, context, messages

#: So many messages are packed at most, the newest; and so many are read at a time.
MOST, AT_ONCE = 50_000, 50
#: What of a station its maker needs; names and places are ours.
_FACTS = (
    *("identity", "vendor", "model", "serial_number", "charge_box_serial_number", "firmware_version"),
    *("meter_type", "meter_serial_number", "registration", "security_profile", "strict_subprotocol"),
    *("last_boot_at", "connected_at", "disconnected_at", "disconnect_reason", "last_seen_at"),
)
_README = """Chargeyard: support bundle of the charge point {identity} ({vendor} {model}, firmware {firmware})
Messages from {since} to {until}; made {made}. All times are UTC.

conversation.txt    every OCPP 1.6 message, in words and as it was on the wire
conversation.jsonl  the same as JSON, one message a line; `out` is what the central system sent
odd.txt             those that broke the standard or were answered with an error, with what was done about it
boots.jsonl         its BootNotifications
station.json        what the station said it is, and its connectors
configuration.json  its configuration keys, and how they changed
firmware.json       its firmware updates, and what it said about them
diagnostics.json    what it was asked to send, and what came (the files themselves are not in here)

Id tags are replaced by CARD-0001 and so on, the same tag by the same name throughout. Secrets are ********.
{cut}"""


@dataclass(frozen=True)
class Wish:
    """Which station's messages of which time."""

    charge_point: ChargePoint
    since: datetime
    until: datetime


def answer(charge_point: ChargePoint, since: datetime, until: datetime) -> Response:
    """The bundle as a file, made while it is sent; on record."""
    said = audit.changes({"since": clock.iso(since), "until": clock.iso(until)})
    audit.write(lambda unit: None, "diagnostics.bundle", charge_point.identity, said)
    made = pieces(context.store(), Wish(charge_point, since, until))
    response = Response(_with_breaks(made), mimetype="application/octet-stream")
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in charge_point.identity)
    response.headers["Content-Disposition"] = f'attachment; filename="support-{name}-{until:%Y%m%d-%H%M}.zip"'
    return response


def _with_breaks(made: Iterator[bytes]) -> Iterator[bytes]:
    """Making a piece takes some milliseconds; others are served in between."""
    for piece in made:
        if piece:
            yield piece
        gevent.sleep(0)


def pieces(store: Store, wish: Wish) -> Iterator[bytes]:
    """The archive in pieces. Needs no connection: it takes one for each part."""
    return stream(_Bundle(store, wish).members(), clock.now())


class _Bundle:
    """One bundle in the making."""

    def __init__(self, store: Store, wish: Wish) -> None:
        self._store, self._wish = store, wish
        self._id = wish.charge_point.id
        with store.reading():
            tables: tuple[Any, ...] = (IdTag, UnknownCard)
            rows = (table.select(table.id_tag).tuples().iterator() for table in tables)
            self._names = Pseudonyms(tag for found in rows for (tag,) in found)
            self._first, self._last, self._is_cut = self._range()

    def members(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        yield "README.txt", [self._readme()]
        yield "conversation.txt", self._texts(self._frames())
        yield "conversation.jsonl", self._lines(self._frames())
        yield "odd.txt", self._texts(self._frames((Frame.outcome != "") | (Frame.note != "")))
        yield "boots.jsonl", self._lines(self._frames((Frame.action == "BootNotification") & ~Frame.outgoing))
        for name, make in (
            ("station.json", self._station),
            ("configuration.json", self._configuration),
            ("firmware.json", self._firmware),
            ("diagnostics.json", self._diagnostics),
        ):
            yield name, [self._json(make)]

    # -- the conversation ----------------------------------------------------------------------------------

    def _range(self) -> tuple[int, int, bool]:
        """The ids between which the messages are: the newest of that time."""
        first, last = (frame_times.first_id(moment) for moment in (self._wish.since, self._wish.until))
        mine = Frame.select(Frame.id).where(Frame.charge_point_id == self._id, Frame.id >= first, Frame.id < last)
        oldest = mine.order_by(Frame.id.desc()).offset(MOST - 1).limit(1).first()
        return (oldest.id if oldest else first), last, oldest is not None and oldest.id > first

    def _frames(self, condition: Any = None) -> Iterator[list[Frame]]:
        """The messages, some at a time, each as it may leave the house."""
        after = self._first - 1
        while True:
            with self._store.reading():
                query = Frame.select().where(Frame.charge_point_id == self._id, Frame.id > after, Frame.id < self._last)
                if condition is not None:
                    query = query.where(condition)
                frames = list(query.order_by(Frame.id).limit(AT_ONCE))
            if frames:
                after = frames[-1].id
                yield [self._made_safe(frame) for frame in frames]
            if len(frames) < AT_ONCE:
                return

    def _made_safe(self, frame: Frame) -> Frame:
        try:
            frame.text = json.dumps(self._names.value(json.loads(frame.text)), ensure_ascii=False)
        except (ValueError, RecursionError):
            frame.text = self._names.text(frame.text)
        frame.note = self._names.text(frame.note)
        return frame

    def _texts(self, parts: Iterable[list[Frame]]) -> Iterator[bytes]:
        for frames in parts:
            yield "".join(map(_as_text, frames)).encode("utf-8", "replace")

    def _lines(self, parts: Iterable[list[Frame]]) -> Iterator[bytes]:
        for frames in parts:
            yield "".join(map(_as_json, frames)).encode("utf-8", "replace")

    # -- everything else -----------------------------------------------------------------------------------

    def _readme(self) -> bytes:
        point, wish = self._wish.charge_point, self._wish
        cut = f"\nThere were more messages; only the newest {MOST} are in here.\n" if self._is_cut else ""
        text = _README.format(
            identity=point.identity,
            vendor=point.vendor or "unknown maker",
            model=point.model or "unknown model",
            firmware=point.firmware_version or "unknown",
            since=clock.iso(wish.since),
            until=clock.iso(wish.until),
            made=clock.iso(clock.now()),
            cut=cut,
        )
        return text.encode()

    def _json(self, make: Any) -> bytes:
        with self._store.reading():
            content = make()
        return json.dumps(content, indent=2, ensure_ascii=False, default=_spelled).encode("utf-8", "replace")

    def _station(self) -> dict[str, Any]:
        point = self._wish.charge_point
        connectors = Connector.select().where(Connector.charge_point == self._id).order_by(Connector.connector_id)
        return {
            **{name: getattr(point, name) for name in _FACTS},
            "is_connected": sessions.is_connected(self._id),
            "connectors": self._rows(connectors),
        }

    def _configuration(self) -> dict[str, Any]:
        keys = ConfigurationKey.select().where(ConfigurationKey.charge_point == self._id)
        changes = ConfigurationChange.select().where(ConfigurationChange.charge_point == self._id)
        found = self._plain(keys.order_by(ConfigurationKey.key))
        for row in found:
            row["value"] = self._names.setting(row["key"], row["value"])
        history = self._plain(changes.order_by(ConfigurationChange.at, ConfigurationChange.id), "source")
        for row in history:
            for name in ("old_value", "new_value"):
                row[name] = self._names.setting(row["key"], row[name])
        return {"keys": found, "changes": history}

    def _firmware(self) -> dict[str, Any]:
        query = (
            FirmwareUpdate.select(FirmwareUpdate, FirmwareJob)
            .join(FirmwareJob)
            .where(FirmwareUpdate.charge_point == self._id)
            .order_by(FirmwareUpdate.id)
        )
        updates = [
            {**row, "expected_version": update.job.version, "location": self._names.text(update.job.location)}
            for row, update in zip(self._rows(query, "is_current", "link_id"), query, strict=True)
        ]
        notices = StationNotice.select().where(StationNotice.charge_point == self._id).order_by(StationNotice.id)
        return {"updates": updates, "said": self._rows(notices)}

    def _diagnostics(self) -> dict[str, Any]:
        requests = DiagnosticsRequest.select().where(DiagnosticsRequest.charge_point == self._id)
        files = ReceivedFile.select().where(ReceivedFile.charge_point == self._id)
        return {
            "requests": self._rows(requests.order_by(DiagnosticsRequest.id), "requested_by", "link_id"),
            "files": self._rows(files.order_by(ReceivedFile.id), "stored_as", "address", "link"),
        }

    def _rows(self, query: "ModelSelect[Any]", *left_out: str) -> list[dict[str, Any]]:
        return [self._names.value(row) for row in self._plain(query, *left_out)]

    def _plain(self, query: "ModelSelect[Any]", *left_out: str) -> list[dict[str, Any]]:
        unwanted = {"id", "charge_point", "job", *left_out}
        rows = (model_to_dict(row, recurse=False) for row in query)
        return [{name: _spelled(value) for name, value in row.items() if name not in unwanted} for row in rows]


def _spelled(value: Any) -> Any:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z") if isinstance(value, datetime) else value


def _as_text(frame: Frame) -> str:
    message = messages.decode(frame)
    way = "->" if frame.outgoing else "<-"
    head = " ".join(part for part in (_spelled(frame.at), way, frame.action, message.kind, message.summary) if part)
    notes = "".join(f"    ! {line}\n" for line in (frame.outcome, *message.notes) if line)
    return f"{head}\n    {frame.text}\n{notes}"


def _as_json(frame: Frame) -> str:
    try:
        content = json.loads(frame.text)
    except (ValueError, RecursionError):
        content = None
    fields = {
        "at": _spelled(frame.at),
        "out": frame.outgoing,
        "action": frame.action,
        "frame": content if content is not None else frame.text,
        "outcome": frame.outcome,
        "notes": frame.note.splitlines(),
    }
    return json.dumps(fields, ensure_ascii=False) + "\n"
