"""What every action shares: one transaction, one decision, one record, posts written inside it.

Nothing may be added here without a decision record.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.db import models, transaction
from django.db.models import F

from vestibule import clock
from vestibule.actor import NO_FIRM, Actor
from vestibule.authz.catalogue import FIXED, RESERVED_NAMES, UnknownPermission, reserved_bits
from vestibule.authz.reach import bits_at, decide
from vestibule.directory.audit import canonical, commitment_of, hash_of
from vestibule.directory.facts import catalogue_of, fresh
from vestibule.directory.models import Event, EventHead, EventValue, Firm, Place, User
from vestibule.directory.querysets import is_whole_firm, reach_of
from vestibule.directory.scope import firm_scope
from vestibule.refusals import Denied, NotSignedIn

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class _Noted:
    """An event waiting for its place in the chain."""

    actor: Actor
    name: str
    object_type: str
    object_id: str
    place_id: UUID | None
    public: dict[str, Any]
    personal: dict[str, Any]
    about: UUID | None


@dataclass(slots=True)
class _Run:
    """One call of one action."""

    permission: str
    outer: _Run | None
    authorized: bool = False
    nothing_changed: bool = False
    noted: list[_Noted] = field(default_factory=list)


_run: ContextVar[_Run | None] = ContextVar("run", default=None)

ACTIONS: dict[str, Callable[..., Any]] = {}
"""Every action by `module.name`, so that tests and docs can walk all of them."""


class Careless(AssertionError):
    """An action that did not decide, or did not record what it did: a bug."""


def action(
    permission: str,
) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Make a function an action of the house; `permission` is what its actor must hold."""
    if permission not in RESERVED_NAMES | FIXED:
        raise UnknownPermission(permission)

    def register(
        act: Callable[Concatenate[Actor, P], R],
    ) -> Callable[Concatenate[Actor, P], R]:
        name = f"{act.__module__.rsplit('.', 1)[-1]}.{act.__name__}"

        @wraps(act)
        def run(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if actor.firm_id == NO_FIRM:
                raise NotSignedIn()
            this = _Run(permission, _run.get())
            with firm_scope(actor.firm_id), transaction.atomic():
                token = _run.set(this)
                try:
                    result = act(actor, *args, **kwargs)
                finally:
                    _run.reset(token)
                if not this.authorized:
                    raise Careless(f"{name} did not ask whether its actor may")
                if not this.noted and not this.nothing_changed:
                    raise Careless(f"{name} recorded nothing")
                if this.outer is None:
                    _append(this.noted)
                else:
                    this.outer.noted += this.noted
            return result

        run.permission = permission  # type: ignore[attr-defined]
        ACTIONS[name] = run
        return run

    return register


def authorize(actor: Actor, *, at: Place | None, permission: str | None = None) -> Actor:
    """Refuse unless the actor holds the action's permission at a place (None: the whole firm).

    Return the actor with the standing of this instant.

    Refuses: Denied, NotSignedIn.
    """
    this = _run.get()
    if this is None:
        raise Careless("authorize() outside an action")
    wanted = permission or this.permission
    this.authorized = True
    if not actor.is_person:
        if wanted not in actor.fixed_rights:
            raise (Denied if actor.fixed_rights else NotSignedIn)(permission=wanted)
        return actor
    actor = fresh(actor)
    if actor.standing is None:
        raise NotSignedIn()
    if wanted in actor.fixed_rights:
        if not any(span.holds(clock.now()) for span in actor.standing.active):
            raise Denied(permission=wanted)
        return actor
    if wanted in FIXED:
        raise Denied(permission=wanted)
    if at is None:
        if not is_whole_firm(reach_of(actor, wanted)):
            raise Denied(permission=wanted)
        return actor
    decision = decide(actor.standing, reserved_bits(wanted), at.path, clock.now())
    if at.firm_id != actor.firm_id or not decision:
        raise Denied(permission=wanted, reason=decision.reason)
    return actor


def giveable_bits(actor: Actor, place: Place) -> int:
    """Return what the actor may give at a place (law 3).

    A client gives what he holds there. Staff give every client right where a role of
    theirs carries `vestibule.grants.give_client_rights`, and staff rights only as
    administrators of the firm. An operator builds firms and gives anything.
    """
    standing = actor.standing
    if standing is None:
        return ~0 if "vestibule.staff.create" in actor.fixed_rights else 0
    at = clock.now()
    if not standing.is_staff:
        return bits_at(standing, place.path, at)
    given = 0
    if decide(standing, reserved_bits("vestibule.grants.give_client_rights"), place.path, at):
        given |= catalogue_of(place.firm_id).client_mask
    if is_whole_firm(reach_of(actor, "vestibule.firm.administer")):
        given |= ~catalogue_of(place.firm_id).client_mask
    return given


def require_held(actor: Actor, *, place: Place, gained: int) -> None:
    """Refuse when `gained` (rights after minus rights before) is more than may be given here."""
    if gained & ~giveable_bits(actor, place):
        raise Denied(permission="vestibule.grants.give_client_rights", reason="more_than_held")


def record(
    actor: Actor,
    name: str,
    about: models.Model,
    *,
    place: Place | None = None,
    public: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
) -> None:
    """Note what happened. `personal` holds personal values: erasable, old and new as pairs.

    `public` and `personal` are JSON; a change is `[old, new]`.
    """
    this = _run.get()
    if this is None:
        raise Careless("record() outside an action")
    this.noted.append(
        _Noted(
            actor=actor,
            name=name,
            object_type=about._meta.model_name or "",
            object_id=str(about.pk),
            place_id=place.pk if place is not None else None,
            public=public or {},
            personal=personal or {},
            about=about.pk if isinstance(about, User) else None,
        )
    )


def nothing_changed() -> None:
    """Say that this call changes nothing (a repeat), so there is nothing to record."""
    this = _run.get()
    if this is not None:
        this.nothing_changed = True


def _append(noted: list[_Noted]) -> None:
    """Write the events at the chain's end; the head is the last row this act locks."""
    if not noted:
        return
    firm_id = noted[0].actor.firm_id
    head = EventHead.objects.select_for_update(no_key=True).get(firm_id=firm_id)
    for note in noted:
        head.sequence += 1
        salt = secrets.token_hex(32) if note.personal else ""
        person = note.actor.is_person or note.actor.user_id is not None
        event = Event(
            firm_id=firm_id,
            sequence=head.sequence,
            at=clock.now(),
            name=note.name,
            actor_kind=note.actor.kind.value,
            actor_user_id=note.actor.user_id,
            actor_name="" if person else note.actor.name,
            door=note.actor.door.value,
            object_type=note.object_type,
            object_id=note.object_id,
            place_id=note.place_id,
            public=json.loads(canonical(note.public)),
            commitment=commitment_of(salt, note.personal) if note.personal else "",
            previous_hash=head.hash,
        )
        event.hash = hash_of(event)
        event.save(force_insert=True)
        if note.personal:
            EventValue.objects.create(
                firm_id=firm_id,
                event=event,
                user_id=note.about,
                salt=salt,
                values=json.loads(canonical(note.personal)),
            )
        head.hash = event.hash
    head.save(update_fields=["sequence", "hash"])


def bump_user(user: User) -> None:
    """Say that this user's standing has changed, in the transaction of the change."""
    User.objects.filter(firm_id=user.firm_id, pk=user.pk).update(epoch=F("epoch") + 1)


def bump_firm(firm_id: UUID) -> None:
    """Say that standings of the firm may have changed, in the transaction of the change."""
    Firm.objects.filter(pk=firm_id).update(epoch=F("epoch") + 1)
