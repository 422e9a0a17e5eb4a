"""Firms and people for the tests of this folder and of `tests/work`, made by the real actions."""

from vestibule import actor
from vestibule.cli import demo, founding
from vestibule.directory import doorway
from vestibule.directory.actions import staff
from vestibule.directory.models import Firm, User
from vestibule.directory.scope import firm_scope

PASSWORD = "Blue-Harbour-42-Lantern"


def a_firm(slug: str) -> Firm:
    """Make a firm with one administrator, `admin@<slug>.example`, whose invitation waits."""
    firm, _administrator = founding.found(
        founding.blueprint_of("practice"),
        name=f"Cabinet {slug.title()}",
        slug=slug,
        language="fr",
        administrator=founding.Person(f"admin@{slug}.example", "Ada", "Martin", "en"),
    )
    return firm


def an_open_firm(slug: str) -> Firm:
    """Make a firm whose administrator has accepted and chosen PASSWORD."""
    firm = a_firm(slug)
    demo._let_in(firm, PASSWORD, [f"admin@{slug}.example"])
    return firm


def invite_staff(firm: Firm, number: int) -> User:
    """Invite one more member of staff; a mail to `staff<number>@…` waits."""
    person = founding.Person(f"staff{number}@{firm.slug}.example", "Sam", f"Nr {number}", "en")
    return staff.create_staff_user(
        actor.operator(firm.pk), identity=person.identity, role="practitioner"
    )


def administrator_of(firm: Firm) -> User:
    """Return the firm's administrator as he is now."""
    with firm_scope(firm):
        user = doorway.user_of_email(firm.pk, f"admin@{firm.slug}.example")
    assert user is not None
    return user
