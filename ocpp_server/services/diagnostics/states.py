"""How a request for diagnostics goes on: from its state and what happened to its next state. Pure.

    asked -> promised -> uploading -> uploaded -> arrived
      |         |            |           |
      |      nothing (the station has no file), failed, silent, unsupported, not_sent, cancelled
      delivered: the station says that it sent the file to an address elsewhere

What arrives here is the proof, whatever the station says about it before or afterwards.
"""

from dataclasses import dataclass

ASKED, PROMISED, UPLOADING, UPLOADED = "asked", "promised", "uploading", "uploaded"
ARRIVED, DELIVERED, NOTHING = "arrived", "delivered", "nothing"
FAILED, SILENT, UNSUPPORTED, NOT_SENT, CANCELLED = "failed", "silent", "unsupported", "not_sent", "cancelled"
STATES = (
    *(ASKED, PROMISED, UPLOADING, UPLOADED, ARRIVED, DELIVERED, NOTHING),
    *(FAILED, SILENT, UNSUPPORTED, NOT_SENT, CANCELLED),
)
#: More is to come.
OPEN = (ASKED, PROMISED, UPLOADING, UPLOADED)

#: Reasons: the station could not send it, answered with an error, says that it sent it though nothing came, says
#: nothing, was away until the waiting time was over, or somebody took the request back.
UPLOAD_FAILED, REFUSED, NEVER_ARRIVED = "upload_failed", "refused", "never_arrived"
NO_ANSWER, OFFLINE, TAKEN_BACK = "no_answer", "offline", "taken_back"

_CANNOT = {"NotImplemented", "NotSupported"}


@dataclass(frozen=True)
class Step:
    """The next state, and why."""

    state: str
    reason: str = ""


def after_answer(state: str, file_name: str) -> Step | None:
    """Without a file name the station has nothing to send (section 5.9)."""
    if state != ASKED:
        return None
    return Step(PROMISED if file_name else NOTHING)


def after_word(state: str, word: str, *, comes_here: bool) -> Step | None:
    """What a DiagnosticsStatusNotification makes of it. `Idle` says nothing of the request (rule 98)."""
    if state in (ARRIVED, CANCELLED, NOT_SENT):
        return None
    if word == "Uploading":
        return Step(UPLOADING) if state != UPLOADING else None
    if word == "Uploaded":
        step = Step(UPLOADED if comes_here else DELIVERED)
        return step if step.state != state else None
    return Step(FAILED, UPLOAD_FAILED) if word == "UploadFailed" else None


def after_failure(state: str, end: str, code: str) -> Step | None:
    """What the failed command makes of it; a request without an answer may have been heard all the same."""
    if state != ASKED:
        return None
    if end == "error":
        return Step(UNSUPPORTED if code in _CANNOT else FAILED, REFUSED)
    return {"expired": Step(NOT_SENT, OFFLINE), "cancelled": Step(CANCELLED, TAKEN_BACK)}.get(end)


def after_silence(state: str) -> Step | None:
    """Nothing was heard for too long, or the link is over."""
    if state == UPLOADED:
        return Step(FAILED, NEVER_ARRIVED)
    return Step(SILENT, NO_ANSWER) if state in OPEN else None
