import hashlib
from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.models import ApiToken
from ocpp_server.services.access import api_tokens
from ocpp_server.services.errors import Invalid
from ocpp_server.store import Store


def make(store: Store, name: str = "Building", role: str = "operator") -> tuple[ApiToken, str]:
    return store.write(lambda unit: api_tokens.add(unit, name, role, by="Anna"))


def test_a_token_is_found_by_its_text_and_only_its_hash_is_kept(store: Store) -> None:
    row, text = make(store)
    assert text.startswith("cy_")
    assert len(text) > 40
    with store.reading():
        found = api_tokens.find(text)
        assert found is not None
        assert (found.id, found.role, found.created_by) == (row.id, "operator", "Anna")
        assert found.token_hash == hashlib.sha256(text.encode()).hexdigest()
        stored = str(store.query("SELECT * FROM api_token"))
    assert text not in stored
    assert text.removeprefix("cy_") not in stored


@pytest.mark.parametrize("text", ["", "cy_", "cy_x", "x", "cy_\ud800", "cy_\0"])
def test_another_text_finds_nothing(store: Store, text: str) -> None:
    make(store)
    with store.reading():
        assert api_tokens.find(text) is None


def test_no_two_tokens_are_alike_even_of_one_name(store: Store) -> None:
    assert make(store)[1] != make(store)[1]


def test_a_revoked_token_finds_nothing_and_stays_revoked(store: Store) -> None:
    row, text = make(store)
    store.write(lambda unit: api_tokens.revoke(unit, row.id))
    first = store.write(lambda unit: api_tokens.revoke(unit, row.id)).revoked_at
    clock.use(lambda: first + timedelta(hours=1))
    assert store.write(lambda unit: api_tokens.revoke(unit, row.id)).revoked_at == first
    with store.reading():
        assert api_tokens.find(text) is None


@pytest.mark.parametrize(
    ("name", "role", "field"),
    [
        ("", "viewer", "name"),
        (" ", "viewer", "name"),
        ("x" * 101, "viewer", "name"),
        ("a\nb", "viewer", "name"),
        ("a", "owner", "role"),
    ],
)
def test_a_mistake_is_named(store: Store, name: str, role: str, field: str) -> None:
    with pytest.raises(Invalid) as raised:
        make(store, name, role)
    assert raised.value.field == field


def test_the_last_use_is_noted_coarsely(store: Store) -> None:
    row, _ = make(store)

    def use() -> ApiToken:
        store.write(lambda unit: api_tokens.used(unit, row.id))
        with store.reading():
            return ApiToken.get_by_id(row.id)

    assert not api_tokens.is_noted(row)
    first = use()
    assert api_tokens.is_noted(first)
    assert use().last_used_at == first.last_used_at
    later = first.last_used_at + api_tokens.NOTED_EVERY
    clock.use(lambda: later)
    assert not api_tokens.is_noted(first)
    clock.use(lambda: later + api_tokens.NOTED_EVERY)
    assert use().last_used_at > first.last_used_at


def test_those_that_work_come_first(store: Store) -> None:
    for name in ("one", "two", "three"):
        make(store, name)
    store.write(lambda unit: api_tokens.revoke(unit, 3))
    with store.reading():
        assert [token.name for token in api_tokens.everything()] == ["two", "one", "three"]
