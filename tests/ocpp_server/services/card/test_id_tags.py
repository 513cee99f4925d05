"""Cards: what may be stored, and how they are found."""

from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock, events
from ocpp_server.models import ChargePoint, IdTag, Transaction
from ocpp_server.services.card import id_tags
from ocpp_server.services.errors import Invalid

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def it_is_noon():
    clock.use(lambda: NOON)
    yield
    clock.use(None)


def add(store, id_tag, **fields):
    return store.write(lambda unit: id_tags.add(unit, id_tag, **fields))


def update(store, card, **fields):
    return store.write(lambda unit: id_tags.update(unit, card.id, **fields))


def tags(store, **wanted):
    with store.reading():
        return [card.id_tag for card in id_tags.search(**wanted)]


def test_a_card_keeps_its_spelling_and_is_found_in_any(store):
    add(store, "04aBcD", label="Van 3", parent_id_tag="Fleet")
    with store.reading():
        card = id_tags.find("04ABCD")
    assert (card.id_tag, card.label, card.parent_id_tag, card.status) == ("04aBcD", "Van 3", "Fleet", "accepted")
    assert card.created_at == NOON


def test_a_card_may_have_any_content_of_twenty_characters(store):
    add(store, "Bus 7 / Ä-x:{}%$ \"!'")
    assert tags(store) == ["Bus 7 / Ä-x:{}%$ \"!'"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"id_tag": ""}, "id_tag"),
        ({"id_tag": "  "}, "id_tag"),
        ({"id_tag": "A" * 21}, "id_tag"),
        ({"id_tag": "ß" * 20}, "id_tag"),
        ({"id_tag": "A\n"}, "id_tag"),
        ({"id_tag": "KNOWN"}, "id_tag"),
        ({"id_tag": "A", "status": "expired"}, "status"),
        ({"id_tag": "A", "parent_id_tag": "A" * 21}, "parent_id_tag"),
        ({"id_tag": "A", "parent_id_tag": "a"}, "parent_id_tag"),
        ({"id_tag": "A", "label": "x" * 256}, "label"),
    ],
)
def test_what_cannot_be_a_card_is_refused_naming_the_field(store, fields, field):
    add(store, "known")
    with pytest.raises(Invalid) as refused:
        add(store, **fields)
    assert refused.value.field == field
    assert tags(store) == ["known"]


def test_a_change_leaves_the_other_fields_alone(store):
    card = add(store, "A", label="Anna", expiry_date=NOON)
    update(store, card, status="blocked")
    changed = update(store, card, parent_id_tag="")
    assert (changed.status, changed.label, changed.expiry_date, changed.parent_id_tag) == (
        "blocked",
        "Anna",
        NOON,
        None,
    )


def test_a_card_can_be_respelled_but_not_into_another_card(store):
    add(store, "A")
    card = add(store, "b")
    assert update(store, card, id_tag="B").id_tag == "B"
    with pytest.raises(Invalid):
        update(store, card, id_tag="a")


def test_only_what_belongs_to_a_card_can_be_changed(store):
    card = add(store, "A")
    with pytest.raises(Invalid) as refused:
        update(store, card, id_tag_key="x")
    assert refused.value.field == "id_tag_key"


def test_changing_a_card_that_is_gone_says_so(store):
    card = add(store, "A")
    store.write(lambda unit: id_tags.delete(unit, card.id))
    with pytest.raises(IdTag.DoesNotExist):
        update(store, card, label="x")


def test_every_change_tells_the_pages(store):
    subscription = events.subscribe(["id-tags"])
    card = add(store, "A")
    assert subscription.wait(1) == {"id-tags"}
    update(store, card, label="Anna")
    assert subscription.wait(1) == {"id-tags"}
    store.write(lambda unit: id_tags.delete(unit, card.id))
    assert subscription.wait(1) == {"id-tags"}
    events.unsubscribe(subscription)


def test_cards_are_found_by_tag_label_group_and_state(store):
    add(store, "A1", label="Anna", parent_id_tag="Fleet")
    add(store, "B2", label="Bert", status="blocked", expiry_date=NOON - timedelta(days=1))
    add(store, "C3", label="100 %", parent_id_tag="fleet", expiry_date=NOON)
    add(store, "D4", expiry_date=NOON + timedelta(seconds=1))
    assert tags(store, text="a1") == ["A1"]
    assert tags(store, text="bert") == ["B2"]
    assert tags(store, text="%") == ["C3"]
    assert tags(store, text="FLEET") == tags(store, group="FLEET") == ["A1", "C3"]
    assert tags(store, state="accepted") == ["A1", "D4"]
    assert tags(store, state="blocked") == ["B2"]
    assert tags(store, state="expired") == ["C3"]
    assert tags(store, state="nonsense") == ["A1", "B2", "C3", "D4"]
    assert tags(store, sort="label", descending=True) == ["B2", "A1", "C3", "D4"]
    assert tags(store, sort="expiry") == ["B2", "C3", "D4", "A1"]
    with store.reading():
        assert [id_tags.state(card) for card in id_tags.search()] == ["accepted", "blocked", "expired", "accepted"]
        assert id_tags.groups() == ["Fleet", "fleet"]


def test_usage_adds_up_the_spellings_of_a_tag(store):
    def work(unit):
        station = ChargePoint.create(identity="CP-1", identity_key="cp-1", created_at=NOON)
        for id_tag, hours, energy_wh in [
            ("ab", 1, 1000),
            ("AB", 2, 500),
            ("ab", 48, 7000),
            ("x", 1, 0),
            ("other", 1, 9),
        ]:
            at = NOON - timedelta(hours=hours)
            Transaction.create(
                charge_point=station,
                connector_id=1,
                id_tag=id_tag,
                id_tag_status="Accepted",
                started_at=at,
                start_received_at=at,
                meter_start=0,
                energy_wh=energy_wh,
            )

    store.write(work)
    cards = [IdTag(id_tag=tag, id_tag_key=tag.casefold()) for tag in ("x", "aB")]
    with store.reading():
        usage = id_tags.usage_since(NOON - timedelta(days=1), cards)
    assert usage == {"ab": id_tags.Usage(2, 1500), "x": id_tags.Usage(1, 0)}
