"""Stands where Chargeyard stands behind Caddy, and tells what reached it: `upstream.py PORT`."""

import sys
import threading
from collections.abc import Iterator

from flask import Flask, Response, request
from flask_sock import Sock
from simple_websocket import Server

app = Flask(__name__)
app.config["SOCK_SERVER_OPTIONS"] = {"subprotocols": ["ocpp1.6"]}
sock = Sock(app)


@app.get("/live")
def live() -> Response:
    """One event, then silence for as long as the reader stays."""

    def events() -> Iterator[str]:
        yield "event: charge-points\ndata: \n\n"
        threading.Event().wait(60)

    return Response(events(), mimetype="text/event-stream")


@sock.route("/ocpp/<path:identity>")
def charge_point(ws: Server, identity: str) -> None:
    """Tell the identity, then echo."""
    ws.send(identity)
    while True:
        ws.send(ws.receive())


@app.get("/", defaults={"path": ""})
@app.get("/<path:path>")
def anything(path: str) -> dict[str, str]:
    """The headers as they arrived, long enough to be worth compressing."""
    names = ("Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")
    return {"path": path, "filler": "-" * 2000, **{name: request.headers.get(name, "") for name in names}}


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
