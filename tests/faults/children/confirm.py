"""Posts to pages through the whole of Django's stack, and ends before the k-th step of the database."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.test import Client

from tests.faults.children import steps
from vestibule.directory import scope
from vestibule.directory.actions import _action


def run(
    *,
    cookies: dict[str, str],
    paths: list[str],
    posted: dict[str, str],
    end_before: int | None,
    without: str = "",
) -> dict[str, Any]:
    """Post to each page; return where that led and which steps were taken, unless this process ended."""
    if without == "transaction":
        let_every_statement_stand_alone()
    client = Client()
    for name, value in cookies.items():
        client.cookies[name] = value
    with steps.counted(end_before) as taken:
        led_to = [client.post(path, posted).headers.get("Location", "") for path in paths]
    return {"led_to": led_to, "steps": taken}


def let_every_statement_stand_alone() -> None:
    """Take the action's transaction away: its guard, and the only one on SQLite.

    On PostgreSQL the firm's scope is a transaction too, around the whole request. It goes as well;
    so that the row policies still know the firm, it is then named for the connection.
    """
    none = SimpleNamespace(atomic=nullcontext)
    _action.transaction = none  # type: ignore[assignment]
    if connection.vendor != "postgresql":
        return
    scope.transaction = none  # type: ignore[assignment]
    connection.features.has_select_for_update = False  # Django asks for a transaction there

    def of_the_connection(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        return execute(
            sql.replace("'app.firm_id', %s, true", "'app.firm_id', %s, false"),
            params,
            many,
            context,
        )

    connection.execute_wrappers.append(of_the_connection)
