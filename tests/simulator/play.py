"""Runs tests that need an asyncio of their own in a fresh process: this one is monkey-patched by gevent.

In a test module: `@on_asyncio async def test_a_station_boots(central): ...`; `central` is a running CentralSystem.
"""

import asyncio
import functools
import importlib
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.simulator.central_system import CentralSystem

ROOT = Path(__file__).parents[2]
TIME_LIMIT = 60

Scenario = Callable[[CentralSystem], Awaitable[None]]


def on_asyncio(scenario: Scenario) -> Callable[[], None]:
    """Turn an async scenario into a test that plays it in a process of its own."""

    def test() -> None:
        command = [sys.executable, "-m", "tests.simulator.play", scenario.__module__, scenario.__name__]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIME_LIMIT, check=False)
        assert result.returncode == 0, result.stderr

    functools.update_wrapper(test, scenario)
    del test.__wrapped__  # pytest would ask for the scenario's arguments
    test.scenario = scenario  # type: ignore[attr-defined]
    return test


async def _play(scenario: Scenario) -> None:
    central = CentralSystem()
    await central.start()
    try:
        async with asyncio.timeout(TIME_LIMIT - 10):
            await scenario(central)
    finally:
        await central.stop()


if __name__ == "__main__":
    asyncio.run(_play(getattr(importlib.import_module(sys.argv[1]), sys.argv[2]).scenario))
