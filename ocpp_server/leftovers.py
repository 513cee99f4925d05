"""What a peer still sends after it was answered: read for a moment, so that it can read the answer, then cut off.

pywsgi reads the rest of a request to its end before the next one, however long that is: a body without end would be
read for ever, and a slow one would hold its connection. Closing at once would be no better: data that nobody reads
makes the kernel reset the connection, and the peer may lose the answer that says why.
"""

import socket
from contextlib import suppress
from typing import Any

import gevent

#: So much is read, for so long (seconds), before the connection is given up.
MAX_BYTES, PATIENCE = 1_048_576, 2.0


class Leftovers:
    """In place of pywsgi's own input, where it throws away what the application did not read."""

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self._input = handler.wsgi_input

    def _discard(self) -> None:
        rest = self._input
        if rest._chunked_input_error:
            return
        is_unread = rest.chunk_length != 0 if rest.chunked_input else rest.position < (rest.content_length or 0)
        if not is_unread:
            return
        if rest.socket is not None:
            # It waits to be told to go on (Expect: 100-continue), and was told otherwise.
            self._handler.close_connection = True
        elif not self._read_all():
            self._handler.close_connection = True
            with suppress(OSError):
                self._handler.socket.shutdown(socket.SHUT_WR)

    def _read_all(self) -> bool:
        """Whether the rest of the body was read."""
        left = MAX_BYTES
        with gevent.Timeout(PATIENCE, False):
            while left > 0:
                piece = self._input.read(16_384)
                if not piece:
                    return True
                left -= len(piece)
        return False
