"""`vestibule demo`: a firm to try things in, made by the same actions as any other; run again, it completes."""

import argparse
import sys
from typing import Any

from vestibule.cli.refusals import ExitCode

MOST = 1_000_000
"""More people or companies than that are not invented."""


def add_to(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "demo", help="load the demo firm, its people, and a small second firm"
    )
    parser.add_argument("--blueprint", metavar="B", help="instead of VESTIBULE_BLUEPRINT")
    parser.add_argument(
        "--users",
        type=_count,
        default=0,
        metavar="N",
        help="bring it to so many invented client users",
    )
    parser.add_argument(
        "--companies",
        type=_count,
        default=0,
        metavar="N",
        help="bring it to so many invented companies",
    )
    parser.set_defaults(run=run)


def _count(typed: str) -> int:
    """Return how many are wanted: 0 to a million."""
    count = int(typed)
    if not 0 <= count <= MOST:
        raise argparse.ArgumentTypeError(f"{typed} is not between 0 and {MOST}")
    return count


def run(arguments: argparse.Namespace) -> int:
    from vestibule.cli import startup

    startup.start()
    from django.conf import settings

    from vestibule import conf
    from vestibule.cli import demo, founding
    from vestibule.cli.progress import Progress

    ours = settings.VESTIBULE
    password = ours.demo_password or conf.kept_secret(
        ours.data_dir, "demo-password", demo.new_password
    )
    blueprint = founding.blueprint_of(arguments.blueprint or ours.blueprint)
    firm = demo.load(blueprint, password)
    demo.load_other(blueprint, password)
    demo.populate(
        firm, companies=arguments.companies, users=arguments.users, progress=Progress(sys.stderr)
    )

    print(f"{firm.name}: {ours.base_url}/f/{firm.slug}/")
    width = max(len(person.email) for person in blueprint.demo.people)
    for person in blueprint.demo.people:
        known = demo.has_password(firm, person.email, password)
        shown = password if known else "(changed since it was printed first)"
        print(f"  {person.email:<{width}}  {shown}  {blueprint.word(f'role.{person.role}', 'en')}")
    print(
        f"A second firm, to see the wall: {ours.base_url}/f/{demo.OTHER_SLUG}/ ({demo.OTHER_ADMINISTRATOR.email}, same password)"
    )
    return ExitCode.OK
