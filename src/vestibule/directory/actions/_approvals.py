"""Writing, closing and re-reading requests. Parts of acts."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from vestibule import clock
from vestibule.actor import Actor, Door
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import decide
from vestibule.directory import mailings
from vestibule.directory.actions._action import giveable_bits
from vestibule.directory.actions._creating import CheckedIdentity, Identity, Order
from vestibule.directory.actions._post import post
from vestibule.directory.audit import canonical
from vestibule.directory.facts import actor_for, ids_on, role_bits
from vestibule.directory.models import (
    Approval,
    ApprovalAct,
    ApprovalState,
    Grant,
    PermissionSetItem,
    Place,
    RolePermission,
    User,
    UserState,
)
from vestibule.directory.policies.validation import clients_validate
from vestibule.directory.scope import current_firm_id
from vestibule.refusals import RequestDecided

MOST_TOLD = 20
"""So many people at most are told by mail that a request has arrived."""


def arguments_of(order: Order, *, send_email: bool) -> dict[str, Any]:
    """Return an order in the form in which a request keeps it: JSON, each thing once, in order."""
    identity = order.identity
    return {
        "identity": {
            "last_name": identity.last_name.strip(),
            "first_name": identity.first_name.strip(),
            "email": identity.email.strip(),
            "phone": identity.phone.strip(),
            "language": identity.language,
        },
        "billable_company": str(order.billable_company.pk),
        "user_type": order.user_type,
        "companies": sorted(str(company.pk) for company in order.companies),
        "applications": sorted(order.applications),
        "send_email": send_email,
    }


def order_in(approval: Approval, places: dict[UUID, Place]) -> Order:
    """Return the order that a request holds; `places` are its companies by id."""
    kept = approval.arguments
    return Order(
        billable_company=places[UUID(kept["billable_company"])],
        identity=Identity(**kept["identity"]),
        user_type=kept["user_type"],
        companies=tuple(places[UUID(each)] for each in kept["companies"]),
        applications=tuple(kept["applications"]),
    )


def places_in(approval: Approval) -> dict[UUID, Place]:
    """Return the companies that a request names, by id."""
    kept = approval.arguments
    ids = {kept["billable_company"], *kept["companies"]}
    rows = Place.objects.filter(firm_id=approval.firm_id, pk__in=ids)
    return {place.pk: place for place in rows}


def hash_of(arguments: dict[str, Any]) -> str:
    """Return the hash of a request's arguments."""
    return hashlib.sha256(canonical(arguments)).hexdigest()


def identity_told(identity: CheckedIdentity) -> dict[str, list[str | None]]:
    """Return an identity as an event keeps the values of somebody new."""
    return {
        "email": [None, identity.address.email],
        "first_name": [None, identity.first_name],
        "last_name": [None, identity.last_name],
        "phone": [None, identity.phone],
        "language": [None, identity.language],
    }


def write(
    actor: Actor,
    act: ApprovalAct,
    user: User,
    order: Order,
    *,
    needs_second_person: bool,
    send_email: bool,
    replaces: Approval | None = None,
    asked_by: UUID | None = None,
    waits: bool = True,
) -> Approval:
    """Write a request that waits from now on, and tell those who decide; or, where the firm's
    rule lets in at once, one that is granted already, so that its asker finds it again.

    `asked_by` is whoever asked first, where another one's act only lets it wait again.
    """
    arguments = arguments_of(order, send_email=send_email)
    approval = Approval.objects.create(
        firm_id=actor.firm_id,
        act=act,
        user=user,
        place=order.billable_company,
        arguments=arguments,
        arguments_hash=hash_of(arguments),
        user_version=user.version,
        asked_by_id=asked_by or actor.user_id,
        asked_at=clock.now(),
        needs_second_person=needs_second_person,
        replaces=replaces,
        state=ApprovalState.WAITING if waits else ApprovalState.APPROVED,
        decided_at=None if waits else clock.now(),
    )
    if needs_second_person and waits:
        for person in deciders_of(approval):
            post("request_arrived", mailings.request_arrived_mail(person, approval), to=person)
    return approval


def ask_to_let_in(actor: Actor, user: User, order: Order) -> Approval:
    """Write down that a user created by staff waits for anyone entitled, his creator included."""
    return write(
        actor, ApprovalAct.LET_IN, user, order, needs_second_person=False, send_email=False
    )


def waiting_for(user: User) -> Approval | None:
    """Return the request that asks to let this user in and is not decided yet, locked."""
    found: Approval | None = (
        Approval.objects.filter(
            firm_id=user.firm_id,
            user_id=user.pk,
            act=ApprovalAct.LET_IN,
            state=ApprovalState.WAITING,
        )
        .select_for_update(no_key=True)
        .first()
    )
    return found


