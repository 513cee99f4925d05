"""Many id tags at once: all of them, or none."""

from typing import Any

from ocpp_server.services.card import id_tag_import
from ocpp_server.services.card.id_tag_import import MAX_LINES, Line
from portal import card_files
from portal.api.operation import operation
from portal.api.problems import invalid
from portal.api.reading import moments
from portal.api.resources.id_tags import FIELDS, TAG
from portal.api.schema import BOOLEAN, INTEGER, body, record

_ID_TAG = body(["id_tag"], **FIELDS)
_COUNTS = record(new=INTEGER, changed=INTEGER, unchanged=INTEGER)


@operation(
    "POST",
    "/id-tag-imports",
    "Add or change many id tags, or none where one has a problem",
    tag=TAG,
    body=body(
        ["id_tags"],
        id_tags={"type": "array", "items": _ID_TAG, "minItems": 1, "maxItems": MAX_LINES},
        dry_run={**BOOLEAN, "default": False, "description": "With true nothing is changed."},
    ),
    answer=_COUNTS,
)
def create(body: dict[str, Any]) -> dict[str, Any]:
    lines = [Line(number, moments(fields, "expiry_date")) for number, fields in enumerate(body["id_tags"])]
    done = id_tag_import.plan(lines)
    problems = [(f"id_tags.{line.number}.{line.problem.field}", line.problem.message) for line in done if line.problem]
    if not problems and not body.get("dry_run"):
        done = card_files.take_over(lines)
        problems = [(f"id_tags.{line.number}", line.problem.message) for line in done if line.problem]
    if problems:
        raise invalid(problems)
    counted = [line.change for line in done]
    return {change: counted.count(change) for change in _COUNTS["properties"]}
