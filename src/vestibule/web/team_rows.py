"""Rows → what the pages about the team show: one reading for a whole page."""

from __future__ import annotations

from typing import Any

from vestibule.actor import Actor
from vestibule.directory.actions import staff
from vestibule.directory.models import User, UserState
from vestibule.directory.wordbook import Words
from vestibule.web.context import initials
from vestibule.web.people import Seen, read, shown_state, since_of

ON_THE_WAY_IN = (UserState.READY, UserState.INVITED)
ACTS: dict[str, tuple[str, ...]] = {
    "role": (*ON_THE_WAY_IN, UserState.ACTIVE),
    "resend": ON_THE_WAY_IN,
    "cancel_invitation": (UserState.INVITED,),
    "deactivate": (*ON_THE_WAY_IN, UserState.ACTIVE),
    "reactivate": (UserState.DEACTIVATED,),
}
"""act → the states that it fits"""
NEVER_ON_ONESELF = ("role", "deactivate")


def may_do(member: User, actor: Actor, *, is_changeable: bool) -> dict[str, bool]:
    """Return which acts fit a member's state and the actor's rights; only to show or hide."""
    return {
        act: is_changeable
        and member.state in states
        and not (act in NEVER_ON_ONESELF and member.pk == actor.user_id)
        for act, states in ACTS.items()
    }


def team_rows(members: list[User], actor: Actor, language: str) -> list[dict[str, Any]]:
    """Return the rows of the team's list (see team/list.html for the shape)."""
    if not members:
        return []
    seen, words = read(members, actor), Words(actor.firm_id, language)
    roles, open_to_change = staff.roles_of(members), staff.changeable(actor, members)
    return [
        {
            **said_of(member, seen),
            "role": words.role(roles[member.pk]) if member.pk in roles else "",
            "is_me": member.pk == actor.user_id,
            "may": may_do(member, actor, is_changeable=member.pk in open_to_change),
        }
        for member in members
    ]


def said_of(member: User, seen: Seen) -> dict[str, Any]:
    """Return what list and page say alike of a member."""
    state = shown_state(member, seen)
    return {
        "id": member.pk,
        "name": member.full_name,
        "first_name": member.first_name,
        "initials": initials(member.full_name),
        "email": member.email,
        "state": state,
        "since": since_of(member, seen, state),
        "last_sign_in_at": member.last_sign_in_at,
    }
