"""What Django cannot say about the tables, as one declared list, re-applied after every migrate.

Row policies (PostgreSQL), the trigger that keeps events append-only (both), trigram
indexes (both; decision 0021), the application's role and its rights (PostgreSQL). A test
compares `declared()` with what the database's own catalogue holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from vestibule.directory.scope import (
    OUTSIDE_TABLES,
    SEARCHED,
    THIRD_PARTY_TABLES,
    tenant_tables,
)

APP_ROLE = "vestibule_app"
"""The role that serves: owns nothing, no BYPASSRLS. `migrate` runs as the owner."""

FIRM_IN_SCOPE = "NULLIF(current_setting('app.firm_id', true), '')::uuid"

APPEND_ONLY = ("directory_event",)
"""Rows are inserted and never altered or removed."""

SEARCH_ROLE = "vestibule_search"
"""Owns the functions that look a word up, and sees ids and searched texts of all firms; nobody
is a member of it. A row policy keeps LIKE from using an index, for it could tell of foreign
rows; inside a function that adds the firm itself it may."""

SHORTEST_SEARCHED = 3
"""Fewer characters than a trigram are in no index."""


@dataclass(frozen=True, slots=True, order=True)
class Declared:
    """One thing of ours in the database: its kind, its table, its name."""

    kind: str
    table: str
    name: str


class RoleMissing(RuntimeError):
    """The role that serves does not exist, and this login may not create it."""


def declared(connection: BaseDatabaseWrapper) -> frozenset[Declared]:
    """Return everything that `apply` puts into this kind of database."""
    present = set(connection.introspection.table_names())
    found: set[Declared] = set()
    for table in APPEND_ONLY:
        found.add(Declared("trigger", table, f"{table}_no_update"))
        found.add(Declared("trigger", table, f"{table}_no_delete"))
    if connection.vendor == "sqlite":
        for table in SEARCHED:
            found |= {Declared("table", table, name) for name in _index_tables(table)}
            found |= {Declared("trigger", table, name) for name in _index_triggers(table)}
    if connection.vendor == "postgresql":
        for table in APPEND_ONLY:
            found.add(Declared("trigger", table, f"{table}_no_truncate"))
        for table in (*tenant_tables(), *THIRD_PARTY_TABLES):
            if table in present:
                found.add(Declared("policy", table, "of_firm"))
                found.add(Declared("row security", table, "forced"))
        for table in SEARCHED:
            found.add(Declared("index", table, f"{table}_search"))
            found.add(Declared("policy", table, "of_search"))
            found.add(Declared("function", table, f"{table}_holding"))
    return frozenset(found)


def present(connection: BaseDatabaseWrapper) -> frozenset[Declared]:
    """Return what the database's own catalogue holds of those kinds."""
    found: set[Declared] = set()
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'")
            found |= {Declared("trigger", *row) for row in cursor.fetchall()}
            for table in SEARCHED:
                standing = set(_index_tables(table)) & set(_sqlite_texts(cursor))
                found |= {Declared("table", table, name) for name in standing}
            return frozenset(found)
        cursor.execute(
            "SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema()"
        )
        found |= {Declared("policy", *row) for row in cursor.fetchall()}
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
            " AND relnamespace = current_schema()::regnamespace"
        )
        found |= {Declared("row security", row[0], "forced") for row in cursor.fetchall()}
        cursor.execute(
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
        )
        found |= {Declared("trigger", *row) for row in cursor.fetchall()}
        cursor.execute(
            "SELECT tablename, indexname FROM pg_indexes"
            " WHERE schemaname = current_schema() AND indexname LIKE '%\\_search'"
        )
        found |= {Declared("index", *row) for row in cursor.fetchall()}
        for table in SEARCHED:
            if _function_stands(cursor, table):
                found.add(Declared("function", table, f"{table}_holding"))
    return frozenset(found)


def apply(connection: BaseDatabaseWrapper) -> None:
    """Put everything declared in place, however often it is called.

    On PostgreSQL the caller is the tables' owner.

    Raises:
        RoleMissing: PostgreSQL lacks one of our two roles and this login may not create it;
            the message is the SQL that a superuser runs once.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        sqlite = connection.vendor == "sqlite"
        for statement in _sqlite(cursor) if sqlite else _postgresql(connection):
            cursor.execute(statement)
    tell_planner(connection)


def tell_planner(connection: BaseDatabaseWrapper) -> None:
    """Let SQLite know how large its tables are; PostgreSQL finds out by itself.

    Without it SQLite takes a firm for ten people, and reads all of them where few are asked for.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA analysis_limit = 1000")
        cursor.execute("ANALYZE")


