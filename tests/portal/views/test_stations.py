import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Connector
from ocpp_server.services.card import id_tags
from ocpp_server.store import Store
from tests.charging import session
from tests.portal.conftest import PARTIAL

Add = Callable[..., ChargePoint]


def furnish(store: Store, count: int) -> None:
    """So many stations, each with two connectors and a running session."""

    def work(unit: object) -> None:
        for number in range(count):
            name = f"CP-{number:04}"
            charge_point = ChargePoint.create(identity=name, identity_key=name.casefold(), created_at=clock.now())
            for connector_id in (1, 2):
                now = clock.now()
                Connector.create(
                    charge_point=charge_point,
                    connector_id=connector_id,
                    status="Charging" if connector_id == 1 else "Faulted",
                    error_code="NoError" if connector_id == 1 else "GroundFailure",
                    status_at=now,
                    received_at=now,
                )
            session(charge_point, clock.now() - timedelta(hours=1), hours=None, power_w=11000, energy_wh=5500)

    store.write(work)


@pytest.mark.parametrize("path", ["/stations", "/", "/stations?state=charging&q=cp"])
def test_the_number_of_queries_does_not_grow_with_the_yard(
    viewer: FlaskClient, store: Store, queries: Callable, path: str
) -> None:
    counts = []
    for size in (3, 200):
        store.write(lambda unit: ChargePoint.update(deleted_at=clock.now()).execute())
        store.write(lambda unit: ChargePoint.update(identity_key=ChargePoint.identity_key.concat("-old")).execute())
        furnish(store, size)
        with queries() as statements:
            assert viewer.get(path).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 16


def test_an_empty_yard_says_what_to_do(viewer: FlaskClient, operator: FlaskClient) -> None:
    assert "No stations yet" in viewer.get("/stations").text
    assert "/stations/add" not in viewer.get("/stations").text
    assert "/stations/add" in operator.get("/stations").text


def test_a_search_looks_at_identity_label_and_place(operator: FlaskClient, add_station: Add) -> None:
    add_station("CP-1", label="Gate left")
    add_station("CP-2", location="Back yard")
    found = {
        text: re.findall(r'/stations/(\d+)"', operator.get("/stations", query_string={"q": text}).text)
        for text in ("cp-", "GATE", "back", "100%", "nothing")
    }
    assert [len(rows) for rows in found.values()] == [2, 1, 1, 0, 0]
    assert "No station fits" in operator.get("/stations?q=nothing").text


def test_stations_are_filtered_sorted_and_paged_by_the_url(operator: FlaskClient, add_station: Add) -> None:
    for number in range(60):
        add_station(f"CP-{number:02}", registration="pending" if number < 5 else "accepted")
    rows = lambda path: re.findall(r">(CP-\d\d)</a>", operator.get(path).text)  # noqa: E731
    assert rows("/stations")[:2] == ["CP-00", "CP-01"]
    assert rows("/stations?sort=-identity")[:2] == ["CP-59", "CP-58"]
    assert len(rows("/stations")) == 50
    assert rows("/stations?page=2")[-1] == "CP-59"
    assert len(rows("/stations?page=99")) == 10
    assert len(rows("/stations?registration=pending")) == 5
    assert rows("/stations?state=online") == []
    assert len(rows("/stations?state=never&page=2")) == 10
    assert "51 to 60 of 60" in operator.get("/stations?page=2").text


def test_htmx_gets_only_the_block(operator: FlaskClient, add_station: Add) -> None:
    station = add_station()
    for path, block in (
        ("/stations", "results"),
        (f"/stations/{station.id}", "station"),
        ("/", "yard"),
        (f"/stations/{station.id}/connect", "progress"),
        ("/inbox", "entries"),
        (f"/stations/{station.id}/messages", "log"),
    ):
        text = operator.get(path, headers={**PARTIAL, "HX-Target": f"div#{block}"}).text
        assert text.strip().startswith(f'<div id="{block}"'), path
        assert "<html" not in text


def test_a_station_is_added_and_shown_what_to_type(operator: FlaskClient) -> None:
    answer = operator.post("/stations/add", data={"identity": " NEW-7 ", "registration": "accepted", "label": "Gate"})
    assert answer.status_code == 303
    page = operator.get(answer.location)
    assert "ws://localhost/ocpp/NEW-7" in page.text
    assert "Waiting for the first message" in page.text


def test_the_form_is_filled_from_the_inbox(operator: FlaskClient) -> None:
    assert 'value="NEW-7"' in operator.get("/stations/add?identity=NEW-7").text


