"""The Caddyfile: Caddy reads it, and serves with it."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import websocket

from tests.deploy.tools import DEPLOY, environment, free_port, python, run, stop, tool

CADDYFILE = DEPLOY / "Caddyfile"


def test_caddy_accepts_the_file(tmp_path: Path) -> None:
    settings = environment(HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path), CHARGEYARD_DOMAIN="yard.example.com")
    for key_type in ("p256", "rsa2048"):
        command = (tool("caddy", "caddy"), "validate", "--adapter", "caddyfile", "--config", CADDYFILE)
        answer = run(*command, env={**settings, "CHARGEYARD_KEY_TYPE": key_type})
        assert answer.returncode == 0, answer.stdout
        assert '"level":"warn"' not in answer.stdout


def test_the_file_is_formatted() -> None:
    answer = run(tool("caddy", "caddy"), "fmt", "--diff", CADDYFILE)
    assert [line for line in answer.stdout.splitlines() if line[:1] in "+-" and line.strip()] == []


@dataclass
class Yard:
    """Addresses of a running Caddy: its site, and its listener without TLS."""

    site: str
    plain: str


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """Caddy with our file in front of a small upstream. The site has no TLS here: no authority would sign it."""
    caddy = tool("caddy", "caddy")
    home = tmp_path_factory.mktemp("caddy")
    site, plain, upstream = (free_port() for _ in range(3))
    settings = environment(
        HOME=str(home),
        XDG_DATA_HOME=str(home),
        CHARGEYARD_DOMAIN=f"http://localhost:{site}",
        CHARGEYARD_UPSTREAM=f"127.0.0.1:{upstream}",
        CHARGEYARD_PLAIN_PORT=str(plain),
    )
    adapted = subprocess.run(
        [caddy, "adapt", "--adapter", "caddyfile", "--config", str(CADDYFILE)],
        env=settings,
        capture_output=True,
        check=True,
        text=True,
    )
    config = home / "caddy.json"
    config.write_text(json.dumps({**json.loads(adapted.stdout), "admin": {"disabled": True}}))
    script = python(Path(__file__).with_name("upstream.py"), str(upstream))
    log = (home / "log").open("w")
    server = subprocess.Popen(script, env=settings, stdout=log, stderr=log)
    proxy = subprocess.Popen(
        [caddy, "run", "--config", str(config)],
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _wait_until_it_serves(proxy)
        yield Yard(f"localhost:{site}", f"localhost:{plain}")
    finally:
        stop(server)
        stop(proxy)
        log.close()


def _wait_until_it_serves(proxy: subprocess.Popen) -> None:
    said = []
    for line in proxy.stdout or ():
        said.append(line)
        if "serving initial configuration" in line:
            return
    pytest.fail("".join(said))


def _get(address: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(f"http://{address}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def test_the_portal_learns_who_asks_and_how(yard: Yard) -> None:
    status, body, _ = _get(f"{yard.site}/stations", **{"X-Forwarded-For": "203.0.113.9"})
    seen = json.loads(body)
    assert (status, seen["path"], seen["Host"], seen["X-Forwarded-Proto"]) == (200, "stations", yard.site, "http")
    assert seen["X-Forwarded-For"] in {"127.0.0.1", "::1"}, "a client must not be able to forge its address"


def test_pages_are_compressed(yard: Yard) -> None:
    _, body, headers = _get(f"{yard.site}/", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert len(body) < 1000


def test_a_live_event_arrives_while_the_stream_is_open(yard: Yard) -> None:
    request = urllib.request.Request(f"http://{yard.site}/live", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.readline() == b"event: charge-points\n"
        assert answer.headers["Content-Encoding"] is None


def test_metrics_stay_inside(yard: Yard) -> None:
    assert _get(f"{yard.site}/metrics")[0] == 404


@pytest.mark.parametrize("listener", ["site", "plain"])
def test_a_charge_point_talks_through_it(yard: Yard, listener: str) -> None:
    address = f"ws://{getattr(yard, listener)}/ocpp/CP%2F1"
    socket = websocket.create_connection(address, subprotocols=["ocpp1.6"], timeout=10)
    try:
        assert socket.getsubprotocol() == "ocpp1.6"
        assert socket.recv() == "CP/1"
        socket.send('[2,"1","Heartbeat",{}]')
        assert socket.recv() == '[2,"1","Heartbeat",{}]'
    finally:
        socket.close()


@pytest.mark.parametrize("listener", ["site", "plain"])
def test_a_charge_point_fetches_files_through_it_as_they_are(yard: Yard, listener: str) -> None:
    address = getattr(yard, listener)
    status, body, headers = _get(f"{address}/files/token/fw.bin", **{"Accept-Encoding": "gzip"})
    assert (status, headers.get("Content-Encoding")) == (200, None)
    assert json.loads(body)["path"] == "files/token/fw.bin"


def test_the_listener_without_tls_shows_no_page(yard: Yard) -> None:
    for path in ("/", "/login", "/live", "/api/v1/stations", "/healthz"):
        assert _get(f"{yard.plain}{path}")[0] == 404