def trigram_statement(
    connection: BaseDatabaseWrapper, table: str, firm_id: UUID | None, word: str, most: int
) -> tuple[str, list[Any]]:
    """Return the question for the ids of at most `most` rows of the firm that may hold a word."""
    if connection.vendor == "postgresql":
        return f"SELECT {table}_holding(%s, %s)", [word, most]  # the firm is the scope's own
    rows, grams = _index_tables(table)
    phrase = '"' + word.replace('"', '""') + '"'
    return (
        f"SELECT r.id FROM {grams} g JOIN {rows} r ON r.row = g.rowid"  # noqa: S608 - names are ours
        f" WHERE {grams} MATCH %s AND r.firm_id = %s LIMIT %s",
        [phrase, firm_id.hex if firm_id else "", most],
    )


# --- SQLite -----------------------------------------------------------------------------


def _index_tables(table: str) -> tuple[str, str]:
    """Return the table that numbers the rows of a searched one, and the index over these numbers.

    A row's own number is none to rely on: VACUUM and a remake of the table give it another.
    """
    return f"{table}_numbered", f"{table}_trigrams"


def _index_triggers(table: str) -> dict[str, str]:
    """Return the triggers that keep the index in step, by name."""
    rows, grams = _index_tables(table)
    known = f"(SELECT row FROM {rows} WHERE id = OLD.id)"  # noqa: S608 - names are ours
    take = f"{grams} ({grams}, rowid, search_text) VALUES ('delete', {known}, OLD.search_text)"
    when = "UPDATE OF search_text ON {table} WHEN OLD.search_text IS NOT NEW.search_text"
    steps = {
        f"INSERT ON {table}": (
            f"INSERT INTO {rows} (id, firm_id) VALUES (NEW.id, NEW.firm_id)",  # noqa: S608
            f"INSERT INTO {grams} (rowid, search_text)"  # noqa: S608
            " VALUES (last_insert_rowid(), NEW.search_text)",
        ),
        when.format(table=table): (
            f"INSERT INTO {take}",
            f"INSERT INTO {grams} (rowid, search_text) VALUES ({known}, NEW.search_text)",  # noqa: S608
        ),
        f"DELETE ON {table}": (
            f"INSERT INTO {take}",
            f"DELETE FROM {rows} WHERE id = OLD.id",  # noqa: S608
        ),
    }
    found = {}
    for when, statements in steps.items():
        name = f"{table}_search_{when.split()[0].lower()}"
        found[name] = f"CREATE TRIGGER {name} AFTER {when} BEGIN {'; '.join(statements)}; END"
    return found


def _sqlite_texts(cursor: Any) -> dict[str, str]:
    """Return what is in the file, by name, as it was written."""
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return dict(cursor.fetchall())


def _sqlite_search(cursor: Any) -> list[str]:
    """Return what makes the indexes anew where a remake of a table has taken their triggers away."""
    standing, statements = _sqlite_texts(cursor), []
    for table in SEARCHED:
        rows, grams = _index_tables(table)
        triggers = _index_triggers(table)
        if {rows, grams} <= set(standing) and triggers.items() <= standing.items():
            continue
        statements += [
            *(f"DROP TRIGGER IF EXISTS {name}" for name in triggers),
            f"DROP TABLE IF EXISTS {rows}",
            f"DROP TABLE IF EXISTS {grams}",
            f"CREATE TABLE {rows} (row INTEGER PRIMARY KEY,"
            " id CHAR(32) NOT NULL UNIQUE, firm_id CHAR(32) NOT NULL)",
            f"CREATE VIRTUAL TABLE {grams} USING fts5"
            "(search_text, content='', columnsize=0, tokenize='trigram')",
            f"INSERT INTO {rows} (id, firm_id) SELECT id, firm_id FROM {table}",  # noqa: S608
            f"INSERT INTO {grams} (rowid, search_text) SELECT r.row, t.search_text"  # noqa: S608
            f" FROM {rows} r JOIN {table} t ON t.id = r.id",
            *triggers.values(),
        ]
    return statements


