"""What most tests of actions begin with: a user asked for in one line, and what was recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tests.world import FirmOfTheWorld, World
from vestibule import actor as actors
from vestibule.actor import Actor
from vestibule.directory.actions import client_users, invitations, jobs, requests
from vestibule.directory.actions.client_users import Identity
from vestibule.directory.models import (
    Approval,
    Event,
    EventValue,
    FirmPolicy,
    Grant,
    Place,
    Token,
    User,
)
from vestibule.directory.policies.passwords import NewPassword, choose
from vestibule.directory.scope import firm_scope
from vestibule.refusals import Invalid, Refusal

NEW_PASSWORD = "Quiet-Meadow-77-Anchor"


def identity(**typed: str) -> Identity:
    """Return a complete identity; say only what the test is about."""
    return Identity(
        **{
            "last_name": "Martin",
            "first_name": "Alice",
            "email": "alice.martin@client.example",
            "phone": "",
            "language": "fr",
            **typed,
        }
    )


def create(
    world: World | FirmOfTheWorld,
    by: Actor | str = "practitioner",
    *,
    at: Iterable[str] = ("a",),
    billed_to: str | None = None,
    user_type: str = "standard",
    applications: Iterable[str] = (),
    activate_now: bool = True,
    send_email: bool = False,
    key: str = "the key of this test",
    **typed: str,
) -> User:
    """Create a client user as somebody, at places of the world."""
    firm = world.morel if isinstance(world, World) else world
    companies = [firm.place(name) for name in at]
    return client_users.create_client_user(
        firm.actor(by) if isinstance(by, str) else by,
        billable_company=firm.place(billed_to) if billed_to else companies[0],
        identity=identity(**typed),
        user_type=user_type,
        companies=companies,
        applications=tuple(applications),
        activate_now=activate_now,
        send_email=send_email,
        key=key,
    )


def ask(
    world: World,
    by: Actor | str = "director",
    *,
    at: Iterable[str] = ("a",),
    billed_to: str | None = None,
    user_type: str = "standard",
    applications: Iterable[str] = (),
    key: str = "the key of this test",
    again: Approval | None = None,
    **typed: str,
) -> None:
    """Ask for a user as a client's administrator does, at places of the world."""
    companies = [world.place(name) for name in at]
    actor = world.actor(by) if isinstance(by, str) else by
    wanted: dict[str, Any] = {
        "billable_company": world.place(billed_to) if billed_to else companies[0],
        "identity": identity(**typed),
        "user_type": user_type,
        "companies": companies,
        "applications": tuple(applications),
    }
    if again is not None:
        requests.ask_again(actor, again, **wanted)
    else:
        requests.request_client_user(actor, **wanted, key=key)


def set_rule(world: World, name: str, value: Any) -> None:
    """Let the firm have one of its rules otherwise, as if it had always been so."""
    with world.scope():
        FirmPolicy.objects.filter(name=name, until__isnull=True).update(value=value)


def fresh(user: User) -> User:
    """Return the user's row as it is now."""

    with firm_scope(user.firm_id):
        return User.objects.select_related("billable_company").get(pk=user.pk)


def field_refusals(refusal: Invalid) -> dict[str, list[str]]:
    """Return the codes that stand at each field."""
    return {
        field: [one.code for one in refusals if isinstance(one, Refusal)]
        for field, refusals in refusal.fields.items()
    }


def events(world: World, *, about: Any = None, name: str = "") -> list[Event]:
    """Return what was recorded, oldest first."""
    with world.scope():
        found = Event.objects.filter(firm_id=world.morel.id).order_by("sequence")
        if about is not None:
            found = found.filter(object_id=str(about.pk))
        if name:
            found = found.filter(name=name)
        return list(found)


def personal_values(world: World, event: Event) -> dict[str, Any]:
    """Return the personal old and new values of an event."""
    with world.scope():
        row = EventValue.objects.filter(firm_id=event.firm_id, event=event).first()
        return dict(row.values) if row is not None else {}


def grants(user: User, *, place: Place | None = None) -> list[Grant]:
    """Return the user's grants that hold now, by role and own set."""

    with firm_scope(user.firm_id):
        found = Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk).in_force()
        if place is not None:
            found = found.filter(place_id=place.pk)
        return list(found.select_related("role", "place", "permission_set").order_by("pk"))


def given(user: User) -> dict[UUID, tuple[str, set[str]]]:
    """Return the role and the applications that the user has at each place."""

    found: dict[UUID, tuple[str, set[str]]] = {}
    with firm_scope(user.firm_id):
        for grant in grants(user):
            role, names = found.get(grant.place_id, ("", set()))
            if grant.role is not None:
                role = grant.role.code
            if grant.permission_set is not None:
                names |= set(grant.permission_set.items.values_list("permission", flat=True))
            found[grant.place_id] = (role, names)
    return found


def a_password(plain: str = NEW_PASSWORD) -> NewPassword:
    """Return a checked and hashed password (27 ms)."""
    return choose(plain, preset="either")


def bearer(token: Token) -> Actor:
    """Return whoever holds this token's link."""
    return actors.link_bearer(token.firm_id, token.user_id, token.pk)


def accept(token: Token, password: NewPassword | None = None, **corrected: str) -> User:
    """Accept an invitation by its link, correcting what is named."""
    user = token.user
    data = {
        "first_name": user.first_name,
        "last_name": user.last_name,
        "phone": user.phone,
        "language": user.language,
        **corrected,
    }
    return invitations.accept_invitation(
        bearer(token),
        token,
        password=password or a_password(),
        corrections=invitations.Corrections(**data),
    )


def tokens(user: User, *, is_open: bool = True) -> int:
    """Return how many of the user's tokens could still be used."""

    with firm_scope(user.firm_id):
        found = Token.objects.filter(firm_id=user.firm_id, user_id=user.pk)
        return found.filter(used_at__isnull=is_open, revoked_at__isnull=is_open).count()


def let_the_worker_answer() -> None:
    """Do what strangers asked for, as the worker does a moment later."""
    while jobs.do_due("worker of the tests"):
        pass


def change_back(world: World, place: str, *names: str) -> None:
    """Make these people administrators of a place again."""
    for name in names:
        client_users.change_type(
            world.actor("practitioner"),
            world.user(name),
            company=world.place(place),
            user_type="administrator",
        )
