"""A database of its own for every test that asks: a copy of one that was prepared once.

Once per session a template is migrated by `vestibule migrate` and the `world` is built in it.
Each test then works in a copy, with real commits, which other processes can open too.

    pytestmark = pytest.mark.usefixtures("database")    # or ask for `database` itself
"""

import copy
import importlib
import importlib.util
import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.support import postgres
from tests.support.environment import CLUSTER

_numbers = itertools.count(1)


class Database:
    """One database of the product, ready for this process and for others."""

    def __init__(self, vendor: str, name: str, cluster: postgres.Cluster | None) -> None:
        self.vendor = vendor
        self.name = name
        self.cluster = cluster

    @property
    def url(self) -> str:
        """Return what VESTIBULE_DATABASE_URL must say to reach it."""
        return self.cluster.owner_url(self.name) if self.cluster else f"sqlite:///{self.name}"

    @property
    def env(self) -> dict[str, str]:
        """Return the whole environment for a process of the product that works on it."""
        return {**os.environ, "VESTIBULE_DATABASE_URL": self.url}

    def connect(self) -> Any:
        """Open a plain connection past every guard (superuser; no wall), as an auditor would.

        It commits each statement by itself. The caller closes it.
        """
        if self.cluster:
            return self.cluster.connect(self.name)
        connection = sqlite3.connect(self.name, timeout=20, isolation_level=None)
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    def rows(self, statement: str, *params: object) -> list[tuple[Any, ...]]:
        """Run one statement past every guard and return its rows; `?` stands for a value."""
        connection = self.connect()
        try:
            if self.cluster:
                statement = statement.replace("%", "%%").replace("?", "%s")
            cursor = connection.execute(statement, params)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def copy(self) -> "Database":
        """Return a new database with the same content; nobody may be connected to this one."""
        number = next(_numbers)
        if self.cluster:
            fresh = Database(self.vendor, f"copy_{number}", self.cluster)
            self.cluster.create(fresh.name, template=self.name)
            return fresh
        fresh = Database(
            self.vendor, str(Path(self.name).with_name(f"copy-{number}.sqlite3")), None
        )
        shutil.copyfile(self.name, fresh.name)
        return fresh

    def drop(self) -> None:
        """Remove it."""
        if self.cluster:
            self.cluster.drop(self.name)
            return
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(self.name + ending).unlink(missing_ok=True)

    def point_django_here(self) -> None:
        """Let Django's connections of this process, and those it opens later, use this database."""
        from django.core.cache import caches
        from django.db import connections

        from vestibule.directory import facts

        disconnect_django()
        connections.settings["default"]["NAME"] = self.name
        connections["default"].settings_dict["NAME"] = self.name
        for cache in caches.all():
            cache.close()
        facts.forget_everything()

    def settle(self) -> None:
        """Write everything into the one file, so that a copy of the file is a copy of all."""
        if not self.cluster:
            with sqlite3.connect(self.name) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()


def disconnect_django() -> None:
    """Close Django's connection of this thread and, on PostgreSQL, the pool behind it."""
    from django.db import connections

    connection = connections["default"]
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()


def migrate(database: Database) -> None:
    """Run `vestibule migrate` on it, as the product does: in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "vestibule.cli", "migrate"],
        env=database.env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.exit(f"vestibule migrate failed:\n{done.stdout}{done.stderr}", returncode=3)


@pytest.fixture(scope="session")
def template(
    pytestconfig: pytest.Config, session_folder: Path, django_db_blocker: DjangoDbBlocker
) -> "Template":
    """Prepare the database that all others are copied from, once."""
    cluster = pytestconfig.stash.get(CLUSTER, None)
    if cluster:
        cluster.start()
        database = Database("postgresql", "template_of_the_tests", cluster)
        cluster.create(database.name)
    else:
        database = Database("sqlite", str(session_folder / "template.sqlite3"), None)
    migrate(database)

    people = None
    if importlib.util.find_spec("tests.world"):
        with django_db_blocker.unblock():
            people = importlib.import_module("tests.world").build()
            disconnect_django()
    database.settle()
    return Template(database, people)


class Template:
    """The prepared database and what `tests.world.build()` returned when it was filled."""

    def __init__(self, database: Database, world: Any) -> None:
        self.database = database
        self.world = world


@pytest.fixture
def database(template: Template, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """Give this test a database of its own, migrated, with the world in it."""
    own = template.database.copy()
    yield from _lent(own, template, django_db_blocker)


@pytest.fixture
def blank_database(
    template: Template, session_folder: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Database]:
    """Give this test an empty database: nothing is migrated, no table exists."""
    number = next(_numbers)
    if template.database.cluster:
        own = Database("postgresql", f"blank_{number}", template.database.cluster)
        template.database.cluster.create(own.name)
    else:
        own = Database("sqlite", str(session_folder / f"blank-{number}.sqlite3"), None)
    yield from _lent(own, template, django_db_blocker)


def _lent(own: Database, template: Template, blocker: DjangoDbBlocker) -> Iterator[Database]:
    own.point_django_here()
    try:
        with blocker.unblock():
            yield own
    finally:
        template.database.point_django_here()
        own.drop()


@pytest.fixture
def world(database: Database, template: Template) -> Any:
    """Give the named people, places and firms of `tests/world.py`, fresh for this test."""
    return copy.deepcopy(template.world)
