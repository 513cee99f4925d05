"""Sites: how they are set up, and what a page says of one at work."""

import re

import pytest

from ocpp_server import clock
from ocpp_server.models import AuditEntry, Site
from ocpp_server.services.site import site_loading, site_samples, site_sharing, sites
from ocpp_server.services.site.sites import Circuit, Member, Plan
from ocpp_server.site import happenings
from ocpp_server.site.default import Steps
from ocpp_server.site.grid import Circuit as Fuse
from ocpp_server.site.others import Instead
from tests.portal.conftest import PARTIAL

FORM = {
    "name": "Yard",
    "mode": "fair",
    "circuit_was": ["", ""],
    "circuit_name": ["Main", ""],
    "parent": ["", "Main"],
    "limit": ["63", ""],
    "unit": ["A", "A"],
    "reserve_a": ["2,5", "0"],
    "lease_minutes": "15",
    "slot_minutes": "30",
}


@pytest.fixture
def plan(add_station):
    numbers = [add_station(f"CP-{number}").id for number in (1, 2, 3)]
    return Plan("Yard", [Circuit("Main", 18.0)], [Member(number, 1, "Main") for number in numbers])


@pytest.fixture
def site_id(store, plan):
    return store.write(lambda unit: sites.save(unit, plan)).id


@pytest.fixture
def live(store, site_id):
    """The site at work: two stations connected, their fail-safe limits installed, a car at each."""
    with store.reading():
        site_sharing.take(site_loading.load())
    live, now = site_sharing.get(site_id), clock.now().timestamp()
    for number in (1, 2):
        happenings.connection(live.site, number, True, clock.now().timestamp())
        live.site.members[number, 1].default.installed = Steps(0.0, 6.0)
        happenings.started(live.site, (number, 1), number, now - 90, now - 90)
    return live


def settle(live, seconds=60.0):
    """The stations accept all that the site sends; it is as if that were a minute ago."""
    at = clock.now().timestamp() - seconds
    for second in (0, 10, 20):
        for order in live.site.decide(at + second):
            happenings.accepted(live.site, order, at + second)


def test_a_yard_without_sites_says_what_one_is(viewer, operator):
    assert "No sites yet" in viewer.get("/sites").text
    assert "Add the first site" not in viewer.get("/sites").text
    assert "Add the first site" in operator.get("/sites").text


def test_an_operator_adds_a_site_and_goes_on_to_its_connectors(store, operator):
    done = operator.post("/sites/new", data=FORM)
    assert (done.status_code, done.location) == (303, "/sites/1/connectors")
    with store.reading():
        assert sites.plan_of(Site.get()).circuits == [Circuit("Main", 63.0, "A", 2.5)]
        assert AuditEntry.get(AuditEntry.action == "site.add").target == "Yard"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Give a name"),
        ({"limit": ["much", ""]}, "Write a number"),
        ({"limit": ["0", ""]}, "number above 0"),
        ({"lease_minutes": "0"}, "Give a number from 120"),
        ({"slot_minutes": "nan"}, "Write a whole number"),
        ({"circuit_name": ["", ""]}, "One circuit is the connection"),
    ],
)
def test_what_cannot_be_is_shown_again_with_the_reason(operator, wrong, words):
    answer = operator.post("/sites/new", data={**FORM, **wrong})
    assert answer.status_code == 422
    assert words in answer.text


def test_a_circuit_that_is_renamed_keeps_its_connectors(store, operator, site_id):
    form = {**FORM, "circuit_was": ["Main", ""], "circuit_name": ["House", "Row"], "parent": ["", "Main"]}
    assert operator.post(f"/sites/{site_id}/edit", data={**form, "limit": ["63", "32"]}).status_code == 303
    with store.reading():
        plan = sites.plan_of(Site.get())
    assert [(circuit.name, circuit.parent) for circuit in plan.circuits] == [("House", None), ("Row", "House")]
    assert {member.circuit for member in plan.members} == {"House"}


def test_connectors_are_added_with_turned_phases_changed_and_removed(store, operator, add_station):
    numbers = [add_station(f"CP-{number}").id for number in (1, 2)]
    store.write(lambda unit: sites.save(unit, Plan("Yard", [Circuit("Main", 63.0)])))
    chosen = [f"{number}-1" for number in numbers]
    added = {"add": chosen, "add-circuit": "Main", "add-phases": "turned", "add-maximum": "16"}
    assert operator.post("/sites/1/connectors", data=added).status_code == 303
    with store.reading():
        members = sites.plan_of(Site.get()).members
    assert [(member.phases, member.maximum_a) for member in members] == [("123", 16.0), ("231", 16.0)]
    one, two = chosen
    changed = {
        f"{one}-circuit": "Main", f"{one}-phases": "2", f"{one}-minimum": "6", f"{one}-maximum": "32",
        f"{one}-priority": "3", f"{two}-remove": "1",
    }  # fmt: skip
    assert operator.post("/sites/1/connectors", data=changed).status_code == 303
    with store.reading():
        (member,) = sites.plan_of(Site.get()).members
    assert (member.phases, member.maximum_a, member.priority, member.can_pause) == ("2", 32.0, 3, False)
    answer = operator.post("/sites/1/connectors", data={**changed, f"{one}-minimum": "40"})
    assert answer.status_code == 422


