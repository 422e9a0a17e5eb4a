"""What `vestibule demo` loads. Every step asks first whether it is done, so that a broken run is completed by the next."""

import re
import secrets
from collections.abc import Iterable, Iterator

from django.db import connection

from vestibule import actor
from vestibule.actor import Actor, Door
from vestibule.blueprints.parse import demo_portfolio
from vestibule.blueprints.schema import Audience, Blueprint, DemoPerson
from vestibule.cli.founding import Person, administrator_role
from vestibule.cli.progress import Progress
from vestibule.directory import database, doorway, facts
from vestibule.directory.actions import (
    client_users,
    firms,
    invitations,
    outbox,
    places,
    populations,
    staff,
)
from vestibule.directory.actions.imports import import_places
from vestibule.directory.models import Firm, Place, User, UserState
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies import passwords
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.scope import firm_scope

SLUG = "demo"
OTHER_SLUG = "other"
OTHER_NAME = "Cabinet Rivage"
OTHER_ADMINISTRATOR = Person("admin@other.example", "Yann", "Le Goff", "fr")
OTHER_PLACES = ("Groupe Estran", "Estran Conseil", "Estran Conseil Nantes", "Estran Conseil Brest")
BATCH = 1000
"""So many people or companies are written at once: large enough to be fast, small enough for memory."""
_LINK = re.compile(r"/welcome/(?P<secret>[^/\s]+)/")


def new_password() -> str:
    """Return a password that every preset takes and that can be read aloud."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    blocks = ["".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4)]
    return "A7-" + "-".join(blocks)


def load(blueprint: Blueprint, password: str) -> Firm:
    """Load the demo firm: its staff, its real client list, its client users, all of them let in."""
    firm = _firm(blueprint, SLUG, blueprint.demo.firm_name)
    members = [person for person in blueprint.demo.people if person.audience is Audience.STAFF]
    for person in members:
        _add_staff(firm, _person(person), person.role)
    emails = [person.email for person in blueprint.demo.people]
    _let_in(firm, password, emails)
    with firm_scope(firm):
        import_places(_acting(firm, members[0].email), demo_portfolio(blueprint))
    for person in blueprint.demo.people:
        if person.audience is Audience.CLIENT:
            _add_client(firm, person, by=members[0].email)
    _let_in(firm, password, emails)
    return firm


def load_other(blueprint: Blueprint, password: str) -> Firm:
    """Load the small second firm: one administrator and one place of each kind."""
    firm = _firm(blueprint, OTHER_SLUG, OTHER_NAME)
    _add_staff(firm, OTHER_ADMINISTRATOR, administrator_role(blueprint))
    _let_in(firm, password, [OTHER_ADMINISTRATOR.email])
    with firm_scope(firm):
        administrator = _acting(firm, OTHER_ADMINISTRATOR.email)
        if not Place.objects.visible_to(administrator).exists():
            standing = {"firm": places.root_of(firm.pk)}
            for kind, name in zip(blueprint.kinds, OTHER_PLACES, strict=False):
                parent = next(
                    standing[code]
                    for code in ("firm" if kind.at_top else "", *kind.parents)
                    if code in standing
                )
                standing[kind.code] = places.create_place(
                    administrator, parent=parent, kind=kind.code, name=name
                )
    return firm


def populate(firm: Firm, *, companies: int, users: int, progress: Progress) -> None:
    """Bring the firm to so many invented companies and people; what is there stays.

    Each batch is an act of its own: a run that was killed is completed by the next.
    """
    operator = actor.operator(firm.pk)
    with progress.step("companies", companies) as advance:
        for numbers in _batches(companies):
            populations.create_population(operator, companies=numbers)
            advance(len(numbers))
    with progress.step("users", users) as advance:
        for numbers in _batches(users):
            populations.create_population(operator, people=numbers)
            advance(len(numbers))
    if companies or users:
        database.tell_planner(connection)


def _batches(count: int) -> Iterator[range]:
    for first in range(1, count + 1, BATCH):
        yield range(first, min(first + BATCH, count + 1))


def has_password(firm: Firm, email: str, password: str) -> bool:
    """Return whether this person still signs in with this password."""
    with firm_scope(firm):
        user = doorway.user_of_email(firm.pk, email)
    return user is not None and user.check_password(password)


def _firm(blueprint: Blueprint, slug: str, name: str) -> Firm:
    found = doorway.firm_of_slug(slug)
    return found or firms.create_firm(
        actor.operator(new_id()), blueprint=blueprint, name=name, slug=slug
    )


def _person(person: DemoPerson) -> Person:
    return Person(person.email, person.first_name, person.last_name, person.language)


def _acting(firm: Firm, email: str) -> Actor:
    user = doorway.user_of_email(firm.pk, email)
    assert user is not None
    return facts.actor_for(user, door=Door.CLI)


def _add_staff(firm: Firm, person: Person, role: str) -> None:
    with firm_scope(firm):
        known = doorway.user_of_email(firm.pk, person.email)
        if known is None:
            staff.create_staff_user(actor.operator(firm.pk), identity=person.identity, role=role)


def _add_client(firm: Firm, person: DemoPerson, *, by: str) -> None:
    with firm_scope(firm):
        if doorway.user_of_email(firm.pk, person.email) is not None:
            return
        administrator = _acting(firm, by)
        visible = Place.objects.visible_to(administrator).companies()
        companies = {
            siren: visible.one(references__scheme="siren", references__value=siren)
            for siren in {
                *person.companies,
                *([person.billable_company] if person.billable_company else []),
            }
        }
        client_users.create_client_user(
            administrator,
            billable_company=companies[person.billable_company or person.companies[0]],
            identity=_person(person).identity,
            user_type=person.role,
            companies=[companies[siren] for siren in person.companies],
            applications=list(person.applications),
            activate_now=True,
            send_email=True,
            key=f"demo user {person.email}",
        )


def _let_in(firm: Firm, password: str, emails: Iterable[str]) -> None:
    """Carry the invitations of the demo's own people to them, who accept with this password.

    Whoever was invited by hand meanwhile keeps the invitation, and nobody accepts it for him.
    """
    own = set(emails)
    claims = outbox.claim("demo", limit=200)
    for claim in claims:
        letter = outbox.open_letter(claim) if claim.firm_id == firm.pk else None
        link = _LINK.search(letter.text) if letter is not None and letter.to in own else None
        if letter is None or link is None or outbox.begin_attempt(claim) is None:
            outbox.give_back([claim])
            continue
        _accept(firm, letter.to, link["secret"], password)


def _accept(firm: Firm, email: str, secret: str, password: str) -> None:
    with firm_scope(firm):
        user: User | None = doorway.user_of_email(firm.pk, email)
        token = invitations.open_invitation(firm.pk, secret)
        preset = rules_of(firm.pk).password_preset
    if user is None or token is None or user.state != UserState.INVITED:
        return
    chosen = passwords.choose(
        password, preset=preset, names=(user.first_name, user.last_name, firm.name)
    )
    invitations.accept_invitation(
        actor.link_bearer(firm.pk, user.pk, token.pk),
        token,
        password=chosen,
        corrections=invitations.Corrections(
            first_name=user.first_name,
            last_name=user.last_name,
            phone=user.phone,
            language=user.language,
        ),
    )
