from datetime import UTC, datetime, timedelta

from ocpp_server import clock
from ocpp_server.jobs.share_sites import reduce_site_samples
from ocpp_server.models import Command, SiteSample
from ocpp_server.services import commands
from ocpp_server.services.site import site_samples, sites
from ocpp_server.services.site.site_sharing import Live
from ocpp_server.services.site.sites import Circuit, Plan
from ocpp_server.site import happenings
from tests.charging import station
from tests.ocpp_server.site.plays import Play

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def add_site(store):
    return store.write(lambda unit: sites.save(unit, Plan("Yard", [Circuit("Main", 40.0)])).id)


def sample(store, site_id, at, measured):
    values = dict.fromkeys(("allotted_1", "allotted_2", "allotted_3", "measured_2", "measured_3"), 1.0)
    row = {"site": site_id, "at": clock.to_ms(at), "limit_a": 40.0, "measured_1": measured, **values}
    store.write(lambda unit: SiteSample.create(**row))


def test_a_row_says_what_is_allotted_and_measured_on_each_phase_of_the_site(store):
    play = Play(40, 2)
    play.car(1)
    play.run(60)
    play.site.members[1, 1].phases = (1, 2, 0)
    happenings.measured(play.site, (1, 1), (10.0, 0.0, 5.0), play.now)
    live = Live(add_site(store), "Yard", play.site)
    store.write(lambda unit: site_samples.keep(unit, live, play.now))
    with store.reading():
        (row,) = site_samples.since(store, live.id, 0)
    assert row == (round(play.now * 1000), 40.0, 32.0, 32.0, 32.0, 5.0, 10.0, 0.0)


def test_old_rows_become_one_for_five_minutes_that_keeps_the_peak(store, settings):
    clock.use(lambda: NOW)
    site_id, old = add_site(store), NOW - timedelta(days=3)
    for seconds, measured in ((0, 5.0), (10, 39.0), (20, 7.0), (300, 2.0)):
        sample(store, site_id, old + timedelta(seconds=seconds), measured)
    sample(store, site_id, NOW - timedelta(hours=1), 3.0)
    sample(store, site_id, NOW - timedelta(days=500), 8.0)
    for _ in range(2):
        reduce_site_samples(store, settings)
    with store.reading():
        rows = [(row.span_s, row.measured_1) for row in SiteSample.select().order_by(SiteSample.at)]
    assert rows == [(300, 39.0), (300, 2.0), (10, 3.0)]


def test_the_many_commands_of_sites_are_kept_for_a_week(store, settings):
    profile = {"chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile"}
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]}
    payload = {
        "connectorId": 1,
        "csChargingProfiles": {**profile, "chargingProfileKind": "Relative", "chargingSchedule": schedule},
    }
    point = store.write(lambda unit: station())
    clock.use(lambda: NOW - timedelta(days=8))
    for who in ("Chargeyard", "somebody"):
        store.write(lambda unit, who=who: commands.request(unit, point.id, "SetChargingProfile", payload, by=who))
    clock.use(lambda: NOW)
    store.write(commands.expire)
    reduce_site_samples(store, settings)
    with store.reading():
        assert [row.requested_by for row in Command.select()] == ["somebody"]
