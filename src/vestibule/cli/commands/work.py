"""`vestibule work`: the worker alone, beside servers that run elsewhere."""

import argparse
import sys
from typing import Any

from vestibule.cli.refusals import ExitCode


def add_to(subparsers: Any) -> None:
    parser = subparsers.add_parser("work", help="send mails and do scheduled work, without serving")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from vestibule.cli import startup

    startup.start()
    from vestibule.work import worker

    reason = startup.reason_not_to_run()
    if reason:
        print(reason, file=sys.stderr)
        return ExitCode.FAILED
    for notice in startup.notices():
        print(f"Note: {notice}", flush=True)
    worker.run_until_told_to_stop()
    return ExitCode.OK
