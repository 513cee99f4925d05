"""Fills an empty database with the stations and cards of the load generator. argv: URL, number."""

from gevent import monkey

monkey.patch_all()

import sys

from ocpp_server.services.access import operators
from ocpp_server.services.card import id_tags
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store, Unit
from tests.bench.prepare_facts import EMAIL, PASSWORD
from tests.bench.scenarios import id_tag, identity

_STEP = 500


def prepare(url: str, number: int) -> None:
    store = Store(url)
    store.migrate()
    store.start()
    password_hash = operators.hash_password(PASSWORD)
    store.write(lambda unit: operators.add(unit, EMAIL, password_hash=password_hash, role="admin"))
    for first in range(0, number, _STEP):
        some = range(first, min(number, first + _STEP))
        store.write(lambda unit, some=some: _add(unit, some))
    store.stop()


def _add(unit: Unit, numbers: range) -> None:
    for number in numbers:
        charge_points.add(unit, identity(number))
        id_tags.add(unit, id_tag(number))


if __name__ == "__main__":
    prepare(sys.argv[1], int(sys.argv[2]))
