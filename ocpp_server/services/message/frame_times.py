"""Where in the message log, or in another record, a time is.

The log has no index on the time, as that would cost at every message: ids rise with the time nearly always, so a time
is found by halving.
"""

from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from ocpp_server.models import Frame

#: So far the order of ids may differ from that of times.
SLACK = timedelta(minutes=1)


def first_id(moment: datetime, record: Any = Frame) -> int:
    """The first row of a table with a time `at`, of all stations, at or after a time, or the id that comes next. Needs
    a connection."""
    low, high = 0, (record.select(fn.MAX(record.id)).scalar() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = record.select(record.id, record.at).where(record.id >= middle).order_by(record.id).first()
        if row is None or row.at >= moment:
            high = middle
        else:
            low = row.id + 1
    return low
