"""A small world of named people in two firms, built by calling the real actions.

**Cabinet Morel** (`world.morel`, slug `morel`) looks after

    Groupe Estran            group
      Estran Conseil         company A: payroll, invoicing, expenses, documents, messaging
        Nantes, Brest        establishments
      Estran Services        company B: payroll, documents, bank
        Rennes               establishment
    Atelier du Port          company without users, invoicing only

`administrator`, `practitioner` and `trainee` (no right at all) are staff. `director` is
administrator of A and B, `co_director` of B; `standard` is a standard client of A and B;
`waiting`, `invited`, `ready` (A) and `deactivated` (B) are in the state of their name.

**Cabinet Rivage** (`world.rivage`) has people with the same addresses as two of them. All who
are in have the password `world.password`. No mail is left in the outbox.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from vestibule import actor as actors
from vestibule import sealing
from vestibule.actor import Actor, Door
from vestibule.authz.catalogue import RESERVED_NAMES
from vestibule.blueprints import parse as blueprints
from vestibule.blueprints.schema import Audience, Blueprint, DemoApplications, Role
from vestibule.directory.actions import outbox
from vestibule.directory.actions._tokens import hash_of_secret
from vestibule.directory.actions.client_users import (
    Identity,
    create_client_user,
    deactivate_client_user,
)
from vestibule.directory.actions.firms import create_firm
from vestibule.directory.actions.imports import import_places
from vestibule.directory.actions.invitations import Corrections, accept_invitation
from vestibule.directory.actions.staff import create_staff_user
from vestibule.directory.facts import actor_for
from vestibule.directory.models import OutboxMessage, Place, Token, User
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.passwords import NewPassword, choose
from vestibule.directory.scope import firm_scope

PASSWORD = "Blue-Harbour-42-Lantern"

PORTFOLIO = (
    "Entreprise;Groupe;SIREN;Établissement;SIRET;Adresse;Code postal;Ville\n"
    "GROUPE ESTRAN;ESTRAN CONSEIL;732829320;Nantes;73282932000074;1 QUAI DE LA FOSSE;44000;Nantes\n"
    "GROUPE ESTRAN;ESTRAN CONSEIL;732829320;Brest;73282932000082;8 RUE DE SIAM;29200;Brest\n"
    "GROUPE ESTRAN;ESTRAN SERVICES;404833048;Rennes;40483304800022;3 RUE SAINT-MICHEL;35000;Rennes\n"
    ";ATELIER DU PORT;552100554;Lorient;55210055400013;2 QUAI DES INDES;56100;Lorient\n"
)
"""The client list of Cabinet Morel."""

APPLICATIONS = DemoApplications(
    usual=("payroll", "invoicing", "expenses", "documents", "messaging"),
    exceptions={"404833048": ("payroll", "documents", "bank"), "552100554": ("invoicing",)},
)

OTHER_PORTFOLIO = (
    "Entreprise;Groupe;SIREN;Établissement;SIRET;Adresse;Code postal;Ville\n"
    ";MOULIN BLEU;732829320;Nantes;73282932000074;1 QUAI DE LA FOSSE;44000;Nantes\n"
)
"""The client list of Cabinet Rivage: the same SIREN is another firm's company there."""

PLACES = {
    "group": "GROUPE ESTRAN",
    "a": "ESTRAN CONSEIL",
    "nantes": "Nantes",
    "brest": "Brest",
    "b": "ESTRAN SERVICES",
    "rennes": "Rennes",
    "port": "ATELIER DU PORT",
    "lorient": "Lorient",
}
OTHER_PLACES = {"a": "MOULIN BLEU", "nantes": "Nantes"}


@dataclass(frozen=True, slots=True)
class FirmOfTheWorld:
    """One firm: the ids of its people and places by the names used in tests."""

    id: UUID
    slug: str
    name: str
    people: Mapping[str, UUID]
    emails: Mapping[str, str]
    places: Mapping[str, UUID]

    def scope(self) -> AbstractContextManager[None]:
        """Open this firm's scope; inside it is joined."""
        return firm_scope(self.id)

    def user(self, name: str) -> User:
        """Return a person's row as it is now."""
        with self.scope():
            return User.objects.select_related("billable_company").get(
                firm_id=self.id, pk=self.people[name]
            )

    def actor(self, name: str, door: Door = Door.PAGE) -> Actor:
        """Return a person as an actor with the standing of this moment."""
        with self.scope():
            return actor_for(self.user(name), door=door)

    def place(self, name: str) -> Place:
        """Return a place's row as it is now; `root` is the firm's own."""
        with self.scope():
            found = Place.objects.select_related("kind", "parent").filter(firm_id=self.id)
            row = found.get(acts_as="firm") if name == "root" else found.get(pk=self.places[name])
            assert isinstance(row, Place)
            return row

    def nobody(self) -> Actor:
        """Return whoever has not signed in at this firm."""
        return actors.nobody(self.id)

    def operator(self) -> Actor:
        """Return the person at the server's command line, for this firm."""
        return actors.operator(self.id)

    def system(self, duty: str = "test") -> Actor:
        """Return the worker, for this firm."""
        return actors.system(self.id, duty)


