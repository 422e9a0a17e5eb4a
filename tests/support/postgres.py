"""A private PostgreSQL for one test session: own folder, own port, gone at the end.

`initdb` refuses to run as root, so root lends it the unprivileged user that Debian's package
made. Roles: `postgres` (superuser, for looking in without any guard) and `vestibule_owner`, as in
production neither superuser nor BYPASSRLS.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.support import processes

SUPERUSER = "postgres"
OWNER = "vestibule_owner"


class Cluster:
    """One PostgreSQL server. Starts at the first call of `start`; `stop` ends it by its pid."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self.folder = folder
        self.fsync = fsync
        self.port = processes.free_port()
        self._passwords = {SUPERUSER: secrets.token_hex(16), OWNER: secrets.token_hex(16)}
        self._process: subprocess.Popen[bytes] | None = None
        self._broom = ThreadPoolExecutor(max_workers=1)

    def start(self) -> None:
        """Make the cluster and its roles, and wait until it answers."""
        if self._process:
            return
        self.folder.mkdir()
        identity = self._identity()
        if identity:
            os.chown(self.folder, identity["user"], identity["group"])
        secret = self.folder / "superuser"
        secret.write_text(self._passwords[SUPERUSER])
        secret.chmod(0o644)
        data = self.folder / "data"
        made = subprocess.run(
            [
                _program("initdb"), "--pgdata", data, "--username", SUPERUSER,
                "--pwfile", secret, "--auth", "md5", "--encoding", "UTF8",
                "--locale", "C.UTF-8", "--no-sync", "--no-instructions",
            ],
            cwd=self.folder, capture_output=True, text=True, check=False, **identity,
        )  # fmt: skip
        if made.returncode != 0:
            raise RuntimeError(f"initdb did not work:\n{made.stdout}{made.stderr}")
        durable = "on" if self.fsync else "off"
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": durable,
            "synchronous_commit": durable,
            "full_page_writes": durable,
            "max_connections": 200,
            "shared_buffers": "64MB",
            "autovacuum": "off",
        }
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    _program("postgres"), "-D", data,
                    *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
                ],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=processes.die_with_parent(signal.SIGQUIT), **identity,
            )  # fmt: skip
        self._wait()
        self.execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE NOSUPERUSER NOBYPASSRLS PASSWORD {}")
            .format(sql.Identifier(OWNER), sql.Literal(self._passwords[OWNER]))
        )  # fmt: skip

    def stop(self) -> None:
        """Stop the server if it was started; its folder goes too."""
        self._broom.shutdown(wait=True, cancel_futures=True)
        if self._process:
            processes.stop(self._process, first=signal.SIGINT, patience=10)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def owner_url(self, database: str) -> str:
        """Return the address under which the product reaches a database of this cluster."""
        return f"postgresql://{OWNER}:{self._passwords[OWNER]}@127.0.0.1:{self.port}/{database}"

    def connect(
        self, database: str = "postgres", *, user: str = SUPERUSER
    ) -> "psycopg.Connection[Any]":
        """Open a plain connection in autocommit, as superuser unless told otherwise."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname=database,
            user=user,
            password=self._passwords[user],
            autocommit=True,
        )

    def create(self, database: str, *, template: str = "template0") -> None:
        """Make a database that belongs to the owner's role, as a copy of `template`."""
        self.execute(
            # Copying files is the faster way for small databases (45 ms; WAL_LOG up to 200).
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY").format(
                *map(sql.Identifier, (database, template, OWNER))
            )
        )

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected; soon, while the next test runs already."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._broom.submit(self.execute, statement.format(sql.Identifier(database)))

    def execute(self, statement: sql.Composed) -> None:
        """Run one statement as superuser, outside any database of ours."""
        with self.connect() as connection:
            connection.execute(statement)

    def _identity(self) -> dict[str, Any]:
        """Say as whom the server's programs run: as ourselves, unless we are root."""
        if os.geteuid() != 0:
            return {}
        user = pwd.getpwnam("postgres")
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or (self._process and self._process.poll()):
                    raise RuntimeError(
                        "PostgreSQL did not start:\n" + (self.folder / "log").read_text()
                    ) from None
                time.sleep(0.05)


def _program(name: str) -> str:
    """Find a server program: Debian keeps them out of the PATH, one folder per version."""
    folders: Sequence[Path] = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if not found:
        raise RuntimeError(f"{name} is missing; `scripts/setup --tests` installs PostgreSQL")
    return found
