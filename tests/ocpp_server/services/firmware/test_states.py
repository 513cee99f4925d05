"""How an update goes on, word by word."""

import pytest

from ocpp_server.services.firmware import states
from ocpp_server.services.firmware.states import Step, after_boot, after_failure, after_silence, after_word


def follow(*words: str, state: str = states.ASKED) -> str:
    for word in words:
        step = after_word(state, word)
        state = step.state if step else state
    return state


def test_the_words_of_a_whole_update_lead_to_installed() -> None:
    assert follow("Downloading", "Downloaded", "Installing", "Installed") == states.INSTALLED


def test_a_station_that_leaves_words_out_is_believed() -> None:
    assert follow("Installed") == states.INSTALLED
    assert follow("Downloading", "Installing", "Installed") == states.INSTALLED


@pytest.mark.parametrize(
    ("word", "reason"),
    [("DownloadFailed", states.DOWNLOAD_FAILED), ("InstallationFailed", states.INSTALLATION_FAILED)],
)
def test_a_failure_has_its_reason(word: str, reason: str) -> None:
    assert after_word(states.DOWNLOADING, word) == Step(states.FAILED, reason)


def test_a_late_word_revives_what_failed_or_fell_silent() -> None:
    assert follow("DownloadFailed", "Downloading", "Downloaded") == states.DOWNLOADED
    assert follow("Downloading", state=states.SILENT) == states.DOWNLOADING


@pytest.mark.parametrize("state", states.STATES)
@pytest.mark.parametrize("word", ["Idle", "SomethingElse"])
def test_idle_and_unknown_words_say_nothing(state: str, word: str) -> None:
    assert after_word(state, word) is None


@pytest.mark.parametrize("state", states.NOT_ASKED)
def test_a_station_that_was_not_asked_speaks_of_something_else(state: str) -> None:
    assert after_word(state, "Downloading") is None
    assert after_boot(state, "2.0", "2.0", "1.0") is None


def test_a_repeated_word_changes_nothing() -> None:
    assert after_word(states.DOWNLOADING, "Downloading") is None


@pytest.mark.parametrize("state", [*states.UNDER_WAY, states.UNPROVEN, *states.BAD])
def test_a_boot_with_the_expected_version_is_the_proof_wherever_it_was(state: str) -> None:
    assert after_boot(state, "2.0", "2.0", "1.0") == Step(states.CONFIRMED)


def test_without_an_expected_version_a_changed_one_is_the_proof() -> None:
    assert after_boot(states.INSTALLED, "2.0", "", "1.0") == Step(states.CONFIRMED)
    assert after_boot(states.DOWNLOADED, "1.0", "", "1.0") is None
    assert after_boot(states.INSTALLED, "1.0", "", "1.0") == Step(states.FAILED, states.OLD_VERSION)


def test_where_no_version_is_known_a_boot_proves_nothing() -> None:
    assert after_boot(states.DOWNLOADING, "2.0", "", "") is None
    assert after_boot(states.INSTALLED, "2.0", "", "") == Step(states.UNPROVEN, states.NOTHING_TO_COMPARE)


def test_after_installed_the_old_version_is_a_failure() -> None:
    assert after_boot(states.INSTALLED, "1.0", "2.0", "1.0") == Step(states.FAILED, states.WRONG_VERSION)


@pytest.mark.parametrize("state", [states.ASKED, states.DOWNLOADING, states.DOWNLOADED, states.INSTALLING])
def test_a_boot_on_the_way_proves_nothing(state: str) -> None:
    assert after_boot(state, "1.0", "2.0", "1.0") is None
    assert after_boot(state, "", "2.0", "1.0") is None


def test_installed_after_the_proof_changes_nothing_but_a_failed_installation_does() -> None:
    assert after_word(states.CONFIRMED, "Installed") is None
    assert after_word(states.CONFIRMED, "InstallationFailed") == Step(states.FAILED, states.INSTALLATION_FAILED)


@pytest.mark.parametrize(
    ("end", "code", "step"),
    [
        ("error", "NotImplemented", Step(states.UNSUPPORTED, states.REFUSED)),
        ("error", "NotSupported", Step(states.UNSUPPORTED, states.REFUSED)),
        ("error", "InternalError", Step(states.FAILED, states.REFUSED)),
        ("cancelled", "", Step(states.CANCELLED, states.TAKEN_BACK)),
        ("expired", "offline", Step(states.WAITING)),
        ("timeout", "", None),
        ("lost", "", None),
    ],
)
def test_a_request_without_answer_ends_as_it_must(end: str, code: str, step: Step | None) -> None:
    assert after_failure(states.ASKED, end, code, 0) == step


def test_a_station_that_is_never_there_is_given_up() -> None:
    assert after_failure(states.ASKED, "expired", "offline", states.MAX_DEFERRALS - 1) == Step(
        states.FAILED, states.NEVER_ASKED
    )


def test_a_word_may_overtake_the_answer() -> None:
    assert after_failure(states.DOWNLOADING, "error", "InternalError", 0) is None


def test_silence_ends_what_is_under_way_and_nothing_else() -> None:
    assert after_silence(states.DOWNLOADING, is_connected=True) == Step(states.SILENT, states.NO_ANSWER)
    assert [state for state in states.STATES if after_silence(state, is_connected=True)] == [
        state for state in states.STATES if state in states.UNDER_WAY
    ]


def test_what_is_installed_without_a_boot_is_believed_of_those_alone_that_are_there() -> None:
    assert after_silence(states.INSTALLED, is_connected=True) == Step(states.UNPROVEN)
    assert after_silence(states.INSTALLED, is_connected=False) == Step(states.SILENT, states.NOT_BACK)
