from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.models import Operator, Setting
from ocpp_server.services.access import operators
from ocpp_server.services.errors import Invalid
from ocpp_server.store import Store

PASSWORD = "a long enough sentence"
HASH = operators.hash_password(PASSWORD)


def add(store: Store, email: str = "anna@example.com", role: str = "admin") -> Operator:
    return store.write(lambda unit: operators.add(unit, email, password_hash=HASH, role=role))


def fetch(store: Store, operator: Operator) -> Operator:
    with store.reading():
        return Operator.get_by_id(operator.id)


def test_addresses_are_compared_without_regard_to_case_and_blanks(store: Store) -> None:
    add(store, " Anna@Example.com ")
    with store.reading():
        assert operators.find("ANNA@example.COM ") is not None


def test_nobody_is_added_twice(store: Store) -> None:
    add(store)
    with pytest.raises(Invalid) as error:
        add(store, "ANNA@example.com")
    assert error.value.field == "email"


@pytest.mark.parametrize("email", ["", "anna", "anna@", "@example.com", "an na@example.com", "a@" + "b" * 260])
def test_what_is_no_address_is_refused(store: Store, email: str) -> None:
    with pytest.raises(Invalid) as error:
        add(store, email)
    assert error.value.field == "email"


def test_an_unknown_role_is_refused(store: Store) -> None:
    with pytest.raises(Invalid) as error:
        add(store, role="owner")
    assert error.value.field == "role"


@pytest.mark.parametrize(("password", "good"), [("123456789", False), ("1234567890", True), ("x" * 201, False)])
def test_only_the_length_of_a_password_matters(password: str, good: bool) -> None:
    if good:
        operators.check_password(password)
    else:
        with pytest.raises(Invalid):
            operators.check_password(password)


def test_the_right_password_is_right_and_others_are_not(store: Store) -> None:
    operator = add(store)
    assert operators.password_is_right(operator, PASSWORD)
    assert not operators.password_is_right(operator, PASSWORD + "x")
    assert not operators.password_is_right(None, PASSWORD)


def test_the_last_admin_can_neither_be_demoted_nor_disabled(store: Store) -> None:
    admin = add(store)
    add(store, "otto@example.com", "operator")
    with pytest.raises(Invalid):
        store.write(lambda unit: operators.set_role(unit, admin.id, "viewer"))
    with pytest.raises(Invalid):
        store.write(lambda unit: operators.disable(unit, admin.id))
    assert fetch(store, admin).role == "admin"
    assert fetch(store, admin).disabled_at is None


def test_a_disabled_admin_does_not_count_as_one(store: Store) -> None:
    first, second = add(store), add(store, "berta@example.com")
    store.write(lambda unit: operators.disable(unit, second.id))
    with pytest.raises(Invalid):
        store.write(lambda unit: operators.set_role(unit, first.id, "operator"))


def test_with_two_admins_one_may_step_down(store: Store) -> None:
    first, _ = add(store), add(store, "berta@example.com")
    store.write(lambda unit: operators.set_role(unit, first.id, "viewer"))
    assert fetch(store, first).role == "viewer"


def test_a_new_password_and_disabling_end_all_sessions(store: Store) -> None:
    add(store)
    operator = add(store, "otto@example.com", "operator")
    changed = store.write(lambda unit: operators.set_password(unit, operator.id, HASH))
    assert changed.session_key != operator.session_key
    disabled = store.write(lambda unit: operators.disable(unit, operator.id))
    assert disabled.session_key != changed.session_key


def test_who_is_disabled_is_not_found_until_enabled(store: Store) -> None:
    add(store)
    otto = add(store, "otto@example.com", "operator")
    store.write(lambda unit: operators.disable(unit, otto.id))
    with store.reading():
        assert operators.find("otto@example.com") is None
    store.write(lambda unit: operators.enable(unit, otto.id))
    with store.reading():
        assert operators.find("otto@example.com") is not None


def test_the_set_up_token_creates_one_admin_and_is_used_up(store: Store) -> None:
    token = store.write(operators.new_setup_token)
    assert token is not None
    operator = store.write(lambda unit: operators.set_up(unit, token, "anna@example.com", password_hash=HASH))
    assert operator.role == "admin"
    with pytest.raises(Invalid):
        store.write(lambda unit: operators.set_up(unit, token, "eve@example.com", password_hash=HASH))
    assert store.write(operators.new_setup_token) is None


def test_only_the_hash_of_the_set_up_token_is_stored(store: Store) -> None:
    token = store.write(operators.new_setup_token)
    with store.reading():
        assert all(str(token) not in setting.value for setting in Setting.select())


def test_each_start_ends_the_set_up_token_before(store: Store) -> None:
    first, second = store.write(operators.new_setup_token), store.write(operators.new_setup_token)
    with store.reading():
        assert not operators.setup_token_is_valid(str(first))
        assert operators.setup_token_is_valid(str(second))


def test_the_set_up_token_lives_for_a_day(store: Store) -> None:
    token = str(store.write(operators.new_setup_token))
    later = clock.now() + timedelta(hours=23, minutes=59)
    clock.use(lambda: later)
    with store.reading():
        assert operators.setup_token_is_valid(token)
        clock.use(lambda: later + timedelta(minutes=2))
        assert not operators.setup_token_is_valid(token)