def test_a_password_is_suggested_without_a_script(operator: FlaskClient) -> None:
    answer = operator.post("/stations/add", data={"identity": "NEW-7", "registration": "accepted", "suggest": "1"})
    assert answer.status_code == 200
    password = re.search(r'id="password"[^>]* value="([A-Za-z0-9]{20})"', answer.text)
    assert password is not None
    assert 'value="NEW-7"' in answer.text
    data = {"identity": "NEW-7", "registration": "accepted", "password": password[1]}
    assert operator.post("/stations/add", data=data).status_code == 303


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"identity": ""}, "Type the identity"),
        ({"identity": "a/b"}, "no slash"),
        ({"identity": "cp-1"}, "exists already"),
        ({"identity": "NEW", "password": "short"}, "16 to 20 characters"),
        ({"identity": "NEW", "registration": "perhaps"}, "Choose one of"),
    ],
)
def test_a_mistake_is_explained_at_its_field(
    operator: FlaskClient, add_station: Add, data: dict[str, str], message: str
) -> None:
    add_station("CP-1")
    answer = operator.post("/stations/add", data={"registration": "accepted", **data})
    assert answer.status_code == 422
    assert message in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_station_is_changed(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    data = {"label": "Gate", "location": "Hall", "registration": "rejected", "spontaneous_calls": "1"}
    assert operator.post(f"/stations/{station.id}/edit", data=data).status_code == 303
    text = operator.get(f"/stations/{station.id}").text
    assert "Gate" in text
    assert "This station is rejected" in text
    assert operator.post(f"/stations/{station.id}/edit", data={**data, "registration": "x"}).status_code == 422


def test_a_password_is_set_suggested_and_taken_away(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    path = f"/stations/{station.id}/password"

    def stored() -> str | None:
        with store.reading():
            return ChargePoint.get_by_id(station.id).password_hash

    assert operator.post(path, data={"suggest": "1"}).status_code == 200
    assert operator.post(path, data={"password": ""}).status_code == 422
    assert operator.post(path, data={"password": "short"}).status_code == 422
    assert stored() is None
    assert operator.post(path, data={"password": "abcdefghijklmnop1234"}).status_code == 303
    assert stored()
    assert operator.post(path, data={"remove": "1"}).status_code == 303
    assert stored() is None


def test_deleting_tells_what_is_kept_and_keeps_it(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    store.write(lambda unit: session(station, clock.now()))
    page = operator.get(f"/stations/{station.id}/delete").text
    assert "Its history holds 1 session" in page
    assert operator.post(f"/stations/{station.id}/delete").status_code == 303
    assert "was deleted" in operator.get("/stations").text
    assert operator.get(f"/stations/{station.id}").status_code == 404
    assert "CP-1" in operator.get("/sessions").text


def test_one_station_shows_connectors_faults_and_sessions(viewer: FlaskClient, store: Store) -> None:
    furnish(store, 1)
    text = viewer.get("/stations/1").text
    for words in ("Connector 1", "Connector 2", "Faulted: ground fault", "11.0 kW", "5.50 kWh", "CARD-1", "Session 1"):
        assert words in text, words
    assert "/edit" not in text
    assert "has never connected" in text


def test_one_station_names_the_cards_of_its_sessions(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    store.write(lambda unit: id_tags.add(unit, "CARD-RUNS", label="Anna Berg"))
    store.write(lambda unit: id_tags.add(unit, "CARD-RAN", label="Pool car"))
    now = clock.now()
    store.write(lambda unit: session(station, now - timedelta(hours=5), id_tag="CARD-RAN"))
    store.write(lambda unit: session(station, now, hours=None, id_tag="card-runs"))
    text = viewer.get(f"/stations/{station.id}").text
    assert "Anna Berg" in text
    assert "Pool car" in text


def test_a_session_on_a_connector_that_never_reported_is_shown(
    viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    store.write(lambda unit: session(station, clock.now(), hours=None, connector_id=7))
    text = viewer.get(f"/stations/{station.id}").text
    assert "Connector 7" in text
    assert "Not reported" in text


def test_what_a_station_says_is_escaped(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station("<b>CP", label="<script>alert(1)")
    store.write(lambda unit: ChargePoint.update(vendor="<img src=x>", last_boot_at=clock.now()).execute())
    for path in ("/", "/stations", f"/stations/{station.id}"):
        text = viewer.get(path).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "<b>CP" not in text


def current_tab(html: str) -> str:
    """The tab that is marked as the one being looked at."""
    return re.search(r'<a class="nav-link active" href="[^"]*" aria-current="page">.*?</svg>([^<]*)</a>', html)[1]


def test_the_pages_of_a_station_lead_to_each_other(viewer: FlaskClient, add_station: Add) -> None:
    number = add_station().id
    below = {"": "Station", "/commands": "Requests", "/configuration": "Configuration", "/messages": "Messages"}
    for path, label in below.items():
        html = viewer.get(f"/stations/{number}{path}").text
        assert current_tab(html) == label
        assert all(f'href="/stations/{number}{other}"' in html for other in below)
    assert current_tab(viewer.get(f"/stations/{number}/configuration/history").text) == "Configuration"


def test_the_actions_of_a_station_stand_under_their_topics_and_the_harmful_apart(
    operator: FlaskClient, add_station: Add
) -> None:
    html = operator.get(f"/stations/{add_station().id}").text
    actions = html.partition('id="actions-title"')[2].partition("</section>")[0]
    together, apart = actions.split('<div class="card-body border-top">')
    topics = re.findall(r"<h3[^>]*>(.*?)</h3>", together)
    assert (topics[0], topics[-1]) == ("Sessions", "Messages")
    assert "Start a session" in together.partition("<h3")[2].partition("<h3")[0]
    for name in ("Stop a session", "Reset", "Unlock"):
        assert name in apart
        assert f"</svg>{name}<" not in together


def test_a_viewer_is_offered_no_action(viewer: FlaskClient, add_station: Add) -> None:
    assert 'id="actions-title"' not in viewer.get(f"/stations/{add_station().id}").text
