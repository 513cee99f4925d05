"""Password hashing in a native thread: it takes a tenth of a second, in which every socket would stand still."""

from ocpp_server.models import Operator
from ocpp_server.services.access import operators
from ocpp_server.services.errors import Invalid
from ocpp_server.threads import Threads

#: Many who try to log in at once wait for each other, and nobody else for them.
_in_thread = Threads(1).run


def hashed(password: str, repeated: str | None = None, field: str = "password") -> str:
    """The hash of an acceptable new password. Raises Invalid for it or its repetition."""
    operators.check_password(password, field)
    if repeated is not None and repeated != password:
        raise Invalid("repeated", "This is not the same password.")
    return _in_thread(operators.hash_password, password)


def is_right(operator: Operator | None, password: str) -> bool:
    """Whether this is the operator's password."""
    return _in_thread(operators.password_is_right, operator, password)
