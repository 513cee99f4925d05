import ast
import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from ocpp_server.models import AuditEntry, ChargePoint
from ocpp_server.services.access import operators
from ocpp_server.store import Store
from portal import audit_words
from tests.conftest import PASSWORD
from tests.portal.conftest import PARTIAL

Add = Callable[..., ChargePoint]

SECRET = "0123456789abcdef"


def recorded(store: Store, topic: str) -> list[tuple[str, str, str]]:
    """Action, target and detail of each entry of this kind, in order."""
    with store.reading():
        query = AuditEntry.select().where(AuditEntry.action.startswith(f"{topic}.")).order_by(AuditEntry.id)
        return [(row.action, row.target, row.detail) for row in query]


def test_changes_to_stations_are_on_record(operator: FlaskClient, store: Store) -> None:
    operator.post("/stations/add", data={"identity": "CP-1", "registration": "pending", "password": SECRET})
    operator.post("/stations/1/edit", data={"label": "Gate", "registration": "accepted", "spontaneous_calls": "1"})
    operator.post("/stations/1/password", data={"password": SECRET})
    operator.post("/stations/1/password", data={"remove": "1"})
    operator.post("/stations/1/edit", data={"registration": "nonsense"})
    operator.post("/stations/1/delete")
    entries = recorded(store, "station")
    assert [(action, target) for action, target, _ in entries] == [
        ("station.add", "CP-1"),
        ("station.change", "CP-1"),
        ("station.password", "CP-1"),
        ("station.password", "CP-1"),
        ("station.delete", "CP-1"),
    ]
    assert "label=Gate" in entries[1][2]
    with store.reading():
        assert SECRET not in str(store.query("SELECT * FROM audit_entry"))
        who = AuditEntry.select().where(AuditEntry.action == "station.add").get()
    assert (who.who, who.address) == ("Operator (operator@example.com)", "127.0.0.1")


#: Whoever puts something on record is handed its action: `audit.write`, and what shares it in views and resources.
RECORDERS = {"write", "record", "_begin_session", "_change", "_steer", "_go_on", "_do"}


def recorded_by_code() -> set[str]:
    """The actions that stand in the code as an argument of a recorder."""
    calls = [
        node
        for root in ("portal", "ocpp_server")
        for path in Path(root).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in RECORDERS
    ]
    given = [argument for call in calls for argument in (*call.args, *(each.value for each in call.keywords))]
    words = [node.value for argument in given for node in ast.walk(argument) if isinstance(node, ast.Constant)]
    return {word for word in words if isinstance(word, str) and re.fullmatch(r"[a-z_]+(\.[a-z-]+)+", word)}


def test_every_action_on_record_has_its_words_and_its_kind(admin: FlaskClient) -> None:
    actions = recorded_by_code()
    assert len(actions) > 50
    assert actions <= set(audit_words.ACTIONS)
    page = admin.get("/settings/audit").text
    for topic in {action.partition(".")[0] for action in audit_words.ACTIONS}:
        assert f'<option value="{topic}">' in page, topic


def test_an_entry_is_told_in_words(operator: FlaskClient, admin: FlaskClient, add_station: Add) -> None:
    operator.post("/cards/add", data={"id_tag": "A"})
    operator.post(f"/stations/{add_station().id}/commands/ClearCache")
    page = admin.get("/settings/audit").text
    assert "Added a card" in page
    assert "Asked: Clear card cache" in page


def test_changes_to_cards_are_on_record(operator: FlaskClient, store: Store) -> None:
    operator.post("/cards/add", data={"id_tag": "A"})
    operator.post("/cards/1/edit", data={"id_tag": "A", "label": "Anna"})
    operator.post("/cards/1/status", data={"status": "blocked"})
    operator.post("/cards/1/status", data={"status": "accepted"})
    operator.post("/cards/1/delete")
    operator.post("/cards/import", data={"text": "id_tag\nB\nC\n"})
    operator.post("/cards/import", data={"text": "id_tag\n" + "x" * 30})
    actions = [(action, target) for action, target, _ in recorded(store, "card")]
    assert actions == [
        ("card.add", "A"),
        ("card.change", "A"),
        ("card.block", "A"),
        ("card.accept", "A"),
        ("card.delete", "A"),
        ("card.import", ""),
    ]