def _sqlite(cursor: Any) -> list[str]:
    statements = _sqlite_search(cursor)
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            name = f"{table}_no_{verb}"
            statements.append(f"DROP TRIGGER IF EXISTS {name}")
            statements.append(
                f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table} BEGIN "
                f"SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    return statements


# --- PostgreSQL -------------------------------------------------------------------------


def _postgresql(connection: BaseDatabaseWrapper) -> list[str]:
    asked = [_ensure_role(connection, role) for role in (APP_ROLE, SEARCH_ROLE)]
    if any(asked):
        raise RoleMissing(" ".join(filter(None, asked)))
    tables = set(connection.introspection.table_names())
    statements = [
        "CREATE OR REPLACE FUNCTION vestibule_append_only() RETURNS trigger"
        " LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME"
        " USING ERRCODE = 'restrict_violation'; END $$"
    ]
    for table in (*tenant_tables(), *THIRD_PARTY_TABLES):
        if table not in tables:
            continue
        rule = _policy(table)
        statements += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS of_firm ON {table}",
            f"CREATE POLICY of_firm ON {table} USING ({rule}) WITH CHECK ({rule})",
        ]
    for table in APPEND_ONLY:
        for verb, each in (("update", "ROW"), ("delete", "ROW"), ("truncate", "STATEMENT")):
            name = f"{table}_no_{verb}"
            statements += [
                f"DROP TRIGGER IF EXISTS {name} ON {table}",
                f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table}"
                f" FOR EACH {each} EXECUTE FUNCTION vestibule_append_only()",
            ]
    statements.append("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for table in SEARCHED:
        statements.append(
            f"CREATE INDEX IF NOT EXISTS {table}_search ON {table}"
            " USING gin (search_text gin_trgm_ops)"
        )
    statements += [
        f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}",
    ]
    for table in APPEND_ONLY:
        statements.append(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP_ROLE}")
    return statements + _postgresql_search(connection)


PROBED, OFTEN = 400, 20
"""A word that stands in so many of so many rows is common; no index is asked about it."""


def _function_body(table: str) -> str:
    """Return the body of the function that looks a word up. It takes no firm, it reads the scope's.

    For a common word any rows do: the answer only has to be too long.
    """
    firm = f"t.firm_id = {FIRM_IN_SCOPE}"
    return f"""
DECLARE pattern text := '%' || replace(replace(replace(word, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%';
BEGIN
  IF (SELECT count(*) FROM (SELECT t.search_text FROM public.{table} t WHERE {firm}
      ORDER BY t.id LIMIT {PROBED}) probed WHERE probed.search_text LIKE pattern) >= {OFTEN} THEN
    RETURN QUERY SELECT t.id FROM public.{table} t WHERE {firm} LIMIT most;
  ELSE
    RETURN QUERY SELECT t.id FROM public.{table} t WHERE {firm} AND t.search_text LIKE pattern LIMIT most;
  END IF;
END"""  # noqa: S608 - names are ours


def _function_stands(cursor: Any, table: str) -> bool:
    """Return whether the function is as declared, and its owner is nobody who serves."""
    cursor.execute(
        "SELECT prosrc, prosecdef, proowner::regrole::text, provolatile::text FROM pg_proc"
        " WHERE proname = %s AND pronamespace = 'public'::regnamespace",
        [f"{table}_holding"],
    )
    return bool(cursor.fetchall() == [(_function_body(table), True, SEARCH_ROLE, "s")])