@dataclass(frozen=True, slots=True)
class World:
    """Both firms. What is asked of the world itself is asked of Cabinet Morel."""

    morel: FirmOfTheWorld
    rivage: FirmOfTheWorld
    invited_secret: str
    """the secret in the link of `invited`"""
    password: str = PASSWORD
    """the password of everybody who is in"""
    encoded: str = ""
    """its hash, so that a test need not wait for Argon2"""

    def scope(self) -> AbstractContextManager[None]:
        return self.morel.scope()

    def user(self, name: str) -> User:
        return self.morel.user(name)

    def actor(self, name: str, door: Door = Door.PAGE) -> Actor:
        return self.morel.actor(name, door)

    def place(self, name: str) -> Place:
        return self.morel.place(name)


def blueprint() -> Blueprint:
    """Return `practice` with this world's applications and a staff role that carries nothing."""
    practice = blueprints.load("practice", reserved=RESERVED_NAMES)
    return replace(
        practice,
        demo=replace(practice.demo, applications=APPLICATIONS),
        roles=(*practice.roles, Role("trainee", Audience.STAFF, False, ())),
        words={
            language: {**words, "role.trainee": word}
            for (language, words), word in zip(
                sorted(practice.words.items()), ("Praktikum", "Trainee", "Stagiaire"), strict=True
            )
        },
    )


def build() -> World:
    """Build the world in the database that Django is connected to."""
    password = choose(PASSWORD, preset="either")
    plan = blueprint()
    morel, secret = _morel(plan, password)
    return World(morel, _rivage(plan, password), secret, encoded=password.encoded)


def _morel(plan: Blueprint, password: NewPassword) -> tuple[FirmOfTheWorld, str]:
    firm = _Builder(plan, "morel", "Cabinet Morel", password)
    with firm_scope(firm.id):
        firm.staff("administrator", "firm_administrator", "Claire", "Morel", "en")
        firm.staff("practitioner", "practitioner", "Nadia", "Benali", "en")
        firm.staff("trainee", "trainee", "Théo", "Petit", "fr")
        firm.import_places(PORTFOLIO, PLACES)
        firm.client("director", ("a", "b"), "administrator", ("payroll", "documents"))
        firm.client("co_director", ("b",), "administrator", ("payroll", "documents", "bank"))
        firm.client("standard", ("a", "b"), "standard", ("payroll",))
        firm.client("waiting", ("a",), "standard", ("documents",), until="awaiting_validation")
        firm.client("ready", ("a",), "standard", ("documents",), until="ready")
        firm.client("deactivated", ("b",), "standard", ("documents",))
        gone = User.objects.get(pk=firm.people["deactivated"])
        deactivate_client_user(firm.practitioner(), gone, reason="Left the company")
        firm.client("invited", ("a",), "standard", ("payroll", "documents"), until="invited")
        secret = secret_mailed_to(User.objects.get(pk=firm.people["invited"]))
        firm.hand_over_every_mail()
    return firm.done(), secret


def _rivage(plan: Blueprint, password: NewPassword) -> FirmOfTheWorld:
    firm = _Builder(plan, "rivage", "Cabinet Rivage", password)
    with firm_scope(firm.id):
        firm.staff("administrator", "firm_administrator", "Yann", "Le Goff", "fr")
        firm.staff("practitioner", "practitioner", "Maud", "Kerjean", "fr")
        firm.import_places(OTHER_PORTFOLIO, OTHER_PLACES)
        firm.client("director", ("a",), "administrator", ("payroll",))
        firm.hand_over_every_mail()
    return firm.done()


NAMES = {
    "director": ("Solène", "Fontaine", "fr"),
    "co_director": ("Marc", "Olivier", "fr"),
    "standard": ("Jonas", "Weber", "de"),
    "waiting": ("Inès", "Roux", "fr"),
    "ready": ("Lucie", "Blanc", "en"),
    "invited": ("Paul", "Girard", "en"),
    "deactivated": ("Hugo", "Lenoir", "fr"),
}


