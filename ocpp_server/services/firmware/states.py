"""How a station's firmware update goes on: from its state and what happened to its next state. Pure.

    waiting -> asked -> downloading -> downloaded -> installing -> installed -> confirmed
       |         |           |                           |             |
    waiting_for_session   failed, silent, unsupported from anywhere    unproven

The station's own words lead, in whatever order they come: stations repeat downloads, leave words out, and send
`Installed` before or after the boot (errata 3.47). Proof is the firmwareVersion of a boot. What has failed or fallen
silent may still come right: a late word counts.
"""

from dataclasses import dataclass

WAITING, WAITING_FOR_SESSION, ASKED = "waiting", "waiting_for_session", "asked"
DOWNLOADING, DOWNLOADED, INSTALLING, INSTALLED = "downloading", "downloaded", "installing", "installed"
CONFIRMED, UNPROVEN, SKIPPED = "confirmed", "unproven", "skipped"
FAILED, SILENT, UNSUPPORTED, CANCELLED = "failed", "silent", "unsupported", "cancelled"

#: Every state, in the order in which pages show them.
STATES = (
    *(CONFIRMED, UNPROVEN, SKIPPED, INSTALLED, INSTALLING, DOWNLOADED, DOWNLOADING, ASKED),
    *(WAITING_FOR_SESSION, WAITING, FAILED, SILENT, UNSUPPORTED, CANCELLED),
)
#: Not asked yet · asked, and more is to come · all is well · it is not · what a retry is for. Between well and not is
#: UNPROVEN, which holds up no wave.
NOT_ASKED = (WAITING, WAITING_FOR_SESSION)
#: Asked, and nothing is installed yet: a boot tells the version before.
NOT_YET_INSTALLED = (ASKED, DOWNLOADING, DOWNLOADED)
UNDER_WAY = (ASKED, DOWNLOADING, DOWNLOADED, INSTALLING, INSTALLED)
GOOD = (CONFIRMED, SKIPPED)
BAD = (FAILED, SILENT, UNSUPPORTED)
WORTH_ANOTHER_TRY = (*BAD, CANCELLED)

#: Reasons: the station could not load it, could not install it, booted with another version than the expected one,
#: booted with the version that it had before, booted with one that cannot be compared with any, answered with an error,
#: said nothing, said that it is installed and never came back, was never there to be asked, has another update to
#: finish first, was asked for another one meanwhile, runs the version already; an operator took it back, or closed the
#: image to it; the station was deleted.
DOWNLOAD_FAILED, INSTALLATION_FAILED, WRONG_VERSION = "download_failed", "installation_failed", "wrong_version"
OLD_VERSION, NOTHING_TO_COMPARE, REFUSED = "old_version", "nothing_to_compare", "refused"
NO_ANSWER, NOT_BACK = "no_answer", "not_back"
NEVER_ASKED, BUSY, REPLACED = "never_asked", "busy", "replaced"
UP_TO_DATE, TAKEN_BACK, CLOSED, DELETED = "up_to_date", "taken_back", "closed", "deleted"

_WORDS = {
    "Downloading": (DOWNLOADING, ""),
    "Downloaded": (DOWNLOADED, ""),
    "DownloadFailed": (FAILED, DOWNLOAD_FAILED),
    "Installing": (INSTALLING, ""),
    "InstallationFailed": (FAILED, INSTALLATION_FAILED),
    "Installed": (INSTALLED, ""),
}
#: The codes of a CALLERROR that say that the station cannot do this at all; libraries swap the two (rule 14).
_CANNOT = {"NotImplemented", "NotSupported"}
#: So often a request may fail to reach its station before it is given up.
MAX_DEFERRALS = 10


@dataclass(frozen=True)
class Step:
    """The next state, and why."""

    state: str
    reason: str = ""


def after_word(state: str, word: str) -> Step | None:
    """What a FirmwareStatusNotification makes of it; None where nothing. `Idle` says nothing of the job (rule 98)."""
    if word not in _WORDS or state in NOT_ASKED:
        return None
    step = Step(*_WORDS[word])
    if state == CONFIRMED and step.reason != INSTALLATION_FAILED:
        # The boot has proven it already: the words that were still under way change nothing.
        return None
    return step if step.state != state or step.reason else None


def after_installed(booted: str, expected: str, before: str) -> Step:
    """What `Installed` makes of it. It may come after the boot (errata 3.47), which has disproven it where the version
    was neither the expected one nor the one before."""
    is_another = expected and before and booted not in ("", expected, before)
    return Step(FAILED, WRONG_VERSION) if is_another else Step(INSTALLED)


def after_boot(state: str, version: str, expected: str, before: str) -> Step | None:
    """What the firmwareVersion of a boot says; without an expected version, any other than before is the proof. Where
    neither is known, nothing is proven; the station has come back, and that is all.

    A boot with another version is only a disappointment after `Installed`: on the way there stations also boot for
    other reasons.
    """
    if state in NOT_ASKED or not version:
        return None
    if not expected and not before:
        return Step(UNPROVEN, NOTHING_TO_COMPARE) if state == INSTALLED else None
    wanted = version == expected if expected else version != before
    if wanted:
        return Step(CONFIRMED) if state != CONFIRMED else None
    disappoints = state in (INSTALLED, UNPROVEN, CONFIRMED)
    return Step(FAILED, WRONG_VERSION if expected else OLD_VERSION) if disappoints else None


def after_failure(state: str, end: str, code: str, deferrals: int) -> Step | None:
    """What the failed command makes of it. `end` and `code` as services/failures.py tells them.

    A request that was sent without an answer may have been heard: its state stays, and silence ends it later. An
    answer proves nothing either, as it has no status (rule 95).
    """
    if state != ASKED:
        return None
    if end == "error":
        return Step(UNSUPPORTED if code in _CANNOT else FAILED, REFUSED)
    if end == "cancelled":
        return Step(CANCELLED, TAKEN_BACK)
    if end == "expired":
        return Step(FAILED, NEVER_ASKED) if deferrals + 1 >= MAX_DEFERRALS else Step(WAITING)
    return None


def after_silence(state: str, *, is_connected: bool) -> Step | None:
    """Nothing was heard for as long as the job has patience.

    What a station says to have installed and runs, without a boot that would prove it, may be believed. One that has
    not come back may never do so.
    """
    if state == INSTALLED:
        return Step(UNPROVEN) if is_connected else Step(SILENT, NOT_BACK)
    return Step(SILENT, NO_ANSWER) if state in UNDER_WAY else None