def test_a_site_that_was_just_made_says_that_it_is_being_set_up(viewer, site_id):
    assert "Being set up" in viewer.get("/sites").text
    assert "Being set up" in viewer.get(f"/sites/{site_id}").text


def test_the_page_says_who_has_what_and_why(viewer, live):
    live.site.members[3, 1].default.installed = Steps(0.0, 6.0)
    settle(live)
    assert "needs Current.Import" in viewer.get(f"/sites/{live.id}").text
    for number in (1, 2):
        happenings.measured(live.site, (number, 1), (9.0, 9.0, 9.0), clock.now().timestamp())
    text = viewer.get(f"/sites/{live.id}").text
    assert "18.0 A" in text
    assert "Has its share of what is there" in text
    assert "Cannot be told anything" in text, "the third station is not connected"
    assert "Allotted" in viewer.get(f"/sites/{live.id}", headers=PARTIAL).text


def test_a_station_out_of_reach_without_a_fail_safe_holds_back_all_others_and_the_page_says_so(viewer, live):
    settle(live)
    assert "take it out of the site" in viewer.get(f"/sites/{live.id}").text


def test_what_is_kept_free_at_a_free_connector_is_said_and_why(viewer, live):
    happenings.connection(live.site, 3, True, clock.now().timestamp())
    assert "Has not taken its fail-safe limit; a car may begin with 32.0 A here" in viewer.get(f"/sites/{live.id}").text
    member = live.site.members[3, 1]
    member.can_pause = False
    live.site.plan()
    member.default.installed = Steps(6.0, 6.0)
    assert "A car may begin with 6.0 A here before it can be told" in viewer.get(f"/sites/{live.id}").text


def test_a_fail_safe_that_not_all_have_taken_is_not_said_to_hold(viewer, live):
    settle(live)
    assert "more than the connection bears: some have not taken" in viewer.get(f"/sites/{live.id}").text
    happenings.connection(live.site, 3, True, clock.now().timestamp())
    settle(live)
    settle(live)
    assert "some have not taken" not in viewer.get(f"/sites/{live.id}").text


def test_who_waits_is_told_when_its_turn_comes(viewer, live):
    now = clock.now().timestamp()
    happenings.connection(live.site, 3, True, clock.now().timestamp())
    live.site.members[3, 1].default.installed = Steps(0.0, 6.0)
    live.site.circuits[0] = live.site.circuits[0].__class__(live.site.circuits[0].id, None, limit_a=12.0)
    live.site.__post_init__()
    happenings.started(live.site, (3, 1), 3, now, now)
    settle(live)
    text = viewer.get(f"/sites/{live.id}").text
    assert re.search(r"Its turn comes in about \d+ minutes?\.", text)
    assert "1 connector does not charge then" in text, "there is no fail-safe for it"


def test_a_station_that_does_not_obey_is_shown_here_and_on_the_overview(viewer, live):
    settle(live)
    for _ in range(2):
        happenings.measured(live.site, (1, 1), (15.0, 15.0, 15.0), clock.now().timestamp())
    page, overview = viewer.get(f"/sites/{live.id}").text, viewer.get("/").text
    assert "Draws 15.0 A though it was given" in page
    assert "does not obey" in overview
    assert f'href="/sites/{live.id}"' in overview


def test_a_connection_that_is_overdrawn_is_shown_everywhere(viewer, live):
    settle(live)
    happenings.measured(live.site, (1, 1), (19.0, 0.0, 0.0), clock.now().timestamp())
    assert "More is drawn than the connection bears" in viewer.get(f"/sites/{live.id}").text
    assert "Above its limit" in viewer.get("/sites").text
    assert "draws more than its connection bears" in viewer.get("/").text


