"""What is done to client users: create, validate, deactivate, reactivate, change of type.

Creating, activating and mailing are three separate decisions (S0-18).
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.actions import _states
from vestibule.directory.actions._action import (
    action,
    authorize,
    bump_user,
    nothing_changed,
    record,
    require_held,
)
from vestibule.directory.actions._approvals import (
    ask_to_let_in,
    close,
    identity_told,
    order_in,
    places_in,
    waiting_for,
    write,
)
from vestibule.directory.actions._creating import (
    LANGUAGES,
    CheckedIdentity,
    Identity,
    claim,
    client_role,
    enabled_applications,
    give,
    insert,
    order_of,
    read_identity,
    read_order,
    remember,
    require_open,
)
from vestibule.directory.actions._persons import (
    authorize_on_person,
    end_grants,
    locked,
    places_of,
)
from vestibule.directory.actions.invitations import (
    close_links,
    close_pending,
    offer,
    renew_pending,
)
from vestibule.directory.facts import role_bits
from vestibule.directory.models import (
    Approval,
    ApprovalAct,
    ApprovalState,
    Grant,
    InvitationState,
    Place,
    User,
    UserState,
)
from vestibule.directory.policies.administrators import administrators_kept, companies_of
from vestibule.directory.policies.names import read_name
from vestibule.directory.policies.validation import is_client, require_decider, require_validator
from vestibule.refusals import (
    Denied,
    Invalid,
    NotFound,
    RequestFirst,
    WrongState,
)

__all__ = [
    "LANGUAGES",
    "CheckedIdentity",
    "Identity",
    "ask_validation_again",
    "change_type",
    "create_client_user",
    "deactivate_client_user",
    "enabled_applications",
    "reactivate_client_user",
    "read_identity",
    "refuse_client_user",
    "type_at",
    "validate_client_user",
]

REASON_LIMIT = 500


@action("vestibule.users.create")
def create_client_user(
    actor: Actor,
    *,
    billable_company: Place,
    identity: Identity,
    user_type: str,
    companies: Sequence[Place],
    applications: Sequence[str],
    activate_now: bool,
    send_email: bool,
    key: str,
) -> User:
    """Create a client user with his access to each of `companies`.

    Type and applications apply to each company as grants of its own; an application that
    only some of the companies have is given where it is. `key` makes a repeat return the
    first result. With `activate_now` the user is ready, and with `send_email` invited;
    otherwise he waits for validation by anyone entitled, his creator included.
    A client's administrator has a door of his own: `requests.request_client_user`.

    Refuses: Invalid at the field, Denied, FirstUserIsAdministrator, PlaceClosed.
    """
    actor = authorize(actor, at=billable_company)
    order = order_of(
        billable_company=billable_company,
        identity=identity,
        user_type=user_type,
        companies=companies,
        applications=applications,
    )
    for place in order.places:
        actor = authorize(actor, at=place)
        if activate_now:
            authorize(actor, at=place, permission="vestibule.users.validate")
        if activate_now and send_email:
            authorize(actor, at=place, permission="vestibule.users.invite")
    if is_client(actor):
        raise Denied(permission="vestibule.users.create", reason="clients_request")
    firm_id = billable_company.firm_id
    repeated = claim(actor, "client_user.create", key)
    if repeated is not None:
        nothing_changed()
        first: User = User.objects.get(firm_id=firm_id, pk=repeated)
        return first
    checked = read_order(actor, order)

    with administrators_kept(order.places, person=None):
        require_open(order.places)
        user = insert(actor, checked, activate_now=activate_now)
        give(actor, user, checked.access)
    if activate_now and send_email:
        offer(actor, user, inviter_id=actor.user_id)
    if not activate_now:
        ask_to_let_in(actor, user, order)
    remember(actor, "client_user.create", key, user)
    record(
        actor,
        "client_user.created",
        user,
        place=billable_company,
        public={
            "user_type": user_type,
            "companies": [str(company.pk) for company in order.companies],
            "applications": list(order.applications),
            "state": [None, user.state],
            "invited": bool(activate_now and send_email),
        },
        personal=identity_told(checked.identity),
    )
    return user


@action("vestibule.users.validate")
def validate_client_user(actor: Actor, user: User) -> User:
    """Let in a user who waits. Nothing is mailed.

    Whom a client asked for is decided on the page of that request alone, where it is seen
    what is approved.

    Refuses: Denied, WrongState, RequestFirst.
    """
    actor = authorize_on_person(actor, user)
    user, approval = _about_to_decide(actor, user)

    _states.move(user, UserState.READY)
    if approval is not None:
        close(approval, ApprovalState.APPROVED, actor)
    record(
        actor,
        "client_user.validated",
        user,
        place=user.billable_company,
        public={"state": [UserState.AWAITING_VALIDATION, user.state]},
    )
    return user


@action("vestibule.users.validate")
def refuse_client_user(actor: Actor, user: User, *, reason: str) -> User:
    """Refuse a user who waits, and say why; he can be corrected and asked for again.

    Refuses: Denied, WrongState, RequestFirst, Invalid at `reason`.
    """
    actor = authorize_on_person(actor, user)
    user, approval = _about_to_decide(actor, user)
    reason = read_reason(reason, mandatory=True)

    with administrators_kept(companies_of(places_of(user)), person=user):
        _states.move(user, UserState.REFUSED, reason=reason)
    if approval is not None:
        close(approval, ApprovalState.REFUSED, actor, reason=reason)
    record(
        actor,
        "client_user.refused",
        user,
        place=user.billable_company,
        public={"state": [UserState.AWAITING_VALIDATION, user.state]},
        personal={"reason": [None, reason]},
    )
    return user


def _about_to_decide(actor: Actor, user: User) -> tuple[User, Approval | None]:
    """Return the locked user who waits and the request about him, if `actor` may decide."""
    require_validator(actor)
    user = locked(user)
    if user.state != UserState.AWAITING_VALIDATION:
        raise WrongState(user=user.full_name)
    approval = waiting_for(user)
    if approval is not None and approval.needs_second_person:
        raise RequestFirst(user=user.full_name)
    if approval is not None:
        require_decider(actor, approval)
    return user, approval


def read_reason(reason: str, *, mandatory: bool = False) -> str:
    """Return the reason in what was typed.

    Refuses: Invalid at `reason`.
    """
    try:
        return read_name(reason, limit=REASON_LIMIT, mandatory=mandatory)
    except Invalid as refusal:
        raise Invalid({"reason": [refusal]}) from None


@action("vestibule.users.create")
def ask_validation_again(actor: Actor, user: User) -> User:
    """Let a refused user wait for validation again, corrected or not. Staff only: a client's
    administrator asks again with `requests.ask_again`.

    Refuses: Denied, WrongState, FirstUserIsAdministrator.
    """
    actor = authorize_on_person(actor, user)
    if is_client(actor):
        raise Denied(permission="vestibule.users.create", reason="clients_request")

    with administrators_kept(companies_of(places_of(user)), person=user):
        user = locked(user)
        if user.state != UserState.REFUSED:
            raise WrongState(user=user.full_name)
        _states.move(user, UserState.AWAITING_VALIDATION)
        wait_again(actor, user)
    record(
        actor,
        "client_user.asked_again",
        user,
        place=user.billable_company,
        public={"state": [UserState.REFUSED, user.state]},
    )
    return user


def wait_again(actor: Actor, user: User) -> None:
    """Write the last request about a user anew, as it was asked by whom: he waits again."""
    last = (
        Approval.objects.filter(firm_id=user.firm_id, user_id=user.pk, act=ApprovalAct.LET_IN)
        .order_by("-asked_at")
        .first()
    )
    if last is None or waiting_for(user) is not None:
        return
    write(
        actor,
        ApprovalAct.LET_IN,
        user,
        order_in(last, places_in(last)),
        needs_second_person=last.needs_second_person,
        send_email=bool(last.arguments["send_email"]),
        replaces=last,
        asked_by=last.asked_by_id if last.needs_second_person else None,
    )


@action("vestibule.users.deactivate")
def deactivate_client_user(actor: Actor, user: User, *, reason: str = "") -> User:
    """Refuse the user everywhere at once: sessions end, every open link dies (S2-13).

    Refuses: Denied, LastAdministrator, WrongState.
    """
    actor = authorize_on_person(actor, user)
    if actor.user_id == user.pk:
        raise Denied(reason="oneself")
    reason = read_reason(reason)

    with administrators_kept(companies_of(places_of(user)), person=user):
        user = locked(user)
        before = user.state
        close_pending(user, InvitationState.CANCELLED)
        close_links(user)
        if (approval := waiting_for(user)) is not None:
            close(approval, ApprovalState.WITHDRAWN, actor, reason=reason)
        _states.move(user, UserState.DEACTIVATED, reason=reason)
    record(
        actor,
        "client_user.deactivated",
        user,
        place=user.billable_company,
        public={"state": [before, user.state]},
        personal={"reason": [None, reason]} if reason else None,
    )
    return user


@action("vestibule.users.deactivate")
def reactivate_client_user(actor: Actor, user: User) -> User:
    """Let a deactivated user be again what he was; one who was invited is ready.

    Refuses: Denied, WrongState, FirstUserIsAdministrator where nobody administers any more,
    PlaceClosed when the company he is billed to was closed meanwhile.
    """
    actor = authorize_on_person(actor, user)

    with administrators_kept(companies_of(places_of(user)), person=user):
        user = locked(user)
        if user.state != UserState.DEACTIVATED:
            raise WrongState(user=user.full_name)
        if user.billable_company is not None:
            require_open([user.billable_company])
        was = user.state_before_deactivation
        stays = was in (UserState.ACTIVE, UserState.AWAITING_VALIDATION)
        _states.move(user, was if stays else UserState.READY)
        if user.state == UserState.AWAITING_VALIDATION:
            wait_again(actor, user)
    record(
        actor,
        "client_user.reactivated",
        user,
        place=user.billable_company,
        public={"state": [UserState.DEACTIVATED, user.state]},
    )
    return user


@action("vestibule.grants.change")
def change_type(actor: Actor, user: User, *, company: Place, user_type: str) -> User:
    """Make a user administrator or standard client of one company (S0-09, S0-11).

    The applications stay. An open invitation is replaced by a fresh one of the same
    inviter: what it offered has changed.

    Refuses: Denied, NotFound, LastAdministrator, FirstUserIsAdministrator, WrongState.
    """
    actor = authorize(actor, at=company)
    if user.firm_id != company.firm_id:
        raise NotFound()
    if user.state == UserState.ERASED or user.is_staff_member:
        raise WrongState(user=user.full_name)
    role = client_role(user.firm_id, user_type)

    with administrators_kept(companies_of([company]), person=user):
        user = locked(user)
        held = list(
            Grant.objects.filter(
                firm_id=user.firm_id, user_id=user.pk, place_id=company.pk, role__isnull=False
            )
            .not_over()
            .select_related("role")
        )
        if not held:
            raise NotFound()
        if [grant.role_id for grant in held] == [role.pk]:
            nothing_changed()
            return user
        bits = role_bits(user.firm_id)
        before = 0
        for grant in held:
            before |= bits.get(grant.role_id, 0)
        require_held(actor, place=company, gained=before ^ bits.get(role.pk, 0))
        end_grants(held, actor)
        Grant.objects.create(
            firm_id=user.firm_id,
            user=user,
            place=company,
            role=role,
            since=clock.now(),
            granted_by_id=actor.user_id,
        )
        User.objects.filter(pk=user.pk).update(version=F("version") + 1)
        bump_user(user)
        user.refresh_from_db()
    renew_pending(actor, user)
    record(
        actor,
        "grant.type_changed",
        user,
        place=company,
        public={"user_type": [held[0].role.code, role.code]},
    )
    return user


def type_at(user: User, company: Place) -> str:
    """Return the code of the user's role at exactly this company, or ""."""
    grant = (
        Grant.objects.filter(
            firm_id=user.firm_id, user_id=user.pk, place_id=company.pk, role__isnull=False
        )
        .not_over()
        .select_related("role")
        .first()
    )
    return grant.role.code if grant is not None else ""
