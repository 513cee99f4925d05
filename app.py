"""Chargeyard's entry: composes database, portal, endpoint and scheduler into one process, and the command line."""

import sys

# Sockets and locks must be gevent's before anything imports them. The simulated stations run on asyncio instead.
if sys.argv[1:2] != ["simulate"]:
    from gevent import monkey

    monkey.patch_all()

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from ocpp_server.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from ocpp_server.server import Server
    from ocpp_server.store import Store, Unit

T = TypeVar("T")
ROOT = Path(__file__).parent


@click.group(help="A self-hosted OCPP 1.6 Central System with an operator portal.")
@click.pass_context
def main(context: click.Context) -> None:
    if context.invoked_subcommand == "simulate":
        return
    try:
        context.obj = Settings.from_environ()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Start the portal and the endpoint for charge points."""
    from ocpp_server.server import Server

    server = Server(settings, create_portal)
    _start(server)
    greet(settings, server.store)
    server.serve()


@main.command()
@click.pass_obj
def demo(settings: Settings) -> None:
    """Start with a simulated yard, in a data folder of its own."""
    from ocpp_server import demo_data
    from ocpp_server.server import Server

    if "CSMS_DATA_DIR" not in os.environ:
        settings = replace(settings, data_dir=Path("demo-data"))
    settings = replace(settings, demo=True)
    server = Server(settings, create_portal)
    _start(server)
    click.echo("Making two weeks of sessions ...")
    demo_data.fill(server.store)
    greet(settings, server.store)
    click.echo(f"  Log in as:      {demo_data.EMAIL}  with  {demo_data.PASSWORD}")
    url = f"ws://127.0.0.1:{server.port}/ocpp/"
    options = ["--url", url, "--stations", "8", "--prefix", demo_data.PREFIX, "--busy", "0.7"]
    options += ["--sample-interval", "5", "--quiet"]
    yard = subprocess.Popen([sys.executable, "-m", "ocpp_server.simulator", *options], cwd=ROOT)  # noqa: S603
    server.serve(farewell=lambda: _end(yard))


def _end(yard: "subprocess.Popen[bytes]") -> None:
    """Let the simulated stations stop their sessions while there is still somebody to tell."""
    yard.terminate()
    try:
        yard.wait(timeout=10)
    except subprocess.TimeoutExpired:
        yard.kill()


def _start(server: "Server") -> None:
    settings = server.settings
    server.heed_signals()
    try:
        server.start()
    except OSError as error:
        raise click.ClickException(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.") from error


def create_portal(settings: Settings, store: "Store") -> "Flask":
    """The Flask application of pages and API."""
    from flask import Flask

    from portal import init_portal

    app = Flask("portal", root_path=str(ROOT), template_folder="templates", static_folder="static")
    init_portal(app, settings, store)
    return app


def greet(settings: Settings, store: "Store") -> None:
    """Print where everything is, and on a first start the link that creates the first operator."""
    from ocpp_server.services.access import operators

    click.echo(f"Chargeyard is ready.\n  Portal:         {settings.portal_url}/")
    click.echo(f"  Charge points:  {settings.charge_point_url}<identity>")
    token = store.write(operators.new_setup_token)
    if token is not None:
        click.echo(f"  First operator: {settings.portal_url}/setup/{token}  (once, within 24 hours)")


@main.group()
def station() -> None:
    """Charge points."""


@station.command("add")
@click.argument("identity")
@click.option("--label", default="", help="What you call it.")
@click.option("--registration", type=click.Choice(["accepted", "pending", "rejected"]), default=None)
@click.option("--password", default=None, help="16 to 20 characters, or 32 to 40 hex digits.")
@click.pass_obj
def station_add(settings: Settings, identity: str, label: str, registration: str | None, password: str | None) -> None:
    """Register a charge point by the identity it uses."""
    from ocpp_server.services.station import charge_points

    registration = registration or settings.default_registration
    _write(
        settings,
        lambda unit: charge_points.add(unit, identity, label=label, registration=registration, password=password),
    )
    click.echo(f"Added. Point the charger at {settings.charge_point_url}{identity}")


@main.group()
def operator() -> None:
    """People who log in to the portal."""


@operator.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(["admin", "operator", "viewer"]), default="operator")
@click.option("--name", default="")
@click.pass_obj
def operator_add(settings: Settings, email: str, role: str, name: str) -> None:
    """Add a person; the password is read from standard input."""
    from ocpp_server.services.access import operators
    from ocpp_server.services.errors import Invalid

    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise click.ClickException("Give the password on standard input, on one line.")
    try:
        operators.check_password(password)
    except Invalid as error:
        raise click.ClickException(error.message) from error
    hashed = operators.hash_password(password)
    _write(settings, lambda unit: operators.add(unit, email, password_hash=hashed, role=role, name=name))
    click.echo(f"Added {email} as {role}.")


@main.group()
def token() -> None:
    """Tokens of the REST API."""


@token.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice(["admin", "operator", "viewer"]), default="viewer")
@click.pass_obj
def token_create(settings: Settings, name: str, role: str) -> None:
    """Make a token; it is printed once and cannot be read again."""
    from ocpp_server.services import audit
    from ocpp_server.services.access import api_tokens

    def work(unit: "Unit") -> str:
        added, text = api_tokens.add(unit, name, role, by=audit.COMMAND_LINE)
        target = api_tokens.title(added)
        audit.record(unit, who=audit.COMMAND_LINE, address="", action="token.add", target=target, detail=f"role={role}")
        return text

    click.echo(_write(settings, work))


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def simulate(arguments: tuple[str, ...]) -> None:
    """Run simulated charge points; `simulate --help` lists the options."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "ocpp_server.simulator", *arguments])  # noqa: S606


def _write(settings: Settings, work: "Callable[[Unit], T]") -> T:
    """Run one unit of work on the database of these settings, beside a server that may be running."""
    from ocpp_server.services.errors import Invalid
    from ocpp_server.store import Store

    store = Store(settings.database)
    store.migrate()
    store.start()
    try:
        return store.write(work)
    except Invalid as error:
        raise click.ClickException(error.message) from error
    finally:
        store.stop()


if __name__ == "__main__":
    main()
