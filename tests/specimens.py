"""One specimen of every action: how it is called, by whom it may be, and what it records.

`tests/sweeps/test_actions.py` walks `ACTIONS` and fails until each has its specimen here. What a
call needs is fetched from Cabinet Morel, whoever then acts: so the sweep can let a stranger, the
other firm's administrator and nobody try the very same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.actions.doing import NEW_PASSWORD, bearer, identity, let_the_worker_answer
from tests.world import PORTFOLIO, World, blueprint, secret_mailed_to, token_of
from vestibule import actor as actors
from vestibule.actor import Actor
from vestibule.directory.actions import (
    client_users,
    firms,
    imports,
    invitations,
    outbox,
    own_account,
    passwords,
    places,
    sign_in,
    staff,
)
from vestibule.directory.models import OutboxMessage, Token, WorkItem
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.passwords import NewPassword, choose

Call = Callable[[Actor], Any]


@dataclass(frozen=True)
class Specimen:
    """One action with everything that a call of it needs.

    `prepare` brings the world to where the act is possible and returns the call. `records` is
    the name of the one event of that call; `says` are the keys of which the event tells old and
    new value, public and personal together. An event of "" means that the act records nothing
    itself, and `why` says for what reason.
    """

    by: Callable[[World], Actor]
    prepare: Callable[[World], Call]
    records: str
    door: str = "page"
    says: frozenset[str] = frozenset()
    why: str = ""
    own_firm_only: str = ""
    """why the other firm's administrator has nothing of this firm's to try it on"""
    others: tuple[str, ...] = field(default_factory=tuple)
    """kinds of actors besides `by` that may do it; all others are refused"""


def by(name: str) -> Callable[[World], Actor]:
    return lambda world: world.actor(name)


def nobody(world: World) -> Actor:
    return world.morel.nobody()


def operator(world: World) -> Actor:
    return world.morel.operator()


def worker(world: World) -> Actor:
    return world.morel.system("specimen")


def a_password() -> NewPassword:
    return choose(NEW_PASSWORD, preset="either")


def _create_client_user(world: World) -> Call:
    place = world.place("a")
    return lambda actor: client_users.create_client_user(
        actor,
        billable_company=place,
        identity=identity(),
        user_type="standard",
        companies=[place],
        applications=("payroll",),
        activate_now=True,
        send_email=True,
        key="specimen",
    )


def _validate(world: World) -> Call:
    user = world.user("waiting")
    return lambda actor: client_users.validate_client_user(actor, user)


def _deactivate(world: World) -> Call:
    user = world.user("standard")
    return lambda actor: client_users.deactivate_client_user(actor, user, reason="Left")


def _reactivate(world: World) -> Call:
    user = world.user("deactivated")
    return lambda actor: client_users.reactivate_client_user(actor, user)


def _change_type(world: World) -> Call:
    user, place = world.user("standard"), world.place("a")
    return lambda actor: client_users.change_type(
        actor, user, company=place, user_type="administrator"
    )


def _create_firm(world: World) -> Call:
    plan = blueprint()
    return lambda actor: firms.create_firm(
        actor, blueprint=plan, name="Cabinet Neuf", slug="neuf", language="fr"
    )


def _create_staff(world: World) -> Call:
    return lambda actor: staff.create_staff_user(actor, identity=identity(), role="practitioner")


def _import(world: World) -> Call:
    more = PORTFOLIO + ";ESTRAN NORD;356000000;Lille;35600000000048;;59000;Lille\n"
    return lambda actor: imports.import_places(actor, more.encode())


def _send(world: World) -> Call:
    user = world.user("ready")
    return lambda actor: invitations.send_invitation(actor, user)


def _cancel(world: World) -> Call:
    user = world.user("invited")
    return lambda actor: invitations.cancel_invitation(actor, user)


def _invited_token(world: World) -> Token:
    return token_of(world.morel.id, world.invited_secret)


def _accept(world: World) -> Call:
    token, password = _invited_token(world), a_password()
    return lambda actor: invitations.accept_invitation(
        actor,
        token,
        password=password,
        corrections=invitations.Corrections(
            first_name="Paule", last_name="Girard", phone="", language="en"
        ),
    )


def _ask_fresh_link(world: World) -> Call:
    email = world.morel.emails["invited"]
    return lambda actor: invitations.ask_fresh_link(actor, email=email)


def _answer_fresh_link(world: World) -> Call:
    email = world.morel.emails["invited"]
    return lambda actor: invitations.answer_fresh_link(actor, email=email)


def _expire(world: World) -> Call:
    with world.scope():
        invitation = invitations.Invitation.objects.get(
            user_id=world.morel.people["invited"], state="pending"
        )
        type(invitation).objects.filter(pk=invitation.pk).update(expires_at=invitation.created_at)
    return lambda actor: invitations.expire_invitations(actor)


def _ask_reset(world: World) -> Call:
    email = world.morel.emails["standard"]
    return lambda actor: passwords.ask_password_reset(actor, email=email)


def _answer_reset(world: World) -> Call:
    email = world.morel.emails["standard"]
    return lambda actor: passwords.answer_password_reset(actor, email=email)


def _reset_token(world: World) -> Token:
    passwords.ask_password_reset(world.morel.nobody(), email=world.morel.emails["standard"])
    let_the_worker_answer()
    secret = secret_mailed_to(world.user("standard"), "password_reset")
    return token_of(world.morel.id, secret)


def _reset(world: World) -> Call:
    token, password = _reset_token(world), a_password()
    return lambda actor: passwords.reset_password(actor, token, password=password)


def _bearer_of_reset(world: World) -> Actor:
    with world.scope():
        token = Token.objects.get(
            user_id=world.morel.people["standard"],
            purpose="password_reset",
            used_at=None,
            revoked_at=None,
        )
    return bearer(token)


def _create_place(world: World) -> Call:
    parent = world.place("a")
    return lambda actor: places.create_place(
        actor, parent=parent, kind="establishment", name="Lyon"
    )


def _rename(world: World) -> Call:
    place = world.place("a")
    return lambda actor: places.rename_place(actor, place, name="Estran Conseil & Cie")


def _move(world: World) -> Call:
    place, parent = world.place("nantes"), world.place("b")
    return lambda actor: places.move_place(actor, place, parent=parent)


def _close(world: World) -> Call:
    place, billed_to = world.place("a"), world.place("b")
    return lambda actor: places.close_place(actor, place, billed_to=billed_to)


def _reopen(world: World) -> Call:
    places.close_place(world.actor("practitioner"), world.place("port"))
    place = world.place("port")
    return lambda actor: places.reopen_place(actor, place)


def _choose_language(world: World) -> Call:
    user = world.user("director")
    other = "de" if user.language != "de" else "en"
    return lambda actor: own_account.choose_language(actor, user, language=other)


def _open_session(world: World) -> Call:
    user = world.user("standard")
    proof = sign_in.proof_of(user)
    return lambda actor: sign_in.open_session(actor, user, method="password", proof=proof)


def _claimed(world: World, attempts: int = 1) -> outbox.Claim:
    """Let a mail of this firm wait, and claim it."""
    invitations.send_invitation(world.actor("practitioner"), world.user("ready"))
    with world.scope():
        row = OutboxMessage.objects.get(user_id=world.morel.people["ready"], state="queued")
    WorkItem.objects.filter(pk=row.pk).update(leased_by="specimen", attempts=attempts)
    return outbox.Claim(row.pk, world.morel.id, "specimen", attempts)


def _hand_over(world: World) -> Call:
    claimed = _claimed(world)
    return lambda actor: outbox.hand_over(actor, claimed)


def _refuse(world: World) -> Call:
    claimed = _claimed(world)
    return lambda actor: outbox.refuse(actor, claimed, reason="550 No such user")


def _put_off_for_the_last_time(world: World) -> Call:
    claimed = _claimed(world, outbox.MOST_ATTEMPTS)
    return lambda actor: outbox.put_off(actor, claimed, reason="451 Later")


MINE = "it works on the actor's own firm and takes no row of another"

SPECIMENS: dict[str, Specimen] = {
    "client_users.create_client_user": Specimen(
        by("practitioner"),
        _create_client_user,
        "client_user.created",
        says=frozenset({"state", "email", "first_name", "last_name"}),
    ),
    "client_users.validate_client_user": Specimen(
        by("practitioner"), _validate, "client_user.validated", says=frozenset({"state"})
    ),
    "client_users.deactivate_client_user": Specimen(
        by("practitioner"),
        _deactivate,
        "client_user.deactivated",
        says=frozenset({"state", "reason"}),
    ),
    "client_users.reactivate_client_user": Specimen(
        by("practitioner"), _reactivate, "client_user.reactivated", says=frozenset({"state"})
    ),
    "client_users.change_type": Specimen(
        by("practitioner"), _change_type, "grant.type_changed", says=frozenset({"user_type"})
    ),
    "firms.create_firm": Specimen(
        lambda world: actors.operator(new_id()),
        _create_firm,
        "firm.created",
        door="cli",
        says=frozenset({"name", "slug"}),
        own_firm_only=MINE,
    ),
    "staff.create_staff_user": Specimen(
        operator,
        _create_staff,
        "staff.created",
        door="cli",
        says=frozenset({"state", "email", "first_name", "last_name"}),
        own_firm_only=MINE,
    ),
    "imports.import_places": Specimen(
        by("practitioner"), _import, "places.imported", own_firm_only=MINE
    ),
    "invitations.send_invitation": Specimen(
        by("practitioner"), _send, "invitation.sent", says=frozenset({"state"})
    ),
    "invitations.cancel_invitation": Specimen(
        by("practitioner"), _cancel, "invitation.cancelled", says=frozenset({"state"})
    ),
    "invitations.accept_invitation": Specimen(
        lambda world: bearer(_invited_token(world)),
        _accept,
        "invitation.accepted",
        door="link",
        says=frozenset({"state", "first_name"}),
    ),
    "invitations.ask_fresh_link": Specimen(
        nobody,
        _ask_fresh_link,
        "",
        why="equal work for every address; the worker's answer is recorded",
        own_firm_only=MINE,
        others=("nobody",),
    ),
    "invitations.answer_fresh_link": Specimen(
        worker, _answer_fresh_link, "invitation.renewed", door="worker", own_firm_only=MINE
    ),
    "invitations.expire_invitations": Specimen(
        worker, _expire, "invitation.expired", door="worker", own_firm_only=MINE
    ),
    "passwords.ask_password_reset": Specimen(
        nobody,
        _ask_reset,
        "",
        why="equal work for every address; the worker's answer is recorded",
        own_firm_only=MINE,
        others=("nobody",),
    ),
    "passwords.answer_password_reset": Specimen(
        worker, _answer_reset, "password.reset_asked", door="worker", own_firm_only=MINE
    ),
    "passwords.reset_password": Specimen(_bearer_of_reset, _reset, "password.reset", door="link"),
    "places.create_place": Specimen(
        by("practitioner"), _create_place, "place.created", says=frozenset({"name"})
    ),
    "places.rename_place": Specimen(
        by("practitioner"), _rename, "place.renamed", says=frozenset({"name"})
    ),
    "places.move_place": Specimen(
        by("practitioner"), _move, "place.moved", says=frozenset({"parent"})
    ),
    "places.close_place": Specimen(
        by("practitioner"), _close, "place.closed", says=frozenset({"open"})
    ),
    "places.reopen_place": Specimen(
        by("practitioner"), _reopen, "place.reopened", says=frozenset({"open"})
    ),
    "own_account.choose_language": Specimen(
        by("director"), _choose_language, "user.language_chosen", says=frozenset({"language"})
    ),
    "sign_in.open_session": Specimen(nobody, _open_session, "user.signed_in", others=("nobody",)),
    "outbox.hand_over": Specimen(worker, _hand_over, "mail.handed_over", door="worker"),
    "outbox.refuse": Specimen(worker, _refuse, "mail.refused", door="worker"),
    "outbox.put_off": Specimen(worker, _put_off_for_the_last_time, "mail.given_up", door="worker"),
}
