"""A worker killed in the middle of verifying the trail loses nothing: the next one goes on there."""

import signal
import subprocess
import sys
import time

import pytest

from tests.support import processes
from tests.support.databases import Database
from tests.world import World
from vestibule.directory.actions import chain_checks

pytestmark = pytest.mark.faults


def start_worker(database: Database, *, dies_in_slice: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.work.chain_kills", str(dies_in_slice)],
        env=database.env,
        preexec_fn=processes.die_with_parent(signal.SIGTERM),
    )


def far(database: Database) -> tuple[int, bool, str]:
    """Return how far the one check is, whether it has ended, and what it found."""
    [(checked, is_running, fault)] = database.rows(
        "SELECT checked, finished_at IS NULL, fault FROM directory_chaincheck"
    )
    return int(checked), not is_running, str(fault)


def test_after_a_kill_the_check_goes_on_where_the_last_slice_ended(
    world: World, database: Database
) -> None:
    chain_checks.ask_chain_check(world.actor("administrator"))
    killed = start_worker(database, dies_in_slice=3)
    assert killed.wait(30) == -signal.SIGKILL
    assert far(database) == (10, False, "")

    database.rows("UPDATE directory_workitem SET leased_until = NULL WHERE state = 'queued'")
    another = start_worker(database, dies_in_slice=0)
    try:
        deadline = time.monotonic() + 30
        while not far(database)[1]:
            assert time.monotonic() < deadline, "the check was not gone on with"
            time.sleep(0.05)
    finally:
        processes.stop(another, first=signal.SIGTERM, patience=5)

    checked, _has_ended, fault = far(database)
    assert checked > 20
    assert fault == ""
