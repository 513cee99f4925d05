"""GetConfiguration: read what a station is set to (section 5.8)."""

from flask_babel import lazy_gettext as _l

from portal.operation import CONFIGURATION, LINES, Field, Operation

operation = Operation(
    action="GetConfiguration",
    label=_l("Read configuration"),
    icon="adjustments-horizontal",
    order=60,
    topic=CONFIGURATION,
    explanation=_l("The station tells its settings. They appear on its configuration page."),
    fields=(
        Field(
            "key",
            _l("Keys"),
            LINES,
            hint=_l(
                "One on a line. Empty asks for everything at once; some stations only answer when keys are named. More"
                " names than the station takes at a time are asked for one part after the other."
            ),
        ),
    ),
    verb=_l("Read"),
)