def test_changes_to_operators_are_on_record(admin: FlaskClient, store: Store) -> None:
    data = {"email": "otto@example.com", "name": "Otto", "role": "viewer", "password": "another sentence"}
    admin.post("/settings/operators/add", data=data)
    otto = store.write(lambda unit: operators.find("otto@example.com"))
    for path, form in (
        ("role", {"role": "operator"}),
        ("password", {"password": "a third sentence"}),
        ("disable", {}),
        ("enable", {}),
    ):
        admin.post(f"/settings/operators/{otto.id}/{path}", data=form)
    admin.post("/profile", data={"name": "Adam"})
    assert recorded(store, "operator") == [
        ("operator.add", "otto@example.com", "role=viewer"),
        ("operator.role", "otto@example.com", "operator"),
        ("operator.password", "otto@example.com", ""),
        ("operator.disable", "otto@example.com", ""),
        ("operator.enable", "otto@example.com", ""),
    ]
    assert recorded(store, "profile") == [("profile.name", "admin@example.com", "name=Adam")]


def test_log_ins_failures_and_log_outs_are_on_record(operator: FlaskClient, client: FlaskClient, store: Store) -> None:
    client.post("/login", data={"email": "operator@example.com", "password": "wrong"})
    client.post("/login", data={"email": PASSWORD, "password": ""})
    operator.post("/logout")
    with store.reading():
        entries = [(row.action, row.who, row.result) for row in AuditEntry.select().order_by(AuditEntry.id)]
    assert entries == [
        ("access.log-in", "Operator (operator@example.com)", ""),
        ("access.log-in", "operator@example.com", "refused"),
        # Whoever types the password into the wrong field does not find it on record.
        ("access.log-in", "", "refused"),
        ("access.log-out", "Operator (operator@example.com)", ""),
    ]


def test_the_first_admin_is_on_record(client: FlaskClient, store: Store) -> None:
    token = store.write(operators.new_setup_token)
    form = {"email": "anna@example.com", "name": "Anna", "password": PASSWORD, "repeated": PASSWORD}
    assert client.post(f"/setup/{token}", data=form).status_code == 303
    with store.reading():
        assert AuditEntry.get().who == "Anna (anna@example.com)"


def test_the_page_shows_searches_and_filters(admin: FlaskClient, operator: FlaskClient, add_station: Add) -> None:
    assert "access.log-in" in admin.get("/settings/audit").text
    operator.post("/cards/add", data={"id_tag": "GUEST-7"})
    text = admin.get("/settings/audit?topic=card").text
    assert "GUEST-7" in text
    assert "access.log-in" not in text.partition("<tbody>")[2]
    assert "No entry fits" in admin.get("/settings/audit?q=nobody").text
    assert "No entry fits" in admin.get("/settings/audit?to=2020-01-01").text
    part = admin.get("/settings/audit?q=guest", headers=PARTIAL).text
    assert "GUEST-7" in part
    assert "<html" not in part


def test_the_page_takes_as_many_queries_however_long_it_is(
    admin: FlaskClient, operator: FlaskClient, queries: Callable
) -> None:
    counts = []
    for start in (0, 10):
        for number in range(start, start + 10):
            operator.post("/cards/add", data={"id_tag": f"T{number}"})
        with queries() as statements:
            admin.get("/settings/audit")
        counts.append(sum("SELECT" in statement for statement in statements))
    assert counts[0] == counts[1]


def test_the_export_holds_what_the_page_shows(admin: FlaskClient, operator: FlaskClient) -> None:
    operator.post("/cards/add", data={"id_tag": "=1+1"})
    answer = admin.get("/settings/audit.csv?topic=card")
    assert answer.mimetype == "text/csv"
    header, row = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert header == ["at", "who", "address", "action", "target", "detail", "result"]
    assert row[1:5] == ["Operator (operator@example.com)", "127.0.0.1", "card.add", "'=1+1"]


@pytest.mark.parametrize("path", ["/settings/audit", "/settings/audit.csv"])
def test_only_an_admin_reads_it(operator: FlaskClient, viewer: FlaskClient, path: str) -> None:
    assert operator.get(path).status_code == 403
    assert viewer.get(path).status_code == 403
