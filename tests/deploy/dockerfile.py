"""Carries out a Dockerfile without a container engine: each stage is a folder, its absolute paths lie inside it.

Enough of Docker for ours: COPY of files and folders (with .dockerignore and --from), RUN through sh, ENV,
WORKDIR. What only tells the engine something is kept for the checks to look at.
"""

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    """One FROM and what follows it."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        """The argument of the last such instruction: the one that counts."""
        return [argument for word, argument in self.steps if word == instruction][-1]


def parse(text: str) -> list[Stage]:
    """The stages of a Dockerfile; its ARGs are not needed here."""
    stages: list[Stage] = []
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, argument = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = argument.partition(" AS ")
            stages.append(Stage(base, name or "final"))
        elif word and stages:
            stages[-1].steps.append((word, argument.strip()))
    return stages


def context_files(top: Path) -> Iterator[str]:
    """The files of a folder that its .dockerignore lets through."""
    patterns = [line for line in (top / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    for folder, subfolders, files in os.walk(top):
        here = Path(folder).relative_to(top)
        subfolders[:] = [name for name in subfolders if _may_hold(str(here / name), patterns)]
        yield from (str(here / name) for name in files if not _ignored(str(here / name), patterns))


def _ignored(path: str, patterns: list[str]) -> bool:
    names = [path, *map(str, Path(path).parents)]
    answer = False
    for pattern in patterns:
        plain = pattern.removeprefix("!").removeprefix("**/")
        candidates = [Path(name).name for name in names] if "**/" in pattern else names
        if any(fnmatch.fnmatchcase(candidate, plain) for candidate in candidates):
            answer = not pattern.startswith("!")
    return answer


def _may_hold(folder: str, patterns: list[str]) -> bool:
    return not _ignored(folder, patterns) or any(pattern.startswith(f"!{folder}/") for pattern in patterns)


class Builder:
    """Builds stages below a folder. `skip` answers True for a RUN that needs a machine of its own or the network."""

    def __init__(self, context: Path, below: Path, environment: dict[str, str], skip: Callable[[str], bool]) -> None:
        self._files = sorted(context_files(context))
        self._context, self._below, self._skip = context, below, skip
        self._environment = environment
        self.workdir: Path = below

    def root(self, name: str) -> Path:
        """The folder that is `/` of a stage."""
        return self._below / name

    def build(self, stage: Stage) -> dict[str, str]:
        """Carry out a stage; the environment that it ends with."""
        root, environment = self.root(stage.name), dict(self._environment)
        if (self._below / stage.base).is_dir():
            shutil.copytree(self._below / stage.base, root, symlinks=True, dirs_exist_ok=True)
        root.mkdir(parents=True, exist_ok=True)
        for word, argument in stage.steps:
            if word == "WORKDIR":
                self.workdir = root / argument.lstrip("/")
                self.workdir.mkdir(parents=True, exist_ok=True)
            elif word == "ENV":
                environment |= self._variables(argument, root, environment)
            elif word == "COPY":
                self._copy(shlex.split(argument), root)
            elif word == "RUN" and not self._skip(argument):
                self._run(inside(argument, root), environment)
        return environment

    def _variables(self, argument: str, root: Path, known: dict[str, str]) -> dict[str, str]:
        pairs = (item.partition("=") for item in shlex.split(argument))
        return {name: inside(value, root).replace("$PATH", known["PATH"]) for name, _, value in pairs}

    def _run(self, command: str, environment: dict[str, str]) -> None:
        answer = subprocess.run(
            command, shell=True, cwd=self.workdir, env=environment, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, f"{command}\n{answer.stdout}{answer.stderr}"

    def _copy(self, words: list[str], root: Path) -> None:
        source_root = None
        if words[0].startswith("--from="):
            source_root = self.root(words.pop(0).removeprefix("--from="))
        *sources, target = words
        into = root / target.lstrip("/") if target.startswith("/") else self.workdir / target
        for source in sources:
            if source_root is not None:
                shutil.copytree(source_root / source.lstrip("/"), into, symlinks=True, dirs_exist_ok=True)
            else:
                self._copy_from_context(source, into, target.endswith("/") or len(sources) > 1)

    def _copy_from_context(self, source: str, into: Path, into_folder: bool) -> None:
        if source in self._files:
            goal = into / Path(source).name if into_folder else into
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self._context / source, goal)
            return
        below = [name for name in self._files if name.startswith(f"{source}/")]
        assert below, f"COPY {source}: the build would not find it"
        for name in below:
            goal = into / Path(name).relative_to(source)
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self._context / name, goal)


def inside(text: str, root: Path) -> str:
    """The same words with the image's own absolute paths moved into a folder."""
    return re.sub(r"(?<![\w./])/(?=(?:app|build|data|opt)\b)", f"{root}/", text)
