"""The test's end of watch.py."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType

SCRIPT = Path(__file__).with_name("watch.py")


class Browser:
    """An operator's browser that does what it is told, line by line."""

    def __init__(self, base: str, email: str, password: str, *, scripts: bool = True) -> None:
        command = [sys.executable, str(SCRIPT), base, email, password, *([] if scripts else ["without-scripts"])]
        self._scripts = scripts
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._expect_ok()

    def open(self, path: str) -> None:
        self._tell(f"open {path}")

    def press(self, name: str) -> None:
        """Click the button or link of that name; the last one, where there are several."""
        self._tell(f"press {name}")

    def fill(self, selector: str, text: str) -> None:
        self._tell(f"fill {selector}=>{text}")

    def save(self, name: str, path: Path) -> None:
        """Click the button of that name and keep the file that comes."""
        self._tell(f"save {name}=>{path}")

    def check(self, selector: str) -> None:
        self._tell(f"check {selector}")

    def choose(self, selector: str, path: Path) -> None:
        """Pick a file to send."""
        self._tell(f"choose {selector}=>{path}")

    def pick(self, selector: str, text: str) -> None:
        """Pick an entry of a list by its words."""
        self._tell(f"pick {selector}=>{text}")

    def finds(self, words: str) -> None:
        """Like `sees`; without scripts pages do not change by themselves, so it is loaded again first."""
        if not self._scripts:
            self._tell("look again")
        self.sees(words)

    def sees(self, words: str) -> None:
        """Wait until the words stand on the open page."""
        self._tell(f"see {words}")

    def drag(self, selector: str, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """Pull the pointer across an element; each point as parts of its width and height."""
        points = ">".join(f"{x},{y}" for x, y in (begin, end))
        self._tell(f"drag {selector}=>{points}")

    def pixels(self, canvas: str) -> int:
        """How many pixels of the first such canvas are drawn."""
        self._say(f"pixels {canvas}")
        return int(self._hear())

    def picture(self, path: Path) -> None:
        self._tell(f"shot {path}")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate(timeout=60)

    def _tell(self, line: str) -> None:
        self._say(line)
        self._expect_ok()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def _expect_ok(self) -> None:
        answer = self._hear()
        assert answer == "ok", answer
