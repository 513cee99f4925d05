"""From a form to the plan of a firmware job, and what is to be known before it begins."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ocpp_server.models import ChargePoint, ConfigurationKey, FirmwareImage, FirmwareJob
from ocpp_server.models.charge_points import ACCEPTED
from ocpp_server.services.errors import Invalid
from ocpp_server.services.file import file_addresses
from ocpp_server.services.firmware import firmware_images, firmware_jobs, plans
from ocpp_server.services.firmware.plans import Plan
from ocpp_server.settings import Settings
from portal import audit, local_times
from portal.converters import row_id
from portal.locale import zone_name
from portal.yard import StationView

#: A form as it is first shown.
DEFAULTS = {
    "waves": ", ".join(str(size) for size in plans.WAVES),
    "stop_percent": str(plans.STOP_PERCENT),
    "respects_sessions": "1",
    "patience": str(plans.PATIENCE // 60),
}


def read(form: Mapping[str, str], target: str) -> Plan:
    """The plan that a form holds; `target` says in words how the stations were chosen. Raises Invalid."""
    image = _image(form)
    return Plan(
        image_id=image.id if image else None,
        location="" if image else form.get("location", "").strip(),
        version=form.get("version", "").strip() or (image.version if image else ""),
        title=form.get("title", "").strip(),
        target=target,
        starts_at=_moment(form, "starts_at"),
        ends_at=_moment(form, "ends_at"),
        window_from=form.get("window_from") or None,
        window_to=form.get("window_to") or None,
        zone=zone_name(),
        waves=plans.wave_sizes(form.get("waves", "")),
        stop_percent=_number(form, "stop_percent"),
        retries=_number(form, "retries"),
        retry_interval=_number(form, "retry_interval"),
        respects_sessions="respects_sessions" in form,
        patience=60 * (_number(form, "patience") or plans.PATIENCE // 60),
    )


def begin(plan: Plan, charge_point_ids: Sequence[int]) -> FirmwareJob:
    """Make it a job, on record with who asked. Raises Invalid."""
    me = audit.who()
    said = {"version": plan.version, "location": plan.location, "image": plan.image_id or ""}
    return audit.write(
        lambda unit: firmware_jobs.create(unit, plan, charge_point_ids, by=me.who),
        "firmware.plan",
        lambda job: f"firmware job {job.id}",
        audit.changes({**said, "stations": len(charge_point_ids)}),
        actor=me,
    )


def _image(form: Mapping[str, str]) -> FirmwareImage | None:
    text = form.get("image_id", "")
    if not text:
        return None
    image = firmware_images.find(row_id(text)) if text.isdecimal() else None
    if image is None:
        raise Invalid("image_id", "This image was deleted. Choose another one.")
    return image


def _number(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(name, "This must be a whole number.")
    return int(text)


def _moment(form: Mapping[str, str], name: str) -> datetime | None:
    try:
        return local_times.moment_from(form.get(name, ""))
    except ValueError:
        raise Invalid(name, "This is not a time.") from None


@dataclass(frozen=True)
class Summary:
    """How the chosen stations stand towards the plan, in numbers."""

    total: int
    online: int
    offline: int
    charging: int
    up_to_date: int
    not_accepted: int
    #: They list their profiles, and Firmware Management is not among them.
    without_profile: int
    #: By name: they list how they transfer files, and the address is of no such kind. Those that would load an image
    #: if FTP were not switched off here stand apart.
    without_protocol: list[str]
    only_ftp: list[str]
    #: By name: they are of another maker or model than the image is said to be for.
    other_model: list[str]
    #: Their makers and models, where these are several and nobody said for which the firmware is.
    kinds: list[str]
    #: Stations elsewhere could not load an image from here.
    is_only_local: bool


def summarize(plan: Plan, stations: Sequence[StationView], settings: Settings) -> Summary:
    """Look at the stations as they are now: two queries."""
    points = [station.charge_point for station in stations]
    said = _said(point.id for point in points)
    image = firmware_images.find(plan.image_id) if plan.image_id is not None else None
    deaf = _without_protocol(plan, settings, points, said["supportedfiletransferprotocols"])
    return Summary(
        total=len(stations),
        online=sum(station.online for station in stations),
        offline=sum(not station.online for station in stations),
        charging=sum(bool(station.running) for station in stations),
        up_to_date=sum(bool(plan.version) and point.firmware_version == plan.version for point in points),
        not_accepted=sum(point.registration != ACCEPTED for point in points),
        without_profile=_lacking(said["supportedfeatureprofiles"], "FIRMWAREMANAGEMENT"),
        without_protocol=[point.name for point, needs_ftp in deaf if not needs_ftp],
        only_ftp=[point.name for point, needs_ftp in deaf if needs_ftp],
        other_model=[point.name for point in points if image and firmware_images.is_for_another(image, point)],
        kinds=_kinds(image, points),
        is_only_local=plan.image_id is not None and _is_only_local(settings, points),
    )


def _kinds(image: FirmwareImage | None, points: Sequence[ChargePoint]) -> list[str]:
    if image is not None and (image.vendor or image.model):
        return []
    told = {f"{point.vendor or ''} {point.model or ''}".strip() for point in points} - {""}
    return sorted(told) if len(told) > 1 else []


def _is_only_local(settings: Settings, points: Sequence[ChargePoint]) -> bool:
    return any(file_addresses.is_only_local(file_addresses.base_url(settings, point.id)) for point in points)


def _without_protocol(
    plan: Plan, settings: Settings, points: Sequence[ChargePoint], said: Mapping[int, str]
) -> list[tuple[ChargePoint, bool]]:
    """The stations that list other protocols than that of the address; with each, whether FTP here would do."""
    scheme = plan.location.partition(":")[0].upper()
    found: list[tuple[ChargePoint, bool]] = []
    for point in points:
        spoken = file_addresses.spoken_in(said.get(point.id))
        offered = (scheme,) if plan.image_id is None else file_addresses.offered_to(settings, point.id)
        if spoken and not set(spoken) & set(offered):
            found.append((point, plan.image_id is not None and file_addresses.FTP in spoken))
    return found


def _said(charge_point_ids: Iterable[int]) -> dict[str, dict[int, str]]:
    """What each of these stations lists under the two keys that matter here: one query."""
    found: dict[str, dict[int, str]] = {"supportedfeatureprofiles": {}, "supportedfiletransferprotocols": {}}
    names = ["SupportedFeatureProfiles", "SupportedFileTransferProtocols"]
    query = ConfigurationKey.select().where(
        ConfigurationKey.charge_point.in_(list(charge_point_ids)), ConfigurationKey.key.in_(names)
    )
    for row in query:
        if row.known and row.value:
            found[row.key.lower()][row.charge_point_id] = row.value  # type: ignore[attr-defined]
    return found


def _lacking(said: Mapping[int, str], word: str) -> int:
    return sum(word not in {part.strip().upper() for part in value.split(",")} for value in said.values())
