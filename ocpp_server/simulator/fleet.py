"""Many stations in one process: a yard that lives until it is stopped, or one full session on each station."""

import asyncio
import logging
from dataclasses import dataclass

from websockets.exceptions import WebSocketException

from ocpp_server.simulator.drivers import Habits, lose_connection, use_connector
from ocpp_server.simulator.link import RequestFailed
from ocpp_server.simulator.models import STATION_MODELS
from ocpp_server.simulator.station import Station

LOGGER = logging.getLogger("chargeyard.simulator")
START_GAP = 0.02  # s between two stations at the start
FAREWELL_SECONDS = 5.0  # to report ended transactions when the simulation is stopped
AT_ONCE = 50  # stations that play their single session at the same time
SAMPLE_SECONDS = 600.0  # of simulated time between the samples of a single session


class SessionFailed(Exception):
    """A single session did not go as it should; the text says where."""


@dataclass(frozen=True)
class Plan:
    """What to simulate. `speed`: how many times faster than the clock; `seed`: the same yard again."""

    url: str
    identities: tuple[str, ...]
    id_tags: tuple[str, ...]
    password: str | None = None
    connectors: int = 2
    speed: float = 1.0
    busy: float = 0.6
    seed: int | None = None
    #: Seconds between the samples of a running session.
    sample_interval: int = 60


def build(plan: Plan, *, automatic: bool) -> list[Station]:
    """The stations of a plan; makes and models take turns."""
    return [_build_one(plan, number, automatic) for number in range(len(plan.identities))]


def _build_one(plan: Plan, number: int, automatic: bool) -> Station:
    station = Station(
        plan.identities[number],
        plan.url,
        STATION_MODELS[number % len(STATION_MODELS)],
        plan.connectors,
        password=plan.password,
        speed=plan.speed,
        automatic=automatic,
        seed=plan.seed,
    )
    station.configuration.set("MeterValueSampleInterval", str(plan.sample_interval))
    return station


async def live(plan: Plan) -> None:
    """Run the yard until cancelled; then end the transactions as a power cut does, and disconnect."""
    stations = build(plan, automatic=True)
    habits = Habits(plan.busy, plan.id_tags)
    tasks: list[asyncio.Task[None]] = []
    try:
        for station in stations:
            tasks += _bring_to_life(station, habits)
            await asyncio.sleep(START_GAP)
        await asyncio.Event().wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*(_say_goodbye(station) for station in stations))


def _bring_to_life(station: Station, habits: Habits) -> list[asyncio.Task[None]]:
    drivers = [use_connector(station, connector, habits) for connector in station.connectors.values()]
    return [station.spawn(work) for work in (station.run(), lose_connection(station), *drivers)]


async def once(plan: Plan) -> list[str]:
    """One full session on every station; returns what went wrong, one line per failed station."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def attempt(number: int, station: Station) -> str | None:
        async with gate:
            try:
                await full_session(station, plan.id_tags[number % len(plan.id_tags)])
            except (SessionFailed, RequestFailed, OSError, WebSocketException) as error:
                return f"{station.identity}: {error or type(error).__name__}"
            finally:
                await station.close()
        return None

    stations = build(plan, automatic=False)
    results = await asyncio.gather(*(attempt(number, station) for number, station in enumerate(stations)))
    return [result for result in results if result is not None]


async def full_session(station: Station, id_tag: str) -> None:
    """Boot, plug in, authorize, charge for half an hour, stop, leave. Raises SessionFailed or a RequestFailed."""
    station.configuration.set("TransactionMessageAttempts", "1")
    await station.connect()
    _expect((await station.boot()).status, "registration")
    await station.plug_in()
    _expect(await station.authorize(id_tag), f"authorization of {id_tag}")
    transaction = await station.start(1, id_tag)
    _expect(transaction.id_tag_status, "start")
    for _ in range(3):
        await station.meter(1, seconds=SAMPLE_SECONDS)
    await station.stop(1, "Local", id_tag)
    await station.unplug(1)
    if station.queue.dropped or len(station.queue):
        raise SessionFailed("the server did not take all transaction messages")


def _expect(status: str | None, step: str) -> None:
    if status != "Accepted":
        raise SessionFailed(f"{step}: {status or 'no answer'}")


async def _say_goodbye(station: Station) -> None:
    try:
        async with asyncio.timeout(FAREWELL_SECONDS):
            await station.stop_all("PowerLoss")
    except (TimeoutError, RequestFailed) as error:
        LOGGER.info("%s: stopped without a farewell: %s", station.identity, error)
    await station.close()
