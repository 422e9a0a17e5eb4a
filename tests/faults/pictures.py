"""What a database holds, past every guard: to compare before and after."""

import hashlib
from collections.abc import Mapping

from tests.support.databases import Database

Picture = Mapping[str, tuple[int, str]]
"""Of every table: how many rows, and a digest of all they say."""


def picture_of(database: Database) -> Picture:
    """Return the picture of every table there is, sessions and cache among them."""
    connection = database.connect()
    try:
        if database.vendor == "postgresql":
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            each = (
                f"SELECT '{name}', count(*),"
                " md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
                f' FROM "{name}" t'
                for (name,) in tables
            )
            found = connection.execute(" UNION ALL ".join(each)).fetchall()
            return {name: (rows, digest) for name, rows, digest in found}
        picture = {}
        tables = connection.execute(  # what an index of words holds lies in tables of its own
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        ).fetchall()
        for (name,) in tables:
            rows = sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"').fetchall()))
            picture[name] = (len(rows), hashlib.md5("|".join(rows).encode()).hexdigest())
        return picture
    finally:
        connection.close()


def changed(before: Picture, after: Picture) -> set[str]:
    """Return the tables that do not say the same any more."""
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def added(before: Picture, after: Picture) -> dict[str, int]:
    """Return how many rows each table has more than before, where it has.

    Into how many pieces SQLite cuts an index of words is its own affair.
    """
    more = {name: rows - before[name][0] for name, (rows, _digest) in after.items()}
    return {
        name: rows
        for name, rows in more.items()
        if rows and name != "sqlite_sequence" and "_trigrams_" not in name
    }