class _Builder:
    """A firm in the making: each method is one or two real actions."""

    def __init__(self, plan: Blueprint, slug: str, name: str, password: NewPassword) -> None:
        self.id = new_id()
        self.slug, self.name, self.password = slug, name, password
        self.people: dict[str, UUID] = {}
        self.emails: dict[str, str] = {}
        self.places: dict[str, UUID] = {}
        create_firm(actors.operator(self.id), blueprint=plan, name=name, slug=slug, language="fr")

    def staff(self, name: str, role: str, first_name: str, last_name: str, language: str) -> None:
        user = create_staff_user(
            actors.operator(self.id),
            identity=self._identity(name, first_name, last_name, language),
            role=role,
        )
        self.people[name] = user.pk
        bring_in(user, self.password)

    def import_places(self, portfolio: str, names: Mapping[str, str]) -> None:
        import_places(self._actor("administrator", Door.CLI), portfolio.encode())
        for key, place_name in names.items():
            self.places[key] = Place.objects.get(firm_id=self.id, name=place_name).pk

    def client(
        self,
        name: str,
        companies: tuple[str, ...],
        user_type: str,
        applications: tuple[str, ...],
        *,
        until: str = "active",
    ) -> None:
        rows = [Place.objects.get(firm_id=self.id, pk=self.places[key]) for key in companies]
        user = create_client_user(
            self.practitioner(),
            billable_company=rows[0],
            identity=self._identity(name, *NAMES[name]),
            user_type=user_type,
            companies=rows,
            applications=applications,
            activate_now=until != "awaiting_validation",
            send_email=until in ("invited", "active"),
            key=f"world {name}",
        )
        self.people[name] = user.pk
        if until == "active":
            bring_in(user, self.password)

    def practitioner(self) -> Actor:
        return self._actor("practitioner", Door.PAGE)

    def hand_over_every_mail(self) -> None:
        """Let the worker note that the mail server took them, so that the outbox is empty."""
        worker = actors.system(self.id, "mail")
        for row_id in OutboxMessage.objects.filter(firm_id=self.id, state="queued").values_list(
            "pk", flat=True
        ):
            outbox.hand_over(worker, outbox.Claim(row_id, self.id, "world", 1))

    def done(self) -> FirmOfTheWorld:
        return FirmOfTheWorld(self.id, self.slug, self.name, self.people, self.emails, self.places)

    def _actor(self, name: str, door: Door) -> Actor:
        return actor_for(User.objects.get(firm_id=self.id, pk=self.people[name]), door=door)

    def _identity(self, name: str, first_name: str, last_name: str, language: str) -> Identity:
        self.emails[name] = f"{name.replace('_', '-')}@people.example"
        return Identity(
            last_name=last_name,
            first_name=first_name,
            email=self.emails[name],
            language=language,
        )


def secret_mailed_to(user: User, kind: str = "invitation") -> str:
    """Return the secret in the newest mail of this kind that is still sealed in the outbox.

    A test holds the sealing key, as the mail server's side of the product does.
    """
    page = {
        "invitation": "welcome",
        "password_reset": "reset",
        "email_confirm": "confirm-address",
    }[kind]
    with firm_scope(user.firm_id):
        row = (
            OutboxMessage.objects.filter(
                firm_id=user.firm_id, user_id=user.pk, kind=kind, sealed__isnull=False
            )
            .order_by("-created_at", "-pk")
            .first()
        )
    if row is None or row.sealed is None:
        raise LookupError(f"no {kind} for {user.email} is waiting in the outbox")
    letter: dict[str, Any] = json.loads(sealing.unseal(bytes(row.sealed)))
    found = re.search(rf"/{page}/([^/\s]+)/", letter["text"])
    if found is None:
        raise LookupError("the mail holds no link")
    return found.group(1)


def token_of(firm_id: UUID, secret: str) -> Token:
    """Return the token row of a secret, whatever its state; for acts by its bearer."""
    with firm_scope(firm_id):
        return Token.objects.select_related(
            "user__billable_company", "invitation__user__billable_company"
        ).get(firm_id=firm_id, secret_hash=hash_of_secret(secret))


def accept(token: Token, password: NewPassword) -> User:
    """Accept an invitation as its link's bearer, with the data as they stand."""
    user = token.user
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


def bring_in(user: User, password: NewPassword) -> User:
    """Let an invited person in, by the link that was mailed."""
    return accept(token_of(user.firm_id, secret_mailed_to(user)), password)
