"""Staff of the firm: invited, given another role, let out and in again.

A member of the team has one role, in the whole firm. Nobody gives a role, or touches somebody
who has one, that carries more than he may give himself (laws 3 and 4); nobody changes or ends
his own access; and the firm keeps an administrator (law 5).
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import F

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.actions import _states
from vestibule.directory.actions._action import (
    action,
    authorize,
    bump_user,
    giveable_bits,
    nothing_changed,
    record,
    require_held,
)
from vestibule.directory.actions._persons import authorize_on_staff, end_grants, locked
from vestibule.directory.actions._texts import search_text_of, sort_key_of
from vestibule.directory.actions.client_users import Identity, read_identity, read_reason
from vestibule.directory.actions.invitations import (
    close_links,
    close_pending,
    may_offer,
    offer,
    renew_pending,
    take_back,
)
from vestibule.directory.facts import role_bits
from vestibule.directory.models import (
    Grant,
    Invitation,
    InvitationState,
    Place,
    Role,
    User,
    UserKind,
    UserState,
)
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.addresses import login_key
from vestibule.directory.policies.administrators import firm_administrator_kept
from vestibule.directory.querysets import is_whole_firm, reach_of
from vestibule.refusals import ChoiceUnknown, NothingToOffer, OwnAccess, WrongState


@action("vestibule.staff.create")
def create_staff_user(actor: Actor, *, identity: Identity, role: str) -> User:
    """Create a member of staff with a role in the whole firm and mail the invitation.

    Refuses: Denied, Invalid at the field.
    """
    actor = authorize(actor, at=None)
    checked = read_identity(actor.firm_id, identity)
    row = _role(actor, role)
    root = _root(actor)
    require_held(actor, place=root, gained=role_bits(actor.firm_id).get(row.pk, 0))

    now = clock.now()
    user = User(
        id=new_id(),
        firm_id=actor.firm_id,
        email=checked.address.email,
        canonical_email=checked.address.canonical,
        login_key=login_key(actor.firm_id, checked.address.canonical),
        kind=UserKind.STAFF,
        first_name=checked.first_name,
        last_name=checked.last_name,
        language=checked.language,
        phone=checked.phone,
        created_at=now,
        created_by_id=actor.user_id,
    )
    user.search_text = search_text_of(user)
    user.sort_key = sort_key_of(user)
    user = _states.move(user, UserState.READY)
    _give(actor, user, root, row)
    offer(actor, user, inviter_id=actor.user_id)
    record(
        actor,
        "staff.created",
        user,
        place=root,
        public={"role": role, "state": [None, user.state]},
        personal={
            "email": [None, checked.address.email],
            "first_name": [None, checked.first_name],
            "last_name": [None, checked.last_name],
        },
    )
    return user


@action("vestibule.staff.change")
def change_staff_role(actor: Actor, user: User, *, role: str) -> User:
    """Give a member of staff another role. An open invitation is replaced by a fresh one of the
    same inviter: what it offered has changed.

    Refuses: Denied, OwnAccess, LastFirmAdministrator, WrongState, Invalid at the field.
    """
    actor = authorize_on_staff(actor, user)
    if actor.user_id == user.pk:
        raise OwnAccess()
    row = _role(actor, role)
    root = _root(actor)
    require_held(actor, place=root, gained=role_bits(actor.firm_id).get(row.pk, 0))

    with firm_administrator_kept(user):
        user = locked(user)
        if user.state in (UserState.DEACTIVATED, UserState.ERASED):
            raise WrongState(user=user.full_name)
        held = _roles_held(user)
        if [grant.role_id for grant in held] == [row.pk]:
            nothing_changed()
            return user
        end_grants(held, actor)
        _give(actor, user, root, row)
        User.objects.filter(firm_id=user.firm_id, pk=user.pk).update(version=F("version") + 1)
        bump_user(user)
        user.refresh_from_db()
    renew_pending(actor, user)
    before = held[0].role.code if held and held[0].role is not None else None
    record(actor, "staff.role_changed", user, place=root, public={"role": [before, row.code]})
    return user


@action("vestibule.staff.change")
def deactivate_staff_user(actor: Actor, user: User, *, reason: str = "") -> User:
    """Refuse a member of staff everywhere at once: sessions end, every open link dies.

    Refuses: Denied, OwnAccess, LastFirmAdministrator, WrongState.
    """
    actor = authorize_on_staff(actor, user)
    if actor.user_id == user.pk:
        raise OwnAccess()
    reason = read_reason(reason)

    with firm_administrator_kept(user):
        user = locked(user)
        before = user.state
        close_pending(user, InvitationState.CANCELLED)
        close_links(user)
        _states.move(user, UserState.DEACTIVATED, reason=reason)
    record(
        actor,
        "staff.deactivated",
        user,
        place=_root(actor),
        public={"state": [before, user.state]},
        personal={"reason": [None, reason]} if reason else None,
    )
    return user


@action("vestibule.staff.change")
def reactivate_staff_user(actor: Actor, user: User) -> User:
    """Let a deactivated member of staff be again what he was; one who was invited is ready.

    Refuses: Denied, OwnAccess, WrongState.
    """
    actor = authorize_on_staff(actor, user)
    user = locked(user)
    if user.state != UserState.DEACTIVATED:
        raise WrongState(user=user.full_name)

    was = user.state_before_deactivation
    _states.move(user, UserState.ACTIVE if was == UserState.ACTIVE else UserState.READY)
    record(
        actor,
        "staff.reactivated",
        user,
        place=_root(actor),
        public={"state": [UserState.DEACTIVATED, user.state]},
    )
    return user


@action("vestibule.staff.change")
def send_staff_invitation(actor: Actor, user: User) -> Invitation:
    """Mail a member of staff who is not in yet a fresh link. Every earlier one dies.

    Refuses: Denied, WrongState, NothingToOffer.
    """
    actor = authorize_on_staff(actor, user)
    user = locked(user)
    if user.state not in (UserState.READY, UserState.INVITED):
        raise WrongState(user=user.full_name)
    inviter = User.objects.filter(firm_id=user.firm_id, pk=actor.user_id).first()
    if not may_offer(inviter, user, is_operators=not actor.is_person):
        raise NothingToOffer(user=user.full_name)

    before = user.state
    invitation = offer(actor, user, inviter_id=actor.user_id)
    record(
        actor,
        "staff.invitation_sent",
        user,
        place=_root(actor),
        public={
            "invitation": str(invitation.pk),
            "expires_at": invitation.expires_at.isoformat(),
            "state": [before, user.state],
        },
    )
    return invitation


@action("vestibule.staff.change")
def cancel_staff_invitation(actor: Actor, user: User) -> User:
    """Take the invitation of a member of staff back: its link dies.

    Refuses: Denied, WrongState.
    """
    actor = authorize_on_staff(actor, user)
    user = locked(user)

    take_back(user)
    record(
        actor,
        "staff.invitation_cancelled",
        user,
        place=_root(actor),
        public={"state": [UserState.INVITED, user.state]},
    )
    return user


def roles_offered(actor: Actor) -> list[Role]:
    """Return the roles of the team that the actor may give; only to offer them."""
    bits, givable = role_bits(actor.firm_id), giveable_bits(actor, _root(actor))
    return [role for role in all_roles(actor) if not bits.get(role.pk, 0) & ~givable]


def all_roles(actor: Actor) -> list[Role]:
    """Return the roles that a member of the team can have."""
    roles = Role.objects.filter(firm_id=actor.firm_id, audience="staff")
    return list(roles.order_by("ordinal", "code"))


def roles_of(users: Iterable[User]) -> dict[UUID, Role]:
    """Return the role of each of these members of staff."""
    grants = Grant.objects.filter(
        user_id__in=[user.pk for user in users], role__isnull=False, place__acts_as="firm"
    ).not_over()
    return {grant.user_id: grant.role for grant in grants.select_related("role") if grant.role}


def changeable(actor: Actor, users: Iterable[User]) -> set[UUID]:
    """Return which of these members of staff the actor may act on; only to show or hide."""
    if not is_whole_firm(reach_of(actor, "vestibule.staff.change")):
        return set()
    users = list(users)
    bits, givable = role_bits(actor.firm_id), giveable_bits(actor, _root(actor))
    roles = roles_of(users)
    return {
        user.pk
        for user in users
        if user.pk not in roles or not bits.get(roles[user.pk].pk, 0) & ~givable
    }


def _role(actor: Actor, code: str) -> Role:
    row: Role | None = Role.objects.filter(
        firm_id=actor.firm_id, code=code, audience="staff"
    ).first()
    if row is None:
        raise ChoiceUnknown.at("role")
    return row


def _root(actor: Actor) -> Place:
    root: Place = Place.objects.get(firm_id=actor.firm_id, acts_as="firm")
    return root


def _roles_held(user: User) -> list[Grant]:
    grants = Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk, role__isnull=False)
    return list(grants.not_over().select_related("role"))


def _give(actor: Actor, user: User, root: Place, role: Role) -> None:
    Grant.objects.create(
        firm_id=actor.firm_id,
        user=user,
        place=root,
        role=role,
        since=clock.now(),
        granted_by_id=actor.user_id,
    )
