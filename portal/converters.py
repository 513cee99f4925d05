"""What stands in an address: numbers that a database knows, and names with any character."""

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter

MAX_ID = 2**63 - 1


def row_id(text: str) -> int:
    """The number of a row as an argument or a form names it, for `type=`; larger ones than any database has are none.

    Raises ValueError.
    """
    number = int(text)
    if not 0 <= number <= MAX_ID:
        raise ValueError(text)
    return number


class Id(IntegerConverter):
    """A number of a row. What is larger than any row's number stays the largest, which no row has either."""

    def to_python(self, value: str) -> int:
        return min(int(value[:20]), MAX_ID)


class Name(BaseConverter):
    """What people gave a name to: any text, slashes included."""

    regex = ".+"
    part_isolating = False


def init(app: Flask) -> None:
    app.url_map.converters.update({"int": Id, "name": Name})
