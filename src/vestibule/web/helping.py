"""Who may help somebody who lost his second factor; only to show or hide, the act decides."""

from __future__ import annotations

from vestibule.actor import Actor
from vestibule.directory.actions import staff
from vestibule.directory.factors import has_factor
from vestibule.directory.models import User
from vestibule.web.people import may_do, read


def may_reset_factors(actor: Actor, user: User) -> bool:
    """Return whether the actor may remove this person's second factors, and there are some."""
    if user.is_staff_member:
        may = user.pk in staff.changeable(actor, [user])
        return may and user.pk != actor.user_id and has_factor(user)
    return may_do(user, actor, read([user], actor)).get("reset_second_factors", False)
