"""A file that a person or a program fetches: in pieces, and from where a download broke off."""

from flask import request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response

from ocpp_server.files import downloads
from ocpp_server.models import FirmwareImage, ReceivedFile
from ocpp_server.services.file import file_limits
from portal.api.problems import Problem
from portal.context import settings


def send(file: FirmwareImage | ReceivedFile) -> Response | None:
    """The file as an answer to the request at hand; None where it is gone from the disk."""
    path = file_limits.shelf(settings()).path(file.stored_as)
    at = file.uploaded_at if isinstance(file, FirmwareImage) else file.received_at
    try:
        return downloads.response(request, path, file_name=file.file_name, size=file.size, sha256=file.sha256, at=at)
    except FileNotFoundError:
        return None
    except RequestedRangeNotSatisfiable:
        return Problem(416, f"The file has {file.size} bytes.").response()
