"""backup.sh on real databases that are being written to, and the README's way back."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY, POSTGRES, environment, python, run, stop, tool, unavailable

BACKUP = DEPLOY / "backup.sh"
WRITER = Path(__file__).with_name("writer.py")
SECRET = "a secret that signs cookies"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a secret key."""
    folder = tmp_path / "data folder"
    folder.mkdir()
    (folder / "secret.key").write_text(SECRET)
    return folder


@pytest.fixture
def sqlite_url(data: Path) -> str:
    """The database that is used when no other is named."""
    return f"sqlite:///{data / 'chargeyard.db'}"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty database on the local PostgreSQL."""
    name = f"chargeyard_backup_{os.getpid()}"
    psql = (tool("psql", "postgresql-client"), "--quiet", f"{POSTGRES}/postgres", "--command")
    if (answer := run(*psql, f"CREATE DATABASE {name}")).returncode:
        unavailable(f"PostgreSQL at {POSTGRES} is not there: {answer.stdout}")
    yield f"{POSTGRES}/{name}"
    run(*psql, f"DROP DATABASE {name} WITH (FORCE)")


class Writer:
    """A server in the midst of its work."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self.written: list[str] = []

    def advance(self, number: int) -> list[str]:
        """Wait until so many more stations are committed; all so far."""
        assert self._process.stdout is not None
        for _ in range(number):
            self.written.append(self._process.stdout.readline().strip())
        assert all(self.written), "the writer died"
        return list(self.written)


@contextmanager
def writing(url: str) -> Iterator[Writer]:
    process = subprocess.Popen(
        python(WRITER, "write", url), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    )
    try:
        yield Writer(process)
        process.communicate(timeout=30)
        assert process.returncode == 0
    finally:
        stop(process)


def stations(url: str) -> dict[str, int]:
    """Every station of a database with the number of its connectors."""
    answer = run(*python(WRITER, "read", url), env=environment())
    assert answer.returncode == 0, answer.stdout
    return {identity: int(count) for identity, count in map(str.split, answer.stdout.splitlines())}


