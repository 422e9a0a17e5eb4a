"""The tests' side of the nursery: a process that forks one child for each deed."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import processes
from tests.support.databases import Database

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a child ended, and what it said if it came that far."""

    code: int
    said: Any


class Nursery:
    """A process that has imported the product and forks a child for each job."""

    def __init__(self, url: str, log: Path) -> None:
        self.log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.children.nursery"],
                cwd=ROOT,
                env={**os.environ, "VESTIBULE_DATABASE_URL": url},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                preexec_fn=processes.die_with_parent(signal.SIGKILL),
            )

    def start(self, job: str, database: Database, **arguments: Any) -> int:
        """Start a child and return its pid."""
        order = {"job": job, "database": database.name, "arguments": arguments}
        return int(self._ask(order)["pid"])

    def wait(self, pid: int) -> Ended:
        """Wait until a child has ended."""
        return Ended(**self._ask({"wait": pid}))

    def do(self, job: str, database: Database, **arguments: Any) -> Ended:
        """Start a child and wait for its end."""
        return self.wait(self.start(job, database, **arguments))

    def done(self, job: str, database: Database, **arguments: Any) -> Any:
        """Start a child that must come to its end, and return what it said."""
        ended = self.do(job, database, **arguments)
        assert ended.code == 0, self.log.read_text(errors="replace")[-6000:]
        return ended.said

    def rehearse(self, job: str, database: Database, **arguments: Any) -> Any:
        """Do a job in the nursery itself, so that its children know what a first use reads."""
        order = {"job": job, "database": database.name, "arguments": arguments, "rehearse": True}
        return Ended(**self._ask(order)).said

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order, default=str).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the nursery ended:\n" + self.log.read_text(errors="replace")[-6000:]
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        processes.stop(self.process, first=signal.SIGTERM, patience=5)
        self.process.stdout.close()
