"""A yardstick: flask-sock on gevent's pywsgi, which answers everything with one fixed text. argv: port."""

from gevent import monkey

monkey.patch_all()

import re
import sys

from flask import Flask
from flask_sock import Sock
from gevent.pywsgi import WSGIServer

_ID = re.compile(r'\[2,"([^"]*)"')

app = Flask(__name__)
app.config["SOCK_SERVER_OPTIONS"] = {"subprotocols": ["ocpp1.6"]}
sock = Sock(app)


@sock.route("/ocpp/<identity>")
def answer(ws, identity):
    while True:
        message_id = _ID.match(ws.receive()).group(1)
        ws.send(f'[3,"{message_id}",{{"status":"Accepted","transactionId":1}}]')


WSGIServer(("127.0.0.1", int(sys.argv[1])), app, log=None, backlog=4096).serve_forever()
