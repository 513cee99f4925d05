"""Sites by API."""

from typing import Any

import pytest

from ocpp_server import clock
from ocpp_server.services.site import site_loading, site_samples, site_sharing
from ocpp_server.site import happenings

CIRCUITS = [{"name": "Main", "limit": 40}, {"name": "Row", "parent": "Main", "limit": 20, "unit": "A"}]
MEMBERS = [{"station": "cp-1", "connector_id": 1, "circuit": "Row", "phases": "231"}]


@pytest.fixture
def site(api, add_station) -> dict[str, Any]:
    add_station("CP-1")
    answer = api.post("/sites", {"name": "Yard", "circuits": CIRCUITS, "members": MEMBERS})
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_site_is_added_whole_shown_changed_and_deleted(api, site):
    assert site["circuits"][1] == {"name": "Row", "parent": "Main", "limit": 20, "unit": "A", "reserve_a": 0}
    assert (site["members"][0]["station"], site["members"][0]["phases"]) == ("CP-1", "231")
    path = f"/sites/{site['id']}"
    changed = api.patch(path, {"mode": "priority", "members": []}).json
    assert (changed["mode"], changed["members"], len(changed["circuits"])) == ("priority", [], 2)
    assert api.get(path).json == changed
    assert [item["name"] for item in api.get("/sites").json["items"]] == ["Yard"]
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"circuits": [{"name": "Main", "limit": 0}]},
        {"circuits": [{"name": "Main", "limit": 5, "parent": "Main"}]},
        {"members": [{"station": "nobody", "connector_id": 1}]},
        {"members": [{"station": "CP-1", "connector_id": 0}]},
        {"lease_s": 1},
    ],
)
def test_what_cannot_be_is_refused_by_its_field(api, site, body):
    assert api.patch(f"/sites/{site['id']}", body).status_code == 422


def test_its_state_says_who_has_how_much(api, site, store):
    path = f"/sites/{site['id']}/state"
    assert api.get(path).status_code == 409
    with store.reading():
        site_sharing.take(site_loading.load())
    live, now = site_sharing.get(site["id"]), clock.now().timestamp()
    happenings.connection(live.site, 1, True, now)
    happenings.started(live.site, (1, 1), 7, now, now)
    live.site.decide(now)
    state = api.get(path).json
    (connector,) = state["connectors"]
    assert (connector["state"], connector["transaction_id"], connector["fail_safe_a"]) == ("told", 7, 20.0)
    assert state["circuits"][1]["fail_safe_a"] == [32.0, 32.0, 32.0], "it has not taken its fail-safe limit yet"
    store.write(lambda unit: site_samples.keep(unit, live, now))
    (sample,) = api.get(f"/sites/{site['id']}/samples").json["items"]
    assert (sample["limit_a"], sample["measured_a"]) == (40.0, [0.0, 0.0, 0.0])
