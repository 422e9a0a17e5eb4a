"""`vestibule blueprint`: reads a blueprint and says exactly what is wrong in it; writes nothing."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from vestibule.cli.refusals import ExitCode


def add_to(subparsers: Any) -> None:
    nouns = subparsers.add_parser("blueprint", help="check a blueprint").add_subparsers(
        title="verbs", metavar="VERB", required=True
    )
    check = nouns.add_parser(
        "check", help="read a blueprint file and say what is wrong, with line and key"
    )
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--json", action="store_true", help="write JSON")
    check.set_defaults(run=run_check)


def run_check(arguments: argparse.Namespace) -> int:
    from vestibule.cli import startup

    try:
        source = arguments.file.read_bytes()
    except OSError as error:
        print(f"{arguments.file}: {error.strerror}.", file=sys.stderr)
        return ExitCode.INVALID
    startup.start()  # the sentences are translated

    from vestibule.authz.catalogue import RESERVED_NAMES
    from vestibule.blueprints.findings import BlueprintRefused
    from vestibule.blueprints.parse import parse

    problems: tuple[Any, ...] = ()
    try:
        parse(source, file=arguments.file.name, reserved=RESERVED_NAMES)
    except BlueprintRefused as refused:
        problems = refused.findings
    if arguments.json:
        print(
            json.dumps(
                {"ok": not problems, "problems": [str(one) for one in problems]},
                ensure_ascii=False,
                indent=2,
            )
        )
    elif problems:
        print(*problems, sep="\n", file=sys.stderr)
    else:
        print(f"{arguments.file.name} is in order.")
    return ExitCode.INVALID if problems else ExitCode.OK
