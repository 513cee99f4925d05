"""The REST API under `/api/v1`: for programs, through the same services as the pages.

A module in `resources/` declares its operations with `@operation`; each declaration is at once the route, the gate,
the check of what comes in, and the entry in the OpenAPI document. Log-in is by bearer token only: a browser's session
opens nothing here, which is why no check against foreign pages is needed.
"""

from flask import Flask

from ocpp_server.discovery import import_all
from portal.api import gate, resources, routing


def init(app: Flask) -> None:
    """Make the application serve the API."""
    import_all(resources)
    gate.init(app)
    routing.init(app)
