"""`vestibule serve`: one parent that starts server and worker processes and stops them together."""

import argparse
import os
import sys
from typing import Any

from vestibule.cli.refusals import ExitCode


def add_to(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "serve", help="answer requests, and with --with-worker send mails too"
    )
    parser.add_argument("--port", type=int, help="listen here instead of at VESTIBULE_PORT")
    parser.add_argument("--with-worker", action="store_true", help="start the worker as well")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if arguments.port is not None:
        os.environ["VESTIBULE_PORT"] = str(arguments.port)

    from vestibule.cli import startup

    startup.start()
    from django.conf import settings

    from vestibule.cli import family, static_files

    reason = startup.reason_not_to_run()
    if reason:
        print(reason, file=sys.stderr)
        return ExitCode.FAILED
    try:
        sockets = family.listen(
            settings.VESTIBULE.port, loopback_only=settings.VESTIBULE.base.is_loopback
        )
    except OSError as error:
        print(f"Port {settings.VESTIBULE.port} cannot be used: {error.strerror}.", file=sys.stderr)
        return ExitCode.FAILED
    static_files.gather()

    members = [family.Member("server", family.serve)] * settings.VESTIBULE.workers
    if arguments.with_worker:
        members.append(family.Member("worker", family.work))
    for notice in startup.notices():
        print(f"Note: {notice}", flush=True)
    print(f"Vestibule answers at {settings.VESTIBULE.base_url}", flush=True)
    return family.live(members, sockets)
