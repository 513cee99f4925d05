"""GetLocalListVersion: which list of cards a station has (section 5.10)."""

from flask_babel import lazy_gettext as _l

from portal.operation import CARDS, Operation

operation = Operation(
    action="GetLocalListVersion",
    label=_l("Version of the local list"),
    icon="list-details",
    order=120,
    topic=CARDS,
    explanation=_l(
        "The station tells the version of the list of cards that it keeps: 0 where it is empty, -1 where it keeps none."
    ),
    verb=_l("Ask"),
)
