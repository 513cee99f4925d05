"""`python -m ocpp_server.ftp '{…}'`: started by files/ftp.py, with two sockets it inherits.

The argument is a JSON object: `listener` and `server` are descriptors, `folder` and `reserve` the shelf, `first_port`
and `last_port` the passive ports, `address` the one that is told to stations behind a NAT, or nothing.
"""

import json
import logging
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from ocpp_server.ftp.asking import Asking
from ocpp_server.ftp.session import Session
from ocpp_server.shelf import Shelf

#: Sockets in all: a busy yard updates some hundred stations at a time.
_MAX_SOCKETS = 512


def main(told: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # The server ends this process; a Ctrl-C in its terminal is for the server.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    asking = Asking(socket.socket(fileno=told["server"]))
    Session.asking = asking
    Session.shelf = Shelf(Path(told["folder"]), told["reserve"])
    Session.passive_ports = range(told["first_port"], told["last_port"] + 1)
    if told["address"]:
        Session.masquerade_address = socket.gethostbyname(told["address"])
    loop = IOLoop.instance()
    server = FTPServer(socket.socket(fileno=told["listener"]), Session, ioloop=loop)
    server.max_cons = _MAX_SOCKETS
    loop.register(asking.fileno(), asking, loop.READ)
    server.serve_forever(handle_exit=False)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
