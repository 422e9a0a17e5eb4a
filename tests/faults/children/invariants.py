"""One act of the domain by one of several racers, with or without the guard that makes it safe."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from vestibule import actor as actors
from vestibule import clock
from vestibule.actor import Actor, Door
from vestibule.directory.actions import client_users, passwords, requests, staff
from vestibule.directory.actions.client_users import Identity
from vestibule.directory.facts import actor_for
from vestibule.directory.models import Approval, Place, Token, User
from vestibule.directory.policies.addresses import read_address, read_phone
from vestibule.directory.policies.administrators import last_administrator_of
from vestibule.directory.policies.passwords import choose
from vestibule.directory.querysets import PlaceQuerySet
from vestibule.directory.scope import firm_scope
from vestibule.refusals import Refusal

PATIENCE_SECONDS = 20


def run(
    *, deed: str, firm: str, starts_at: float, without: str = "", meet: str = "", racers: int = 1,
    **arguments: Any,
) -> dict[str, Any]:  # fmt: skip
    """Do one deed at `starts_at` and return what came of it: the result, or the refusal's code.

    `meet` is a folder in which racers wait for each other at the point that the missing guard
    leaves open.
    """
    firm_id = UUID(firm)
    prepared = DEEDS[deed](firm_id, **arguments)
    if without:
        WITHOUT[without](lambda: wait_for_all(Path(meet), racers))
    time.sleep(max(0.0, starts_at - time.monotonic()))
    try:
        return {"result": prepared()}
    except Refusal as refusal:
        return {"refused": refusal.code}


def wait_for_all(folder: Path, racers: int) -> None:
    """Come to the meeting point and stay until every racer is there."""
    (folder / str(os.getpid())).touch()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(list(folder.iterdir())) < racers:
        if time.monotonic() > deadline:
            raise TimeoutError("the other racers did not come")
        time.sleep(0.005)


def acting(firm_id: UUID, user_id: str) -> Actor:
    return actor_for(User.objects.get(firm_id=firm_id, pk=user_id), door=Door.PAGE)


# --- deeds ------------------------------------------------------------------------------------


def demote(firm_id: UUID, *, by: str, user: str, company: str) -> Callable[[], str]:
    """Make an administrator of a company a standard client of it."""
    with firm_scope(firm_id):
        actor = acting(firm_id, by)
        person = User.objects.get(firm_id=firm_id, pk=user)
        place = Place.objects.get(firm_id=firm_id, pk=company)

    def act() -> str:
        done = client_users.change_type(actor, person, company=place, user_type="standard")
        return str(done.pk)

    return act


def demote_staff(firm_id: UUID, *, by: str, user: str) -> Callable[[], str]:
    """Make an administrator of the firm a practitioner."""
    with firm_scope(firm_id):
        actor = acting(firm_id, by)
        person = User.objects.get(firm_id=firm_id, pk=user)

    def act() -> str:
        return str(staff.change_staff_role(actor, person, role="practitioner").pk)

    return act


def reset(firm_id: UUID, *, token: str) -> Callable[[], str]:
    """Use a reset link."""
    password = choose("Quiet-Meadow-77-Anchor", preset="either")
    with firm_scope(firm_id):
        row = Token.objects.select_related("user__billable_company").get(pk=token)

    def act() -> str:
        bearer = actors.link_bearer(firm_id, row.user_id, row.pk)
        return str(passwords.reset_password(bearer, row, password=password).pk)

    return act


def create(firm_id: UUID, *, by: str, company: str, key: str) -> Callable[[], str]:
    """Confirm the same new user with the same key."""
    with firm_scope(firm_id):
        actor = acting(firm_id, by)
        place = Place.objects.get(firm_id=firm_id, pk=company)

    def act() -> str:
        user = client_users.create_client_user(
            actor,
            billable_company=place,
            identity=Identity(last_name="Martin", first_name="Alice", email="alice@client.example"),
            user_type="standard",
            companies=[place],
            applications=("payroll",),
            activate_now=True,
            send_email=True,
            key=key,
        )
        return str(user.pk)

    return act


def decide(firm_id: UUID, *, by: str, request: str, seen: str, say: str) -> Callable[[], str]:
    """Approve or refuse one request as it was seen."""
    with firm_scope(firm_id):
        actor = acting(firm_id, by)
        approval = Approval.objects.select_related("user", "place").get(pk=request)

    def act() -> str:
        if say == "yes":
            requests.approve_request(actor, approval, seen=seen)
        else:
            requests.refuse_request(actor, approval, seen=seen, reason="Not ours")
        return say

    return act


def warm_up(firm_id: UUID) -> Callable[[], str]:
    """Read what is read at the first use, in the nursery, so that racers start at one moment."""
    choose("Quiet-Meadow-77-Anchor", preset="either")
    read_phone("06 12 34 56 78")
    read_address("alice@client.example")
    return lambda: "warm"


DEEDS: dict[str, Callable[..., Callable[[], str]]] = {
    "warm up": warm_up,
    "demote": demote,
    "demote staff": demote_staff,
    "reset": reset,
    "create": create,
    "decide": decide,
}


# --- one guard less ---------------------------------------------------------------------------

Meet = Callable[[], None]


def _no_row_lock(meet: Meet) -> None:
    """The company's row is read and not locked; all have acted before any judges."""
    PlaceQuerySet.lock = lambda self: self.order_by("pk")  # type: ignore[method-assign]
    kept = client_users.administrators_kept

    @contextmanager
    def unlocked(companies: Sequence[Place], *, person: User | None) -> Iterator[None]:
        with kept(companies, person=person):
            yield
            meet()

    client_users.administrators_kept = unlocked


