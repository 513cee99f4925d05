"""The product under certification: a server of its own process, and its REST API as an operator's hand."""

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gevent

from tests.product import Product


class ApiError(Exception):
    """The API refused; `status` is the HTTP status, `problem` its problem+json."""

    def __init__(self, status: int, problem: Any) -> None:
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.problem = problem


class Csms:
    """A freshly started server on an empty database."""

    def __init__(self, database_url: str, data_dir: Path) -> None:
        # The tool waits for a heartbeat of each station; unsolicited CALLs fail its cases.
        environ = {"CSMS_HEARTBEAT_INTERVAL": "10", "CSMS_SPONTANEOUS_CALLS": "no"}
        self._product = Product(data_dir, database_url, **environ)
        made = self._product.run("token", "create", "certification", "--role", "admin")
        assert made.returncode == 0, made.stderr
        self._token = made.stdout.split()[-1]
        self._product.start()
        self.port = self._product.port

    def stop(self) -> str:
        """End the server; what it said."""
        assert self._product.terminate() == 0
        return self._product.output

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the REST API, its answer decoded. Raises ApiError."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
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
        return self.start("POST", f"/stations/{quote(identity, safe='')}/calls", body)

    def start(self, method: str, path: str, body: Any = None) -> gevent.Greenlet:
        """A call of the REST API that waits for a station; the greenlet ends with its answer."""
        return gevent.spawn(self.api, method, path, body)
