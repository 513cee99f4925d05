"""compose.yaml: what must hold of it, and where Docker's plug-in is there, Docker's own reading of it."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from ocpp_server.settings import Settings
from tests.deploy.tools import DEPLOY, environment, run

COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
FTP: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.ftp.yaml").read_text())
PLAIN: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.plain-ws.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
LASTING = [name for name in SERVICES if name != "postgres-backup"]


def example_settings() -> dict[str, str]:
    """Every setting of env.example, those that are commented out too."""
    lines = (DEPLOY / "env.example").read_text().splitlines()
    pairs = (line.lstrip("#").partition("=") for line in lines if re.match(r"#?[A-Z_]+=", line))
    return {name: value for name, _, value in pairs}


def test_only_caddy_is_reached_from_outside() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"caddy": ["80:80", "443:443", "443:443/udp"]}
    assert list(PLAIN["services"]) == ["caddy"]
    assert not any("network_mode" in service for service in SERVICES.values())


def test_the_listener_without_tls_is_published_on_one_address_only() -> None:
    assert PLAIN["services"]["caddy"]["ports"] == ["${CHARGEYARD_LAN_ADDRESS:?set it in .env}:9180:9180"]
    assert "{$CHARGEYARD_PLAIN_PORT:9180}" in (DEPLOY / "Caddyfile").read_text()


def test_ftp_is_published_on_one_address_only_and_told_to_stations() -> None:
    service = FTP["services"]["chargeyard"]
    address = "${CHARGEYARD_LAN_ADDRESS:?set it in .env}"
    port, passive = service["environment"]["CSMS_FTP_PORT"], service["environment"]["CSMS_FTP_PASSIVE_PORTS"]
    assert service["ports"] == [f"{address}:{port}:{port}", f"{address}:{passive}:{passive}"]
    assert service["environment"]["CSMS_FTP_ADDRESS"] == address


def test_postgresql_is_there_only_when_asked_for() -> None:
    assert SERVICES["postgres"]["profiles"] == ["postgres"]
    assert SERVICES["chargeyard"]["depends_on"]["postgres"] == {"condition": "service_healthy", "required": False}
    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == ["back"]


@pytest.mark.parametrize("name", LASTING)
def test_a_service_comes_back_and_its_log_does_not_fill_the_disk(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["logging"]["options"]["max-size"]


def test_what_must_survive_lies_in_named_volumes() -> None:
    mounts = [mount.split(":") for service in SERVICES.values() for mount in service.get("volumes", [])]
    named = {source for source, *_ in mounts if not source.startswith(".")}
    assert named == set(COMPOSE["volumes"])
    for source, _, mode in (mount for mount in mounts if mount[0].startswith(".")):
        assert (DEPLOY / source).is_file()
        assert mode == "ro"


def test_chargeyard_knows_that_caddy_stands_in_front() -> None:
    fixed = SERVICES["chargeyard"]["environment"]
    read = {name: value for name, value in fixed.items() if "$" not in value}
    settings = Settings.from_environ(read)
    assert (settings.host, settings.port, str(settings.data_dir)) == ("0.0.0.0", 8080, "/data")
    assert settings.trusted_proxies == 1
    assert SERVICES["caddy"]["environment"]["CHARGEYARD_UPSTREAM"] == f"chargeyard:{settings.port}"


def test_the_program_may_write_only_its_volume() -> None:
    service = SERVICES["chargeyard"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert [mount.split(":")[1] for mount in service["volumes"]] == ["/data"]
    assert service["build"] == {"context": "..", "dockerfile": "deploy/Dockerfile"}


def test_the_backup_reads_the_key_as_the_user_who_owns_it() -> None:
    [uid] = re.findall(r"useradd .*--uid (\d+)", (DEPLOY / "Dockerfile").read_text())
    assert SERVICES["postgres-backup"]["user"] == uid


def test_every_setting_that_compose_asks_for_is_in_the_example() -> None:
    texts = [(DEPLOY / name).read_text() for name in ("compose.yaml", "compose.plain-ws.yaml")]
    asked = set(re.findall(r"\$\{([A-Z_]+)", "".join(texts)))
    assert asked <= set(example_settings())


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_a_setting_that_is_named_exists(path: Path) -> None:
    known = {item.metadata["variable"] for item in Settings.__dataclass_fields__.values()}
    assert set(re.findall(r"CSMS_[A-Z_]*[A-Z]", path.read_text())) <= known


@pytest.mark.skipif(
    not shutil.which("docker") or run("docker", "compose", "version").returncode != 0,
    reason="Docker's compose plug-in is not there; it is no Debian package",
)
@pytest.mark.parametrize("overlay", [[], ["--file", "compose.plain-ws.yaml"]])
def test_docker_accepts_the_files(tmp_path: Path, overlay: list[str]) -> None:
    for path in DEPLOY.glob("compose*.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in example_settings().items()))
    command = ("docker", "compose", "--file", "compose.yaml", *overlay, "config", "--quiet")
    answer = run(*command, cwd=tmp_path, env=environment())
    assert answer.returncode == 0, answer.stdout