def _judged_before_the_transaction(meet: Meet) -> None:
    """The question is asked in front of the act, as a door might, and not within it."""
    real = client_users.change_type

    @contextmanager
    def unjudged(companies: Sequence[Place], *, person: User | None) -> Iterator[None]:
        yield

    def asked_first(actor: Actor, person: User, *, company: Place, user_type: str) -> User:
        with firm_scope(actor.firm_id):
            alone = company.pk in [place.pk for place in last_administrator_of(person)]
        meet()
        if alone:
            raise AssertionError("there were two of them when everybody asked")
        return real(actor, person, company=company, user_type=user_type)

    client_users.administrators_kept = unjudged  # type: ignore[assignment]
    client_users.change_type = asked_first  # type: ignore[assignment]


def _no_lock_on_the_firm(meet: Meet) -> None:
    """The firm's own place is read and not locked; all have acted before any judges."""
    PlaceQuerySet.lock = lambda self: self.order_by("pk")  # type: ignore[method-assign]
    kept = staff.firm_administrator_kept

    @contextmanager
    def unlocked(person: User) -> Iterator[None]:
        with kept(person):
            yield
            meet()

    staff.firm_administrator_kept = unlocked


def _nobody_judges_the_firm(meet: Meet) -> None:
    """All have been found to hold the right when the first of them acts, and nobody judges."""

    @contextmanager
    def unjudged(person: User) -> Iterator[None]:
        meet()
        yield

    staff.firm_administrator_kept = unjudged


def _no_condition_when_consuming(meet: Meet) -> None:
    def consume(token: Token) -> None:
        Token.objects.filter(firm_id=token.firm_id, pk=token.pk).update(used_at=clock.now())

    passwords.consume = consume


def _no_key(meet: Meet) -> None:
    client_users.claim = lambda *args: None


def _decided_however_often(meet: Meet) -> None:
    """Nobody asks whether the request still waits: not the act, not what was seen, not the row."""

    def unconditional(approval: Approval, state: str, actor: Actor, *, reason: str = "") -> None:
        Approval.objects.filter(pk=approval.pk).update(state=state, decided_by=actor.user_id)

    class Whatever(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            return True

        def __ne__(self, other: object) -> bool:
            return False

    requests.require_waiting = lambda approval: None
    requests.seen_of = lambda approval: Whatever()
    requests.close = unconditional


WITHOUT: dict[str, Callable[[Meet], None]] = {
    "the lock on the company": _no_row_lock,
    "judging inside the act": _judged_before_the_transaction,
    "the lock on the firm": _no_lock_on_the_firm,
    "judging the firm": _nobody_judges_the_firm,
    "the condition of the one UPDATE": _no_condition_when_consuming,
    "the idempotency key": _no_key,
    "asking whether it still waits": _decided_however_often,
}
