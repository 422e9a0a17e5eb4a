"""Entry of the `vestibule` command. Django is imported by the command that runs, never for `--help`."""

import argparse
import sys
from importlib import import_module
from typing import Any

from vestibule import conf, refusals
from vestibule.cli.refusals import ExitCode, tell

COMMANDS = ("serve", "work", "migrate", "demo", "firm", "blueprint", "places", "audit")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="vestibule",
        description="Client-user administration: who of a firm’s clients gets in, and what they may reach.",
        epilog="Exit codes: 0 done, 1 failed, 2 invalid, 3 not signed in, 4 denied, 5 not found, "
        "6 conflict, 7 not now, 8 limit reached.",
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"vestibule.cli.commands.{name}").add_to(subparsers)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments: Any = build_parser().parse_args(argv)
    to_json = bool(getattr(arguments, "json", False))
    try:
        return int(arguments.run(arguments) or ExitCode.OK)
    except conf.BadSettings as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return ExitCode.INVALID
    except refusals.Refusal as refusal:
        text, code = tell(refusal, to_json=to_json)
        print(text, file=sys.stdout if to_json else sys.stderr)
        return code
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; say nothing more
        return ExitCode.FAILED
    except KeyboardInterrupt:
        return ExitCode.FAILED
    except Exception as error:
        from vestibule.outage import is_database_away

        if not is_database_away(error):
            raise
        print(
            f"The database cannot be reached: {str(error).strip().splitlines()[0]}", file=sys.stderr
        )
        return ExitCode.FAILED


if __name__ == "__main__":
    sys.exit(main())
