"""What services refuse, in the viewer's language."""

from flask_babel import gettext

from ocpp_server.services.errors import Invalid


def said(error: Invalid) -> str:
    """Why it was refused."""
    return gettext(error.template, **error.parameters)


def at_field(error: Invalid) -> dict[str, str]:
    """The same as forms take it: by the field that it is about."""
    return {error.field: said(error)}
