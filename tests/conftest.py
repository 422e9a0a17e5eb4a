"""Where the tests' fixtures come from; each module of `tests/support` says what it gives."""

import pytest

pytest_plugins = [
    "tests.support.environment",
    "tests.support.requirements",
    "tests.support.databases",
    "tests.support.mailserver",  # before `served`, which imports it
    "tests.support.served",
    "tests.support.browser",
    "tests.support.moments",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser tests last: Playwright leaves its loop in the thread that all tests share."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
