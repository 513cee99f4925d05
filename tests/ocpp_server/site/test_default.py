import math

from ocpp_server.site.default import Default, Steps

LOW, HIGH = Steps(0.0, 6.0), Steps(0.0, 10.0)


def test_without_a_default_a_car_may_have_all_that_its_connector_gives():
    assert Default().most(32.0) == (32.0, 32.0)


def test_a_higher_one_counts_once_it_is_sent_and_a_lower_one_once_it_is_taken():
    default = Default(LOW)
    default.asked = HIGH
    assert default.most(32.0) == HIGH
    default.accept()
    default.asked = LOW
    assert default.most(32.0) == HIGH
    default.accept()
    assert default.most(32.0) == LOW


def test_one_that_was_not_answered_may_be_there_until_another_is_taken():
    default = Default(LOW)
    default.asked = HIGH
    default.fail(100.0, refused=False)
    assert default.most(32.0) == HIGH
    assert (default.is_due(LOW, 100.0), default.is_due(LOW, 200.0)) == (False, True)
    default.asked = LOW
    default.accept()
    assert default.most(32.0) == LOW
    assert not default.is_due(LOW, 200.0)


def test_one_that_was_refused_is_not_there():
    default = Default(LOW)
    default.asked = HIGH
    default.fail(100.0, refused=True)
    assert default.most(32.0) == LOW


def test_it_is_made_anew_where_a_session_is_to_begin_otherwise():
    assert Default(LOW).is_due(Steps(6.0, 6.0), 0.0)


def test_after_the_last_retry_it_is_left_alone():
    default = Default()
    for _ in range(5):
        default.fail(0.0, refused=True)
    assert default.retry_at == math.inf
    default.retry()
    assert default.is_due(LOW, 0.0)
