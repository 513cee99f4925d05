"""Everything that is only true for a browser: pages, forms, log-ins, fragments, the live stream.

How pages are built is told in `portal/htmx.py`, who may do what in `portal/auth.py`.
"""

from types import ModuleType

from flask import Flask
from jinja2 import StrictUndefined

from ocpp_server.discovery import import_all
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from portal import (
    api,
    auth,
    context,
    converters,
    errors,
    formats,
    htmx,
    lists,
    live,
    locale,
    metrics,
    navigation,
    secret,
    security,
    states,
    static_files,
    views,
)


def init_portal(app: Flask, settings: Settings, store: Store) -> None:
    """Make the application serve the portal."""
    converters.init(app)
    secret.init(app, settings)
    security.init(app)
    context.init(app, settings, store)
    auth.init(app)
    locale.init(app)
    errors.init(app)
    live.init(app)
    api.init(app)
    metrics.init(app)
    modules = import_all(views)
    for module in modules:
        app.register_blueprint(module.bp)
    _prepare_templates(app, settings, modules)


def _prepare_templates(app: Flask, settings: Settings, modules: list[ModuleType]) -> None:
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters.update(formats.FILTERS)
    environment.globals.update(
        address_with=lists.address_with,
        asset=static_files.asset,
        connector_look=states.connector_look,
        current_tab=navigation.current_tab,
        error_words=states.error_words,
        filters=htmx.filters,
        live=htmx.live,
        live_topics=htmx.live_topics,
        menu=navigation.entries(modules),
        settings=settings,
        station_tabs=navigation.station_tabs(modules),
        theme=locale.theme,
    )
    # A macro imported at the top of a page is not seen by a block that is rendered alone; a global is.
    environment.globals["ui"] = environment.get_template("macros/ui.html").module
