"""Rows → what pages show of users: one reading for a whole page, no query in a loop."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.urls import reverse

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import bits_at, decide
from vestibule.directory.factors import who_has_factors
from vestibule.directory.models import (
    Approval,
    ApprovalAct,
    Grant,
    Invitation,
    InvitationState,
    MailState,
    OutboxMessage,
    User,
    UserState,
)
from vestibule.directory.policies.validation import may_validate_anywhere
from vestibule.directory.querysets import is_whole_firm, reach_of
from vestibule.directory.sights import held_everywhere, names_of
from vestibule.directory.wordbook import Words
from vestibule.web.context import initials
from vestibule.web.smtp_words import plain_reason

ACTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "validate": ("vestibule.users.validate", (UserState.AWAITING_VALIDATION,)),
    "send_welcome": ("vestibule.users.invite", (UserState.READY,)),
    "resend": ("vestibule.users.invite", (UserState.INVITED,)),
    "cancel_invitation": ("vestibule.users.invite", (UserState.INVITED,)),
    "deactivate": (
        "vestibule.users.deactivate",
        (
            UserState.AWAITING_VALIDATION,
            UserState.READY,
            UserState.INVITED,
            UserState.ACTIVE,
        ),
    ),
    "reactivate": ("vestibule.users.deactivate", (UserState.DEACTIVATED,)),
    "reset_second_factors": (
        "vestibule.users.edit",
        tuple(state for state in UserState if state != UserState.ERASED),
    ),
    "edit": (
        "vestibule.users.edit",
        tuple(state for state in UserState if state != UserState.ERASED),
    ),
    "address": (
        "vestibule.users.edit",
        tuple(
            state for state in UserState if state not in (UserState.DEACTIVATED, UserState.ERASED)
        ),
    ),
}
"""act → the permission it asks for, and the states it fits"""


_OF_GRANTS = (
    *("user_id", "place_id", "role_id", "permission_set_id", "granted_by_id", "since", "until"),
    *("place__name", "place__path", "place__acts_as", "place__sort_key"),
    *("role__name", "role__code"),
)
_OF_INVITATIONS = ("user_id", "invited_by_id", "state", "created_at", "expires_at", "closed_at")
_OF_MAILS = ("user_id", "invitation_id", "state", "handed_over_at", "last_error", "attempts")
"""What pages show of them; the rest is not read."""


@dataclass(slots=True)
class Seen:
    """What was read about the users of one page."""

    grants: dict[UUID, list[Grant]] = field(default_factory=lambda: defaultdict(list))
    invitations: dict[UUID, Invitation] = field(default_factory=dict)
    mails: dict[UUID, OutboxMessage] = field(default_factory=dict)
    people: dict[UUID, str] = field(default_factory=dict)
    requests: dict[UUID, UUID] = field(default_factory=dict)
    """who waits at a client's request → that request, where it is decided"""
    with_factors: frozenset[UUID] = frozenset()
    everywhere: frozenset[str] = frozenset()
    """the rights that the reader has in the whole firm: nothing is asked place by place for them"""
    held: dict[UUID, dict[str, int]] | None = None
    """for readers of a part of the firm: all places of each user by path, with what he has there"""


def read(users: list[User], actor: Actor) -> Seen:
    """Read grants, newest invitation and newest invitation mail of these users, at once."""
    seen = Seen()
    ids = [user.pk for user in users]
    grants = Grant.objects.visible_to(actor).not_over().filter(user_id__in=ids)
    grants = grants.select_related("place", "role").only(*_OF_GRANTS)
    for grant in grants.order_by("place__sort_key", "pk"):
        seen.grants[grant.user_id].append(grant)
    invitations = Invitation.objects.visible_to(actor).filter(user_id__in=ids)
    invitations = invitations.only(*_OF_INVITATIONS).order_by("created_at")
    seen.invitations = {row.user_id: row for row in invitations}
    mails = OutboxMessage.objects.visible_to(actor).filter(user_id__in=ids, kind="invitation")
    for mail in mails.only(*_OF_MAILS).order_by("created_at"):
        seen.mails[mail.user_id] = mail
    inviters = [row.invited_by_id for row in seen.invitations.values()]
    seen.with_factors = who_has_factors(actor.firm_id, ids)
    seen.people = names_of(actor, [*(user.created_by_id for user in users), *inviters])
    waiting = [user.pk for user in users if user.state == UserState.AWAITING_VALIDATION]
    if waiting:
        asked = Approval.objects.visible_to(actor).waiting().filter(user_id__in=waiting)
        asked = asked.filter(act=ApprovalAct.LET_IN, needs_second_person=True)
        seen.requests = dict(asked.values_list("user_id", "pk"))
    if actor.standing is not None and actor.standing.is_staff:
        asked_for = {permission for permission, _states in ACTS.values()}
        seen.everywhere = frozenset(
            name for name in asked_for if is_whole_firm(reach_of(actor, name))
        )
    if not is_whole_firm(reach_of(actor, "vestibule.users.read")):
        seen.held = held_everywhere(users)
    return seen


