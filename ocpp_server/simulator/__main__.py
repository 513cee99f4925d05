"""The command line: `python -m ocpp_server.simulator --stations 5`."""

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import click

from ocpp_server.settings import Settings, SettingsError
from ocpp_server.simulator import fleet
from ocpp_server.simulator.cards import DEFAULT_ID_TAGS

Result = TypeVar("Result")


@click.command()
@click.option("--url", help="Where the server listens; the identity is appended.  [default: from CSMS_HOST, CSMS_PORT]")
@click.option("--stations", type=click.IntRange(1, 10_000), default=1, show_default=True, help="How many.")
@click.option("--prefix", default="DEMO-", show_default=True, help="Identities are this and a number: DEMO-001.")
@click.option("--identity", "identities", multiple=True, help="An exact identity, instead of the numbered ones.")
@click.option("--password", help="HTTP Basic password of every station.")
@click.option("--id-tag", "id_tags", multiple=True, help="A card that drivers hold up.  [default: six built-in ones]")
@click.option("--connectors", type=click.IntRange(1, 16), default=2, show_default=True, help="Per station.")
@click.option("--speed", type=click.FloatRange(0.1, 3600), default=1.0, show_default=True, help="60: an hour a minute.")
@click.option("--busy", type=click.FloatRange(0, 1), default=0.6, show_default=True, help="Share of busy connectors.")
@click.option("--seed", type=int, help="The same cars, meters and drivers again.")
@click.option("--sample-interval", type=int, default=60, show_default=True, help="Seconds between meter values.")
@click.option("--once", is_flag=True, help="One full session on each station, then exit; 1 if any failed.")
@click.option("--quiet", is_flag=True, help="Only warnings.")
@click.option("--frames", is_flag=True, help="Show every message sent and received.")
def main(
    url: str | None,
    stations: int,
    prefix: str,
    identities: tuple[str, ...],
    password: str | None,
    id_tags: tuple[str, ...],
    connectors: int,
    speed: float,
    busy: float,
    seed: int | None,
    sample_interval: int,
    once: bool,
    quiet: bool,
    frames: bool,
) -> None:
    """Simulate charge points, with cars and drivers, against an OCPP 1.6 central system."""
    _set_up_logging(quiet, frames)
    plan = fleet.Plan(
        url or _local_url(),
        identities or tuple(f"{prefix}{number:03d}" for number in range(1, stations + 1)),
        id_tags or DEFAULT_ID_TAGS,
        password,
        connectors,
        speed,
        busy,
        seed,
        sample_interval,
    )
    if once:
        sys.exit(_play_once(plan, quiet))
    _until_stopped(fleet.live(plan))


def _play_once(plan: fleet.Plan, quiet: bool) -> int:
    failures = _until_stopped(fleet.once(plan))
    if failures is None:
        return 130
    for failure in failures:
        click.echo(failure, err=True)
    if not quiet:
        click.echo(f"{len(plan.identities) - len(failures)} of {len(plan.identities)} sessions went well.")
    return 1 if failures else 0


def _until_stopped(work: Coroutine[Any, Any, Result]) -> Result | None:
    """Run to the end, or until SIGTERM or SIGINT (then None)."""

    async def supervised() -> Result | None:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return None

    return asyncio.run(supervised())


def _local_url() -> str:
    try:
        settings = Settings.from_environ()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - not a bind
    return f"ws://{host}:{settings.port}/ocpp/"


def _set_up_logging(quiet: bool, frames: bool) -> None:
    level = logging.WARNING if quiet else logging.INFO
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("chargeyard.simulator").setLevel(level)
    logging.getLogger("chargeyard.simulator.frames").setLevel(logging.INFO if frames else logging.ERROR)


if __name__ == "__main__":
    main(prog_name="python -m ocpp_server.simulator")
