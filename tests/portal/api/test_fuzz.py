"""Whatever is asked, the answer is one that the description names: no 500, and nothing unannounced.

A real server with a station that answers everything, asked by schemathesis, the same way each time.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import gevent
import pytest
import schemathesis
import websocket
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.schemas import APIOperation

from ocpp_server import clock
from ocpp_server.models import ReceivedFile
from ocpp_server.server import Server
from ocpp_server.services import batches
from ocpp_server.services.access import operators
from ocpp_server.services.card import id_tags
from ocpp_server.services.configuration import configuration_templates
from ocpp_server.services.file import file_limits
from ocpp_server.services.firmware import firmware_images
from ocpp_server.services.reservation import reservations
from ocpp_server.services.reservation.reservations import Wish
from ocpp_server.services.station import charge_points
from tests.fake_charge_point import FakeChargePoint
from tests.portal.api.conftest import make_token

load_all_checks()
CHECKED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
BOUNDED = settings(
    max_examples=4,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
#: What addresses would otherwise hardly ever hit.
NUMBERS = (
    "command",
    "transaction",
    "refusal",
    "batch",
    "template",
    "orphan_message",
    "operator",
    "token",
    "firmware_job",
    "diagnostics",
    "reservation",
    "calendar",
    "image",
    "file",
)
KNOWN = {"identity": "CP-1", "other": "CP-1", "id_tag": "a/b", **{f"{kind}_id": 1 for kind in NUMBERS}}


@pytest.fixture
def yard(server: Server) -> Iterator[None]:
    """A station that accepts everything, and something of each kind."""
    server.store.write(lambda unit: charge_points.add(unit, "CP-1"))
    server.store.write(lambda unit: id_tags.add(unit, "a/b"))
    make_token(server.store)
    template = {"HeartbeatInterval": "60"}
    server.store.write(lambda unit: configuration_templates.save(unit, "Like this", template))
    server.store.write(lambda unit: batches.begin(unit, "Reset", {"type": "Soft"}, by="tests"))
    server.store.write(lambda unit: operators.add(unit, "a@b", password_hash="", role="admin"))
    _add_files(server)
    station = FakeChargePoint(server.port).connect()
    station.boot()
    station.start("a/b")
    station.call("StopTransaction", {"transactionId": 99, "meterStop": 1, "timestamp": "2026-11-22T10:00:00Z"})
    wish = Wish(1, "a/b", clock.now() + timedelta(hours=1))
    server.store.write(lambda unit: reservations.add(unit, 1, wish, by="Otto"))
    answering = gevent.spawn(_answer_everything, station)
    yield
    answering.kill()
    station.vanish()


def _add_files(server: Server) -> None:
    """A firmware image, and a file of the station."""
    image, log = [file_limits.shelf(server.settings).begin(3) for _ in range(2)]
    facts = [{"size": 0, "sha256": one.sha256, "stored_as": one.keep()} for one in (image, log)]
    server.store.write(lambda unit: firmware_images.add(unit, file_name="fw.bin", by="tests", **facts[0]))
    received = {"charge_point": 1, "file_name": "a.log", "received_at": clock.now(), **facts[1]}
    server.store.write(lambda unit: ReceivedFile.create(**received))


def _answer_everything(station: FakeChargePoint) -> None:
    while True:
        try:
            frame = station.recv()
        except websocket.WebSocketTimeoutException:
            continue
        except (websocket.WebSocketException, ConnectionError):
            return
        station.send_raw(json.dumps([3, frame[1], {"status": "Accepted"}]))


def test_no_request_has_an_answer_that_is_not_described(server: Server, yard: None) -> None:
    address = f"http://127.0.0.1:{server.port}"
    headers = {"Authorization": f"Bearer {make_token(server.store, 'admin')}"}
    schema = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 15
    # What deletes comes last, so that the others find something, and what may revoke the token at the very end.
    operations.sort(key=lambda operation: (operation.method == "delete", "token_id" in operation.path))
    statuses: set[int] = set()
    for operation, mode in product(operations, GenerationMode):
        _try(operation, mode, headers, statuses)
    assert statuses >= {200, 201, 204, 404, 409, 422}
    assert not statuses & {500, 502, 503}


def _try(operation: APIOperation, mode: GenerationMode, headers: dict[str, str], statuses: set[int]) -> None:
    """What fits the description goes to what there is; what does not, to any address."""
    parameters = {one.name for one in operation.path_parameters}
    known = {name: value for name, value in KNOWN.items() if name in parameters}
    chosen = {"path_parameters": known} if known and mode.is_positive else {}

    def ask(case: schemathesis.Case) -> None:
        answer = case.call(headers=headers)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKED)

    BOUNDED(given(case=operation.as_strategy(generation_mode=mode, **chosen))(ask))()
