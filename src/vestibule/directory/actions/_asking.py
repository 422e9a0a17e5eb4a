"""Carrying out what a client's administrator asks for, with one answer for all. Parts of acts."""

from __future__ import annotations

from django.db.models import Q

from vestibule.actor import Actor
from vestibule.directory.actions import _states
from vestibule.directory.actions._action import (
    bump_user,
    record,
)
from vestibule.directory.actions._approvals import (
    identity_told,
    write,
)
from vestibule.directory.actions._creating import (
    CheckedIdentity,
    CheckedOrder,
    Identity,
    give,
    insert,
    put_identity,
    read_identity,
    require_open,
)
from vestibule.directory.actions._persons import (
    end_grants,
    locked,
    places_of,
)
from vestibule.directory.actions.invitations import offer
from vestibule.directory.facts import administrator_roles
from vestibule.directory.models import (
    Approval,
    ApprovalAct,
    ApprovalState,
    Grant,
    User,
    UserState,
)
from vestibule.directory.policies.administrators import administrators_kept, companies_of, watch
from vestibule.directory.policies.validation import (
    what_clients_create_waits,
)
from vestibule.directory.querysets import ApprovalQuerySet, reach_of, within
from vestibule.refusals import (
    FirstUserIsAdministrator,
)


def check_identity(
    actor: Actor, typed: Identity, *, again: Approval | None = None
) -> CheckedIdentity:
    """Return the identity in what a client's administrator typed, as his request will read it.

    An address is refused as taken only when he sees that user himself, or has asked for it
    already; `again` is the refused request that he corrects. Writes nothing.

    Refuses: Invalid with every fault at its field.
    """
    return read_identity(
        actor.firm_id,
        typed,
        taken=lambda firm_id, canonical: is_known_to(actor, canonical, again),
    )


def is_known_to(actor: Actor, canonical: str, again: Approval | None) -> bool:
    """Return whether `actor` may know that this address is in use: he sees the user, or
    somebody of his own companies has asked for it and waits."""
    found = User.objects.filter(firm_id=actor.firm_id, canonical_email=canonical).first()
    if found is None:
        return False
    if User.objects.visible_to(actor).filter(pk=found.pk).exists():
        return True
    asked = _asked_near(actor, found).filter(state=ApprovalState.WAITING)
    return asked.exclude(pk=again.pk if again is not None else None).exists()


def _asked_near(actor: Actor, user: User) -> ApprovalQuerySet:
    """Return requests about a user that were asked at companies of this actor."""
    reach = reach_of(actor, "vestibule.users.create")
    rows: ApprovalQuerySet = Approval.objects.filter(
        Q(asked_by_id=actor.user_id) | within(reach, "place__path"),
        firm_id=actor.firm_id,
        user_id=user.pk,
    )
    return rows


def carry_out(actor: Actor, checked: CheckedOrder, *, again: Approval | None) -> User:
    """Do with an order what the firm's policy and the address ask for; return who it is about."""
    address = checked.identity.address.canonical
    known = User.objects.filter(firm_id=actor.firm_id, canonical_email=address).first()
    refused = _refused_before(actor, known, again)
    if known is not None and refused is None:
        return _ask_for_access(actor, known, checked, again)
    return _ask_for_person(actor, refused, checked, again)


def _refused_before(actor: Actor, known: User | None, again: Approval | None) -> User | None:
    """Return the row of somebody who was never let in, to be corrected instead of a new one:
    the one with this address, else the one that the corrected request was about."""
    candidate = known
    if known is None and again is not None and again.act == ApprovalAct.LET_IN:
        candidate = again.user
    if candidate is None or candidate.state != UserState.REFUSED:
        return None
    asked = _asked_near(actor, candidate).filter(act=ApprovalAct.LET_IN, needs_second_person=True)
    reach = reach_of(actor, "vestibule.users.create")
    mine = all(reach.holds_at(place.path) for place in places_of(candidate))
    return candidate if mine and asked.exists() else None


def _ask_for_person(
    actor: Actor, refused: User | None, checked: CheckedOrder, again: Approval | None
) -> User:
    """Create the person, or correct the refused one; let in at once or to be validated."""
    waits = what_clients_create_waits(actor.firm_id)
    order = checked.order
    concerned = [*order.places, *(places_of(refused) if refused is not None else ())]
    old = _identity_in(refused)
    with administrators_kept(companies_of(concerned), person=None):
        require_open(order.places)
        if refused is None:
            user = insert(actor, checked, activate_now=not waits)
        else:
            user = locked(refused)
            held = Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk).not_over()
            end_grants(list(held), actor)
            put_identity(user, checked.identity, order.billable_company)
            _states.move(user, UserState.AWAITING_VALIDATION)
            if not waits:
                _states.move(user, UserState.READY)
        give(actor, user, checked.access)
        bump_user(user)
        user.refresh_from_db()
    write(
        actor,
        ApprovalAct.LET_IN,
        user,
        order,
        needs_second_person=True,
        send_email=True,
        replaces=again,
        waits=waits,
    )
    if not waits:
        offer(actor, user, inviter_id=actor.user_id)
    told = identity_told(checked.identity)
    record(
        actor,
        "client_user.requested" if waits else "client_user.created",
        user,
        place=order.billable_company,
        public={
            "user_type": order.user_type,
            "companies": [str(company.pk) for company in order.companies],
            "applications": list(order.applications),
            "state": [None if refused is None else UserState.REFUSED, user.state],
            "invited": not waits,
        },
        personal={
            field: [old.get(field), value[1]]
            for field, value in told.items()
            if old.get(field) != value[1]
        },
    )
    return user


def _identity_in(user: User | None) -> dict[str, str]:
    if user is None:
        return {}
    fields = ("email", "first_name", "last_name", "phone", "language")
    return {field: getattr(user, field) for field in fields}


def _ask_for_access(
    actor: Actor, known: User, checked: CheckedOrder, again: Approval | None
) -> User:
    """Ask the firm to open the asker's companies to somebody it knows already (law 4)."""
    require_open(checked.order.places)
    if checked.access.role.pk not in administrator_roles(actor.firm_id):
        for company in checked.order.places:  # as for somebody new: the same answer
            if watch(company).now == 0:
                raise FirstUserIsAdministrator(company=company.name)
    approval = write(
        actor,
        ApprovalAct.OPEN_ACCESS,
        known,
        checked.order,
        needs_second_person=True,
        send_email=True,
        replaces=again,
    )
    record(
        actor,
        "access.requested",
        approval,
        place=checked.order.billable_company,
        public={
            "user_type": checked.order.user_type,
            "companies": [str(company.pk) for company in checked.order.companies],
            "applications": list(checked.order.applications),
            "state": [None, approval.state],
        },
    )
    return known
