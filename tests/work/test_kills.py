"""A worker killed at any point loses no mail; a repeat is the same mail, and only where no protocol can prevent it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.firms import a_firm
from tests.support import processes
from tests.support.databases import Database
from tests.support.mailserver import MailServer

pytestmark = pytest.mark.faults


@pytest.fixture
def firm(database: Database) -> None:
    database.rows("DELETE FROM directory_workitem")
    a_firm("alpha")


def start_worker(database: Database, smtp: MailServer, point: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.work.kills", point],
        env={**database.env, "VESTIBULE_SMTP_URL": smtp.url},
        preexec_fn=processes.die_with_parent(signal.SIGTERM),
    )


def state_of(database: Database) -> list[tuple[str, str, bool]]:
    return database.rows(
        "SELECT w.state, m.state, m.sealed IS NULL FROM directory_workitem w"
        " JOIN directory_outboxmessage m ON m.id = w.id"
    )


def let_the_lease_pass(database: Database) -> None:
    database.rows("UPDATE directory_workitem SET leased_until = NULL WHERE state = 'queued'")


def go_on_with_a_whole_worker(database: Database, smtp: MailServer) -> None:
    """Let a worker that nobody kills do what is left, until nothing is queued."""
    let_the_lease_pass(database)
    worker = start_worker(database, smtp, "nowhere")
    try:
        deadline = time.monotonic() + 20
        while database.rows("SELECT 1 FROM directory_workitem WHERE state = 'queued'"):
            assert time.monotonic() < deadline, "the mail stayed in the outbox"
            time.sleep(0.05)
        time.sleep(0.7)  # one more round: nothing may follow
    finally:
        processes.stop(worker, first=signal.SIGTERM, patience=5)


@pytest.mark.usefixtures("firm")
@pytest.mark.parametrize(
    ("point", "copies"),
    [("after the claim", 1), ("after the 250, before the commit", 2), ("after the commit", 1)],
)
def test_a_worker_killed_at_a_named_point_loses_no_mail(
    database: Database, smtp_server: MailServer, point: str, copies: int
) -> None:
    killed = start_worker(database, smtp_server, point)
    assert killed.wait(20) == -signal.SIGKILL

    go_on_with_a_whole_worker(database, smtp_server)

    assert len(smtp_server.messages) == copies
    assert len({mail.message["Message-ID"] for mail in smtp_server.messages}) == 1
    assert len({mail.text for mail in smtp_server.messages}) == 1
    assert [(work, mail, bool(wiped)) for work, mail, wiped in state_of(database)] == [
        ("done", "handed_over", True)
    ]


@pytest.mark.usefixtures("firm")
def test_a_worker_killed_before_the_servers_250_sends_again_and_the_mail_arrives_once(
    database: Database, smtp_server: MailServer
) -> None:
    worker = start_worker(database, smtp_server, "nowhere")
    pause = smtp_server.pause("data")
    smtp_server.refuse(451)  # what the broken conversation left is not kept
    pause.wait()
    os.kill(worker.pid, signal.SIGKILL)
    assert worker.wait(20) == -signal.SIGKILL
    pause.go()
    time.sleep(0.2)
    smtp_server.accept()

    go_on_with_a_whole_worker(database, smtp_server)

    assert len(smtp_server.messages) == 1


@pytest.mark.usefixtures("firm")
def test_without_the_order_of_sending_before_settling_a_mail_is_lost(
    database: Database, smtp_server: MailServer
) -> None:
    killed = start_worker(database, smtp_server, "settled before sending")
    assert killed.wait(20) == -signal.SIGKILL
    time.sleep(0.2)

    assert [(work, mail) for work, mail, _wiped in state_of(database)] == [("done", "handed_over")]
    assert smtp_server.messages == []


@pytest.mark.usefixtures("firm")
def test_a_mail_server_that_comes_back_gets_the_mail_within_seconds(
    database: Database, smtp_server: MailServer
) -> None:
    smtp_server.stop()
    worker = start_worker(database, smtp_server, "nowhere")
    time.sleep(2.5)

    smtp_server.start()
    smtp_server.wait_for(1, seconds=15)

    assert processes.stop(worker, first=signal.SIGTERM, patience=5) == 0
