"""The served product: it starts fast, stops fast, says why it does not start, and outlives its database's absence."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.cli.firms import a_firm
from tests.support import processes
from tests.support.databases import Database
from tests.support.served import Serve, is_running

START_SECONDS = 15  # nothing hangs; `make bench` measures the ≤1.0 s of a machine at rest
STOP_SECONDS = 1.0


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def status_of(url: str, timeout: float = 5) -> tuple[int, float]:
    """Return the status of one GET and how many seconds it took."""
    began = time.monotonic()
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            code = answer.status
    except urllib.error.HTTPError as error:
        code = error.code
        error.close()
    return code, time.monotonic() - began


def wait_until_gone(pids: list[int], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while any(is_running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(is_running(pid) for pid in pids)


def test_it_starts_fast_and_answers(serve: Serve) -> None:
    serve().stop()  # gathers the static files, once
    began = time.monotonic()

    served = serve()

    print(f"start to first answer: {time.monotonic() - began:.2f} s")
    assert time.monotonic() - began < START_SECONDS
    assert status_of(served.url("/readyz"))[0] == 200
    assert status_of(served.url("/nothing-here"))[0] == 404


@pytest.mark.faults
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_within_a_second_with_all_its_children(
    serve: Serve, number: signal.Signals
) -> None:
    served = serve(env={"VESTIBULE_WORKERS": "2"})
    children = children_of(served.pid)
    assert len(children) == 3  # two servers and the worker
    kept = http.client.HTTPConnection("127.0.0.1", served.port)
    kept.request("GET", "/healthz")
    kept.getresponse().read()  # a browser keeps its connection open

    seconds = served.stop(number)

    kept.close()
    print(f"stopped after {seconds:.2f} s")
    assert seconds < STOP_SECONDS
    assert served.process.returncode == 0
    assert wait_until_gone(children, 0)


@pytest.mark.faults
def test_a_request_that_never_ends_does_not_hold_up_the_stop(serve: Serve) -> None:
    served = serve()
    with socket.create_connection(("127.0.0.1", served.port)) as slow:
        slow.sendall(b"POST /f/x/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nhalf")
        time.sleep(0.2)

        assert served.stop() < STOP_SECONDS


@pytest.mark.faults
def test_slow_bodies_hold_up_neither_the_others_nor_the_stop(serve: Serve) -> None:
    """More of them than the server has threads; each holds a connection and nothing else."""
    a_firm("alpha")
    served = serve()
    slow = [half_a_form(served.port, "/f/alpha/sign-in/") for _ in range(16)]
    time.sleep(0.3)

    try:
        for path, status in (("/healthz", 200), ("/readyz", 200), ("/f/alpha/sign-in/", 200)):
            code, seconds = status_of(served.url(path), timeout=10)
            print(f"{path}: {code} after {seconds:.3f} s with {len(slow)} slow bodies open")
            assert code == status
            assert seconds < 2

        stopped_after = served.stop()
        print(f"stopped after {stopped_after:.2f} s with {len(slow)} slow bodies open")
        assert stopped_after < STOP_SECONDS
        assert served.process.returncode == 0
    finally:
        for one in slow:
            one.close()


def half_a_form(port: int, path: str) -> socket.socket:
    """Begin to send a form of 1000 bytes and stay open after its first."""
    slow = socket.create_connection(("127.0.0.1", port))
    slow.sendall(
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
        f"Cookie: vestibule_csrf={'x' * 32}\r\n"  # else the form is refused before it is read
        "Content-Type: application/x-www-form-urlencoded\r\n\r\nx".encode()
    )
    return slow


def test_a_body_that_is_too_large_is_read_away_so_that_the_answer_is_seen(serve: Serve) -> None:
    served = serve()
    for size in (2, 30):
        kept = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        kept.request("POST", "/f/nobody/", b"x" * (size * 1024 * 1024))
        answer = kept.getresponse()

        assert answer.status == 413
        assert b"At most 1" in answer.read()
        kept.request("GET", "/healthz")
        assert kept.getresponse().read() == b"ok\n"
        kept.close()


@pytest.mark.faults
def test_when_a_child_dies_all_stop_and_the_reason_is_said(serve: Serve) -> None:
    served = serve()
    children = children_of(served.pid)

    os.kill(children[-1], signal.SIGKILL)

    assert served.process.wait(5) == 1
    assert f"(process {children[-1]}) was ended by SIGKILL. Everything stops." in served.log
    assert wait_until_gone(children, 0)


@pytest.mark.faults
def test_a_killed_parent_leaves_nobody_behind(serve: Serve) -> None:
    served = serve()
    children = children_of(served.pid)

    served.process.kill()

    assert wait_until_gone(children)


def test_a_port_that_is_taken_is_said(serve: Serve) -> None:
    first = serve()

    second = serve(args=("--port", str(first.port)), wait=False)

    assert second.process.wait(20) == 1
    assert f"Port {first.port} cannot be used" in second.log


def test_an_unprepared_database_is_said(serve: Serve, blank_database: Database) -> None:
    refused = serve(on=blank_database, wait=False)

    assert refused.process.wait(20) == 1
    assert "Run `vestibule migrate` first." in refused.log
    assert "Traceback" not in refused.log


def test_a_missing_migration_is_said(serve: Serve, database: Database) -> None:
    database.rows("DELETE FROM django_migrations WHERE app = 'mfa'")

    refused = serve(wait=False)

    assert refused.process.wait(20) == 1
    assert "lacks 3 migrations, beginning with mfa.0001_initial" in refused.log


def test_a_bad_setting_is_said_and_nothing_starts(serve: Serve) -> None:
    refused = serve(env={"VESTIBULE_SMTP_URL": "http://mail"}, wait=False)

    assert refused.process.wait(20) == 2
    assert refused.log.startswith("VESTIBULE_SMTP_URL: write smtp://")


def test_a_missing_mail_server_is_noted_at_the_start(serve: Serve) -> None:
    assert "mails are held in the outbox" in serve().log


def test_no_secret_of_a_link_stands_in_the_log(serve: Serve) -> None:
    a_firm("alpha")
    served = serve()
    secret = "this-is-a-one-time-secret"

    for path in (
        f"/f/alpha/welcome/{secret}/",
        f"/f/alpha/reset/{secret}/",
        f"/f/alpha/confirm-address/{secret}/",
        f"/f/nobody/welcome/{secret}/",
    ):
        status_of(served.url(path))
    served.stop()

    assert secret not in served.log


@pytest.mark.faults
def test_on_postgresql_no_role_beyond_the_wall_may_serve(serve: Serve, database: Database) -> None:
    if not database.cluster:
        pytest.skip("SQLite has no roles")
    connection = database.cluster.connect(database.name)
    connection.execute("ALTER ROLE vestibule_app BYPASSRLS")
    try:
        refused = serve(wait=False)
        assert refused.process.wait(20) == 1
        assert "BYPASSRLS" in refused.log
    finally:
        connection.execute("ALTER ROLE vestibule_app NOBYPASSRLS")
        connection.close()


@pytest.mark.faults
def test_an_unreachable_sqlite_file_is_503_within_a_second_and_then_well_again(
    serve: Serve, database: Database
) -> None:
    if database.cluster:
        pytest.skip("PostgreSQL is killed below")
    served = serve(worker=False)
    folder = Path(database.name).parent
    hidden = folder.with_name(folder.name + "-hidden")

    # No connection is open yet: a server that starts while its disk is not there.
    folder.rename(hidden)
    try:
        code, seconds = status_of(served.url("/readyz"))
        page, page_seconds = status_of(served.url("/f/nobody/"))
    finally:
        hidden.rename(folder)

    assert (code, page) == (503, 503)
    assert max(seconds, page_seconds) < 1.0
    assert status_of(served.url("/readyz"))[0] == 200
    assert status_of(served.url("/f/nobody/"))[0] == 404


@pytest.mark.faults
def test_a_killed_postgresql_is_survived_without_a_restart_of_ours(
    serve: Serve, database: Database, session_folder: Path
) -> None:
    """`kill -9` of the database: 503 within a second, well again within five of its return."""
    if not database.cluster:
        pytest.skip("SQLite has no server that could be killed")
    from tests.support import postgres
    from tests.support.databases import migrate

    own = postgres.Cluster(session_folder / f"postgresql-{processes.free_port()}")
    own.start()
    try:
        apart = Database("postgresql", "apart", own)
        own.create("apart")
        migrate(apart)
        served = serve(on=apart)
        served.may_fail = True
        assert status_of(served.url("/readyz"))[0] == 200
        assert status_of(served.url("/f/nobody/"))[0] == 404

        assert own._process
        own._process.kill()
        own._process.wait()
        for path in ("/readyz", "/f/nobody/", "/", "/f/nobody/"):
            code, seconds = status_of(served.url(path))
            print(f"{path}: {code} after {seconds:.2f} s")
            assert code == 503
            assert seconds < 1.0
        assert status_of(served.url("/healthz"))[0] == 200
        time.sleep(4)

        restart(own)
        began = time.monotonic()
        while status_of(served.url("/f/nobody/"))[0] != 404:
            assert time.monotonic() - began < 5
            time.sleep(0.1)
        print(f"well again {time.monotonic() - began:.2f} s after the database's return")
        assert served.process.poll() is None
        assert "Traceback" not in served.log
    finally:
        own.stop()


def restart(cluster: object) -> None:
    """Start a killed PostgreSQL on its folder again."""
    from tests.support import postgres

    assert isinstance(cluster, postgres.Cluster)
    (cluster.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
    with (cluster.folder / "log").open("ab") as log:
        cluster._process = subprocess.Popen(
            [
                postgres._program("postgres"), "-D", cluster.folder / "data",
                "-c", "listen_addresses=127.0.0.1", "-c", f"port={cluster.port}",
                "-c", "unix_socket_directories=",
            ],
            cwd=cluster.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=processes.die_with_parent(signal.SIGQUIT), **cluster._identity(),
        )  # fmt: skip
    cluster._wait()


def test_the_help_needs_no_settings_and_no_django() -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "vestibule.cli", "--help"],
        env={"PATH": os.environ["PATH"], "VESTIBULE_PORT": "nonsense"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    print(f"--help: {time.monotonic() - began:.2f} s")
    assert done.returncode == 0
    assert "serve" in done.stdout
    assert "| django" not in done.stderr


def test_the_worker_alone_stops_within_a_second(database: Database) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "vestibule.cli", "work"], env=database.env, stderr=subprocess.PIPE
    )
    assert process.stderr
    assert b"the worker has started" in process.stderr.readline()
    began = time.monotonic()

    code = processes.stop(process, first=signal.SIGTERM, patience=5)

    process.stderr.close()
    assert (code, time.monotonic() - began < STOP_SECONDS) == (0, True)
