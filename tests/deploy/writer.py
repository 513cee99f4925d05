"""Writes into a database through the store, or reads it: `writer.py write|read URL`.

`write` adds a station and its connector in each unit of work until its input ends, and tells the identity once
it is committed. `read` tells each station's identity and how many connectors it has.
"""

from gevent import monkey

monkey.patch_all()

import itertools
import sys
import uuid

import gevent

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Connector
from ocpp_server.store import Store, Unit


def add_station(_unit: Unit) -> str:
    """One unit: a backup must hold both rows or neither."""
    identity, now = uuid.uuid4().hex, clock.now()
    station = ChargePoint.create(identity=identity, identity_key=identity, created_at=now)
    Connector.create(charge_point=station, connector_id=1, status_at=now, received_at=now)
    return identity


def write(store: Store) -> None:
    """Add stations until the input ends."""
    store.migrate()
    end = gevent.spawn(gevent.get_hub().threadpool.apply, sys.stdin.read)
    for _ in itertools.takewhile(lambda _: not end.ready(), itertools.count()):
        sys.stdout.write(f"{store.write(add_station)}\n")
        sys.stdout.flush()


def read(store: Store) -> None:
    """Tell what is there; a database that the product cannot open as it is fails here."""
    assert store.migrate() == [], "the tables should be there"
    with store.reading():
        for station in ChargePoint.select():
            count = Connector.select().where(Connector.charge_point == station).count()
            sys.stdout.write(f"{station.identity} {count}\n")


if __name__ == "__main__":
    opened = Store(sys.argv[2])
    opened.start()
    {"write": write, "read": read}[sys.argv[1]](opened)
    opened.stop()
