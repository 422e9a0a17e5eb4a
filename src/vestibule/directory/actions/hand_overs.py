"""The hand-over of a company: its last administrator goes and a named successor comes, in one act."""

from __future__ import annotations

from django.db.models import F

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.actions._action import action, authorize, bump_user, record, require_held
from vestibule.directory.actions._creating import client_role
from vestibule.directory.actions._persons import end_grants, locked
from vestibule.directory.actions.invitations import renew_pending
from vestibule.directory.facts import administrator_roles, role_bits
from vestibule.directory.models import Grant, Place, Role, User
from vestibule.directory.policies.administrators import (
    administrators_kept,
    may_succeed,
    successors_at,
)
from vestibule.refusals import ChoiceUnknown, NotFound, PlaceClosed


@action("vestibule.firm.administer")
def hand_over(actor: Actor, user: User, *, company: Place, successor: User | None) -> User:
    """Make `successor` administrator of a company instead of `user`, who becomes a standard
    client of it: the exception of law 5, for the firm's administrators.

    The successor may still be on his way in. Applications stay with both.

    Refuses: Denied, NotFound, ChoiceUnknown at `successor`, PlaceClosed.
    """
    actor = authorize(actor, at=None)
    if user.firm_id != company.firm_id or company.acts_as != "company":
        raise NotFound()
    if not company.is_open:
        raise PlaceClosed(place=company.name)
    if successor is None or not may_succeed(user, successor, company):
        raise ChoiceUnknown.at("successor")
    administrator = client_role(company.firm_id, "administrator")
    standard = client_role(company.firm_id, "standard")

    with administrators_kept([company], person=user, handed_over=True):
        for person in sorted((user, successor), key=lambda each: each.pk):
            locked(person)
        if not may_succeed(user, successor, company):
            raise ChoiceUnknown.at("successor")
        left = _become(actor, user, company, standard, only=administrator_roles(company.firm_id))
        if not left:
            raise NotFound()
        _become(actor, successor, company, administrator)
    for person in (user, successor):
        person.refresh_from_db()
        renew_pending(actor, person)
    record(
        actor,
        "administration.handed_over",
        user,
        place=company,
        public={
            "user_type": [administrator.code, standard.code],
            "administrator": [str(user.pk), str(successor.pk)],
        },
    )
    return successor


def _become(
    actor: Actor, user: User, company: Place, role: Role, *, only: frozenset[object] | None = None
) -> bool:
    """End his roles at exactly this company (of those in `only`) and give him another; return
    whether he had one."""
    held = list(
        Grant.objects.filter(
            firm_id=user.firm_id, user_id=user.pk, place_id=company.pk, role__isnull=False
        ).not_over()
    )
    ending = [grant for grant in held if only is None or grant.role_id in only]
    if not ending:
        return False
    bits = role_bits(user.firm_id)
    before = 0
    for grant in ending:
        before |= bits.get(grant.role_id, 0)
    require_held(actor, place=company, gained=before ^ bits.get(role.pk, 0))
    end_grants(ending, actor)
    if role.pk not in {grant.role_id for grant in held if grant not in ending}:
        Grant.objects.create(
            firm_id=user.firm_id,
            user=user,
            place=company,
            role=role,
            since=clock.now(),
            granted_by_id=actor.user_id,
        )
    User.objects.filter(firm_id=user.firm_id, pk=user.pk).update(version=F("version") + 1)
    bump_user(user)
    return True


__all__ = ["hand_over", "successors_at"]
