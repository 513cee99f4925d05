"""The house rules that a reviewer should not have to check: who imports whom, and how large things may grow."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract

from tests.api_twins import TWINS, WITHOUT_TWIN

ROOT = Path(__file__).parent.parent
SERVER = sorted((ROOT / "ocpp_server").rglob("*.py"))
SOURCES = [ROOT / "app.py", *SERVER, *sorted((ROOT / "portal").rglob("*.py"))]
#: Only these know that greenlets exist.
GEVENT = {
    "databases.py",
    "events.py",
    "files/ftp.py",
    "files/native.py",
    "leftovers.py",
    "liveness.py",
    "outbox.py",
    "scheduler.py",
    "server.py",
    "session.py",
    "sessions.py",
    "store.py",
    "threads.py",
    "websocket.py",
}
#: From the wire to the tables each room knows those below it only; handlers register with dispatch.
FORBIDDEN = {
    "session": ("endpoint", "server"),
    "dispatch": ("endpoint", "server", "session", "outbox"),
    "handlers": ("endpoint", "server", "session", "outbox", "websocket"),
    "services": ("endpoint", "files", "server", "session", "outbox", "websocket", "dispatch", "handlers", "scheduler"),
    "models": ("endpoint", "server", "session", "outbox", "websocket", "dispatch", "handlers", "services", "store"),
}
MAX_FUNCTION, MAX_FILE = 60, 400


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports at run time, by its full name."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(*modules: str, among: list[Path]) -> set[str]:
    """The files that import one of these modules or anything in them."""
    wanted = tuple(f"{module}." for module in modules)
    return {name(path) for path in among if any(f"{found}.".startswith(wanted) for found in imports(path))}


def room(layer: str) -> list[Path]:
    inside = ROOT / "ocpp_server" / layer
    return [path for path in SERVER if path == inside.with_suffix(".py") or inside in path.parents]


def test_the_server_does_not_know_the_portal():
    assert importers("portal", "app", among=SERVER) == set()


def test_only_the_endpoint_knows_flask():
    found = importers("flask", "flask_sock", "flask_login", "flask_babel", "jinja2", among=SERVER)
    assert found == {"ocpp_server/endpoint.py"}


def test_only_named_files_know_gevent():
    assert importers("gevent", among=SERVER) <= {f"ocpp_server/{file}" for file in GEVENT}


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_a_room_does_not_import_what_lies_above_it(layer):
    above = [f"ocpp_server.{module}" for module in FORBIDDEN[layer]]
    assert room(layer)
    assert importers(*above, among=room(layer)) == set()


def test_the_frames_of_the_ocpp_package_are_not_used():
    assert importers("ocpp.messages", "ocpp.charge_point", "ocpp.routing", among=room_of_the_process()) == set()


def room_of_the_process() -> list[Path]:
    """Everything but the simulated stations, which are a process of their own."""
    return [path for path in SOURCES if "simulator" not in path.parts]


def test_the_ftp_server_knows_neither_greenlets_nor_the_database():
    others = ("gevent", "peewee", "flask", "ocpp_server.store", "ocpp_server.models", "ocpp_server.services")
    assert importers(*others, among=room("ftp")) == set()


def test_the_simulated_stations_know_neither_greenlets_nor_the_database():
    others = ("gevent", "peewee", "flask", "ocpp_server.store", "ocpp_server.models", "ocpp_server.services")
    assert importers(*others, among=room("simulator")) == set()


def refusals(path: Path) -> Iterator[ast.Call]:
    """Every `Invalid(...)` that a file makes."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Invalid":
            yield node


def test_what_is_refused_is_said_in_words_that_can_be_translated():
    for path in SOURCES:
        keywords = {"_": None, "gettext": None, "Invalid": (2,)}
        with path.open("rb") as file:
            found = {text for _line, text, _comments, _context in extract("python", file, keywords)}
        for call in refusals(path):
            words = call.args[1] if len(call.args) == 2 else None
            assert isinstance(words, ast.Constant), f"{name(path)}:{call.lineno}: the words must be a literal"
            assert words.value in found, f"{name(path)}:{call.lineno}: pybabel does not find the words"
            assert len(call.keywords) == words.value.count("%("), f"{name(path)}:{call.lineno}: parameters and words"


def decorated(folder: str, decorator: str) -> Iterator[str]:
    """`module.function` of each function with a decorator that begins so."""
    for path in sorted((ROOT / folder).glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            for item in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
                if re.match(decorator, ast.unparse(item)):
                    yield f"{path.stem}.{node.name}"


def test_what_a_page_can_do_the_api_can_do():
    """A new form needs an operation of the API, and a line in tests/api_twins.py that names it."""
    forms = set(decorated("portal/views", r"bp\.post\(|bp\.route\(.*'POST'"))
    assert forms == TWINS.keys() | WITHOUT_TWIN
    assert {twin for twins in TWINS.values() for twin in twins} <= set(decorated("portal/api/resources", "operation"))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_says_what_it_is_for_and_keeps_its_size(path):
    text = path.read_text()
    if path.name != "__init__.py":
        assert ast.get_docstring(ast.parse(text)), f"{name(path)} has no docstring"
    lines = text.count("\n")
    assert lines <= MAX_FILE, f"{name(path)} has {lines} lines"


@pytest.mark.parametrize("path", [path for path in SOURCES if "migrations" not in path.parts], ids=name)
def test_no_function_is_too_long(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= MAX_FUNCTION, f"{name(path)}: {node.name} has {lines} lines"