def test_where_limits_in_watts_are_made_for_one_phase_the_page_says_why(viewer, live):
    live.site.members[1, 1].takes_watts = True
    live.site.circuits[0] = Fuse(live.site.circuits[0].id, None, limit_a=100.0)
    live.site.__post_init__()
    settle(live)
    now = clock.now().timestamp()
    happenings.measured(live.site, (1, 1), (6.0, 6.0, 6.0), now, is_total=True, is_sure=False)
    assert "Its limit is told in watts." in viewer.get(f"/sites/{live.id}").text
    happenings.measured(live.site, (1, 1), (6.0, 6.0, 6.0), now)
    assert "Its limit is told in watts." not in viewer.get(f"/sites/{live.id}").text


def add_circuit(live, **limits):
    """A circuit behind the connection, with the first two stations on it."""
    (root,) = live.site.circuits
    live.site.circuits = [Fuse(root.id + 1, root.id, **limits), Fuse(root.id, None, limit_a=100.0)]
    live.site.__post_init__()
    for number in (1, 2):
        live.site.members[number, 1].circuit = root.id + 1


@pytest.mark.parametrize(
    ("limits", "first", "second", "is_above"),
    [
        ({"limit_w": 11_000}, (32.0, 0.0, 0.0), (0.0, 15.0, 0.0), False),
        ({"limit_w": 11_000}, (32.0, 0.0, 0.0), (0.0, 17.0, 0.0), True),
        ({"limit_a": 20.0}, (20.0, 0.0, 0.0), (0.0, 20.0, 20.0), False),
        ({"limit_a": 20.0}, (12.0, 0.0, 0.0), (12.0, 0.0, 0.0), True),
    ],
)
def test_each_circuit_bears_what_it_is_made_for_on_each_phase_or_in_all(viewer, live, limits, first, second, is_above):
    add_circuit(live, **limits)
    for number, currents in ((1, first), (2, second)):
        happenings.measured(live.site, (number, 1), currents, clock.now().timestamp())
    text = viewer.get(f"/sites/{live.id}").text
    assert ("More is drawn than the circuit" in text) == is_above
    assert "than the connection bears:" not in text
    assert ("Above its limit" in viewer.get("/sites").text) == is_above
    assert ("draws more than a circuit of it bears" in viewer.get("/").text) == is_above


def test_the_limit_of_a_connection_in_kilowatts_is_shown_in_kilowatts(store, viewer, live):
    (root,) = live.site.circuits
    live.site.circuits = [Fuse(root.id, None, limit_w=11_000)]
    live.site.__post_init__()
    now = clock.now().timestamp()
    happenings.measured(live.site, (1, 1), (32.0, 0.0, 0.0), now)
    text = viewer.get(f"/sites/{live.id}").text
    assert "11.0 kW" in text
    assert "More is drawn" not in text
    happenings.measured(live.site, (1, 1), (32.0, 10.0, 10.0), now)
    assert "12.0 kW of 11.0 kW" in viewer.get(f"/sites/{live.id}").text
    store.write(lambda unit: site_samples.keep(unit, live, now))
    columns = viewer.get(f"/sites/{live.id}/plot.json?hours=1").get_json()
    assert columns["limit_a"] == [pytest.approx(11_000 / 230 - 20)]


def test_where_a_schedule_was_applied_the_page_says_what_it_does(viewer, live):
    member = live.site.members[1, 1]
    member.cap, member.instead = 4.0, Instead(8.0, 16.0, is_always=True)
    settle(live)
    page = viewer.get(f"/sites/{live.id}").text
    assert "no more than 4.0 A now" in page
    assert "connector 1 (16.0 A)" in page
    assert "follows them and not the fail-safe limit" in page


def test_the_picture_is_fed_with_columns(store, viewer, live):
    settle(live)
    now = clock.now().timestamp()
    happenings.measured(live.site, (1, 1), (5.0, 6.0, 7.0), now)
    store.write(lambda unit: site_samples.keep(unit, live, now))
    columns = viewer.get(f"/sites/{live.id}/plot.json?hours=1").get_json()
    assert (columns["limit_a"], columns["measured_3"]) == ([18.0], [7.0])
    assert len(columns["at_ms"]) == 1


def test_a_deleted_site_is_gone(store, operator, site_id):
    assert operator.post(f"/sites/{site_id}/delete").status_code == 303
    assert operator.get(f"/sites/{site_id}").status_code == 404


@pytest.mark.parametrize("path", ["/sites/new", "/sites/1/edit", "/sites/1/connectors"])
def test_a_viewer_changes_nothing(viewer, site_id, path):
    assert viewer.get(path).status_code == 403
    assert viewer.post(path, data=FORM).status_code == 403


def test_the_page_costs_the_same_for_many_stations(viewer, live, queries):
    settle(live)
    with queries() as statements:
        viewer.get(f"/sites/{live.id}")
    assert len(statements) <= 12
