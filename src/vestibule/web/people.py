"""Rows → what pages show of users: one reading for a whole page, no query in a loop."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import decide
from vestibule.directory.models import (
    Grant,
    Invitation,
    InvitationState,
    MailState,
    OutboxMessage,
    User,
    UserState,
)
from vestibule.directory.wordbook import Words
from vestibule.web.context import initials

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
}
"""act → the permission it asks for, and the states it fits"""


@dataclass(slots=True)
class Seen:
    """What was read about the users of one page."""

    grants: dict[UUID, list[Grant]] = field(default_factory=lambda: defaultdict(list))
    invitations: dict[UUID, Invitation] = field(default_factory=dict)
    mails: dict[UUID, OutboxMessage] = field(default_factory=dict)
    people: dict[UUID, str] = field(default_factory=dict)


def read(users: list[User], actor: Actor) -> Seen:
    """Read grants, newest invitation and newest invitation mail of these users, at once."""
    seen = Seen()
    ids = [user.pk for user in users]
    grants = Grant.objects.visible_to(actor).not_over().filter(user_id__in=ids)
    for grant in grants.select_related("place", "role").order_by("place__sort_key", "pk"):
        seen.grants[grant.user_id].append(grant)
    invitations = Invitation.objects.visible_to(actor).filter(user_id__in=ids)
    for invitation in invitations.select_related("invited_by").order_by("created_at"):
        seen.invitations[invitation.user_id] = invitation
    mails = OutboxMessage.objects.visible_to(actor).filter(user_id__in=ids, kind="invitation")
    for mail in mails.defer("sealed").order_by("created_at"):
        seen.mails[mail.user_id] = mail
    creators = {user.created_by_id for user in users if user.created_by_id}
    for person in User.objects.visible_to(actor).filter(pk__in=creators):
        seen.people[person.pk] = person.full_name
    return seen


def may_do(user: User, actor: Actor, grants: list[Grant]) -> dict[str, bool]:
    """Return which acts fit the user's state and the actor's rights; only to show or hide."""
    standing = actor.standing
    if standing is None or user.is_staff_member:
        return {}
    paths = {grant.place.path for grant in grants}
    now = clock.now()
    found = {}
    for act, (permission, states) in ACTS.items():
        bit = reserved_bits(permission)
        entitled = bool(paths) and all(decide(standing, bit, path, now) for path in paths)
        found[act] = entitled and user.state in states and user.pk != actor.user_id
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
    by = invitation.invited_by.full_name if invitation.invited_by is not None else ""
    steps: list[dict[str, Any]] = [{"kind": "queued", "at": invitation.created_at, "by": by}]
    if mail is not None and mail.invitation_id == invitation.pk:
        if mail.state == MailState.HANDED_OVER:
            steps.append({"kind": "handed_over", "at": mail.handed_over_at, "by": ""})
        elif mail.state in (MailState.REFUSED, MailState.DEAD):
            steps.append({"kind": "bounced", "at": None, "by": mail.last_error})
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
    return {
        "id": user.pk,
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
        "may": may_do(user, actor, grants),
    }
