"""`vestibule migrate`: brings the database to this version, as the owner of its tables."""

import argparse
import os
import sys
from typing import Any

from vestibule.cli.refusals import ExitCode


def add_to(subparsers: Any) -> None:
    parser = subparsers.add_parser("migrate", help="create or update the tables")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Migrate, then put in place what Django cannot say. Running it again changes nothing."""
    os.environ["VESTIBULE_AS_OWNER"] = "1"
    os.umask(0o077)  # a SQLite file is made here, and is its owner's alone

    from vestibule.cli import startup

    startup.start()
    from django.core.management import call_command
    from django.db import connection

    from vestibule.directory import database
    from vestibule.directory.scope import migrating

    with migrating():
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        call_command("createcachetable", verbosity=0)
        try:
            database.apply(connection)
        except database.RoleMissing as error:
            print(
                "PostgreSQL lacks a role that Vestibule works in, and this login may not create it. "
                f"Let a superuser run, once:\n\n    {error}\n\nThen run `vestibule migrate` again.",
                file=sys.stderr,
            )
            return ExitCode.FAILED
    print("The database is up to date.")
    return ExitCode.OK
