from ocpp_server.site.turns import Turn, next_in

SLOT = 1800.0
NOW = 100_000.0


def in_order(**turns: Turn) -> list[str]:
    return sorted(turns, key=lambda name: turns[name].rank(NOW, SLOT))


def test_who_is_within_its_slot_stays_and_then_the_longest_waiting_comes():
    assert in_order(
        newcomer=Turn(waiting_since=NOW),
        running=Turn(running_since=NOW - 100),
        longer=Turn(waiting_since=NOW - 300),
    ) == ["running", "longer", "newcomer"]


def test_who_has_charged_longest_gives_its_place_first():
    assert in_order(
        longest=Turn(running_since=NOW - 9000),
        over=Turn(running_since=NOW - 2000),
        waiting=Turn(waiting_since=NOW - 1),
    ) == ["waiting", "over", "longest"]


def test_who_has_waited_for_two_slots_goes_before_those_within_theirs():
    assert in_order(running=Turn(running_since=NOW - 10), overdue=Turn(waiting_since=NOW - 2 * SLOT)) == [
        "overdue",
        "running",
    ]


def test_who_must_not_be_paused_goes_before_all():
    assert in_order(overdue=Turn(waiting_since=NOW - 9000), kept=Turn(running_since=NOW - 9000, is_kept=True)) == [
        "kept",
        "overdue",
    ]


def test_one_that_waits_is_told_when_its_turn_comes():
    first, second = Turn(waiting_since=NOW - 60), Turn(waiting_since=NOW - 30)
    everyone = [first, second, Turn(running_since=NOW - 1700), Turn(running_since=NOW - 600)]
    assert next_in(first, everyone, NOW, SLOT) == 100
    assert next_in(second, everyone, NOW, SLOT) == 1200


def test_beginning_twice_changes_nothing():
    turn = Turn(waiting_since=NOW)
    turn.run(NOW + 5)
    turn.run(NOW + 9)
    assert (turn.running_since, turn.waiting_since) == (NOW + 5, None)
    turn.wait(NOW + 20)
    turn.wait(NOW + 30)
    assert (turn.running_since, turn.waiting_since) == (None, NOW + 20)
