"""`list.*`: reading one page of the users' list as its view does, against the bare statement.

The value is the whole reading inside the firm's scope: the question built, the rows fetched and
made into objects, the cursors. `empty` is the same reading when nobody is found. The floor is
the bare statement for the same rows, prepared, on a plain connection; that of a search goes past
the wall (as the tables' owner without a row policy), for behind it no bare statement is fast.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import connection

from bench.measuring import Times, in_turn, line
from vestibule.actor import Actor, Door
from vestibule.directory import doorway, facts
from vestibule.directory.listing import UserListing, counts_by_state, users_of
from vestibule.directory.models import Firm, User
from vestibule.directory.scope import firm_scope

ROWS = 50
TIMES = 60
COLUMNS = "id, firm_id, email, first_name, last_name, state, state_since, sort_key, last_sign_in_at"
NOBODY = "qqzzxx"
COMMON = "people"


def reader_of(firm: Firm) -> Actor:
    """Return the firm's practitioner as he is now; inside the firm's scope."""
    user = doorway.user_of_email(firm.pk, "staff@demo.example")
    assert user is not None
    return facts.actor_for(user, door=Door.PAGE)


def measured(names: Sequence[str], *, size: str, users: int) -> Iterator[str]:
    firm = doorway.firm_of_slug("demo")
    assert firm is not None
    with firm_scope(firm):
        actor = reader_of(firm)
        everybody = users_of(actor, UserListing(), None)
        deep = _cursor_at(everybody, share=0.5)
        last = _cursor_at(everybody, share=1.0)
        rare = everybody[users // 3].canonical_email.partition("@")[0]
    bare = _Bare(firm)
    empty, _floor = in_turn(lambda: _read(firm, text=NOBODY), bare.first, times=TIMES)
    pages: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "list.first": (lambda: _read(firm), bare.first),
        "list.deep": (lambda: _read(firm, after=deep[0]), lambda: bare.after(*deep[1:])),
        "list.last": (lambda: _read(firm, after=last[0]), lambda: bare.after(*last[1:])),
        "list.rare_search": (lambda: _read(firm, text=rare), lambda: bare.holding(rare)),
        "list.common_search": (lambda: _read(firm, text=COMMON), lambda: bare.holding(COMMON)),
        "list.counts": (lambda: _count(firm), bare.count),
    }
    try:
        for name, (value, floor) in pages.items():
            if name in names:
                yield _figure(name, size, users, in_turn(value, floor, times=TIMES), empty)
    finally:
        bare.close()


def _figure(name: str, size: str, users: int, found: list[Times], empty: Times) -> str:
    value, floor = found
    return line(
        name,
        size,
        value,
        floor,
        users=users,
        database=connection.vendor,
        empty=round(empty.middle * 1e3, 3),
        limit=round((empty.middle + 3 * floor.middle) * 1e3, 3),
    )


def _read(firm: Firm, *, text: str = "", after: str = "") -> list[Any]:
    with firm_scope(firm):
        listing = UserListing(text=text)
        rows = users_of(reader_of(firm), listing, None)
        return list(rows.page(size=ROWS, after=after, order=listing.order).rows)


def _count(firm: Firm) -> dict[str, int]:
    with firm_scope(firm):
        return counts_by_state(reader_of(firm), UserListing(), None)


def _cursor_at(everybody: Any, *, share: float) -> tuple[str, str, Any]:
    """Return the cursor of a row, and its sort key and id; the last page's for a share of 1."""
    listing, total = UserListing(), everybody.count()
    place = max(0, min(int(total * share), total - ROWS) - 1)
    row: User = everybody.order_by("sort_key", "pk")[place]
    return listing.order.cursor(row), row.sort_key, row.pk


class _Bare:
    """The same rows by statements of one line, on a connection of its own."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.is_sqlite = connection.vendor == "sqlite"
        self.key: Any = firm.pk.hex if self.is_sqlite else firm.pk
        self.connection: Any = self._sqlite() if self.is_sqlite else self._postgresql()

    def close(self) -> None:
        self.connection.close()

    def _sqlite(self) -> Any:
        import sqlite3

        return sqlite3.connect(connection.settings_dict["NAME"])

    def _postgresql(self) -> Any:
        import psycopg

        settings = connection.settings_dict
        plain = psycopg.connect(
            host=settings["HOST"],
            port=settings["PORT"],
            dbname=settings["NAME"],
            user=settings["USER"],
            password=settings["PASSWORD"],
            prepare_threshold=0,
        )
        # Past the wall for as long as this connection's transactions, which are rolled back.
        plain.execute("ALTER TABLE directory_user NO FORCE ROW LEVEL SECURITY")
        plain.commit()
        return plain

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        if not self.is_sqlite:
            statement = re.sub(r"\?", "%s", statement.replace("%", "%%"))
        rows = self.connection.execute(statement, values).fetchall()
        if not self.is_sqlite:
            self.connection.commit()
        return list(rows)

    def first(self) -> list[Any]:
        return self._rows(
            f"SELECT {COLUMNS} FROM directory_user WHERE firm_id = ? AND kind = 'client'"  # noqa: S608
            f" ORDER BY sort_key, id LIMIT {ROWS + 1}",
            self.key,
        )

    def after(self, sort_key: str, row_id: Any) -> list[Any]:
        return self._rows(
            f"SELECT {COLUMNS} FROM directory_user WHERE firm_id = ? AND kind = 'client'"  # noqa: S608
            f" AND (sort_key, id) > (?, ?) ORDER BY sort_key, id LIMIT {ROWS + 1}",
            self.key,
            sort_key,
            row_id.hex if self.is_sqlite else row_id,
        )

    def holding(self, word: str) -> list[Any]:
        if self.is_sqlite:
            columns = ", ".join(f"u.{name}" for name in COLUMNS.split(", "))
            return self._rows(
                f"SELECT {columns} FROM directory_user_trigrams g"  # noqa: S608
                " JOIN directory_user_numbered r ON r.row = g.rowid"
                " JOIN directory_user u ON u.id = r.id"
                f" WHERE directory_user_trigrams MATCH ? AND u.firm_id = ? LIMIT {ROWS + 1}",
                f'"{word}"',
                self.key,
            )
        return self._rows(
            f"SELECT {COLUMNS} FROM directory_user WHERE firm_id = ? AND search_text LIKE ?"  # noqa: S608
            f" LIMIT {ROWS + 1}",
            self.key,
            f"%{word}%",
        )

    def count(self) -> list[Any]:
        return self._rows(
            "SELECT state, count(*) FROM directory_user WHERE firm_id = ? AND kind = 'client'"
            " GROUP BY state",
            self.key,
        )
