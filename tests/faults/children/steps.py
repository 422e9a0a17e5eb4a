"""Counts the steps of a process at the database, and ends it before a given one."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

ENDED = 66
"""The exit code of a process that ended itself here, as a power cut would: nothing is closed."""


@contextmanager
def counted(end_before: int | None) -> Iterator[list[str]]:
    """Give the list of steps taken (each statement, each commit); end before the `end_before`-th.

    One more than there are: end after the last one.
    """
    steps: list[str] = []

    def step(what: str) -> None:
        if end_before is not None and len(steps) + 1 >= end_before:
            os._exit(ENDED)
        steps.append(what)

    def statement(
        execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        step(str(sql))
        return execute(sql, params, many, context)

    connection.ensure_connection()
    commit = connection._commit

    def noted_commit() -> None:
        step("COMMIT")
        commit()

    connection._commit = noted_commit  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(statement):
            yield steps
            if end_before == len(steps) + 1:
                os._exit(ENDED)  # all is written, and nobody has been told
    finally:
        connection._commit = commit  # type: ignore[method-assign]
