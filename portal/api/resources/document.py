"""The description of the API, for programs."""

from typing import Any

from portal.api import openapi
from portal.api.operation import operation
from portal.api.schema import OBJECT


@operation("GET", "/openapi.json", "Describe the API", tag="Description", role=None, answer=OBJECT)
def show() -> dict[str, Any]:
    return openapi.document()
