"""A schedule as pages draw and apply it."""

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from ocpp_server.models import ChargingProfileTemplate

NIGHT = [
    ("name", "Night"),
    ("purpose", "TxDefaultProfile"),
    ("repeat", "Daily"),
    ("unit", "A"),
    ("zone", "Europe/Berlin"),
]


def form(*steps: tuple[str, str], **more: str) -> MultiDict[str, str]:
    """What the editor sends; steps are (time, limit), or (weekday, time, limit)."""
    found = MultiDict({**dict(NIGHT), "stack_level": "1", **more})
    for step in steps:
        day, at, limit = step if len(step) == 3 else ("0", *step)
        found.add("step_day", day)
        found.add("step_at", at)
        found.add("step_limit", limit)
    return found


def apply(client: FlaskClient, night: ChargingProfileTemplate, *spots: str) -> str:
    """The address of the page that follows it."""
    answer = client.post(f"/charging/templates/{night.id}/apply", data={"spot": list(spots)})
    assert answer.status_code == 303
    return answer.location