def _postgresql_search(connection: BaseDatabaseWrapper) -> list[str]:
    """Return what lets a word be looked up. The login is a member of the functions' owner only
    while it hands them over."""
    statements = []
    for table in SEARCHED:
        statements += [
            f"GRANT SELECT (id, firm_id, search_text) ON {table} TO {SEARCH_ROLE}",
            f"DROP POLICY IF EXISTS of_search ON {table}",
            f"CREATE POLICY of_search ON {table} FOR SELECT TO {SEARCH_ROLE} USING (true)",
        ]
    with connection.cursor() as cursor:
        missing = [table for table in SEARCHED if not _function_stands(cursor, table)]
        if not missing:
            return statements
        cursor.execute("SELECT quote_ident(current_user)")
        owner = cursor.fetchone()[0]
        may_create = _may_create_roles(cursor)
    if may_create:
        statements.append(f"GRANT {SEARCH_ROLE} TO {owner}")
    statements.append(f"GRANT USAGE, CREATE ON SCHEMA public TO {SEARCH_ROLE}")
    for table in missing:
        function = f"public.{table}_holding(text, integer)"
        statements += [
            f"DROP FUNCTION IF EXISTS {function}",
            f"CREATE FUNCTION public.{table}_holding(word text, most integer)"
            " RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER"
            " SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan"
            f" AS $function${_function_body(table)}$function$",
            f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {function} TO {APP_ROLE}",
            f"ALTER FUNCTION {function} OWNER TO {SEARCH_ROLE}",
        ]
    statements.append(f"REVOKE CREATE ON SCHEMA public FROM {SEARCH_ROLE}")
    if may_create:
        statements.append(f"REVOKE {SEARCH_ROLE} FROM {owner}")
    return statements


def _policy(table: str) -> str:
    column = THIRD_PARTY_TABLES.get(table)
    if column is None:
        return f"firm_id = {FIRM_IN_SCOPE}"
    return (
        f"EXISTS (SELECT 1 FROM directory_user u"  # noqa: S608 - names are ours
        f" WHERE u.id = {table}.{column} AND u.firm_id = {FIRM_IN_SCOPE})"
    )


def _may_create_roles(cursor: Any) -> bool:
    cursor.execute("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
    row: Any = cursor.fetchone()
    return bool(row and row[0])


def _ensure_role(connection: BaseDatabaseWrapper, role: str) -> str:
    """Let there be a role, and take on the one that serves. Return what a superuser must run
    instead where this login may not, or ""."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        exists = cursor.fetchone() is not None
        may_create = _may_create_roles(cursor)
        cursor.execute("SELECT quote_ident(current_user)")
        owner = cursor.fetchone()[0]
        if not exists:
            if not may_create:
                return f"CREATE ROLE {role} NOLOGIN; GRANT {role} TO {owner};"
            cursor.execute(f"CREATE ROLE {role} NOLOGIN")
        if role != APP_ROLE:
            return ""
        # From PostgreSQL 16 on, whoever creates a role is a member of it without SET.
        cursor.execute("SELECT current_setting('server_version_num')::int >= 160000")
        needed = "SET" if cursor.fetchone()[0] else "MEMBER"
        cursor.execute("SELECT pg_has_role(current_user, %s, %s)", [role, needed])
        if not cursor.fetchone()[0]:
            if not may_create:
                return f"GRANT {role} TO {owner};"
            cursor.execute(f"GRANT {role} TO {owner}")
        return ""


def app_role_fault(connection: BaseDatabaseWrapper) -> str:
    """Return why this connection must not serve (superuser, BYPASSRLS, owner), or ""."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, rolbypassrls,"
            " (SELECT rolsuper FROM pg_roles WHERE rolname = session_user),"
            " (SELECT bool_or(pg_has_role(session_user, oid, 'USAGE')) FROM pg_roles"
            " WHERE rolname = %s) FROM pg_roles WHERE rolname = current_user",
            [SEARCH_ROLE],
        )
        row: Any = cursor.fetchone()
    role, is_super, bypasses, is_login_super, searches = row
    if is_login_super:
        return "the login is a superuser: whoever gets hold of it passes every wall"
    if is_super:
        return f"the role {role} is a superuser: the wall between firms would not hold"
    if bypasses:
        return f"the role {role} has BYPASSRLS: the wall between firms would not hold"
    if searches:
        return (
            f"the login is a member of {SEARCH_ROLE}, which sees every firm’s names;"
            f" let a superuser run REVOKE {SEARCH_ROLE} FROM the login"
        )
    if role != APP_ROLE:
        return f"connected as {role} instead of {APP_ROLE}"
    return ""


__all__ = [
    "APP_ROLE",
    "OUTSIDE_TABLES",
    "SEARCH_ROLE",
    "SHORTEST_SEARCHED",
    "Declared",
    "RoleMissing",
    "app_role_fault",
    "apply",
    "declared",
    "present",
    "tell_planner",
    "trigram_statement",
]