def may_do(user: User, actor: Actor, seen: Seen) -> dict[str, bool]:
    """Return which acts fit the user's state and the actor's rights; only to show or hide."""
    standing = actor.standing
    if standing is None or user.is_staff_member:
        return {}
    now = clock.now()
    if seen.held is None:
        held = dict.fromkeys((grant.place.path for grant in seen.grants[user.pk]), 0)
    else:
        held = seen.held[user.pk]
    covered = bool(held) and (
        standing.is_staff
        or not any(bits & ~bits_at(standing, path, now) for path, bits in held.items())
    )
    found = {}
    for act, (permission, states) in ACTS.items():
        if not covered or user.state not in states or user.pk == actor.user_id:
            found[act] = False
            continue
        bit = reserved_bits(permission)
        found[act] = permission in seen.everywhere or all(
            decide(standing, bit, path, now) for path in held
        )
    if not standing.is_staff or (user.state == UserState.INVITED and not found["resend"]):
        found["address"] = False  # decision 0023
    found["reset_second_factors"] &= user.pk in seen.with_factors
    if found["validate"]:
        found["validate"] = user.pk not in seen.requests and may_validate_anywhere(actor)
    return found


def shown_state(user: User, seen: Seen) -> str:
    """Return the state's word on a badge: what became of an invitation belongs to it."""
    if user.state != UserState.INVITED:
        return str(user.state)
    mail = seen.mails.get(user.pk)
    if mail is not None and mail.state in (MailState.REFUSED, MailState.DEAD):
        return "mail_bounced"
    invitation = seen.invitations.get(user.pk)
    if invitation is not None and (
        invitation.state == InvitationState.EXPIRED or invitation.expires_at <= clock.now()
    ):
        return "link_expired"
    return str(user.state)


def truth_line(user: User, seen: Seen) -> list[dict[str, Any]]:
    """Return what is known of the newest invitation's way, in order."""
    invitation, mail = seen.invitations.get(user.pk), seen.mails.get(user.pk)
    if invitation is None:
        return []
    by = seen.people.get(invitation.invited_by_id, "") if invitation.invited_by_id else ""
    steps: list[dict[str, Any]] = [{"kind": "queued", "at": invitation.created_at, "by": by}]
    if mail is not None and mail.invitation_id == invitation.pk:
        steps += _way_of(mail)
    expired = invitation.expires_at <= clock.now()
    closing = {
        InvitationState.ACCEPTED: ("accepted", invitation.closed_at),
        InvitationState.CANCELLED: ("cancelled", invitation.closed_at),
        InvitationState.REPLACED: ("replaced", invitation.closed_at),
        InvitationState.EXPIRED: ("expired", invitation.expires_at),
        InvitationState.PENDING: ("expired" if expired else "waiting", invitation.expires_at),
    }
    kind, at = closing[InvitationState(invitation.state)]
    return [*steps, {"kind": kind, "at": at, "by": ""}]


def _way_of(mail: OutboxMessage) -> list[dict[str, Any]]:
    """Return what became of a mail after it was written, with the mail server's words."""
    said = {"by": "", "reason": plain_reason(mail.last_error), "said": mail.last_error}
    if mail.state == MailState.HANDED_OVER:
        return [{"kind": "handed_over", "at": mail.handed_over_at, "by": ""}]
    if mail.state == MailState.REFUSED:
        return [{"kind": "bounced", "at": None, **said}]
    if mail.state == MailState.DEAD:
        return [{"kind": "given_up", "at": None, **said}]
    if mail.state == MailState.WITHDRAWN:
        return [{"kind": "withdrawn", "at": None, "by": ""}]
    if mail.attempts:
        return [{"kind": "put_off", "at": None, **said}]
    return []


def since_of(user: User, seen: Seen, state: str) -> Any:
    """Return the instant that the line of fact under a badge names."""
    invitation = seen.invitations.get(user.pk)
    if invitation is not None and state == "link_expired":
        return invitation.expires_at
    if invitation is not None and user.state == UserState.INVITED:
        return invitation.created_at
    return user.state_since


def user_rows(users: list[User], actor: Actor, language: str) -> list[dict[str, Any]]:
    """Return the rows of a list of users (see users/list.html for the shape)."""
    if not users:
        return []
    seen = read(users, actor)
    words = Words(users[0].firm_id, language)
    return [_row(user, actor, seen, words) for user in users]


def _row(user: User, actor: Actor, seen: Seen, words: Words) -> dict[str, Any]:
    grants = seen.grants[user.pk]
    places = list(dict.fromkeys(grant.place.name for grant in grants))
    roles = {grant.role_id: words.role(grant.role) for grant in grants if grant.role is not None}
    name = f"{user.first_name} {user.last_name}".strip()
    state = shown_state(user, seen)
    may = may_do(user, actor, seen)
    return {
        "id": user.pk,
        "url": reverse("user", args=[user.pk]),
        "name": name,
        "initials": initials(name or user.email),
        "email": user.email,
        "chips": places[:1],
        "more": max(0, len(places) - 1),
        "more_names": places[1:],
        "role": ", ".join(dict.fromkeys(roles.values())),
        "state": state,
        "since": since_of(user, seen, state),
        "by": seen.people.get(user.created_by_id, "") if user.created_by_id else "",
        "page_seen_at": None,
        "last_sign_in_at": user.last_sign_in_at,
        "truth": truth_line(user, seen),
        "may": may,
        "has_acts": any(may.values()) or user.pk in seen.requests,
        "request_id": seen.requests.get(user.pk),
    }
