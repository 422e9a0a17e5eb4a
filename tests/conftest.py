"""Where the tests' fixtures come from; each module of `tests/support` says what it gives."""

pytest_plugins = [
    "tests.support.environment",
    "tests.support.requirements",
    "tests.support.databases",
    "tests.support.mailserver",  # before `served`, which imports it
    "tests.support.served",
    "tests.support.browser",
    "tests.support.moments",
]
