"""Every setting, and what is said about one that cannot be used."""

from dataclasses import fields
from pathlib import Path

import pytest

from ocpp_server.settings import Settings, SettingsError


def test_without_an_environment_every_default_holds():
    settings = Settings.from_environ({})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8080, Path("data"))
    assert settings.database == "sqlite:///data/chargeyard.db"
    assert settings.portal_url == "http://127.0.0.1:8080"
    assert settings.charge_point_url == "ws://127.0.0.1:8080/ocpp/"


def test_an_empty_variable_is_as_good_as_none():
    assert Settings.from_environ({"CSMS_PORT": "", "CSMS_DEMO": ""}) == Settings()


def test_every_kind_of_value_is_read():
    environ = {
        "CSMS_PORT": "9000",
        "CSMS_DATA_DIR": "/srv/yard",
        "CSMS_DATABASE_URL": "postgresql://me:secret@db/yard",
        "CSMS_PUBLIC_URL": "https://yard.example/",
        "CSMS_STRICT_SUBPROTOCOL": " Yes ",
        "CSMS_TIMEZONE": "Europe/Berlin",
    }
    settings = Settings.from_environ(environ)
    assert (settings.port, settings.data_dir, settings.strict_subprotocol) == (9000, Path("/srv/yard"), True)
    assert settings.database == "postgresql://me:secret@db/yard"
    assert settings.portal_url == "https://yard.example"
    assert settings.charge_point_url == "wss://yard.example/ocpp/"


@pytest.mark.parametrize(("text", "value"), [("1", True), ("on", True), ("TRUE", True), ("no", False), ("off", False)])
def test_switches_are_read(text, value):
    assert Settings.from_environ({"CSMS_DEMO": text}).demo is value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("CSMS_PORT", "eighty"),
        ("CSMS_PORT", "-1"),
        ("CSMS_PORT", "8080 "),
        ("CSMS_PORT", "65536"),
        ("CSMS_HEARTBEAT_INTERVAL", "1.5"),
        ("CSMS_HEARTBEAT_INTERVAL", "9" * 13),
        ("CSMS_DEMO", "maybe"),
        ("CSMS_FILES_URL", "ftp://yard"),
        ("CSMS_FTP_PORT", "70000"),
        ("CSMS_FTP_PASSIVE_PORTS", "50000"),
        ("CSMS_FTP_PASSIVE_PORTS", "50001-50000"),
        ("CSMS_FTP_PASSIVE_PORTS", "60000-70000"),
        ("CSMS_DATABASE_URL", "mysql://me:secret@db/yard"),
        ("CSMS_DATABASE_URL", "sqlite:///"),
        ("CSMS_DATABASE_URL", "yard.db"),
        ("CSMS_PUBLIC_URL", "yard.example"),
        ("CSMS_PUBLIC_URL", "https://"),
        ("CSMS_TIMEZONE", "Europe/Atlantis"),
        ("CSMS_TIMEZONE", "../../etc/passwd"),
    ],
)
def test_a_bad_value_is_refused_naming_its_variable_and_telling_no_password(variable, text):
    with pytest.raises(SettingsError) as refused:
        Settings.from_environ({variable: text})
    assert variable in str(refused.value)
    assert "secret" not in str(refused.value)


def test_every_setting_has_a_variable_of_its_own_and_a_meaning():
    variables = [item.metadata["variable"] for item in fields(Settings)]
    assert len(set(variables)) == len(variables)
    assert all(variable.startswith("CSMS_") for variable in variables)
    assert all(item.metadata["meaning"].endswith(".") for item in fields(Settings))
