"""The configuration page, its history, the station's password, comparing, and templates."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock, outgoing, stations
from ocpp_server.frames import CallResult
from ocpp_server.models import ChargePoint, Command, ConfigurationTemplate
from ocpp_server.services import commands
from ocpp_server.services.configuration import configuration
from ocpp_server.services.station import credentials
from ocpp_server.store import Store

Add = Callable[..., ChargePoint]
KEYS = (
    ("HeartbeatInterval", "300", False),
    ("MeterValuesSampledData", "Energy.Active.Import.Register, SoC", False),
    ("NumberOfConnectors", "2", True),
    ("GetConfigurationMaxKeys", "20", True),
    ("SupportedFeatureProfiles", "Core,SmartCharging", True),
    ("BackendURL", "ws://example.com", False),
    ("Colour", "", False),
    ("Silent", None, False),
)


def report(store: Store, station: ChargePoint, *changes: tuple[str, str | None, bool], unknown: str = "") -> None:
    def work(unit: Any) -> None:
        for key, value, readonly in changes or KEYS:
            item = {"key": key, "readonly": readonly} | ({} if value is None else {"value": value})
            configuration.report(unit, station.id, item, clock.now())
        if unknown:
            configuration.report_unknown(unit, station.id, unknown, clock.now())

    store.write(work)


def answer(store: Store, station: ChargePoint, status: str) -> dict[str, Any]:
    """The station takes its next command and answers it, with everything that this changes; what it was asked."""
    known = stations.of(station)

    def work(unit: Any) -> dict[str, Any]:
        claimed = commands.claim(unit, station.id)
        assert claimed is not None
        text = json.dumps([3, claimed.message_id, {"status": status}])
        outgoing.conclude(unit, known, claimed, CallResult(claimed.message_id, {"status": status}, text))
        return claimed.payload

    return store.write(work)


def rows(store: Store, table: type) -> list[Any]:
    with store.reading():
        return list(table.select().order_by(table.id))


def keys_on(page: str) -> list[str]:
    return re.findall(r'configuration/history\?key=[^"]+">([^<]+)</a>', page)


def test_keys_are_shown_with_value_type_meaning_and_marks(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    path = f"/stations/{station.id}/configuration"
    assert "The configuration is not known yet" in viewer.get(path).text
    report(store, station, unknown="Missing")
    page = viewer.get(path).text
    assert "After so much silence the station sends a heartbeat." in page
    assert "whole number, seconds, 0 or more" in page
    assert page.count("read-only") == 3
    assert "unknown to the station" in page
    assert "can cut it off" in page
    assert page.count("own") >= 3
    assert "Required by the standard, but not reported:" in page
    assert "ChargingScheduleMaxPeriods" in page
    assert "SendLocalListMaxLength" not in page
    assert "<form method" not in page.split('<div id="keys"')[1]
    assert "no value" in page
    assert "empty" in page


def test_keys_are_searched_and_chosen_by_the_url(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    report(store, station, unknown="Missing")
    path = f"/stations/{station.id}/configuration"
    found = lambda query: keys_on(viewer.get(f"{path}?{query}").text)  # noqa: E731
    assert found("q=heart") == ["HeartbeatInterval"]
    assert found("q=EXAMPLE.com") == ["BackendURL"]
    assert found("show=vendor") == ["BackendURL", "Colour", "Missing", "Silent"]
    assert found("show=unknown") == ["Missing"]
    assert found("show=readonly") == ["GetConfigurationMaxKeys", "NumberOfConnectors", "SupportedFeatureProfiles"]
    assert len(found("show=writable")) == 5
    assert "No key fits" in viewer.get(f"{path}?q=nothing").text


def test_a_key_is_changed_in_place_and_awaits_its_reset(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    report(store, station)
    path = f"/stations/{station.id}/configuration"
    page = operator.get(path).text
    assert re.search(r'name="key" value="HeartbeatInterval">\s*<input[^>]* name="value" value="300"', page)
    send = f"/stations/{station.id}/commands/ChangeConfiguration"
    assert operator.post(send, data={"key": "HeartbeatInterval", "value": "60"}).status_code == 303
    assert "Latest reads and changes" in operator.get(path).text
    answer(store, station, "RebootRequired")
    page = operator.get(path).text
    assert "HeartbeatInterval takes effect after a reset." in page
    assert "Reset the station" in page
    assert "<code>60</code>" in page
    report(store, station)
    assert "takes effect after a reset" not in operator.get(path).text


def test_a_refused_value_changes_nothing(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    report(store, station)
    send = f"/stations/{station.id}/commands/ChangeConfiguration"
    for status in ("Rejected", "NotSupported"):
        operator.post(send, data={"key": "HeartbeatInterval", "value": "60"})
        answer(store, station, status)
    assert "<code>300</code>" in operator.get(f"/stations/{station.id}/configuration").text


def test_history_says_who_changed_what_and_offers_the_way_back(
    operator: FlaskClient, viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    report(store, station)
    path = f"/stations/{station.id}/configuration/history"
    assert "No change is known" in viewer.get(path).text
    operator.post(
        f"/stations/{station.id}/commands/ChangeConfiguration", data={"key": "heartbeatinterval", "value": "60"}
    )
    answer(store, station, "Accepted")
    report(store, station, ("Colour", "red", False))
    page = operator.get(path).text
    assert "Operator (operator@example.com)" in page
    assert "reported by the station" in page
    page = operator.get(f"{path}?key=HeartbeatInterval").text
    assert "Colour" not in page
    assert "9.1.10" in page
    assert "/commands/ChangeConfiguration?key=HeartbeatInterval&amp;value=300" in page
    assert "Set back" not in viewer.get(path).text


def test_a_new_password_is_made_shown_once_and_counts_once_accepted(
    operator: FlaskClient, viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station(password="the old password")
    path = f"/stations/{station.id}/configuration/new-key"
    assert "can cut the station off" in operator.get(path).text
    assert viewer.get(path).status_code == viewer.post(path).status_code == 403
    page = operator.post(path, data={"password": ""})
    key = re.search(r"<code>([0-9a-f]{40})</code>", page.text)
    assert key
    stored = lambda: rows(store, ChargePoint)[0].password_hash  # noqa: E731
    assert credentials.verify(stored(), b"the old password")
    assert key[1] not in operator.get("/commands/1").text
    assert answer(store, station, "Accepted") == {"key": "AuthorizationKey", "value": key[1]}
    assert credentials.verify(stored(), bytes.fromhex(key[1]))
    assert not credentials.verify(stored(), b"the old password")
    for shown in ("/commands/1", f"/stations/{station.id}/configuration"):
        assert key[1] not in operator.get(shown).text


@pytest.mark.parametrize(("typed", "sent"), [("sixteen letters!", b"sixteen letters!".hex()), ("0F" * 18, "0f" * 18)])
def test_a_typed_password_goes_out_in_hex(
    operator: FlaskClient, store: Store, add_station: Add, typed: str, sent: str
) -> None:
    station = add_station()
    operator.post(f"/stations/{station.id}/configuration/new-key", data={"password": typed})
    assert answer(store, station, "Accepted")["value"] == sent


def test_a_password_that_cannot_be_is_explained(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station, rejected = add_station(), add_station("CP-2", registration="rejected")
    done = operator.post(f"/stations/{station.id}/configuration/new-key", data={"password": "short"})
    assert done.status_code == 422
    assert "16 to 20 characters" in done.text
    done = operator.post(f"/stations/{rejected.id}/configuration/new-key")
    assert done.status_code == 422
    assert "rejected station answers nothing" in done.text
    assert rows(store, Command) == []


def test_two_stations_are_compared_differences_first(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    one, other = add_station("CP-1"), add_station("CP-2")
    assert "Choose two stations" in viewer.get("/configuration/compare").text
    assert "Neither configuration is known" in viewer.get(f"/configuration/compare?a={one.id}&b={other.id}").text
    report(store, one)
    report(
        store,
        other,
        ("heartbeatinterval", "60", False),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,SoC", False),
        ("Other", "1", False),
    )
    page = viewer.get(f"/configuration/compare?a={one.id}&b={other.id}").text
    rows_shown = re.findall(r'<tr class="(.*?)">\s*<td class="key-name">([^<]+?) ?<', page)
    different = [name for mark, name in rows_shown if mark]
    assert "MeterValuesSampledData" not in different
    assert {"HeartbeatInterval", "Other", "Colour"} <= set(different)
    assert [name for _, name in rows_shown][-1] == "MeterValuesSampledData"
    assert "7 keys differ" not in page or len(different) == 7


def make_template(operator: FlaskClient, name: str = "Yard", **keys: str) -> str:
    data = {"name": name, "key": [*keys, ""], "value": [*keys.values(), ""]}
    return operator.post("/configuration/templates/new", data=data).location


def test_a_template_is_made_from_a_station_without_what_must_not_be_copied(
    operator: FlaskClient, viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    report(store, station)
    page = operator.get(f"/configuration/templates/new?station={station.id}").text
    assert re.findall(r'name="key" value="([^"]+)"', page) == ["Colour", "HeartbeatInterval", "MeterValuesSampledData"]
    assert "Like CP-1" in page
    location = make_template(operator, HeartbeatInterval="60", Colour="")
    page = viewer.get(location).text
    assert "After so much silence" in page
    assert "/edit" not in page
    assert "Yard" in viewer.get("/configuration/templates").text


def test_a_template_is_edited_and_deleted(operator: FlaskClient, store: Store) -> None:
    location = make_template(operator, HeartbeatInterval="60")
    data = {"name": "Other", "key": ["ResetRetries", "", "HeartbeatInterval"], "value": ["3", "lost", "90"]}
    assert operator.post(f"{location}/edit", data=data).status_code == 303
    (template,) = rows(store, ConfigurationTemplate)
    assert list(json.loads(template.keys).items()) == [("ResetRetries", "3"), ("HeartbeatInterval", "90")]
    assert operator.post(f"{location}/delete").status_code == 303
    assert rows(store, ConfigurationTemplate) == []
    assert "No templates yet" in operator.get("/configuration/templates").text


@pytest.mark.parametrize(
    ("name", "keys", "words"),
    [
        ("", {"A": "1"}, "Give the template a name"),
        ("Taken", {"A": "1"}, "Another template has this name"),
        ("New", {}, "Name at least one key"),
        ("New", {"K" * 51: "1"}, "50 characters at most"),
        ("New", {"AuthorizationKey": "1"}, "cannot be in a template"),
        ("New", {"A": "1", "a": "2"}, "named twice"),
    ],
)
def test_a_template_that_cannot_be_is_explained(
    operator: FlaskClient, store: Store, name: str, keys: dict[str, str], words: str
) -> None:
    make_template(operator, "Taken", A="1")
    data = {"name": name, "key": list(keys), "value": list(keys.values())}
    done = operator.post("/configuration/templates/new", data=data)
    assert done.status_code == 422
    assert words in done.text
    assert len(rows(store, ConfigurationTemplate)) == 1


def test_a_template_is_sent_in_order_and_only_where_stations_differ(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    one, other, same = (add_station(f"CP-{number}") for number in (1, 2, 3))
    report(store, one, ("HeartbeatInterval", "60", False), ("Colour", "blue", False), ("Fixed", "1", True))
    report(store, other, ("HeartbeatInterval", "300", False), unknown="Colour")
    report(store, same, ("HeartbeatInterval", "60", False), ("Colour", "red", False), ("Fixed", "2", True))
    location = make_template(operator, Colour="red", HeartbeatInterval="60", Fixed="2")
    chosen = {"station": [one.id, other.id, same.id]}
    page = operator.post("/batches/new", data={**chosen, "operation": "template-1"})
    assert page.status_code == 307
    page = operator.post(page.location, data=chosen).text
    assert "3 values are sent" in page
    assert "to 2 stations" in page
    assert "1 station is set like this already" in page
    assert "left out: read-only" in page
    assert "unknown to the station" in page
    assert rows(store, Command) == []
    done = operator.post(f"{location}/apply", data={**chosen, "lifetime": "always"})
    assert done.location == "/batches"
    asked = [(row.charge_point_id, json.loads(row.payload)["key"], row.expires_at) for row in rows(store, Command)]
    assert asked == [
        (one.id, "Colour", None),
        (other.id, "HeartbeatInterval", None),
        (other.id, "Fixed", None),
    ]
    assert len({row.batch_id for row in rows(store, Command)}) == 3


def test_applying_where_nothing_differs_sends_nothing(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    report(store, station, ("AllowOfflineTxForUnknownId", "TRUE", False))
    location = make_template(operator, AllowOfflineTxForUnknownId="true")
    done = operator.post(f"{location}/apply", data={"station": station.id}, follow_redirects=True)
    assert "Nothing was sent" in done.text
    assert rows(store, Command) == []


def test_a_template_warns_of_keys_that_can_cut_stations_off(operator: FlaskClient, add_station: Add) -> None:
    station = add_station()
    location = make_template(operator, BackendURL="wss://example.org")
    assert (
        "BackendURL can cut the station off." in operator.post(f"{location}/preview", data={"station": station.id}).text
    )
    assert f"template={location.rpartition('/')[2]}" in operator.get(f"{location}/apply").location


def test_the_number_of_queries_does_not_grow(
    operator: FlaskClient, store: Store, queries: Callable, add_station: Add
) -> None:
    stations_ = [add_station(f"CP-{number:02}") for number in range(12)]
    make_template(operator, Key0="x")
    counts = []
    for size in (2, 12):
        for station in stations_[:size]:
            report(store, station, *((f"Key{number}", str(size), False) for number in range(size * 3)))
        for path in (f"/stations/{stations_[0].id}/configuration", "/configuration/compare?a=1&b=2"):
            with queries() as statements:
                assert operator.get(path).status_code == 200
            counts.append(len(statements))
        with queries() as statements:
            form = {"station": [station.id for station in stations_[:size]]}
            assert operator.post("/configuration/templates/1/preview", data=form).status_code == 200
        counts.append(len(statements))
    assert counts[:3] == counts[3:]
    assert max(counts) <= 12


def test_what_a_station_reports_is_escaped(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    report(store, station, ("<b>key", "<script>x", False))
    for path in ("configuration", "configuration/history?key=<b>key"):
        text = operator.get(f"/stations/{station.id}/{path}").text
        assert "<script>x" not in text
        assert "<b>key" not in text
