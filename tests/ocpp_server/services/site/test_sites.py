from dataclasses import replace

import pytest

from ocpp_server import clock
from ocpp_server.models import Command, InstalledChargingProfile, Site, SiteCircuit, SiteMember
from ocpp_server.services.errors import Invalid
from ocpp_server.services.site import sites
from ocpp_server.services.site.site_sharing import SITE
from ocpp_server.services.site.sites import Circuit, Member, Plan
from ocpp_server.services.smart_charging import installed_profiles
from ocpp_server.services.smart_charging.installed_profiles import Wished
from ocpp_server.services.station import charge_points
from tests.charging import station

YARD = Plan("Yard", [Circuit("Main", 63.0), Circuit("Row", 32.0, parent="Main")])


def save(store, plan=YARD, site_id=None):
    return store.write(lambda unit: sites.save(unit, plan, site_id))


def install(store, charge_point_id):
    """The station has taken a default of the site's."""
    profile = {
        "chargingProfileId": SITE.profile_id("TxDefaultProfile", 1),
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]},
    }
    wished = Wished(SITE.name, 1, profile, clock.now())
    store.write(
        lambda unit: installed_profiles.accepted(unit, charge_point_id, 1, profile, source="Chargeyard", wished=wished)
    )


@pytest.fixture
def points(store):
    return store.write(lambda unit: [station(f"CP-{number}") for number in (1, 2)])


def test_a_site_is_kept_with_its_circuits_and_connectors(store, points):
    members = [Member(points[0].id, 1, "Row", phases="231", priority=2), Member(points[1].id, 1, "Main")]
    saved = save(store, replace(YARD, members=members))
    with store.reading():
        assert sites.plan_of(Site.get_by_id(saved.id)) == replace(YARD, members=members)


def test_saving_again_changes_what_is_there_and_removes_what_is_not(store, points):
    member = Member(points[0].id, 1, "Row")
    saved = save(store, replace(YARD, members=[member, Member(points[1].id, 1, "Main")]))
    with store.reading():
        before = {row.name: row.id for row in SiteCircuit.select()}
    save(store, Plan("Court", [Circuit("Main", 50.0, "kW", 2.0)], [replace(member, circuit="Main")]), saved.id)
    with store.reading():
        (circuit,) = SiteCircuit.select()
        assert (circuit.id, circuit.limit, circuit.unit, circuit.reserve_a) == (before["Main"], 50.0, "kW", 2.0)
        assert [row.charge_point_id for row in SiteMember.select()] == [points[0].id]


def test_a_site_goes_with_all_that_belongs_to_it(store, points):
    saved = save(store, replace(YARD, members=[Member(points[0].id, 1, "Row")]))
    store.write(lambda unit: sites.delete(unit, saved.id))
    with store.reading():
        assert SiteCircuit.select().count() == 0
        assert SiteMember.select().count() == 0


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (replace(YARD, name=" "), "name"),
        (replace(YARD, mode="by luck"), "mode"),
        (replace(YARD, lease_s=5), "lease_s"),
        (replace(YARD, slot_s=99_999), "slot_s"),
        (replace(YARD, circuits=[]), "circuits"),
        (replace(YARD, circuits=[Circuit("Main", 63), Circuit("Other", 63)]), "circuits"),
        (replace(YARD, circuits=[Circuit("Main", 63), Circuit("Main", 32, parent="Main")]), "circuits"),
        (replace(YARD, circuits=[Circuit("Main", 63), Circuit("Row", 32, parent="Row")]), "circuits"),
        (replace(YARD, circuits=[Circuit("Main", 0)]), "limit"),
        (replace(YARD, circuits=[Circuit("Main", float("nan"))]), "limit"),
        (replace(YARD, circuits=[Circuit("Main", 63, "V")]), "unit"),
        (replace(YARD, circuits=[Circuit("Main", 63, reserve_a=-1)]), "reserve_a"),
        (replace(YARD, members=[Member(1, 1, "Nowhere")]), "members"),
        (replace(YARD, members=[Member(1, 1, "Row"), Member(1, 1, "Main")]), "members"),
        (replace(YARD, members=[Member(1, 1, "Row", phases="124")]), "phases"),
        (replace(YARD, members=[Member(1, 0, "Row")]), "connector_id"),
        (replace(YARD, members=[Member(1, 1, "Row", minimum_a=16, maximum_a=10)]), "maximum_a"),
        (replace(YARD, members=[Member(1, 1, "Row", priority=5000)]), "priority"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(store, plan, field):
    with pytest.raises(Invalid) as refused:
        save(store, plan)
    assert refused.value.field == field


def test_a_connector_belongs_to_one_site_only(store, points):
    plan = replace(YARD, members=[Member(points[0].id, 1, "Row")])
    save(store, plan)
    with pytest.raises(Invalid, match="belongs to the site Yard"):
        save(store, replace(plan, name="Other"))


def test_a_rejected_station_can_leave_its_site(store, points):
    saved = save(store, replace(YARD, members=[Member(points[0].id, 1, "Row")]))
    install(store, points[0].id)
    store.write(lambda unit: charge_points.update(unit, points[0].id, registration="rejected"))
    save(store, YARD, saved.id)
    store.write(lambda unit: sites.delete(unit, saved.id))
    with store.reading():
        assert Site.select().count() == SiteMember.select().count() == 0
        assert InstalledChargingProfile.select().count() == 1, "the station was not told, so it still holds it"


@pytest.mark.parametrize("name", ["Yard", "Other"])
def test_a_connector_that_comes_back_to_a_site_is_not_told_to_forget_its_limit(store, points, name):
    plan = replace(YARD, members=[Member(points[0].id, 1, "Row"), Member(points[1].id, 1, "Row")])
    saved = save(store, plan)
    for point in points:
        install(store, point.id)
    save(store, YARD, saved.id)
    again = replace(YARD, name=name, members=plan.members[:1])
    save(store, again, saved.id if name == "Yard" else None)
    with store.reading():
        assert {row.charge_point_id: row.state for row in Command.select()} == {
            points[0].id: "cancelled",
            points[1].id: "queued",
        }


def test_two_sites_do_not_share_a_name(store):
    save(store)
    with pytest.raises(Invalid, match="Another site"):
        save(store)
