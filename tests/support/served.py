"""The real product in processes of its own: `vestibule serve --with-worker` on a free port.

def test_…(served):          # on this test's database, mails go to `smtp_server`
    page.goto(served.url("/f/demo/"))

def test_…(serve):           # as many as needed, with the environment a test wants
    first, second = serve(), serve(env={"VESTIBULE_WORKERS": "4"})
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.databases import Database
from tests.support.mailserver import MailServer

PATIENCE_SECONDS = 30
TRACEBACK = "Traceback (most recent call last)"


class Served:
    """One running server of the product (with its worker unless told otherwise)."""

    def __init__(self, command: list[str], env: dict[str, str], port: int, log: Path) -> None:
        self.port = port
        self.base_url = env["VESTIBULE_BASE_URL"]
        self.env = env
        self.may_fail = False
        """Set it where a traceback in the log is what the test wants."""
        self._log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=processes.die_with_parent(signal.SIGTERM),
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        """Return what it printed so far."""
        return self._log.read_text(errors="replace")

    def url(self, path: str = "/") -> str:
        """Return the whole address of a path."""
        return self.base_url + path

    def wait(self) -> "Served":
        """Wait until it answers; a server that ended instead is an error with its log."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"vestibule serve ended at once:\n{self.log}")
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{self.port}/healthz", timeout=2
                ) as answer:
                    if answer.status == 200:
                        return self
            except OSError as error:
                if isinstance(error, urllib.error.HTTPError):
                    error.close()
            time.sleep(0.05)
        raise RuntimeError(f"/healthz did not answer:\n{self.log}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Stop the parent process by its pid and return how many seconds it took."""
        began = time.monotonic()
        processes.stop(self.process, first=number, patience=10)
        return time.monotonic() - began


Serve = Callable[..., Served]


@pytest.fixture
def serve(
    database: Database, session_folder: Path, request: pytest.FixtureRequest
) -> Iterator[Serve]:
    """Give a function that starts the product; all that it started is stopped after the test.

    `serve(env={…}, smtp=None, worker=True, args=(), on=database, wait=True)`: `env` overrules,
    a value of None takes the name away.
    """
    started: list[Served] = []

    def start(
        *,
        env: Mapping[str, str | None] | None = None,
        smtp: MailServer | None = None,
        worker: bool = True,
        args: tuple[str, ...] = (),
        on: Database = database,
        wait: bool = True,
    ) -> Served:
        port = processes.free_port()
        whole: dict[str, str | None] = {
            **on.env,
            "VESTIBULE_BASE_URL": f"http://localhost:{port}",
            "VESTIBULE_PORT": str(port),
            "VESTIBULE_SMTP_URL": smtp.url if smtp else None,
            "DJANGO_ALLOW_ASYNC_UNSAFE": None,  # only this process drives a browser
            "PYTHONUNBUFFERED": "1",
            **(env or {}),
        }
        command = [sys.executable, "-m", "vestibule.cli", "serve", "--port", str(port)]
        log = session_folder / f"served-{port}.log"
        served = Served(
            [*command, *(["--with-worker"] if worker else []), *args],
            {name: value for name, value in whole.items() if value is not None},
            port,
            log,
        )
        started.append(served)
        return served.wait() if wait else served

    yield start

    for served in started:
        served.stop()
    for served in started:
        print(f"--- what the server on port {served.port} printed\n{served.log}")
    failed = [served for served in started if TRACEBACK in served.log and not served.may_fail]
    assert not failed, "the server logged an error of its own:\n" + failed[0].log[-6000:]


@pytest.fixture
def served(serve: Serve, smtp_server: MailServer) -> Served:
    """Give the product, served on this test's database, its mails sent to `smtp_server`."""
    return serve(smtp=smtp_server)


@pytest.fixture
def vestibule(database: Database) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Give the command line: `vestibule("users", "list", env={…})` returns code and both outputs."""

    def run(
        *args: str, env: Mapping[str, str] | None = None, stdin: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "vestibule.cli", *args],
            env={**database.env, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def is_running(pid: int) -> bool:
    """Say whether a process with this pid is there (a zombie isn't)."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
