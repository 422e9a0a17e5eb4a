"""Builds demo firms by calling the real actions: what the demo shows, the product can do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from vestibule import actor as actors
from vestibule import sealing
from vestibule.actor import Actor, Door
from vestibule.blueprints.parse import demo_portfolio
from vestibule.blueprints.schema import Audience, Blueprint, DemoPerson
from vestibule.directory.actions._post import withdraw
from vestibule.directory.actions._tokens import hash_of_secret
from vestibule.directory.actions.client_users import Identity, create_client_user
from vestibule.directory.actions.firms import create_firm
from vestibule.directory.actions.imports import import_places
from vestibule.directory.actions.invitations import Corrections, accept_invitation
from vestibule.directory.actions.staff import create_staff_user
from vestibule.directory.facts import actor_for
from vestibule.directory.models import Firm, OutboxMessage, Place, Token, User
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.passwords import NewPassword
from vestibule.directory.scope import firm_scope

OTHER_PORTFOLIO = (
    "Entreprise;Groupe;SIREN;Établissement;SIRET;Adresse;Code postal;Ville\n"
    ";MOULIN BLEU;732829320;Nantes;73282932000074;1 QUAI DE LA FOSSE;44000;Nantes\n"
    ";ATELIER DU PORT;404833048;Brest;40483304800022;8 RUE DE SIAM;29200;Brest\n"
)
"""The second firm's client list: two companies without a group, so that the wall can be seen."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DemoFirm:
    """A firm that was built, and its people's addresses with what they are."""

    firm: Firm
    people: tuple[tuple[str, str], ...]


def secret_mailed_to(user: User) -> str:
    """Return the secret in the newest invitation still sealed in the outbox.

    Only who holds the sealing key can do this: the server's operator, for a demo.
    """
    row = (
        OutboxMessage.objects.filter(
            firm_id=user.firm_id, user_id=user.pk, kind="invitation", sealed__isnull=False
        )
        .order_by("-created_at")
        .first()
    )
    if row is None or row.sealed is None:
        raise LookupError(f"no invitation for {user.email} is waiting in the outbox")
    text = json.loads(sealing.unseal(bytes(row.sealed)))["text"]
    found = re.search(r"/welcome/([^/\s]+)/", text)
    if found is None:
        raise LookupError("the invitation holds no link")
    return found.group(1)


def bring_in(user: User, password: NewPassword) -> User:
    """Accept a demo person's invitation with a password, and take the mail back unsent."""
    token = Token.objects.select_related("user", "invitation").get(
        firm_id=user.firm_id, secret_hash=hash_of_secret(secret_mailed_to(user))
    )
    if token.invitation is not None:
        withdraw(token.invitation)
    return accept_invitation(
        actors.link_bearer(user.firm_id, user.pk, token.pk),
        token,
        password=password,
        corrections=Corrections(
            first_name=user.first_name,
            last_name=user.last_name,
            phone=user.phone,
            language=user.language,
        ),
    )


def found_firm(blueprint: Blueprint, *, slug: str, name: str, language: str = "en") -> Firm:
    """Create a firm from a blueprint as the operator."""
    return create_firm(
        actors.operator(new_id()), blueprint=blueprint, name=name, slug=slug, language=language
    )


def add_staff(firm: Firm, person: DemoPerson, password: NewPassword) -> Actor:
    """Create a member of staff, bring him in and return him as an actor."""
    with firm_scope(firm):
        user = create_staff_user(
            actors.operator(firm.pk), identity=_identity(person), role=person.role
        )
        return actor_for(bring_in(user, password), door=Door.CLI)


def add_client(actor: Actor, person: DemoPerson, password: NewPassword) -> User:
    """Create a client user by a practitioner's act and bring him in."""
    with firm_scope(actor.firm_id):
        companies = [company_by_siren(actor, siren) for siren in person.companies]
        billable = company_by_siren(actor, person.billable_company or person.companies[0])
        user = create_client_user(
            actor,
            billable_company=billable,
            identity=_identity(person),
            user_type=person.role,
            companies=companies,
            applications=person.applications,
            activate_now=True,
            send_email=True,
            key=f"demo {person.email}",
        )
        return bring_in(user, password)


def company_by_siren(actor: Actor, siren: str) -> Place:
    """Return the company with this number among those the actor sees."""
    found: Place = Place.objects.visible_to(actor).one(
        references__scheme="siren", references__value=siren
    )
    return found


def _identity(person: DemoPerson) -> Identity:
    return Identity(
        last_name=person.last_name,
        first_name=person.first_name,
        email=person.email,
        language=person.language,
    )


def build_demo(blueprint: Blueprint, password: NewPassword, tell: Tell) -> DemoFirm:
    """Build the firm `demo`: the real tree, its applications, four people."""
    tell(f"Creating {blueprint.demo.firm_name} from the blueprint “{blueprint.name}” …")
    firm = found_firm(blueprint, slug="demo", name=blueprint.demo.firm_name)
    staff = [person for person in blueprint.demo.people if person.audience is Audience.STAFF]
    clients = [person for person in blueprint.demo.people if person.audience is Audience.CLIENT]
    by_role = {person.role: add_staff(firm, person, password) for person in staff}
    tell("Importing the client list …")
    importer = by_role.get("firm_administrator") or next(iter(by_role.values()))
    with firm_scope(firm):
        import_places(importer, demo_portfolio(blueprint))
    tell("Inviting the people of the demo …")
    practitioner = by_role.get("practitioner", importer)
    for person in clients:
        add_client(practitioner, person, password)
    return DemoFirm(firm, tuple((person.email, person.role) for person in staff + clients))


def build_other(blueprint: Blueprint, password: NewPassword, tell: Tell) -> DemoFirm:
    """Build the small second firm `other`, with its own administrator and director."""
    tell("Creating the second firm …")
    firm = found_firm(blueprint, slug="other", name="Fiduciaire du Port", language="fr")
    admin = next(person for person in blueprint.demo.people if person.role == "firm_administrator")
    director = next(person for person in blueprint.demo.people if person.role == "administrator")
    actor = add_staff(firm, admin, password)
    with firm_scope(firm):
        import_places(actor, OTHER_PORTFOLIO.encode())
    client = DemoPerson(
        email=director.email,
        first_name="Yann",
        last_name="Le Goff",
        language="fr",
        audience=director.audience,
        role=director.role,
        position=None,
        billable_company="732829320",
        companies=("732829320",),
        applications=("payroll", "documents"),
    )
    add_client(actor, client, password)
    return DemoFirm(firm, ((admin.email, admin.role), (client.email, client.role)))
