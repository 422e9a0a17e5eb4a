"""Starts Django for a command, and says in a sentence why the product could not run now."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vestibule.conf import BadSettings


def start() -> None:
    """Set Django up from the environment. Raises `conf.BadSettings` for a setting that cannot be used."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.settings")

    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as error:
        if isinstance(error.__cause__, BadSettings):
            raise error.__cause__ from None
        raise


@contextmanager
def plain_connection() -> Iterator[Any]:
    """Let Django use a connection without a pool inside the block, and none at all after it.

    It starts no threads, tells errors as they are, and leaves nothing open: neither a connection
    nor a pool may be carried across a fork, where two processes would speak on one line.
    """
    from django.db import DEFAULT_DB_ALIAS, connections

    plain = connections[DEFAULT_DB_ALIAS].copy()
    plain.settings_dict["OPTIONS"].pop("pool", None)
    connections[DEFAULT_DB_ALIAS] = plain
    try:
        yield plain
    finally:
        plain.close()
        del connections[DEFAULT_DB_ALIAS]


def reason_not_to_run() -> str:
    """Return why server and worker must not start on this database now, or an empty string."""
    from django.db import DatabaseError

    with plain_connection() as connection:
        try:
            return _unfit_role(connection) or _missing_migrations(connection)
        except DatabaseError as error:
            unprepared = "does not exist" in str(error) or "permission denied" in str(error)
            if not unprepared:
                raise
            first_line = str(error).strip().splitlines()[0]
            return f"The database is not prepared ({first_line}). Run `vestibule migrate` first."


def _unfit_role(connection: Any) -> str:
    from vestibule.directory import database

    fault = database.app_role_fault(connection)
    return f"Vestibule does not serve here: {fault}." if fault else ""


def _missing_migrations(connection: Any) -> str:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return ""
    first = plan[0][0]
    return (
        f"The database lacks {len(plan)} migration{'s' if len(plan) > 1 else ''}, "
        f"beginning with {first.app_label}.{first.name}. Run `vestibule migrate` first."
    )


def notices() -> list[str]:
    """Return what our system checks have to say, each in one line."""
    from vestibule import checks

    ours = (checks.mails_are_held, checks.names_are_known, checks.passwords_travel_encrypted)
    return [f"{message.msg} {message.hint}" for check in ours for message in check(None)]
