"""`vestibule audit`: reads a firm's whole trail and says whether it is as it was written."""

import argparse
import json
import sys
from typing import Any

from vestibule.cli.refusals import ExitCode


def add_to(subparsers: Any) -> None:
    nouns = subparsers.add_parser("audit", help="verify the audit trail").add_subparsers(
        title="verbs", metavar="VERB", required=True
    )
    verify = nouns.add_parser("verify", help="check the chain from its first event to its last")
    verify.add_argument("--firm", required=True, metavar="S", help="the firm’s slug")
    verify.add_argument("--json", action="store_true", help="write JSON")
    verify.set_defaults(run=run_verify)


def run_verify(arguments: argparse.Namespace) -> int:
    from vestibule.cli import startup

    startup.start()
    from vestibule import actor, refusals
    from vestibule.directory import audit, doorway
    from vestibule.directory.actions import chain_checks
    from vestibule.directory.scope import firm_scope

    firm = doorway.firm_of_slug(arguments.firm)
    if firm is None:
        raise refusals.NotFound()
    with firm_scope(firm):
        found = audit.verify(firm.pk)
    chain_checks.note_check(actor.operator(firm.pk), found)
    if arguments.json:
        said = {
            "ok": not found.faults,
            "events": found.events,
            "erased": found.erased,
            "faults": list(found.faults),
        }
        print(json.dumps(said, ensure_ascii=False, indent=2))
    elif found.faults:
        print(*found.faults, sep="\n", file=sys.stderr)
    else:
        print(
            f"The trail of {firm.name} is whole: {found.events} events, of {found.erased} the personal values were erased."
        )
    return ExitCode.FAILED if found.faults else ExitCode.OK
