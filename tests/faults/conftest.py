"""What the fault tests share: children forked for one deed, and an application that a guard is missing in."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.nurseries import ROOT, Nursery
from tests.support import processes
from tests.support.databases import Database, Template
from tests.support.served import Served


@pytest.fixture(scope="session")
def nursery(template: Template, session_folder: Path) -> Iterator[Nursery]:
    """Give the process that forks children, started once for all fault tests."""
    nursery = Nursery(template.database.url, session_folder / "nursery.log")
    yield nursery
    nursery.end()


class Unguarded:
    """A served application, and which of its guards are off."""

    def __init__(self, served: Served, off: Path) -> None:
        self.served = served
        self._off = off

    def without(self, *guards: str) -> None:
        """Take these guards away, and put the others back."""
        self._off.write_text("\n".join(guards))


@pytest.fixture
def unguarded(database: Database, session_folder: Path, tmp_path: Path) -> Iterator[Unguarded]:
    """Give an application of the tests' own, from which a test takes guards away."""
    off = tmp_path / "off"
    off.write_text("")
    port = processes.free_port()
    env = {
        **database.env,
        "TESTS_WITHOUT": str(off),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "VESTIBULE_BASE_URL": f"http://localhost:{port}",
        "VESTIBULE_PORT": str(port),
        "VESTIBULE_WORKERS": "2",
    }
    program = [sys.executable, "-m", "tests.faults.children.serve_without"]
    served = Served(
        [*program, "serve", "--port", str(port)], env, port, session_folder / f"served-{port}.log"
    )
    try:
        yield Unguarded(served.wait(), off)
    finally:
        served.stop(signal.SIGTERM)
