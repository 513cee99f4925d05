"""What the tests of local lists share."""

from collections.abc import Callable
from typing import Any

import pytest

from ocpp_server.jobs import local_lists as job
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.ocpp_server.conftest import Clock
from tests.ocpp_server.services.local_list.keeper import Keeper


@pytest.fixture
def keeper(store: Store, settings: Settings, time: Clock) -> Callable[..., Keeper]:
    return lambda *arguments, **more: Keeper(store, settings, *arguments, **more)


@pytest.fixture
def tick(store: Store, settings: Settings, time: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list]:
    """Some time goes by and the job runs; the updates that a station was sent and answered."""

    def run(keeper: Keeper, online: bool = True, **more: bool) -> list[dict[str, Any]]:
        time.go_on(seconds=20)
        monkeypatch.setattr(job.sessions, "get", lambda number: keeper.session() if online else None)
        chosen = Settings(**{**vars(settings), **more})
        job.keep_local_lists(store, chosen)
        return keeper.serve() if online else []

    return run
