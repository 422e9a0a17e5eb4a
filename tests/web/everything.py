"""What a database holds, read past every guard: shows that something changed nothing at all."""

from tests.support.databases import Database

Content = dict[str, list[tuple[object, ...]]]

UNWATCHED = {
    "vestibule_cache",  # counts attempts
    "directory_session",  # when somebody was last seen
    "django_migrations",
    "sqlite_sequence",
}


def tables_of(database: Database) -> list[str]:
    """Return the names of all tables."""
    if database.vendor == "postgresql":
        rows = database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    else:
        rows = database.rows(  # what an index of words holds lies in tables of its own
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        )
    return sorted(str(name) for (name,) in rows)


def content_of(database: Database, *, without: set[str] = UNWATCHED) -> Content:
    """Return every row of every table, in an order of its own."""
    return {
        name: sorted(database.rows(f'SELECT * FROM "{name}"'), key=repr)
        for name in tables_of(database)
        if name not in without
    }


def differences(before: Content, after: Content) -> list[str]:
    """Return what one content has and the other has not, one line each; a test wants none."""
    return [
        f"{name}: {sign} {row!r:.300}"
        for name in sorted({*before, *after})
        for sign, one, other in (
            ("-", before.get(name, []), after.get(name, [])),
            ("+", after.get(name, []), before.get(name, [])),
        )
        for row in one
        if row not in other
    ]
