"""The Cards pages."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock
from ocpp_server.models import IdTag
from ocpp_server.services.card import id_tags
from tests import charging, queries

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def operator(client, log_in):
    log_in(client, "operator")
    client.set_cookie("tz", "Europe/Berlin")
    return client


@pytest.fixture
def card(store):
    return store.write(lambda unit: id_tags.add(unit, "04A1", label="Anna", parent_id_tag="FLEET", expiry_date=NOON))


def stored(store):
    with store.reading():
        return {card.id_tag: card for card in IdTag.select()}


def test_an_empty_list_says_what_to_do_next(operator):
    page = operator.get("/cards").text
    assert "No cards yet" in page
    assert 'href="/cards/add"' in page


def test_a_search_that_finds_nothing_offers_the_way_back(operator, card):
    assert "No card fits" in operator.get("/cards?q=nobody").text


def test_the_list_shows_each_card_with_its_use_this_month(operator, store, card):
    clock.use(lambda: NOON + timedelta(hours=2))

    def work(unit):
        charging.session(charging.station(), NOON, id_tag="04a1", energy_wh=12340)
        charging.session(charging.station("CP-2"), NOON - timedelta(days=40), id_tag="04a1", energy_wh=99000)

    store.write(work)
    page = operator.get("/cards").text
    for text in ("04A1", "Anna", "FLEET", "Expired", "22 Nov 2026 13:00", "12.34 kWh", 'href="/sessions?q=04A1"'):
        assert text in page


@pytest.mark.parametrize(
    ("address", "found"),
    [("?q=anna", True), ("?state=blocked", False), ("?group=fleet", True), ("?state=expired", True)],
)
def test_search_and_filters_are_in_the_address(operator, card, address, found):
    clock.use(lambda: NOON)
    assert ("04A1" in operator.get(f"/cards{address}").text) is found


def test_a_fragment_is_the_results_alone(operator, card):
    page = operator.get("/cards?q=anna", headers=FRAGMENT).text
    assert page.lstrip().startswith('<div id="results"')
    assert "<html" not in page


def test_the_export_link_keeps_the_filter_that_was_typed(operator, card):
    page = operator.get("/cards?q=anna&endpoint=x", headers=FRAGMENT).text
    assert 'href="/cards.csv?q=anna&amp;endpoint=x"' in page


def test_adding_a_card_stores_the_viewers_time_in_utc(operator, store):
    form = {
        "id_tag": " 04B2 ",
        "label": "Bert",
        "parent_id_tag": "FLEET",
        "expiry_date": "2026-12-01T08:30",
        "note": "x",
    }
    answer = operator.post("/cards/add", data=form)
    assert (answer.status_code, answer.location) == (303, "/cards")
    card = stored(store)["04B2"]
    assert card.expiry_date == datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
    assert (card.label, card.parent_id_tag, card.status) == ("Bert", "FLEET", "accepted")


def test_a_tapped_card_is_filled_in_already(operator):
    assert 'value="04FF"' in operator.get("/cards/add?id_tag=04FF").text


def test_groups_in_use_are_suggested(operator, card):
    assert '<option value="FLEET">' in operator.get("/cards/add").text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"id_tag": "04a1"}, "id_tag"),
        ({"id_tag": "A" * 21}, "id_tag"),
        ({"id_tag": "B", "parent_id_tag": "b"}, "parent_id_tag"),
        ({"id_tag": "B", "expiry_date": "tomorrow"}, "expiry_date"),
        ({"id_tag": "B", "expiry_date": "0001-01-01T00:00"}, "expiry_date"),
    ],
)
def test_bad_input_comes_back_with_the_message_at_its_field(operator, card, form, field):
    answer = operator.post("/cards/add", data={**form, "label": "typed"})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'value="typed"' in answer.text


def test_editing_keeps_what_the_form_shows(operator, store, card):
    page = operator.get(f"/cards/{card.id}/edit").text
    assert 'value="2026-11-22T13:00"' in page
    form = {"id_tag": "04A1", "label": "Anna B.", "parent_id_tag": "", "expiry_date": "", "status": "blocked"}
    assert operator.post(f"/cards/{card.id}/edit", data=form).status_code == 303
    changed = stored(store)["04A1"]
    assert (changed.label, changed.parent_id_tag, changed.expiry_date, changed.status) == (
        "Anna B.",
        None,
        None,
        "blocked",
    )


def test_one_click_blocks_and_unblocks_and_keeps_the_list_as_it_was(operator, store, card):
    answer = operator.post(f"/cards/{card.id}/status", data={"status": "blocked", "query": "q=anna&page=1"})
    assert (answer.status_code, answer.location) == (303, "/cards?q=anna&page=1")
    assert stored(store)["04A1"].status == "blocked"
    operator.post(f"/cards/{card.id}/status", data={"status": "accepted"})
    assert stored(store)["04A1"].status == "accepted"
    assert operator.post(f"/cards/{card.id}/status", data={"status": "eaten"}).status_code == 400


def test_deleting_asks_first_and_keeps_the_sessions(operator, store, card):
    store.write(lambda unit: charging.session(charging.station(), NOON, id_tag="04A1"))
    assert "Delete card 04A1?" in operator.get(f"/cards/{card.id}/delete").text
    assert "04A1" in stored(store)
    assert operator.post(f"/cards/{card.id}/delete").status_code == 303
    assert stored(store) == {}
    assert "04A1" in operator.get("/sessions").text


def test_a_card_that_is_gone_is_not_found(operator):
    assert operator.get("/cards/4711/edit").status_code == 404
    assert operator.post("/cards/4711/status", data={"status": "blocked"}).status_code == 404
    assert operator.post("/cards/4711/delete").status_code == 404


def test_a_viewer_sees_the_cards_and_changes_nothing(client, log_in, store, card):
    log_in(client, "viewer")
    page = client.get("/cards").text
    assert "04A1" in page
    assert "/cards/add" not in page
    assert "Block" not in page.replace("Blocked", "")
    for address in ("/cards/add", f"/cards/{card.id}/edit", f"/cards/{card.id}/delete", "/cards/import"):
        assert client.get(address).status_code == 403
    assert client.post(f"/cards/{card.id}/status", data={"status": "blocked"}).status_code == 403
    assert stored(store)["04A1"].status == "accepted"


def test_the_list_takes_as_many_queries_for_200_cards_as_for_3(operator, store):
    def add(first, last):
        store.write(lambda unit: [id_tags.add(unit, f"TAG{number}") for number in range(first, last)])

    add(0, 3)
    few = queries.count(lambda: operator.get("/cards"))
    add(3, 200)
    assert queries.count(lambda: operator.get("/cards")) == few > 0


def test_the_export_is_what_the_list_shows_and_safe_to_open(operator, store, card):
    store.write(lambda unit: id_tags.add(unit, "=1+1", label="@SUM(A1)"))
    answer = operator.get("/cards.csv")
    assert answer.mimetype == "text/csv"
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert lines[0] == "id_tag,label,parent_id_tag,status,expiry_date,note,state,created_at,last_used_at"
    assert lines[1].startswith("04A1,Anna,FLEET,accepted,2026-11-22T13:00:00+01:00,,")
    assert lines[2].startswith("'=1+1,'@SUM(A1),")
    assert len(operator.get("/cards.csv?q=anna").data.decode("utf-8-sig").splitlines()) == 2


def upload(client, text):
    content = text if isinstance(text, bytes) else text.encode()
    return client.post("/cards/import", data={"file": (io.BytesIO(content), "cards.csv")})


def test_an_import_is_shown_before_it_is_done(operator, store, card):
    text = "ID_TAG;Label;expiry_date;other\r\n04a1;Anna B.;;x\r\n'=1;New;2027-01-01T00:00;\r\n"
    preview = upload(operator, text)
    assert preview.status_code == 200
    assert "1 new, 1 changed, 0 as before." in preview.text
    assert set(stored(store)) == {"04A1"}
    assert operator.post("/cards/import", data={"text": text}).status_code == 303
    cards = stored(store)
    assert (cards["04a1"].label, cards["04a1"].parent_id_tag, cards["04a1"].expiry_date) == ("Anna B.", "FLEET", None)
    assert cards["=1"].expiry_date == datetime(2026, 12, 31, 23, tzinfo=UTC)
    operator.post("/cards/import", data={"text": "id_tag\nB\n"})
    assert "1 card was read from the file." in operator.get("/cards").text


def test_a_file_with_problems_names_them_and_imports_nothing(operator, store, card):
    text = f"id_tag,status,expiry_date\nOK,accepted,\n{'A' * 21},,\nB,eaten,\nC,,soon\nok,blocked,\n"
    for answer in (upload(operator, text), operator.post("/cards/import", data={"text": text})):
        assert answer.status_code == 422
        for problem in (
            "20 characters at most",
            "either accepted or blocked",
            "not a date",
            "The same card is in line 2",
        ):
            assert problem in answer.text
        assert "4 lines have a problem" in answer.text
    assert set(stored(store)) == {"04A1"}


@pytest.mark.parametrize("text", ["", "hello", "id_tag\n", "\x00", b"\xff\xfe\x00"])
def test_a_file_without_cards_says_so(operator, text):
    answer = upload(operator, text)
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text


def test_the_export_can_be_imported_again(operator, store, card):
    store.write(lambda unit: id_tags.add(unit, "Ä'2", label="-5", note="two\nlines"))
    answer = upload(operator, operator.get("/cards.csv").data)
    assert "0 new, 0 changed, 2 as before." in answer.text
