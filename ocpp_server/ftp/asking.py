"""The questions to the server: one line of JSON each, answered by one line, in turn."""

import json
import socket
from typing import Any


class Refusal(Exception):
    """The server says no; the text is a sentence for the peer."""


class Asking:
    """Waits for each answer: it takes the server a commit at most."""

    def __init__(self, sock: socket.socket) -> None:
        # It was made among greenlets, which wait otherwise.
        sock.setblocking(True)
        self._sock = sock
        self._lines = sock.makefile("r", encoding="utf-8")

    def ask(self, question: str, **facts: Any) -> dict[str, Any]:
        """The answer. Raises Refusal, and SystemExit where the server is gone."""
        try:
            self._sock.sendall(json.dumps({"ask": question, **facts}).encode() + b"\n")
            line = self._lines.readline()
        except OSError as error:
            raise SystemExit("the server is gone") from error
        if not line:
            raise SystemExit("the server is gone")
        answer = json.loads(line)
        if "refused" in answer:
            raise Refusal(answer["refused"])
        return answer

    # What the loop of pyftpdlib calls, where it watches over this: an answer is read by whoever asked, so whatever else
    # comes is the end of the server.

    def fileno(self) -> int:
        return self._sock.fileno()

    def readable(self) -> bool:
        return True

    def handle_read_event(self) -> None:
        raise SystemExit("the server is gone")

    handle_close = handle_read_event

    def close(self) -> None:
        """The loop closes what it watches."""
        self._sock.close()
