"""The OCA's cases for Local Authorization List Management, and ours beyond them (sections 5.10 and 5.15)."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import websocket

from tests.certification.conftest import BLOCKED, IDENTITY, VALID
from tests.certification.csms import ApiError, Csms
from tests.certification.station import Station
from tests.fake_charge_point import TIMEOUT
from tests.local_lists import HeldList

pytestmark = pytest.mark.profile("Local Authorization List Management")

LIST = f"/stations/{IDENTITY}/local-list"


@pytest.fixture(autouse=True)
def _left_alone(csms: Csms) -> None:
    """Nothing is kept at the station until a case says so."""
    csms.api("PATCH", LIST, {"keeps": "none"})


@pytest.fixture
def group(csms: Csms, request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """Cards of one group, which the station is to keep; they are gone after the case."""
    added: list[str] = []

    def add(*tags: str) -> None:
        for tag in tags:
            csms.api("POST", "/id-tags", {"id_tag": tag, "parent_id_tag": "CERT-LIST"})
            added.append(tag)
        csms.api("PATCH", LIST, {"keeps": "groups", "groups": ["CERT-LIST"]})

    yield add
    for tag in added:
        csms.api("DELETE", f"/id-tags/{tag}")


def sent(csms: Csms, station: Station, status: str, **body: Any) -> dict[str, Any]:
    """An operator sends an update, and the station answers with this status; what it was sent."""
    asked = csms.start("POST", f"{LIST}/send", body)
    payload = station.answers("SendLocalList", {"status": status})
    assert asked.get()["result"] == {"status": status}
    return payload


def synced(csms: Csms, station: Station, held: HeldList, *, refuse: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """An operator has the list brought in step; the station answers as its list is. The updates that it was sent."""
    before, refusals = len(held.messages), list(refuse)
    csms.api("POST", f"{LIST}/sync", {})
    station.ws.settimeout(0.1)
    while csms.api("GET", LIST)["state"] != "in_step":
        with suppress(websocket.WebSocketTimeoutException):
            _, message_id, action, payload = station.recv()
            if action == "SendLocalList" and refusals:
                held.messages.append(payload)
                station.answer(message_id, {"status": refusals.pop(0)})
            else:
                station.answer(message_id, held.answer(action, payload))
    station.ws.settimeout(TIMEOUT)
    return held.messages[before:]


def told(csms: Csms, station: Station, version: int) -> dict[str, Any]:
    """The operator asks for the version; how the list stands then."""
    asked = csms.send(IDENTITY, "GetLocalListVersion", {})
    assert station.answers("GetLocalListVersion", {"listVersion": version}) == {}
    assert asked.get()["result"] == {"listVersion": version}
    return csms.api("GET", LIST)


def test_tc_042_1_csms_a_station_without_a_local_list(csms: Csms, station: Station) -> None:
    before = csms.api("GET", LIST)["version"]
    after = told(csms, station, -1)
    assert (after["state"], after["version"]) == ("unsupported", before)


def test_tc_042_2_csms_an_empty_list(csms: Csms, station: Station) -> None:
    after = told(csms, station, 0)
    assert (after["state"], after["version"], after["entries"]) == ("behind", None, 0)


def test_tc_043_1_csms_an_update_is_not_supported(csms: Csms, station: Station) -> None:
    before = csms.api("GET", LIST)["version"]
    payload = sent(csms, station, "NotSupported", kind="Full", id_tags=[VALID])
    assert payload["updateType"] == "Full"
    after = csms.api("GET", LIST)
    assert (after["state"], after["version"]) == ("unsupported", before)


def test_tc_043_3_csms_an_update_fails(csms: Csms, station: Station) -> None:
    before = csms.api("GET", LIST)["version"]
    assert sent(csms, station, "Failed", kind="Full", id_tags=[VALID])["updateType"] == "Full"
    assert csms.api("GET", LIST)["version"] == before
    (last, *_) = csms.api("GET", f"/stations/{IDENTITY}/commands?action=SendLocalList")["items"]
    assert last["result"] == {"status": "Failed"}


def test_tc_043_4_csms_a_full_list(csms: Csms, station: Station) -> None:
    payload = sent(csms, station, "Accepted", kind="Full")
    assert payload["updateType"] == "Full"
    assert payload["listVersion"] >= 1
    entries = payload["localAuthorizationList"]
    assert VALID in [entry["idTag"] for entry in entries]
    assert all(entry["idTagInfo"]["status"] == "Accepted" for entry in entries)
    after = csms.api("GET", LIST)
    assert (after["version"], after["entries"]) == (payload["listVersion"], len(entries))


def test_tc_043_5_csms_a_differential_list(csms: Csms, station: Station, group: Callable[..., None]) -> None:
    first = sent(csms, station, "Accepted", kind="Full", id_tags=[VALID])
    assert told(csms, station, first["listVersion"])["version"] == first["listVersion"]
    group("CERT-NEW")
    second = sent(csms, station, "Accepted", kind="Differential", id_tags=["CERT-NEW"])
    assert second["updateType"] == "Differential"
    assert second["listVersion"] > first["listVersion"]
    info = {"status": "Accepted", "parentIdTag": "CERT-LIST"}
    assert second["localAuthorizationList"] == [{"idTag": "CERT-NEW", "idTagInfo": info}]
    assert csms.api("GET", LIST)["entries"] == 2


@pytest.mark.parametrize("status", ["VersionMismatch", "Failed"])
def test_x_l_01_csms_a_refused_change_is_followed_by_the_whole_list(
    csms: Csms, station: Station, group: Callable[..., None], status: str
) -> None:
    held = HeldList()
    group("CERT-A")
    synced(csms, station, held)
    group("CERT-B")
    change, whole = synced(csms, station, held, refuse=(status,))
    assert (change["updateType"], whole["updateType"]) == ("Differential", "Full")
    assert set(held.entries) == {"cert-a", "cert-b"}
    assert csms.api("GET", LIST)["version"] == held.version


def test_x_l_02_csms_an_entry_is_deleted_by_a_change(csms: Csms, station: Station, group: Callable[..., None]) -> None:
    held = HeldList()
    group("CERT-A", "CERT-B")
    synced(csms, station, held)
    csms.api("PATCH", "/id-tags/CERT-A", {"status": "blocked"})
    (change,) = synced(csms, station, held)
    assert change["updateType"] == "Differential"
    assert change["localAuthorizationList"] == [{"idTag": "CERT-A"}]
    assert set(held.entries) == {"cert-b"}


def test_x_l_03_csms_an_empty_full_list_clears_and_an_empty_change_does_nothing(csms: Csms, station: Station) -> None:
    full = sent(csms, station, "Accepted", kind="Full", id_tags=[VALID])
    empty = {"listVersion": full["listVersion"] + 1, "updateType": "Differential", "localAuthorizationList": []}
    asked = csms.send(IDENTITY, "SendLocalList", empty)
    assert station.answers("SendLocalList", {"status": "Accepted"}) == empty
    asked.get()
    assert [entry["id_tag"] for entry in csms.api("GET", f"{LIST}/entries")["items"]] == [VALID]
    cleared = sent(csms, station, "Accepted", kind="Clear")
    assert (cleared["updateType"], cleared["localAuthorizationList"]) == ("Full", [])
    assert csms.api("GET", f"{LIST}/entries")["items"] == []


def configured(csms: Csms, station: Station, per_message: int, total: int) -> None:
    """The station tells its limits."""
    values = {"SendLocalListMaxLength": per_message, "LocalAuthListMaxLength": total}
    keys = [{"key": key, "value": str(value), "readonly": True} for key, value in values.items()]
    asked = csms.send(IDENTITY, "GetConfiguration", {})
    station.answers("GetConfiguration", {"configurationKey": keys})
    asked.get()


def test_x_l_04_csms_limits_are_kept(csms: Csms, station: Station, group: Callable[..., None]) -> None:
    held = HeldList(per_message=2, total=5)
    configured(csms, station, 2, 5)
    try:
        group(*(f"CERT-{letter}" for letter in "ABCDEF"))
        messages = synced(csms, station, held)
        kinds = [message["updateType"] for message in messages]
        versions = [message["listVersion"] for message in messages]
        assert kinds == ["Full", "Differential", "Differential"]
        assert versions == sorted(set(versions))
        assert set(held.entries) == {f"cert-{letter}" for letter in "abcde"}
        assert csms.api("GET", LIST)["left_out"] == 1
    finally:
        configured(csms, station, 100, 1000)


def test_x_l_05_csms_no_card_comes_twice(csms: Csms, station: Station, group: Callable[..., None]) -> None:
    group("CERT-abc")
    with pytest.raises(ApiError) as refused:
        csms.api("POST", "/id-tags", {"id_tag": "cert-ABC"})
    assert refused.value.status == 409
    payload = sent(csms, station, "Accepted", kind="Full", id_tags=["cert-abc", "CERT-ABC", BLOCKED])
    entries = {entry["idTag"]: entry["idTagInfo"]["status"] for entry in payload["localAuthorizationList"]}
    assert len(payload["localAuthorizationList"]) == 2
    assert entries == {"CERT-abc": "Accepted", BLOCKED: "Blocked"}


def test_x_l_06_csms_a_conflict_is_answered_and_shown_and_the_list_sent_again(
    csms: Csms, station: Station, group: Callable[..., None]
) -> None:
    held = HeldList()
    group("CERT-A")
    synced(csms, station, held)
    assert station.status("Available", 0, errorCode="LocalListConflict") == {}
    connectors = csms.api("GET", f"/stations/{IDENTITY}")["connectors"]
    assert connectors[0]["error_code"] == "LocalListConflict"
    assert csms.api("GET", LIST)["state"] == "behind"
    (whole,) = synced(csms, station, held)
    assert whole["updateType"] == "Full"
    assert station.status("Available", 0) == {}
