"""Rules × doors and the law name a test for everything, and every test that they name exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.support import loops
from vestibule.actor import Door

ROOT = Path(__file__).resolve().parents[2]
TABLES = (ROOT / "docs" / "rules-doors.md").read_text(encoding="utf-8")
LAW = (ROOT / "docs" / "law.md").read_text(encoding="utf-8")

RULES = (
    "Giving",
    "Containment",
    "The last administrator",
    "The firm's last administrator",
    "Validation pending",
    "Four eyes",
    "The tenant wall",
    "One address, one user",
    "The state gate",
    "Second factor",
    "Rate limit",
    "Audit",
    "Idempotency",
)
DOORS = {
    "page": Door.PAGE,
    "wizard": Door.PAGE,
    "client’s wizard": Door.PAGE,
    "approval": Door.PAGE,
    "registration link": Door.LINK,
    "reset link": Door.LINK,
    "address link": Door.LINK,
    "command line": Door.CLI,
    "import": Door.CLI,
    "worker": Door.WORKER,
}
TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")
FUNCTION = re.compile(r"`([A-Za-z_][\w.]*)`")


@cache
def named_in(path: str) -> frozenset[str]:
    """Return `test_…` and `Class::test_…` of a file, read and not imported."""
    found: set[str] = set()
    for node in loops.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)
            }
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


def absent(text: str) -> list[str]:
    """Return the tests that a text names and that do not exist."""
    return [
        f"{path}::{name}"
        for path, name in TEST.findall(text)
        if not (ROOT / path).exists() or name not in named_in(path)
    ]


def cells(text: str) -> dict[tuple[str, str], str]:
    """Return what stands in each cell, by rule and door."""
    found: dict[tuple[str, str], str] = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        rule, _, body = section.partition("\n")
        for door, said in re.findall(r"^\| ([^|]+?) \|(.*)\|$", body, re.MULTILINE):
            if door not in ("door", "---"):
                found[rule, door] = said.strip()
    return found


def gaps(text: str) -> list[tuple[str, str]]:
    """Return the cells that neither name a test nor say why there is none."""
    said = cells(text)
    return [
        (rule, door)
        for rule in RULES
        for door in DOORS
        if not (TEST.search(said.get((rule, door), "")) or is_reason(said.get((rule, door), "")))
    ]


def is_reason(said: str) -> bool:
    return said.startswith("not reachable: ") and len(said) > 40


def test_every_rule_says_something_at_every_door() -> None:
    assert gaps(TABLES) == []
    assert set(cells(TABLES)) == {(rule, door) for rule in RULES for door in DOORS}


def test_every_door_that_exists_is_in_the_tables() -> None:
    assert set(DOORS.values()) == set(Door)


def test_every_test_that_the_tables_name_exists() -> None:
    assert absent(TABLES) == []


@pytest.mark.parametrize("number", range(1, 9))
def test_each_law_names_its_function_and_its_tests(number: int) -> None:
    section = LAW.partition(f"\n## Law {number}: ")[2].partition("\n## ")[0]

    assert "- Function: `" in section
    assert len(TEST.findall(section)) >= 3


def test_every_test_that_the_law_names_exists() -> None:
    assert absent(LAW) == []


def test_every_function_and_file_that_the_law_names_exists() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src" / "vestibule").rglob("*.py")
    )
    for line in re.findall(r"^- Function: (.*(?:\n  .*)*)", LAW, re.MULTILINE):
        for path in re.findall(r"`(src/[\w/.]+\.py)`", line):
            assert (ROOT / path).exists(), path
        for name in FUNCTION.findall(line):
            if not name.startswith("src"):
                last = name.rpartition(".")[2]
                assert re.search(rf"\bdef {last}\b", source), f"{name} is no function of ours"


class TestTheCheckItself:
    def test_an_empty_cell_is_found(self) -> None:
        line = next(line for line in TABLES.splitlines() if line.startswith("| worker"))
        assert gaps(TABLES.replace(line, "| worker |  |", 1)) == [("Giving", "worker")]

    def test_a_missing_line_is_found(self) -> None:
        line = next(line for line in TABLES.splitlines() if line.startswith("| reset link"))
        assert gaps(TABLES.replace(line, "", 1)) == [("Giving", "reset link")]

    def test_a_reason_that_gives_none_is_found(self) -> None:
        assert not is_reason("not reachable: no")

    def test_a_test_that_does_not_exist_is_found(self) -> None:
        assert absent("`tests/sweeps/test_rules_doors.py::test_nothing`") == [
            "tests/sweeps/test_rules_doors.py::test_nothing"
        ]
