"""DataTransfer: a vendor's own message (section 5.6)."""

from flask_babel import lazy_gettext as _l

from portal.operation import Field, Operation

operation = Operation(
    action="DataTransfer",
    label=_l("Data transfer"),
    icon="arrows-left-right",
    order=100,
    explanation=_l("Sends a message that only the station's maker defines."),
    fields=(
        Field("vendorId", _l("Vendor"), required=True, hint=_l("As the maker's manual says, like com.example.")),
        Field("messageId", _l("Message")),
        Field("data", _l("Data"), hint=_l("A text; JSON goes as text too.")),
    ),
    meanings={
        "Accepted": _l("The station has taken the message."),
        "Rejected": _l("The station knows the message and refuses it."),
        "UnknownMessageId": _l("The station knows the vendor, but not this message."),
        "UnknownVendorId": _l("The station knows no such vendor."),
    },
    verb=_l("Send"),
)
