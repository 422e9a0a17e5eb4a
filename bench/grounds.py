"""Databases to measure on: made for one run, filled by `vestibule demo`, gone afterwards."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgres import Cluster

SIZES = {
    "S": ((1_000, 100),),
    "M": ((1_000, 100), (100_000, 10_000)),
    "L": ((1_000, 100), (1_000_000, 100_000)),
}
"""How many people at how many companies; the first of several is what the last is compared with."""

PASSWORD = "Blue-Harbour-42-Lantern"


@contextmanager
def prepared(vendor: str, *, users: int, companies: int) -> Iterator[dict[str, str]]:
    """Give the environment of a process that works on a database with so many people.

    PostgreSQL is a private cluster with a folder and a port of its own, stopped by its pid.
    """
    folder = Path(tempfile.mkdtemp(prefix="vestibule-bench-"))
    folder.chmod(0o711)  # PostgreSQL runs as another user and must pass through
    cluster = Cluster(folder / "postgresql") if vendor == "postgresql" else None
    try:
        address = f"sqlite:///{folder / 'bench.sqlite3'}"
        if cluster is not None:
            cluster.start()
            cluster.create("bench")
            address = cluster.owner_url("bench")
        environment = {
            **{name: value for name, value in os.environ.items() if not _is_ours(name)},
            "VESTIBULE_DATABASE_URL": address,
            "VESTIBULE_DATA_DIR": str(folder / "data"),
            "VESTIBULE_BASE_URL": "http://testserver",
            "VESTIBULE_DEMO_PASSWORD": PASSWORD,
        }
        began = time.monotonic()
        for words in (
            ["migrate"],
            ["demo", "--users", str(users), "--companies", str(companies)],
        ):
            _run(words, environment)
        if cluster is not None:
            _settle(cluster)
        tell(f"{vendor}: {users} people made in {time.monotonic() - began:.0f} s")
        yield environment
    finally:
        if cluster is not None:
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _is_ours(name: str) -> bool:
    return name.startswith("VESTIBULE_") or name == "DJANGO_SETTINGS_MODULE"


def _run(words: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vestibule.cli", *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"vestibule {words[0]} ended with {done.returncode}")


def _settle(cluster: Cluster) -> None:
    """Do what autovacuum does on a server within minutes; the private one has none."""
    with cluster.connect("bench") as connection:
        connection.execute("VACUUM ANALYZE")


def tell(sentence: str) -> None:
    """Say on stderr what is under way; stdout holds figures alone."""
    print(sentence, file=sys.stderr, flush=True)
