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

    def leave_if_alone(self) -> None:
        """End the process where the server has ended without a word."""
        try:
            if not self._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                raise SystemExit("the server is gone")
        except BlockingIOError:
            return
