"""The tenant wall: which firm this piece of work may see.

On PostgreSQL a scope is a transaction that carries the firm for the row policies; on
SQLite it is a context variable, and statements that name a tenant table without one are
refused. It refuses, it does not filter: there `visible_to` and the sweeps do the rest.
There is no bypass; only `migrate` works without a wall, as the tables' owner.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction
from django.db.backends.signals import connection_created

OUTSIDE_TABLES = frozenset({"directory_firm", "directory_firmhost", "directory_workitem"})
"""Needed before a firm is known; they hold no personal data."""

THIRD_PARTY_TABLES = {
    "mfa_authenticator": "user_id",
    "account_emailaddress": "user_id",
    "directory_user_groups": "user_id",
    "directory_user_user_permissions": "user_id",
}
"""Tables of others that hold people, and the column that leads to their user."""

SEARCHED = ("directory_user", "directory_place")
"""Tables whose `search_text` is searched by any part of a word. On SQLite the index over it is
made of tables beside them, whose names begin like theirs; they hold the same people."""

_firm: ContextVar[UUID | None] = ContextVar("firm", default=None)
_migrating: ContextVar[bool] = ContextVar("migrating", default=False)


class OutsideScope(RuntimeError):
    """A statement named a tenant table while no firm was in scope."""


class ForeignScope(RuntimeError):
    """A second firm's scope was opened inside a first, or a scope inside a transaction."""


def tenant_tables() -> tuple[str, ...]:
    """Return the directory's tables that stand behind the wall."""
    return tuple(
        sorted(
            model._meta.db_table
            for model in apps.get_app_config("directory").get_models()
            if model._meta.db_table not in OUTSIDE_TABLES
        )
    )


def current_firm_id() -> UUID | None:
    """Return the firm in scope, or None outside."""
    return _firm.get()


@contextmanager
def firm_scope(firm: Any) -> Iterator[None]:
    """See exactly one firm's rows. `firm` is a Firm or its id.

    The same firm's scope inside is joined. On PostgreSQL this is a transaction: what
    happens inside is committed when the outermost scope ends.

    Raises:
        ForeignScope: another firm is in scope, or a transaction is already open.
    """
    firm_id: UUID = getattr(firm, "id", firm)
    inside = _firm.get()
    if inside is not None:
        if inside != firm_id:
            raise ForeignScope("another firm is in scope")
        yield
        return
    token = _firm.set(firm_id)
    try:
        if connection.vendor != "postgresql":
            yield
            return
        if connection.in_atomic_block:
            raise ForeignScope("a firm's scope must be opened before the transaction")
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('app.firm_id', %s, true)", [str(firm_id)])
            yield
    finally:
        _firm.reset(token)


def leave_nothing_behind() -> None:
    """Undo at its end what this scope has written: the page it was for failed.

    On SQLite a scope is no transaction; there each act has committed or not by itself.
    """
    if connection.in_atomic_block:
        transaction.set_rollback(True)


@contextmanager
def migrating() -> Iterator[None]:
    """Work without a wall on SQLite. For `migrate` alone; the owner of PostgreSQL's tables
    stays behind FORCE even then."""
    token = _migrating.set(True)
    try:
        yield
    finally:
        _migrating.reset(token)


class _Wall:
    """Refuses SQLite statements on tenant tables outside a scope."""

    def __init__(self) -> None:
        self._seen: dict[str, bool] = {}
        self._pattern: re.Pattern[str] | None = None

    def names_tenant_table(self, sql: str) -> bool:
        known = self._seen.get(sql)
        if known is not None:
            return known
        if self._pattern is None:
            beside = [rf"{table}_(?:numbered|trigrams)\w*" for table in SEARCHED]
            names = [*tenant_tables(), *THIRD_PARTY_TABLES, *beside]
            self._pattern = re.compile(rf"\b(?:{'|'.join(names)})\b", re.IGNORECASE)
        answer = self._pattern.search(sql) is not None
        if len(self._seen) > 5000:
            self._seen.clear()
        self._seen[sql] = answer
        return answer

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        if _firm.get() is None and not _migrating.get() and self.names_tenant_table(str(sql)):
            raise OutsideScope("a tenant table was named outside a firm's scope")
        return execute(sql, params, many, context)


_wall = _Wall()


def _raise_wall(sender: Any, connection: Any, **kwargs: Any) -> None:
    if connection.vendor == "sqlite" and _wall not in connection.execute_wrappers:
        connection.execute_wrappers.append(_wall)


def install() -> None:
    """Put the wall around every connection from the moment it opens."""
    connection_created.connect(_raise_wall, dispatch_uid="vestibule.wall")
