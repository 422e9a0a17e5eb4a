"""What Django cannot say about the tables, as one declared list, re-applied after every migrate.

Row policies (PostgreSQL), the trigger that keeps events append-only (both), search
indexes (both as far as the database has them), the application's role and its rights
(PostgreSQL). A test compares `declared()` with what the database's own catalogue holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from vestibule.directory.scope import OUTSIDE_TABLES, THIRD_PARTY_TABLES, tenant_tables

APP_ROLE = "vestibule_app"
"""The role that serves: owns nothing, no BYPASSRLS. `migrate` runs as the owner."""

FIRM_IN_SCOPE = "NULLIF(current_setting('app.firm_id', true), '')::uuid"

APPEND_ONLY = ("directory_event",)
"""Rows are inserted and never altered or removed."""

SEARCHED = ("directory_user", "directory_place")
"""Tables whose `search_text` is searched by any part of a word."""


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
    if connection.vendor == "postgresql":
        for table in APPEND_ONLY:
            found.add(Declared("trigger", table, f"{table}_no_truncate"))
        for table in (*tenant_tables(), *THIRD_PARTY_TABLES):
            if table in present:
                found.add(Declared("policy", table, "of_firm"))
                found.add(Declared("row security", table, "forced"))
        for table in SEARCHED:
            found.add(Declared("index", table, f"{table}_search"))
    return frozenset(found)


def present(connection: BaseDatabaseWrapper) -> frozenset[Declared]:
    """Return what the database's own catalogue holds of those kinds."""
    found: set[Declared] = set()
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute(
                "SELECT tbl_name, name FROM sqlite_master"
                " WHERE type = 'trigger' AND name LIKE '%directory_event_no_%'"
            )
            return frozenset(Declared("trigger", *row) for row in cursor.fetchall())
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
    return frozenset(found)


def apply(connection: BaseDatabaseWrapper) -> None:
    """Put everything declared in place, however often it is called.

    On PostgreSQL the caller is the tables' owner.

    Raises:
        RoleMissing: PostgreSQL has no role `vestibule_app` and this login may not create it;
            the message is the SQL that a superuser runs once.
    """
    statements = _sqlite() if connection.vendor == "sqlite" else _postgresql(connection)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _sqlite() -> list[str]:
    statements = []
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            name = f"{table}_no_{verb}"
            statements.append(f"DROP TRIGGER IF EXISTS {name}")
            statements.append(
                f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table} BEGIN "
                f"SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    return statements


def _postgresql(connection: BaseDatabaseWrapper) -> list[str]:
    _ensure_role(connection)
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
    return statements


def _policy(table: str) -> str:
    column = THIRD_PARTY_TABLES.get(table)
    if column is None:
        return f"firm_id = {FIRM_IN_SCOPE}"
    return (
        f"EXISTS (SELECT 1 FROM directory_user u"  # noqa: S608 - names are ours
        f" WHERE u.id = {table}.{column} AND u.firm_id = {FIRM_IN_SCOPE})"
    )


def _ensure_role(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE])
        exists = cursor.fetchone() is not None
        cursor.execute(
            "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        row: Any = cursor.fetchone()
        may_create = bool(row and row[0])
        cursor.execute("SELECT quote_ident(current_user)")
        owner = cursor.fetchone()[0]
        if not exists:
            if not may_create:
                raise RoleMissing(f"CREATE ROLE {APP_ROLE} NOLOGIN; GRANT {APP_ROLE} TO {owner};")
            cursor.execute(f"CREATE ROLE {APP_ROLE} NOLOGIN")
        # From PostgreSQL 16 on, whoever creates a role is a member of it without SET.
        cursor.execute("SELECT current_setting('server_version_num')::int >= 160000")
        needed = "SET" if cursor.fetchone()[0] else "MEMBER"
        cursor.execute("SELECT pg_has_role(current_user, %s, %s)", [APP_ROLE, needed])
        if not cursor.fetchone()[0]:
            if not may_create:
                raise RoleMissing(f"GRANT {APP_ROLE} TO {owner};")
            cursor.execute(f"GRANT {APP_ROLE} TO {owner}")


def app_role_fault(connection: BaseDatabaseWrapper) -> str:
    """Return why this connection must not serve (superuser, BYPASSRLS, owner), or ""."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, rolbypassrls,"
            " (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)"
            " FROM pg_roles WHERE rolname = current_user"
        )
        row: Any = cursor.fetchone()
    role, is_super, bypasses, is_login_super = row
    if is_login_super:
        return "the login is a superuser: whoever gets hold of it passes every wall"
    if is_super:
        return f"the role {role} is a superuser: the wall between firms would not hold"
    if bypasses:
        return f"the role {role} has BYPASSRLS: the wall between firms would not hold"
    if role != APP_ROLE:
        return f"connected as {role} instead of {APP_ROLE}"
    return ""


__all__ = [
    "APP_ROLE",
    "OUTSIDE_TABLES",
    "Declared",
    "RoleMissing",
    "app_role_fault",
    "apply",
    "declared",
    "present",
]