def back_up(data: Path, *arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return run(BACKUP, *arguments, env=environment(CSMS_DATA_DIR=str(data), **settings))


def follow_readme(database: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Do what the README says about restoring a backup; its first lines only say where things are."""
    text = (DEPLOY / "README.md").read_text()
    found = re.search(rf"^### Restoring {database}$.*?^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    commands = [line for line in found[1].splitlines() if not re.match(r"(data|backup|CSMS_\w+)=", line)]
    return run("sh", "-euc", "\n".join(commands), env=environment(**variables))


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def check(copied: dict[str, int], before: list[str], ever: list[str]) -> None:
    """Nothing that was committed before the backup is missing, and no unit of work is torn."""
    assert set(before) <= set(copied) <= set(ever)
    assert set(copied.values()) == {1}


def test_a_backup_of_sqlite_holds_all_that_was_committed(data: Path, sqlite_url: str, tmp_path: Path) -> None:
    with writing(sqlite_url) as writer:
        before = writer.advance(200)
        answer = back_up(data)
        assert answer.returncode == 0, answer.stdout
        writer.advance(50)
    [backup] = (data / "backups").iterdir()
    assert answer.stdout == f"backup: {backup}\n"
    assert kept(backup) == ["chargeyard.db", "secret.key"]
    assert backup.stat().st_mode & 0o077 == 0, "nobody else may read it"

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("chargeyard.db", "chargeyard.db-wal", "chargeyard.db-shm", "secret.key"):
        (elsewhere / name).write_text("of before")
    assert follow_readme("SQLite", data=str(elsewhere), backup=str(backup)).returncode == 0
    check(stations(f"sqlite:///{elsewhere / 'chargeyard.db'}"), before, list(stations(sqlite_url)))
    assert (elsewhere / "secret.key").read_text() == SECRET


def test_a_backup_of_postgresql_holds_all_that_was_committed(data: Path, postgres_url: str) -> None:
    for program in ("pg_dump", "pg_restore"):
        tool(program, "postgresql-client")
    with writing(postgres_url) as writer:
        before = writer.advance(200)
        answer = back_up(data, CSMS_DATABASE_URL=postgres_url)
        assert answer.returncode == 0, answer.stdout
        writer.advance(50)
    [backup] = (data / "backups").iterdir()
    assert kept(backup) == ["chargeyard.dump", "secret.key"]

    ever = stations(postgres_url)
    (data / "secret.key").write_text("of before")
    answer = follow_readme("PostgreSQL", data=str(data), backup=str(backup), CSMS_DATABASE_URL=postgres_url)
    assert answer.returncode == 0, answer.stdout
    assert (data / "secret.key").read_text() == SECRET
    restored = stations(postgres_url)
    check(restored, before, list(ever))
    assert len(restored) < len(ever), "the writer should have gone on"


def test_a_password_in_the_url_is_not_shown_in_the_list_of_processes(data: Path, postgres_url: str) -> None:
    """The server here asks for no password, so what is looked at is the command itself."""
    url = re.sub("(:[^@]*)?@", ":se%40cret%25@", postgres_url.removeprefix("postgresql://"), count=1)
    url = f"postgresql://{url}"
    answer = run("sh", "-x", BACKUP, env=environment(CSMS_DATA_DIR=str(data), CSMS_DATABASE_URL=url))
    [dump] = [line for line in answer.stdout.splitlines() if line.startswith("+ pg_dump")]
    assert f"--dbname={postgres_url}" in dump
    assert "+ PGPASSWORD=se@cret%" in answer.stdout


def test_only_the_newest_backups_are_kept(data: Path, sqlite_url: str, tmp_path: Path) -> None:
    with writing(sqlite_url) as writer:
        writer.advance(1)
    folder = tmp_path / "kept"
    older = [f"chargeyard-2026010{day}T031500Z" for day in range(1, 6)]
    for name in [*older, "holiday pictures", "chargeyard-notes"]:
        (folder / name).mkdir(parents=True)
    answer = back_up(data, folder, "3")
    assert answer.returncode == 0, answer.stdout
    new = Path(answer.stdout.removeprefix("backup: ").strip()).name
    assert kept(folder) == sorted([*older[-2:], new, "holiday pictures", "chargeyard-notes"])


def _no_database(data: Path) -> dict[str, str]:
    return {}


def _damaged(data: Path) -> dict[str, str]:
    path = data / "chargeyard.db"
    with writing(f"sqlite:///{path}") as writer:
        writer.advance(200)
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (path.stat().st_size - 16384))
    return {}


def _empty(data: Path) -> dict[str, str]:
    (data / "chargeyard.db").touch()
    return {}


def _unreachable(data: Path) -> dict[str, str]:
    tool("pg_dump", "postgresql-client")
    return {"CSMS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}


def _unknown(data: Path) -> dict[str, str]:
    return {"CSMS_DATABASE_URL": "mysql://localhost/chargeyard"}


@pytest.mark.parametrize("spoil", [_no_database, _damaged, _empty, _unreachable, _unknown])
def test_a_backup_that_fails_removes_nothing(data: Path, spoil: object) -> None:
    assert callable(spoil)
    settings = spoil(data)
    folder = data / "backups"
    older = [f"chargeyard-2026010{day}T031500Z" for day in range(1, 4)]
    for name in older:
        (folder / name).mkdir(parents=True)
    answer = back_up(data, folder, "1", **settings)
    assert answer.returncode == 1, answer.stdout
    assert "earlier backups are untouched" in answer.stdout
    assert kept(folder) == older


def test_a_backup_that_is_interrupted_leaves_nothing_behind(data: Path, sqlite_url: str) -> None:
    with writing(sqlite_url) as writer:
        writer.advance(1)
    fifo = data / "wait"
    os.mkfifo(fifo)
    waits = data / "python"
    waits.write_text(f'#!/bin/sh\nexec cat "{fifo}"\n')
    waits.chmod(0o755)
    settings = environment(CSMS_DATA_DIR=str(data), CHARGEYARD_PYTHON=str(waits))
    process = subprocess.Popen([BACKUP], env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with fifo.open("w"):
        assert len(kept(data / "backups")) == 1
        process.terminate()
    assert stop(process) == 1
    assert kept(data / "backups") == []


@pytest.mark.parametrize("keep", ["0", "-1", "many"])
def test_a_backup_keeps_at_least_itself(data: Path, keep: str) -> None:
    answer = back_up(data, data / "backups", keep)
    assert answer.returncode == 1
    assert "KEEP" in answer.stdout


def test_what_a_power_cut_left_is_removed_later(data: Path, sqlite_url: str) -> None:
    with writing(sqlite_url) as writer:
        writer.advance(1)
    left, running = (data / "backups" / f".chargeyard-{name}.partial" for name in ("old", "new"))
    left.mkdir(parents=True)
    running.mkdir()
    os.utime(left, (time.time() - 3 * 86400,) * 2)
    answer = back_up(data)
    assert answer.returncode == 0, answer.stdout
    assert not left.exists()
    assert running.exists()
