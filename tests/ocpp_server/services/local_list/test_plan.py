"""From what a list should hold and does hold to the next message, without a database."""

import pytest

from ocpp_server.services.local_list import plan
from ocpp_server.services.local_list.plan import Entry

DAY = 1_800_000_000_000


def by_key(*entries):
    return {entry.key: entry for entry in entries}


def test_an_entry_carries_only_what_it_has():
    assert Entry("Ab1").data() == {"idTag": "Ab1", "idTagInfo": {"status": "Accepted"}}
    assert Entry("Ab1", DAY, "FLEET").data() == {
        "idTag": "Ab1",
        "idTagInfo": {"status": "Accepted", "parentIdTag": "FLEET", "expiryDate": "2027-01-15T08:00:00Z"},
    }


def test_equal_lists_need_no_message():
    assert plan.differences(by_key(Entry("A", DAY)), by_key(Entry("A", DAY))) == []


def test_removals_come_first_and_have_no_info():
    changes = plan.differences(by_key(Entry("A"), Entry("C")), by_key(Entry("b"), Entry("C", DAY)))
    assert changes == [{"idTag": "b"}, Entry("A").data(), Entry("C").data()]


def test_upper_and_lower_case_are_one_card():
    assert plan.differences(by_key(Entry("abc")), by_key(Entry("ABC"))) == [Entry("abc").data()]
    assert Entry("ABC").key == Entry("abc").key


def test_how_much_longer_a_list_becomes():
    held = by_key(Entry("A"), Entry("B"))
    assert plan.growth([{"idTag": "a"}, Entry("b").data(), Entry("C").data(), Entry("D").data()], held) == 1


@pytest.mark.parametrize(
    ("configured", "learnt", "expected"),
    [
        ({}, None, (20, None, False)),
        ({"sendlocallistmaxlength": "100", "localauthlistmaxlength": "500"}, None, (100, 500, True)),
        ({"sendlocallistmaxlength": "100000"}, None, (250, None, True)),
        ({"sendlocallistmaxlength": "0", "localauthlistmaxlength": "many"}, None, (20, None, False)),
        ({"sendlocallistmaxlength": "100"}, 12, (12, None, True)),
        ({"sendlocallistmaxlength": None, "localauthlistmaxlength": "0"}, 0, (1, 0, False)),
    ],
)
def test_limits_are_the_stations_own_or_careful_ones(configured, learnt, expected):
    found = plan.limits(configured, learnt)
    assert (found.per_message, found.total, found.told) == expected


def test_versions_rise_above_all_that_are_known_and_are_never_0_or_below():
    assert plan.next_version(0) == 1
    assert plan.next_version(7, 9) == 10
    assert plan.next_version(-1) == 1
    assert plan.next_version(plan.LAST_VERSION) is None


@pytest.mark.parametrize(("told", "version"), [(5, 5), (-1, -1), (0, 0), (5.0, 5), (5.5, None), (True, None)])
def test_versions_are_whole_numbers(told, version):
    assert plan.version_of(told) == version


@pytest.mark.parametrize("told", [None, "5", 2**31, 1e30, float("inf"), float("nan"), []])
def test_what_is_no_version_is_none(told):
    assert plan.version_of(told) is None


def test_an_update_is_read_back_as_what_the_station_then_holds():
    data = [Entry("A", DAY, "Fleet").data(), {"idTag": "b"}]
    found = plan.entries(plan.update(plan.DIFFERENTIAL, 3, data))
    assert found == {"a": Entry("A", DAY, "Fleet"), "b": None}
    assert plan.entries({"listVersion": 1, "updateType": "Full"}) == {}


def test_a_list_of_twenty_thousand_is_compared_in_a_moment():
    held = by_key(*(Entry(f"{number:014X}", DAY) for number in range(20_000)))
    wanted = dict(list(held.items())[1:]) | by_key(Entry("NEW"))
    assert plan.differences(wanted, held) == [{"idTag": "0" * 14}, Entry("NEW").data()]
