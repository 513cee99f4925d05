"""What every list has in common: its search, filters, sorting and page live in the URL."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request
from peewee import Expression, Field, Model, ModelSelect

PER_PAGE = 50

T = TypeVar("T", bound=Model)


@dataclass(frozen=True)
class Pages:
    """One page of a list, for the macro `ui.pager`."""

    rows: list[Any]
    page: int
    pages: int
    total: int
    first: int
    last: int


def paginate(query: "ModelSelect[Any]", per_page: int = PER_PAGE) -> Pages:
    """The page of the query that `?page=` names: two queries, whatever the size."""
    return cut(query.count(), lambda limit, offset: list(query.limit(limit).offset(offset)), per_page)


def cut(total: int, rows_at: Callable[[int, int], list[Any]], per_page: int = PER_PAGE) -> Pages:
    """The page that `?page=` names of what is `total` long; `rows_at` takes a limit and an offset."""
    pages = max(1, -(-total // per_page))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    first = (page - 1) * per_page
    rows = rows_at(per_page, first)
    return Pages(rows, page, pages, total, first + 1, first + len(rows))


def order(query: "ModelSelect[T]", columns: Mapping[str, Any], default: str, last: Any) -> "ModelSelect[T]":
    """Sort by `?sort=name` or `?sort=-name`; `last` decides between equals, so that pages do not overlap."""
    column = columns[chosen_sort(columns, default).removeprefix("-")]
    descending = chosen_sort(columns, default).startswith("-")
    return query.order_by(column.desc() if descending else column.asc(), last)


def chosen_sort(columns: Mapping[str, Any], default: str) -> str:
    """What `?sort=` says, if it names a column."""
    chosen = request.args.get("sort", "")
    return chosen if chosen.removeprefix("-") in columns else default


def address_with(changes: Mapping[str, Any]) -> str:
    """This page's address with some arguments changed; an empty value takes the argument away."""
    arguments = {**request.args.to_dict(), **changes}
    kept = {name: value for name, value in arguments.items() if value not in ("", None)}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def mentions(fields: Iterable[Field], text: str) -> Expression:
    """Whether any of these fields contains the text, without regard to case."""
    return reduce(or_, (field.contains(text) for field in fields))
