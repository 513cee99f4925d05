"""The people who log in to the portal, for admins."""

from typing import Any

from ocpp_server.models import Operator
from ocpp_server.models.operators import ADMIN, ROLES, VIEWER
from ocpp_server.services.access import operators
from ocpp_server.services.access.operators import MAX_PASSWORD
from ocpp_server.store import Unit
from portal import audit, passwords
from portal.api import paging
from portal.api.operation import Reply, operation
from portal.api.problems import missing
from portal.api.routing import PREFIX
from portal.api.schema import BOOLEAN, ID, PAGING, STRING, TIME, body, one_of, or_null, page_of, record, text
from portal.api.values import time
from portal.context import store

TAG = "Operators"
ORDER = paging.Order((Operator.email,))
_FIELDS = {
    "name": text(255),
    "role": one_of(ROLES),
    "password": text(MAX_PASSWORD, writeOnly=True, description="10 characters at least."),
}
OPERATOR = record(
    id=ID,
    email=STRING,
    name=STRING,
    role=one_of(ROLES),
    disabled={**BOOLEAN, "description": "Whether they are kept from logging in."},
    created_at=TIME,
    last_login_at=or_null(TIME),
)


@operation("GET", "/operators", "List who may log in", tag=TAG, role=ADMIN, answer=page_of(OPERATOR), query=PAGING)
def index(query: dict[str, Any]) -> dict[str, Any]:
    return paging.part(Operator.select(), ORDER, query, paging.each(_operator))


@operation(
    "POST",
    "/operators",
    "Add somebody who may log in",
    tag=TAG,
    role=ADMIN,
    body=body(["email", "password"], email=text(255, minLength=3, examples=["anna@example.com"]), **_FIELDS),
    answer=OPERATOR,
    status=201,
    holds_connection=False,
)
def create(body: dict[str, Any]) -> Reply:
    fields = dict(body)
    operators.check_email(operators.normal_email(fields["email"]))
    password_hash = passwords.hashed(fields.pop("password"))
    added = audit.write(
        lambda unit: operators.add(unit, password_hash=password_hash, **fields),
        "operator.add",
        lambda added: added.email,
        f"role={fields.get('role', VIEWER)}",
    )
    return Reply(_operator(added), 201, {"Location": f"{PREFIX}/operators/{added.id}"})


@operation("GET", "/operators/<int:operator_id>", "Show an operator", tag=TAG, role=ADMIN, answer=OPERATOR)
def show(operator_id: int) -> dict[str, Any]:
    return _operator(_fetch(operator_id))


@operation(
    "PATCH",
    "/operators/<int:operator_id>",
    "Change an operator; another password, or disabling them, ends all their sessions",
    tag=TAG,
    role=ADMIN,
    body=body(**_FIELDS, disabled=BOOLEAN),
    answer=OPERATOR,
    holds_connection=False,
)
def update(operator_id: int, body: dict[str, Any]) -> dict[str, Any]:
    with store().reading():
        email = _fetch(operator_id).email
    fields = dict(body)
    if "password" in fields:
        fields["password"] = passwords.hashed(fields["password"])
    me = audit.who()

    def change(unit: Unit) -> Operator:
        for name, value in fields.items():
            action, work, said = _CHANGES[name, value is True]
            work(unit, operator_id, *([] if name == "disabled" else [value]))
            me.record(unit, action, email, value if said else "")
        return _fetch(operator_id)

    return _operator(store().write(change))


#: For each field, and whether it is set to true: how the record calls it, what does it, whether the record tells it.
_CHANGES: dict[tuple[str, bool], tuple[str, Any, bool]] = {
    ("name", False): ("operator.name", operators.rename, True),
    ("role", False): ("operator.role", operators.set_role, True),
    ("password", False): ("operator.password", operators.set_password, False),
    ("disabled", True): ("operator.disable", operators.disable, False),
    ("disabled", False): ("operator.enable", operators.enable, False),
}


def _fetch(operator_id: int) -> Operator:
    found = Operator.get_or_none(Operator.id == operator_id)
    if found is None:
        raise missing(f"operator {operator_id}")
    return found


def _operator(row: Operator) -> dict[str, Any]:
    return {
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "disabled": row.disabled_at is not None,
        "created_at": time(row.created_at),
        "last_login_at": time(row.last_login_at),
    }
