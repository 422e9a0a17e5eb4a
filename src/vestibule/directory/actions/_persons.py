"""Law 4 for acts on a person: all his places, and no more power than the actor may give."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.db.models import Q

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.actions._action import authorize, require_held
from vestibule.directory.facts import catalogue_of, role_bits
from vestibule.directory.models import Firm, Grant, PermissionSetItem, Place, User
from vestibule.refusals import Denied, NotFound


def places_of(user: User) -> list[Place]:
    """Return the places he has a grant at (now or later) or is billed to, each once."""
    granted = Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk).not_over()
    return list(
        Place.objects.filter(
            Q(pk__in=granted.values("place_id")) | Q(pk=user.billable_company_id),
            firm_id=user.firm_id,
        ).order_by("pk")
    )


def rights_of(user: User) -> dict[UUID, int]:
    """Return the bits of his grants (now or later) by place, whatever his state."""
    catalogue = catalogue_of(user.firm_id)
    roles = role_bits(user.firm_id)
    held: dict[UUID, int] = defaultdict(int)
    grants = Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk).not_over()
    rows = list(grants.values_list("place_id", "role_id", "permission_set_id"))
    sets: dict[UUID, int] = defaultdict(int)
    items = PermissionSetItem.objects.filter(
        firm_id=user.firm_id, permission_set_id__in=[row[2] for row in rows if row[2]]
    )
    for set_id, name, level in items.values_list("permission_set_id", "permission", "level"):
        sets[set_id] |= catalogue.bits(name, level)
    for place_id, role_id, set_id in rows:
        held[place_id] |= roles.get(role_id, 0) if role_id else sets[set_id]
    return dict(held)


def authorize_on_person(actor: Actor, user: User) -> Actor:
    """Refuse unless the actor holds the action's permission at every place of this person,
    and this person can do nothing that the actor may not give.

    Refuses: Denied, NotFound.
    """
    if user.firm_id != actor.firm_id:
        raise NotFound()
    places = places_of(user)
    if not places:
        actor = authorize(actor, at=None)
    for place in places:
        actor = authorize(actor, at=place)
    if user.is_staff_member:
        raise Denied(reason="staff")
    held = rights_of(user)
    for place in places:
        require_held(actor, place=place, gained=held.get(place.pk, 0))
    return actor


def authorize_on_staff(actor: Actor, user: User) -> Actor:
    """Refuse unless the actor holds the action's permission in the whole firm, and this member of
    its staff can do nothing that the actor may not give.

    Refuses: Denied, NotFound.
    """
    if user.firm_id != actor.firm_id:
        raise NotFound()
    actor = authorize(actor, at=None)
    if not user.is_staff_member:
        raise NotFound()
    held = rights_of(user)
    for place in places_of(user):
        require_held(actor, place=place, gained=held.get(place.pk, 0))
    return actor


def locked(user: User) -> User:
    """Return the user's row as it is now, locked until the act ends.

    Refuses: NotFound.
    """
    row: User | None = (
        User.objects.filter(firm_id=user.firm_id, pk=user.pk).select_for_update(no_key=True).first()
    )
    if row is None:
        raise NotFound()
    return row


def firm_of(user: User) -> Firm:
    """Return the firm row of a user."""
    return Firm.objects.get(pk=user.firm_id)


def end_grants(grants: list[Grant], actor: Actor) -> None:
    """End grants now; those that have not begun end before they begin."""
    now = clock.now()
    for grant in grants:
        Grant.objects.filter(firm_id=grant.firm_id, pk=grant.pk).update(
            until=max(now, grant.since), ended_by=actor.user_id
        )
