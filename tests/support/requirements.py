"""Writes down which requirement is carried by which test, and whether that test passed.

    @pytest.mark.req("S0-13")

`make test` asks for the report with `--report FILE`; `make requirements` reads it.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / "docs" / "requirements.md"
LINE = re.compile(r"^- ([A-Z]+[0-9]*-[0-9]+) ", re.MULTILINE)

CARRIED = pytest.StashKey[dict[str, list[str]]]()
OUTCOMES = pytest.StashKey[dict[str, str]]()


def known_ids(text: str) -> list[str]:
    """Return the ids at the heads of the lines of the requirements, in their order."""
    return LINE.findall(text)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("vestibule").addoption(
        "--report", type=Path, help="write what passed, and the requirements it carries, to FILE"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[CARRIED] = {}
    config.stash[OUTCOMES] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    known = set(known_ids(REQUIREMENTS.read_text())) if REQUIREMENTS.exists() else set()
    for item in items:
        ids = [str(one) for mark in item.iter_markers("req") for one in mark.args]
        unknown = sorted(set(ids) - known)
        if unknown:
            raise pytest.UsageError(
                f"{item.nodeid} carries {unknown}, which docs/requirements.md does not know"
            )
        if ids:
            config.stash[CARRIED][item.nodeid] = ids


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> Iterator[None]:
    report = yield
    outcomes = item.config.stash[OUTCOMES]
    # Set-up, call and tear-down each report: one bad word stands.
    if outcomes.get(item.nodeid, "passed") == "passed":
        outcomes[item.nodeid] = report.outcome
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    target = session.config.getoption("report")
    if not target:
        return
    by_outcome: dict[str, int] = defaultdict(int)
    for outcome in session.config.stash[OUTCOMES].values():
        by_outcome[outcome] += 1
    tests: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for test, ids in session.config.stash[CARRIED].items():
        for one in ids:
            tests[one][session.config.stash[OUTCOMES].get(test, "not run")].append(test)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        json.dumps(
            {
                "database": session.config.getoption("database"),
                "exit_status": int(exitstatus),
                "tests": by_outcome,
                "requirements": tests,
            },
            indent=1,
            sort_keys=True,
        )
    )
