import re
from pathlib import Path

import pytest

from portal import assets

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    named = {name for path in TEMPLATES for name in re.findall(r'icon\("([a-z0-9-]+)"', path.read_text())}
    assert len(named) > 20
    assert named <= set(assets.ICONS)


def test_every_icon_that_python_names_is_in_the_sprite() -> None:
    text = "\n".join(path.read_text() for path in (ROOT / "portal").rglob("*.py"))
    named = set(re.findall(r'Nav\(.*?icon="([a-z0-9-]+)"', text)) | set(
        re.findall(r'Nav\(lazy_gettext\("[^"]*"\), "([a-z0-9-]+)"', text)
    )
    assert len(named) >= 5
    assert named <= set(assets.ICONS)


def test_the_sprite_holds_each_icon_as_a_symbol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "VENDOR", tmp_path)
    assets.build()
    sprite = (tmp_path / "icons.svg").read_text()
    assert re.findall(r'<symbol id="([^"]+)"', sprite) == list(assets.ICONS)
    assert {Path(name).name for name in assets.FILES} <= {path.name for path in tmp_path.iterdir()}
    assert "sourceMappingURL" not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_nothing_is_installed_again_while_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "VENDOR", tmp_path)
    monkeypatch.setattr(assets, "STAMP", tmp_path / ".built")
    calls: list[str] = []
    monkeypatch.setattr(assets.subprocess, "run", lambda *args, **kwargs: calls.append("npm ci"))
    assert assets.main() == 0
    assert assets.main() == 0
    assert calls == ["npm ci"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_templates_speak_htmx_4(path: Path) -> None:
    """Habits of htmx 2 that 4 ignores silently."""
    text = path.read_text()
    for old in ("hx-ext=", "sse-connect", "sse-swap", "hx-disabled-elt", "hx-vars", "hx-on", "js:", 'hx-boost="true"'):
        assert old not in text
