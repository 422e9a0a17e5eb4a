"""A world that is only looked at: one database for all tests that change nothing.

A test that is refused, or only asks, needs no copy of its own; copying one takes longer than
the test. Such a test, or a class of them, is marked, and what it promises is checked afterwards:

    @changes_nothing
    def test_…_is_refused(world): …
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.support.databases import Database, Template

if TYPE_CHECKING:
    from tests.world import World


def changes_nothing(test: Any) -> Any:
    """Mark a test, or a class of tests, after which the database holds what it held before."""
    return pytest.mark.changes_nothing(test)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "changes_nothing: shares one database (tests/reading.py)")


TELLS_OF_A_CHANGE = (
    "SELECT sequence, hash FROM directory_eventhead ORDER BY hash",
    "SELECT id, epoch, version, state, password FROM directory_user ORDER BY id",
    "SELECT id, epoch FROM directory_firm ORDER BY id",
    "SELECT id, path, name, is_open, version FROM directory_place ORDER BY id",
    "SELECT id, until FROM directory_grant ORDER BY id",
    "SELECT id, used_at, revoked_at FROM directory_token ORDER BY id",
    "SELECT id, state FROM directory_workitem ORDER BY id",
    "SELECT id, state FROM directory_invitation ORDER BY id",
    "SELECT count(*) FROM directory_idempotencykey",
    "SELECT count(*) FROM directory_session",
    "SELECT count(*) FROM directory_draft",
    "SELECT name, value FROM directory_firmpolicy ORDER BY id",
)


def content(database: Database) -> list[Any]:
    """Return what tells whether anything was done here."""
    connection = database.connect()
    try:
        return [connection.execute(question).fetchall() for question in TELLS_OF_A_CHANGE]
    finally:
        connection.close()


@pytest.fixture(scope="session")
def reading_room(template: Template) -> Iterator[tuple[Database, list[Any]]]:
    """Give the one database, and what it held at first."""
    own = template.database.copy()
    yield own, content(own)
    own.drop()


@pytest.fixture
def world(request: pytest.FixtureRequest, template: Template) -> Iterator[World]:
    """Give the named people, places and firms, in this test's own database or the shared one."""
    if request.node.get_closest_marker("changes_nothing") is None:
        request.getfixturevalue("database")
        yield copy.deepcopy(template.world)
        return
    assert "database" not in request.fixturenames, "a test with its own database takes no mark"
    own, before = request.getfixturevalue("reading_room")
    blocker: DjangoDbBlocker = request.getfixturevalue("django_db_blocker")
    own.point_django_here()
    try:
        with blocker.unblock():
            yield copy.deepcopy(template.world)
        assert content(own) == before, "this test changes something: take its mark away"
    finally:
        template.database.point_django_here()