def close(approval: Approval, state: ApprovalState, actor: Actor, *, reason: str = "") -> None:
    """Write a decision; of two who decide at once one gets past this line.

    Refuses: RequestDecided.
    """
    changed = Approval.objects.filter(
        firm_id=approval.firm_id, pk=approval.pk, state=ApprovalState.WAITING
    ).update(
        state=state,
        decided_by=actor.user_id,
        decided_at=clock.now(),
        reason=reason,
    )
    if changed != 1:
        raise RequestDecided()
    approval.refresh_from_db()


def seen_of(approval: Approval) -> str:
    """Return what stands for everything that a decider is shown of a request: its arguments,
    and the person, his state and his access as they are now. Another value, another decision."""
    user = User.objects.get(firm_id=approval.firm_id, pk=approval.user_id)
    facts: dict[str, Any] = {
        "approval": str(approval.pk),
        "state": approval.state,
        "arguments": hash_of(approval.arguments),
        "person": [
            user.email,
            user.first_name,
            user.last_name,
            user.phone,
            user.language,
            user.state,
            user.kind,
            str(user.billable_company_id),
            str(user.position_id),
        ],
        "access": _access_of(user, approval),
    }
    return hashlib.sha256(canonical(facts)).hexdigest()


def _access_of(user: User, approval: Approval) -> list[str]:
    """Return his grants, and what the roles concerned carry, as lines in a fixed order."""
    grants = Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk).not_over()
    rows = list(grants.values_list("place_id", "role_id", "permission_set_id", "since", "until"))
    lines = [
        f"{place} {role} {own} {since.isoformat()} {until.isoformat() if until else ''}"
        for place, role, own, since, until in rows
    ]
    items = PermissionSetItem.objects.filter(
        firm_id=user.firm_id, permission_set_id__in=[row[2] for row in rows if row[2]]
    )
    lines += [
        f"{own} {name} {level}"
        for own, name, level in items.values_list("permission_set_id", "permission", "level")
    ]
    contents = RolePermission.objects.filter(
        firm_id=user.firm_id,
        role__code=approval.arguments.get("user_type", ""),
        role__owner__isnull=True,
        until__isnull=True,
    )
    lines += [f"{name} {level}" for name, level in contents.values_list("permission", "level")]
    return sorted(lines)


def asker_as_actor(approval: Approval) -> Actor | None:
    """Return whoever asked, with what he may do now; None when he is gone or was the operator."""
    asker = User.objects.filter(firm_id=approval.firm_id, pk=approval.asked_by_id).first()
    return actor_for(asker, door=Door.PAGE) if asker is not None else None


def asker_still_may(approval: Approval, order: Order, gained: dict[UUID, int]) -> bool:
    """Return whether who asked could still ask this: `gained` are the bits per company."""
    asker = asker_as_actor(approval)
    if asker is None or asker.standing is None:
        return False
    bit, at = reserved_bits("vestibule.users.create"), clock.now()
    return all(
        decide(asker.standing, bit, place.path, at)
        and not gained.get(place.pk, 0) & ~giveable_bits(asker, place)
        for place in order.places
    )


def deciders_of(approval: Approval) -> list[User]:
    """Return who is told that a request has arrived: whoever looks after the asker, else the
    firm's administrators, and the client's own where the firm lets them validate (S4-08)."""
    if approval.place is None:
        return []
    path = approval.place.path
    active = User.objects.filter(firm_id=approval.firm_id, state=UserState.ACTIVE).exclude(
        pk=approval.asked_by_id
    )
    told: dict[UUID, User] = {}
    asker = User.objects.filter(firm_id=approval.firm_id, pk=approval.asked_by_id).first()
    if asker is not None and asker.created_by_id is not None:
        for person in active.filter(kind="staff", pk=asker.created_by_id):
            told[person.pk] = person
    for person in _holding(active.filter(kind="staff"), "vestibule.firm.administer", path):
        told[person.pk] = person
    if approval.act == ApprovalAct.LET_IN and clients_validate(approval.firm_id):
        for person in _holding(active.filter(kind="client"), "vestibule.users.validate", path):
            told[person.pk] = person
    found = []
    for person in told.values():
        standing = actor_for(person, door=Door.PAGE).standing
        bit = reserved_bits("vestibule.users.validate")
        if standing is not None and decide(standing, bit, path, clock.now()):
            found.append(person)
    return found[:MOST_TOLD]


def _holding(people: Any, permission: str, path: str) -> list[User]:
    """Return those of `people` whose roles carry a permission at `path` or above."""
    firm_id, bit = current_firm_id(), reserved_bits(permission)
    if firm_id is None:
        return []
    carrying = [role for role, bits in role_bits(firm_id).items() if bits & bit]
    holders = (
        Grant.objects.filter(firm_id=firm_id, role_id__in=carrying, place_id__in=ids_on(path))
        .in_force()
        .values("user_id")
    )
    return list(people.filter(pk__in=holders).order_by("sort_key", "pk")[:MOST_TOLD])


def require_waiting(approval: Approval) -> None:
    """Refuse a request that is decided already.

    Refuses: RequestDecided.
    """
    if approval.state != ApprovalState.WAITING:
        raise RequestDecided()
