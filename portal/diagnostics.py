"""How requests for diagnostics stand, in words: colour, icon and word, and what to do about it."""

from flask_babel import gettext as _

from ocpp_server.models import DiagnosticsRequest
from ocpp_server.services.diagnostics import states
from ocpp_server.services.file import file_addresses
from ocpp_server.settings import Settings
from ocpp_server.unpacking import budget
from portal.firmware import Look


def look(state: str) -> Look:
    """How a request looks."""
    known = {
        states.ASKED: Look("primary", "send", _("Asked")),
        states.PROMISED: Look("primary", "hourglass", _("File announced")),
        states.UPLOADING: Look("primary", "upload", _("On its way")),
        states.UPLOADED: Look("blue", "hourglass", _("Sent, not here yet")),
        states.ARRIVED: Look("green", "circle-check", _("Here")),
        states.DELIVERED: Look("green", "check", _("Sent elsewhere")),
        states.NOTHING: Look("secondary", "circle-off", _("Nothing to upload")),
        states.FAILED: Look("red", "circle-x", _("Failed")),
        states.SILENT: Look("yellow", "ear-off", _("Silent")),
        states.UNSUPPORTED: Look("red", "ban", _("Cannot do it")),
        states.NOT_SENT: Look("secondary", "clock-x", _("Not asked")),
        states.CANCELLED: Look("secondary", "x", _("Taken back")),
    }
    return known.get(state) or Look("secondary", "circle-dashed", state)


def explain(request: DiagnosticsRequest) -> str:
    """Why it stands where it does, and what to do about it."""
    words = _reason(request) if request.reason else _state(request)
    is_told = request.reason == states.REFUSED or request.state in (states.ARRIVED, states.DELIVERED)
    return f"{words} {request.detail}".strip() if request.detail and not is_told else words


def obstacle(settings: Settings, charge_point_id: int) -> str:
    """Why a station that is asked for its log will hardly get it here; nothing where it may. Needs a connection."""
    spoken, offered = file_addresses.supported(charge_point_id), file_addresses.offered_to(settings, charge_point_id)
    if not spoken or set(spoken) & set(offered):
        return ""
    if file_addresses.FTP in spoken:
        return _("It says that it sends files only by FTP, which is switched off here. Set CSMS_FTP_PORT first.")
    return _(
        "It says that it sends files only by %(spoken)s; here they come by %(offered)s.",
        spoken=", ".join(spoken),
        offered=", ".join(offered),
    )


def _state(request: DiagnosticsRequest) -> str:
    sentences = {
        states.ASKED: _("The station has not answered yet."),
        states.PROMISED: _("The station will send %(name)s.", name=request.file_name),
        states.UPLOADING: _("The station is sending its file."),
        states.UPLOADED: _("The station says that it sent the file; it should be here in a moment."),
        states.DELIVERED: _("The station says that it sent the file to %(location)s.", location=request.location),
        states.NOTHING: _("The station has no log for this time. Ask for a longer one, or for everything."),
    }
    return sentences.get(request.state, "")


def _reason(request: DiagnosticsRequest) -> str:
    sentences = {
        states.UPLOAD_FAILED: _(
            "The station could not send its file. Check that it reaches this server, then ask again."
        ),
        states.REFUSED: _("The station answered with an error: %(said)s", said=request.detail),
        states.NEVER_ARRIVED: _("The station says that it sent the file, but it never came. Ask again."),
        states.NO_ANSWER: _("Nothing was heard of it for half an hour. A file that still comes is kept."),
        states.OFFLINE: _("The station was offline and was not asked. Ask again once it is back."),
        states.TAKEN_BACK: _("The request was taken back before it was sent."),
    }
    return sentences.get(request.reason, request.reason)


def refusal(reason: str) -> str:
    """Why a file, or a member of one, is not opened."""
    words = {
        budget.TOO_LARGE: _("It unpacks to far more than a log file would. It is not opened here."),
        budget.TOO_MANY: _("It holds more files than can be listed here."),
        budget.DAMAGED: _("It is damaged, or it was cut off on its way."),
        budget.NO_FILE: _("It is a link or a device, not a file."),
        budget.UNSAFE_NAME: _("Its name leads to another folder, which no log file's does. It is not opened here."),
        budget.LOCKED: _("It is locked with a password."),
        budget.UNKNOWN_METHOD: _("It is packed in a way that is not known here."),
        budget.TOO_LONG: _("It takes too long to read here. Download it to look into it."),
        budget.TOO_DEEP: _("It is packed too many times. Download the file to look into it."),
    }
    return words[reason]
