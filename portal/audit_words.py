"""What the record says was done, in an operator's words."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import operation

ACTIONS = {
    "access.log-in": _l("Logged in"),
    "access.log-out": _l("Logged out"),
    "access.set-up": _l("Created the first admin"),
    "calendar.add": _l("Made a calendar link"),
    "calendar.renew": _l("Renewed a calendar link"),
    "calendar.revoke": _l("Revoked a calendar link"),
    "card.accept": _l("Unblocked a card"),
    "card.add": _l("Added a card"),
    "card.block": _l("Blocked a card"),
    "card.change": _l("Changed a card"),
    "card.delete": _l("Deleted a card"),
    "card.import": _l("Imported cards"),
    "charging.apply": _l("Applied a schedule"),
    "charging.forget": _l("Forgot what a station takes"),
    "charging.template.add": _l("Drew a schedule"),
    "charging.template.change": _l("Changed a schedule"),
    "charging.template.delete": _l("Deleted a schedule"),
    "command.cancel": _l("Took a request back"),
    "configuration.template.add": _l("Added a configuration template"),
    "configuration.template.change": _l("Changed a configuration template"),
    "configuration.template.delete": _l("Deleted a configuration template"),
    "diagnostics.ask": _l("Asked for a log"),
    "diagnostics.bundle": _l("Downloaded a support bundle"),
    "firmware.add": _l("Uploaded firmware"),
    "firmware.cancel": _l("Cancelled a firmware job"),
    "firmware.change": _l("Changed a firmware image"),
    "firmware.delete": _l("Deleted firmware or a job"),
    "firmware.file.delete": _l("Deleted a file of a station"),
    "firmware.file.refused": _l("A file was refused"),
    "firmware.pause": _l("Paused a firmware job"),
    "firmware.plan": _l("Began a firmware job"),
    "firmware.resume": _l("Resumed a firmware job"),
    "firmware.retry": _l("Asked stations of a firmware job again"),
    "inbox.dismiss": _l("Dismissed an entry of the inbox"),
    "local_list.keep": _l("Chose the cards that a station keeps"),
    "local_list.sync": _l("Brought a local list in step"),
    "operator.add": _l("Added an operator"),
    "operator.disable": _l("Disabled an operator"),
    "operator.enable": _l("Enabled an operator"),
    "operator.name": _l("Renamed an operator"),
    "operator.password": _l("Set an operator's password"),
    "operator.role": _l("Changed an operator's role"),
    "profile.name": _l("Changed their own name"),
    "profile.password": _l("Changed their own password"),
    "reservation.add": _l("Reserved a connector"),
    "reservation.cancel": _l("Cancelled a reservation"),
    "reservation.change": _l("Changed a reservation"),
    "session.end": _l("Ended a session by hand"),
    "session.reopen": _l("Took the end of a session back"),
    "session.reopen-message": _l("Reopened a message without a session"),
    "session.resolve-message": _l("Resolved a message without a session"),
    "site.add": _l("Added a site"),
    "site.change": _l("Changed a site"),
    "site.delete": _l("Deleted a site"),
    "station.add": _l("Added a station"),
    "station.change": _l("Changed a station"),
    "station.delete": _l("Deleted a station"),
    "station.disconnect": _l("Dropped a station's connection"),
    "station.password": _l("Set or removed a station's password"),
    "token.add": _l("Made an API token"),
    "token.revoke": _l("Revoked an API token"),
}


def done(action: str) -> str:
    """`card.block` as `Blocked a card`; a request to a station by the name of its action."""
    topic, _dot, name = action.partition(".")
    if topic == "command" and action not in ACTIONS:
        known = operation.find(name)
        return _("Asked: %(action)s", action=known.label if known else name)
    return str(ACTIONS.get(action, action))
