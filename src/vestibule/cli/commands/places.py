"""`vestibule places`: a firm's tree from a client list; shows what will be created, changed, left alone."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from vestibule.cli.refusals import ExitCode

SIZE_LIMIT_MB = 20


def add_to(subparsers: Any) -> None:
    nouns = subparsers.add_parser("places", help="import a client list").add_subparsers(
        title="verbs", metavar="VERB", required=True
    )
    imported = nouns.add_parser(
        "import", help="bring the tree to what a CSV file says: all of it or nothing"
    )
    imported.add_argument("file", type=Path, metavar="FILE")
    imported.add_argument("--firm", required=True, metavar="S", help="the firm’s slug")
    imported.add_argument(
        "--as", required=True, dest="email", metavar="E", help="the e-mail of whom it is done for"
    )
    imported.add_argument("--dry-run", action="store_true", help="only show what would happen")
    imported.add_argument("--json", action="store_true", help="write JSON")
    imported.set_defaults(run=run_import)


def run_import(arguments: argparse.Namespace) -> int:
    try:
        too_large = arguments.file.stat().st_size > SIZE_LIMIT_MB * 1024 * 1024
        data = b"" if too_large else arguments.file.read_bytes()
    except OSError as error:
        print(f"{arguments.file}: {error.strerror}.", file=sys.stderr)
        return ExitCode.INVALID
    if too_large:
        print(f"{arguments.file} is larger than {SIZE_LIMIT_MB} MB.", file=sys.stderr)
        return ExitCode.INVALID

    from vestibule.cli import startup

    startup.start()
    from vestibule.cli.person import acting_as
    from vestibule.directory.actions.imports import import_places

    with acting_as(arguments.email, firm_slug=arguments.firm) as person:
        plan = import_places(person, data, dry_run=arguments.dry_run)
    print(
        json.dumps(_as_json(plan), ensure_ascii=False, indent=2)
        if arguments.json
        else _as_text(plan)
    )
    return ExitCode.OK


def _as_json(plan: Any) -> dict[str, Any]:
    def told(change: Any) -> dict[str, Any]:
        changes = {column: [str(old), str(new)] for column, (old, new) in change.changes.items()}
        return {"line": change.line, "kind": change.kind, "name": change.name, "changes": changes}

    return {
        "applied": plan.applied,
        "created": [told(change) for change in plan.created],
        "changed": [told(change) for change in plan.changed],
        "unchanged": plan.unchanged,
        "warnings": [str(warning) for warning in plan.warnings],
    }


def _as_text(plan: Any) -> str:
    kinds = Counter(change.kind for change in plan.created)
    lines = [f"Note: {warning}" for warning in plan.warnings]
    for change in plan.changed:
        differences = "; ".join(
            f"{column}: “{old}” → “{new}”" for column, (old, new) in change.changes.items()
        )
        lines.append(f"line {change.line}: {change.kind} {change.name}: {differences}")
    made = ", ".join(f"{count} × {kind}" for kind, count in kinds.items()) or "nothing"
    lines.append(f"created: {made} · changed: {len(plan.changed)} · left alone: {plan.unchanged}")
    if not plan.applied:
        lines.append("Nothing was written." if plan.created or plan.changed else "Nothing to do.")
    return "\n".join(lines)
