"""Where in the message log a time is.

The log has no index on the time, as that would cost at every message: ids rise with the time nearly always, so a time
is found by halving.
"""

from datetime import datetime, timedelta

from peewee import fn

from ocpp_server.models import Frame

#: So far the order of ids may differ from that of times.
SLACK = timedelta(minutes=1)


def first_id(moment: datetime) -> int:
    """The first message of all stations at or after a time, or the id that comes next. Needs a connection."""
    low, high = 0, (Frame.select(fn.MAX(Frame.id)).scalar() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        frame = Frame.select(Frame.id, Frame.at).where(Frame.id >= middle).order_by(Frame.id).first()
        if frame is None or frame.at >= moment:
            high = middle
        else:
            low = frame.id + 1
    return low
