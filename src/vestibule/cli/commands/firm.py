"""`vestibule firm`: a firm made from a blueprint, with its first administrator."""

import argparse
import json
from typing import Any

from vestibule.cli.refusals import ExitCode


def add_to(subparsers: Any) -> None:
    nouns = subparsers.add_parser("firm", help="create a firm").add_subparsers(
        title="verbs", metavar="VERB", required=True
    )
    create = nouns.add_parser("create", help="create a firm and invite its administrator")
    create.add_argument(
        "--blueprint", required=True, metavar="B", help="the name of a blueprint, or a file"
    )
    create.add_argument("--name", required=True, metavar="N")
    create.add_argument("--slug", required=True, metavar="S", help="its address: /f/<slug>/")
    create.add_argument("--admin-email", required=True, metavar="E")
    create.add_argument(
        "--admin-first-name", default="Firm", metavar="F", help="corrected at registration"
    )
    create.add_argument(
        "--admin-last-name", default="Administrator", metavar="L", help="corrected at registration"
    )
    create.add_argument("--language", default="en", choices=["en", "fr", "de"])
    create.add_argument("--json", action="store_true", help="write JSON")
    create.set_defaults(run=run_create)


def run_create(arguments: argparse.Namespace) -> int:
    from vestibule.cli import startup

    startup.start()
    from django.conf import settings

    from vestibule.cli import founding

    firm, administrator = founding.found(
        founding.blueprint_of(arguments.blueprint),
        name=arguments.name,
        slug=arguments.slug,
        language=arguments.language,
        administrator=founding.Person(
            email=arguments.admin_email,
            first_name=arguments.admin_first_name,
            last_name=arguments.admin_last_name,
            language=arguments.language,
        ),
    )
    address = f"{settings.VESTIBULE.base_url}/f/{firm.slug}/"
    if arguments.json:
        created = {
            "firm": {"id": str(firm.pk), "slug": firm.slug, "name": firm.name, "address": address},
            "administrator": {"id": str(administrator.pk), "email": administrator.email},
            "mails_are_held": settings.VESTIBULE.holds_mails,
        }
        print(json.dumps(created, ensure_ascii=False, indent=2))
        return ExitCode.OK
    print(f"{firm.name} is at {address}")
    print(f"The invitation of {administrator.email} is in the outbox.")
    if settings.VESTIBULE.holds_mails:
        print("No mail server is set (VESTIBULE_SMTP_URL): it is held there.")
    return ExitCode.OK
