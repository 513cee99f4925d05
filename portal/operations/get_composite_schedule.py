"""GetCompositeSchedule: what the station makes of its profiles (section 5.7)."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ocpp_server.charging.units import UNITS
from portal.composites import reading_of
from portal.operation import CHARGING, CHOICE, NUMBER, Choice, Field, Operation
from portal.operation_choices import connectors_and_station

operation = Operation(
    action="GetCompositeSchedule",
    label=_l("Ask for the composite schedule"),
    icon="chart-line",
    order=86,
    topic=CHARGING,
    explanation=_l(
        "The station reports the limits that its profiles add up to from now on. They are shown beside our own"
        " calculation, and where the two differ."
    ),
    fields=(
        Field(
            "connectorId",
            _l("Connector"),
            NUMBER,
            required=True,
            default="1",
            choices=connectors_and_station,
            hint=_l("Connector 0 is what the whole station expects to take from the grid."),
        ),
        Field(
            "duration",
            _l("For how long, in seconds"),
            NUMBER,
            required=True,
            default="86400",
            choices=lambda target: [Choice("86400", _("1 day")), Choice("604800", _("1 week"))],
            suggests=True,
        ),
        Field(
            "chargingRateUnit",
            _l("Unit"),
            CHOICE,
            choices=lambda target: [Choice("", _("As the station likes")), *(Choice(unit, unit) for unit in UNITS)],
        ),
    ),
    meanings={
        "Accepted": _l("The station reported its schedule."),
        "Rejected": _l("The station cannot report a schedule for this connector."),
    },
    verb=_l("Ask"),
    result=reading_of,
    result_template="charging/reading.html",
)
