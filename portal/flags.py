"""What was odd about a session and tolerated, in the operator's words."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l


@dataclass(frozen=True)
class Flag:
    """A word of `Transaction.flags`, a name short enough for a badge, and a sentence."""

    word: str
    name: str
    meaning: str


_FLAGS = (
    Flag(
        "unknown_connector",
        _l("Unknown connector"),
        _l("The station named a connector that cannot exist: connectors are numbered from 1."),
    ),
    Flag(
        "meter_decreased",
        _l("Meter went down"),
        _l("The meter showed less at the end than at the start, so their difference was not used."),
    ),
    Flag(
        "clock_unset",
        _l("Clock not set"),
        _l("The station's clock was not set, or ran ahead. The times are those at which its messages arrived."),
    ),
    Flag(
        "stopped_before_start",
        _l("Stopped before start"),
        _l("By the station's own clock the session ended before it began. Its last reading counts as the end."),
    ),
    Flag(
        "closed_by_next_start",
        _l("End not reported"),
        _l("The station never reported the end. The session was closed when the next one began on the connector."),
    ),
    Flag(
        "closed_by_operator",
        _l("Ended by hand"),
        _l("The station never reported the end, so an operator ended it. If the station still does, that counts."),
    ),
    Flag(
        "implausible_energy",
        _l("Implausible energy"),
        _l("The meter reported more energy than a connector can deliver in that time."),
    ),
    Flag(
        "session_relative_register",
        _l("Relative meter"),
        _l("The meter values count from zero in each session, unlike the readings at start and stop."),
    ),
    Flag(
        "meter_reset",
        _l("Meter was reset"),
        _l("The meter started again during the session. The energy is the sum of what was counted before and after."),
    ),
    Flag(
        "estimated",
        _l("Estimated"),
        _l("The energy is an estimate, because the station's own figures were missing or could not be right."),
    ),
)
_BY_WORD = {flag.word: flag for flag in _FLAGS}


def explain(words: str) -> list[Flag]:
    """The flags of a session. A word that is not known here stands for itself."""
    return [_BY_WORD.get(word) or Flag(word, word, "") for word in words.split()]
