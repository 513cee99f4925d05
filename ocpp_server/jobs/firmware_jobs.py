"""Carries firmware jobs out, a few stations at a time."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from ocpp_server import clock
from ocpp_server.models import FirmwareJob
from ocpp_server.scheduler import every
from ocpp_server.services.errors import Invalid
from ocpp_server.services.file import file_limits, file_links
from ocpp_server.services.firmware import firmware_images, firmware_jobs, firmware_updates, firmware_waves
from ocpp_server.services.firmware.firmware_waves import Place
from ocpp_server.settings import Settings
from ocpp_server.store import Store, Unit

_LINK_LASTS = timedelta(days=1)


@every(seconds=5)
def carry_out_firmware_jobs(store: Store, settings: Settings) -> None:
    """A unit for each job: one that fails holds up no other. Raises at the end what failed."""
    locate = partial(_locate, settings)
    failed: list[Exception] = []

    def attempt(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            failed.append(error)

    attempt(lambda: store.write(lambda unit: firmware_updates.end_silence(unit, clock.to_ms(clock.now()))))
    for job_id in store.write(firmware_waves.due):
        attempt(partial(_advance, store, job_id, locate))
    if failed:
        raise ExceptionGroup("firmware jobs", failed)


def _advance(store: Store, job_id: int, locate: firmware_waves.Locate) -> None:
    try:
        store.write(partial(firmware_waves.advance, job_id=job_id, locate=locate))
    except Invalid as problem:
        # Nothing of what it did is stored.
        reason = firmware_waves.IMAGE if problem.field == "image" else firmware_waves.LOCATION
        store.write(partial(firmware_waves.halt, job_id=job_id, reason=reason))


def _locate(settings: Settings, unit: Unit, job: FirmwareJob, charge_point_id: int) -> Place:
    """An image that is kept here has an address of its own for each station."""
    if job.image_id is None:
        return Place(firmware_jobs.location_of(job))
    image = firmware_images.find(job.image_id)
    if image is None or not file_limits.shelf(settings).has(image.stored_as):
        raise Invalid("image", "The firmware image was deleted, or its file is missing.")
    expires_at = clock.now() + max(_LINK_LASTS, timedelta(seconds=job.patience))
    offer = file_links.offer_download(unit, settings, job.image_id, charge_point_id, expires_at=expires_at)
    return Place(offer.location, offer.link_id)
