"""Finding rows by any part of a word: which rows the trigram index names, or that it names too many.

A rare word is looked up: the index names its few rows, and only these are read. A common word
is not worth that: whoever walks the list in its order meets enough rows soon. What is found
here is never an answer but where to look; `matching` asks each row itself and stays right
without any index.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import Exact, GreaterThan, LessThan

from vestibule.directory.database import SHORTEST_SEARCHED, trigram_statement
from vestibule.directory.scope import current_firm_id

RARE = 2_000
"""A word in at most so many rows is looked up; others are met soon enough on the way."""

WIDE = 20_000
"""Several words that are not rare are looked up together while each is in at most so many rows."""

Find = Callable[[str, int], "set[UUID] | None"]
"""word, most → the ids of all rows that may hold it, or None when there are more."""


GROUP_BEHIND = "\x1f"
"""Stands in a place's searched text before the words of its group. No word that is searched for
contains it."""


def holds(word: str, field: str = "search_text", *, with_group: bool = True) -> Q:
    """Return the condition "this text contains the word"; not `with_group`: the words of a
    place's group, of which a client may not know, are left out.

    Not LIKE: behind a row policy PostgreSQL knows nothing of how common a pattern is, takes
    each for rare and reads the whole table; of a position it assumes that it is common.
    """
    found = StrIndex(F(field), Value(word))
    held = Q(GreaterThan(found, 0))
    if with_group:
        return held
    mark = StrIndex(F(field), Value(GROUP_BEHIND))
    return held & (Q(Exact(mark, 0)) | Q(LessThan(found, mark)))


class Among(Func):
    """The condition "the row's id is one of these", one value however many they are."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, ids: Iterable[UUID], field: str = "pk") -> None:
        self.ids = tuple(sorted(ids))
        super().__init__(F(field))

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, list[Any]]:
        if not self.ids:
            raise EmptyResultSet
        column, params = compiler.compile(self.source_expressions[0])
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", [*params, list(self.ids)]
        listed = json.dumps([one.hex for one in self.ids])
        listed_ids = "IN (SELECT value FROM json_each(%s))"
        return f"{column} {listed_ids}", [*params, listed]


def rows_holding(table: str) -> Find:
    """Return the finder over one of the searched tables, within the firm in scope."""

    def find(word: str, most: int) -> set[UUID] | None:
        with connection.cursor() as cursor:
            cursor.execute(*trigram_statement(connection, table, current_firm_id(), word, most + 1))
            rows = cursor.fetchall()
        if len(rows) > most:
            return None
        return {row[0] if isinstance(row[0], UUID) else UUID(row[0]) for row in rows}

    return find


def is_indexed(word: str) -> bool:
    """Return whether a word can be looked up: one of fewer than three characters is in no index,
    and outside a firm's scope there is nothing to look up."""
    return len(word) >= SHORTEST_SEARCHED and current_firm_id() is not None


def worth_looking_at(words: Sequence[str], find: Find) -> set[UUID] | None:
    """Return ids among which all rows with every word are, or None: walk the whole list."""
    indexed = sorted({word for word in words if is_indexed(word)}, key=len, reverse=True)
    for word in indexed:
        found = find(word, RARE)
        if found is not None:
            return found
    if len(indexed) < 2:
        return None
    wide = [found for found in (find(word, WIDE) for word in indexed) if found is not None]
    common = set.intersection(*wide) if len(wide) > 1 else None
    return common if common is not None and len(common) <= RARE else None
