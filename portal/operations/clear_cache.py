"""ClearCache: forget which cards were accepted before (section 5.4)."""

from flask_babel import lazy_gettext as _l

from portal.operation import CARDS, Operation

operation = Operation(
    action="ClearCache",
    label=_l("Clear card cache"),
    icon="eraser",
    order=80,
    topic=CARDS,
    explanation=_l("The station forgets which cards it has seen accepted, and asks again for each."),
    meanings={
        "Accepted": _l("The station's cache is empty."),
        "Rejected": _l("The station did not clear it; it may have no cache."),
    },
    verb=_l("Clear"),
)
