"""The product under certification: a server of its own process, and its REST API as an operator's hand."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gevent

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


class ApiError(Exception):
    """The API refused; `status` is the HTTP status, `problem` its problem+json."""

    def __init__(self, status: int, problem: Any) -> None:
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.problem = problem


class Csms:
    """A freshly started server on an empty database."""

    def __init__(self, database_url: str, data_dir: Path) -> None:
        self.port = _free_port()
        self._environ = {
            **os.environ,
            "CSMS_PORT": str(self.port),
            "CSMS_DATA_DIR": str(data_dir),
            "CSMS_DATABASE_URL": database_url,
            # The tool waits for a heartbeat of each station; see certification.md, section 5.
            "CSMS_HEARTBEAT_INTERVAL": "10",
            "CSMS_SPONTANEOUS_CALLS": "no",
        }
        self.log = data_dir / "server.log"
        self.token = self._command("token", "create", "certification", "--role", "admin").split()[-1]
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "app.py", "serve"], cwd=ROOT, env=self._environ, stdout=log, stderr=log
            )
        self._wait_until_ready()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the REST API, its answer decoded. Raises ApiError."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        content = json.loads(text) if text else None
        if answer.status >= 400:
            raise ApiError(answer.status, content)
        return content

    def send(self, identity: str, action: str, payload: dict, timeout: float = 30) -> gevent.Greenlet:
        """What an operator asks of a station; the greenlet ends with the API's answer."""
        body = {"action": action, "payload": payload, "timeout": timeout}
        return gevent.spawn(self.api, "POST", f"/stations/{quote(identity, safe='')}/calls", body)

    def _command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "app.py", *arguments],
            cwd=ROOT,
            env=self._environ,
            capture_output=True,
            text=True,
            check=True,
            timeout=START_SECONDS,
        )
        return done.stdout.strip()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
                    connection.request("GET", "/healthz")
                    if connection.getresponse().status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(self.log.read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
