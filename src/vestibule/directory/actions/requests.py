"""Requests: what a client's administrator asks for, and what the firm decides about it.

A client's administrator who asks for somebody gets one and the same answer, whether that
person is let in at once, waits for validation, or is a user of the firm of whom he may not
know (law 4). Nobody decides about his own request, and what was seen is what is approved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from vestibule.actor import Actor
from vestibule.directory import mailings
from vestibule.directory.actions import _states
from vestibule.directory.actions._action import (
    action,
    authorize,
    bump_user,
    nothing_changed,
    record,
)
from vestibule.directory.actions._approvals import (
    asker_as_actor,
    asker_still_may,
    close,
    order_in,
    places_in,
    require_waiting,
    seen_of,
)
from vestibule.directory.actions._asking import carry_out, check_identity, is_known_to
from vestibule.directory.actions._creating import (
    Identity,
    Order,
    claim,
    give,
    order_of,
    read_access,
    read_order,
    remember,
    require_open,
)
from vestibule.directory.actions._persons import (
    authorize_on_person,
    locked,
    places_of,
    rights_of,
)
from vestibule.directory.actions._post import post
from vestibule.directory.actions.client_users import read_reason
from vestibule.directory.actions.invitations import may_offer, offer, renew_pending
from vestibule.directory.models import (
    Approval,
    ApprovalAct,
    ApprovalState,
    Grant,
    Place,
    User,
    UserState,
)
from vestibule.directory.policies.administrators import administrators_kept, companies_of
from vestibule.directory.policies.validation import (
    is_client,
    may_decide,
    require_decider,
)
from vestibule.refusals import (
    AskerMayNoLonger,
    Denied,
    NotAskedByYou,
    NotFound,
    RequestChanged,
    RequestDecided,
    WrongState,
)

__all__ = [
    "approve_request",
    "ask_again",
    "check_identity",
    "may_decide",
    "refuse_request",
    "request_client_user",
    "seen_of",
    "withdraw_request",
]

UNDECIDED = (ApprovalState.WAITING, ApprovalState.REFUSED)


@action("vestibule.users.create")
def request_client_user(
    actor: Actor,
    *,
    billable_company: Place,
    identity: Identity,
    user_type: str,
    companies: Sequence[Place],
    applications: Sequence[str],
    key: str,
) -> None:
    """Ask, as a client's administrator, for a user of one's own companies (S0-02).

    The answer is the same in every case (law 4). By the firm's policy the person is let in
    and invited at once, or waits for a second person; an address of which the asker may not
    know goes to the firm. `key` makes a repeat do nothing.

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
        authorize(actor, at=place, permission="vestibule.users.invite")
    if not is_client(actor):
        raise Denied(permission="vestibule.users.create", reason="staff_create")
    if claim(actor, "client_user.request", key) is not None:
        nothing_changed()
        return
    checked = read_order(actor, order, taken=lambda _firm, mail: is_known_to(actor, mail, None))

    asked_about = carry_out(actor, checked, again=None)
    remember(actor, "client_user.request", key, asked_about)


@action("vestibule.users.create")
def ask_again(
    actor: Actor,
    approval: Approval,
    *,
    billable_company: Place,
    identity: Identity,
    user_type: str,
    companies: Sequence[Place],
    applications: Sequence[str],
) -> None:
    """Correct a refused request of one's own, or one taken back, and ask again.

    Refuses: as `request_client_user`; NotAskedByYou, RequestDecided when it was asked again
    already.
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
        authorize(actor, at=place, permission="vestibule.users.invite")
    approval = _own(actor, approval)
    if not is_client(actor):
        raise Denied(permission="vestibule.users.create", reason="staff_create")
    if approval.state not in (ApprovalState.REFUSED, ApprovalState.WITHDRAWN):
        raise RequestDecided()
    if Approval.objects.filter(firm_id=actor.firm_id, replaces_id=approval.pk).exists():
        raise RequestDecided()
    checked = read_order(actor, order, taken=lambda _firm, mail: is_known_to(actor, mail, approval))

    carry_out(actor, checked, again=approval)


def _own(actor: Actor, approval: Approval) -> Approval:
    """Return a request as it is now, locked, if this actor asked for it.

    Refuses: NotFound, NotAskedByYou.
    """
    row: Approval | None = (
        Approval.objects.filter(firm_id=actor.firm_id, pk=approval.pk)
        .select_for_update(no_key=True, of=("self",))
        .select_related("user", "place")
        .first()
    )
    if row is None:
        raise NotFound()
    if actor.user_id is None or row.asked_by_id != actor.user_id:
        raise NotAskedByYou()
    return row


@action("vestibule.users.create")
def withdraw_request(actor: Actor, approval: Approval) -> None:
    """Take back a request of one's own that nobody has decided yet.

    Refuses: Denied, NotAskedByYou, RequestDecided.
    """
    actor = authorize(actor, at=approval.place)
    if approval.firm_id != actor.firm_id:
        raise NotFound()
    if actor.user_id is None or approval.asked_by_id != actor.user_id:
        raise NotAskedByYou()

    with _only_decider(approval) as approval:
        if approval.act == ApprovalAct.LET_IN:
            _states.move(approval.user, UserState.REFUSED)
        close(approval, ApprovalState.WITHDRAWN, actor)
    record(
        actor,
        "request.withdrawn",
        _told_of(approval),
        place=approval.place,
        public={"state": [ApprovalState.WAITING, approval.state]},
    )


@contextmanager
def _only_decider(approval: Approval) -> Iterator[Approval]:
    """Give the request as it is now, waiting, with its person: locked until it is decided.

    In the order in which all acts lock: companies, person, request.

    Refuses: NotFound, RequestDecided.
    """
    person = approval.user
    concerned = [*places_in(approval).values(), *places_of(person)]
    with administrators_kept(companies_of(concerned), person=person):
        person = locked(person)
        row: Approval | None = (
            Approval.objects.filter(firm_id=approval.firm_id, pk=approval.pk)
            .select_for_update(no_key=True, of=("self",))
            .select_related("place")
            .first()
        )
        if row is None:
            raise NotFound()
        row.user = person
        require_waiting(row)
        yield row


@contextmanager
def _deciding(actor: Actor, approval: Approval, seen: str) -> Iterator[tuple[Actor, Approval]]:
    """Give the actor and the locked request, if he may decide about it and saw it as it is.

    Refuses: Denied, NotFound, OwnRequest, RequestDecided, RequestChanged.
    """
    if approval.firm_id != actor.firm_id:
        raise NotFound()
    for place in places_in(approval).values():
        actor = authorize(actor, at=place)
    if approval.act == ApprovalAct.LET_IN:
        actor = authorize_on_person(actor, approval.user)
    require_decider(actor, approval)
    with _only_decider(approval) as row:
        if seen_of(row) != seen:
            raise RequestChanged()
        yield actor, row


@action("vestibule.users.validate")
def approve_request(actor: Actor, approval: Approval, *, seen: str) -> User:
    """Do what a request asks for, if it is still what was seen and both may still do it.

    `seen` is what `seen_of` said of the request when the decider looked at it. The person is
    let in, and invited where that was asked for and whoever asked may still invite; or somebody
    whom the firm knows gets the companies asked for, and nothing else of his changes.

    Refuses: Denied, OwnRequest, RequestDecided, RequestChanged, AskerMayNoLonger, PlaceClosed,
    WrongState.
    """
    actor = authorize(actor, at=approval.place)
    with _deciding(actor, approval, seen) as (actor, approval):
        order = order_in(approval, places_in(approval))
        require_open(order.places)
        if approval.act == ApprovalAct.LET_IN:
            user = _let_in(actor, approval, order)
        else:
            user = _open_access(actor, approval, order)
        close(approval, ApprovalState.APPROVED, actor)
    _tell_asker(approval)
    record(
        actor,
        "request.approved",
        _told_of(approval),
        place=approval.place,
        public={
            "act": approval.act,
            "user": str(user.pk),
            "asked_by": str(approval.asked_by_id) if approval.asked_by_id else "",
            "arguments_hash": approval.arguments_hash,
            "state": [ApprovalState.WAITING, approval.state],
        },
    )
    return user


def _told_of(approval: Approval) -> User | Approval:
    """Return what an event about a request is about: the person, unless the asker's companies
    may not become known to those who look after him elsewhere."""
    return approval.user if approval.act == ApprovalAct.LET_IN else approval


def _let_in(actor: Actor, approval: Approval, order: Order) -> User:
    user = approval.user
    if user.state != UserState.AWAITING_VALIDATION:
        raise WrongState(user=user.full_name)
    if approval.needs_second_person and not asker_still_may(approval, order, rights_of(user)):
        raise AskerMayNoLonger()

    user = _states.move(user, UserState.READY)
    held = Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk).not_over()
    held.filter(approved_by__isnull=True).update(approved_by=actor.user_id)
    asker = User.objects.filter(firm_id=user.firm_id, pk=approval.asked_by_id).first()
    if approval.arguments["send_email"] and may_offer(asker, user, is_operators=False):
        offer(actor, user, inviter_id=approval.asked_by_id)
    return user


def _open_access(actor: Actor, approval: Approval, order: Order) -> User:
    """Give somebody whom the firm knows the companies asked for, where he has none yet."""
    user: User = approval.user
    if user.is_staff_member or user.state in (UserState.ERASED, UserState.REFUSED):
        raise WrongState(user=user.full_name)
    for place in order.places:
        actor = authorize(actor, at=place, permission="vestibule.grants.change")
    granted = Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk).not_over()
    has = set(granted.values_list("place_id", flat=True))
    lacking = tuple(company for company in order.companies if company.pk not in has)
    access = read_access(actor, order, lacking)
    asker = asker_as_actor(approval)
    given = {company.pk: access.bits_at(company) for company in lacking}
    if asker is None or not asker_still_may(approval, order, given):
        raise AskerMayNoLonger()

    give(asker, user, access, approved_by=actor.user_id)
    bump_user(user)
    user.refresh_from_db()
    renew_pending(actor, user)
    if user.state == UserState.ACTIVE and lacking:
        names = [company.name for company in lacking]
        post("access_added", mailings.access_added_mail(user, names, asker.name), to=user)
    return user


@action("vestibule.users.validate")
def refuse_request(actor: Actor, approval: Approval, *, seen: str, reason: str) -> None:
    """Refuse what a request asks for, and say why; the asker is told and may ask again.

    Refuses: Denied, OwnRequest, RequestDecided, RequestChanged, Invalid at `reason`.
    """
    actor = authorize(actor, at=approval.place)
    reason = read_reason(reason, mandatory=True)
    with _deciding(actor, approval, seen) as (actor, approval):
        if approval.act == ApprovalAct.LET_IN:
            _states.move(approval.user, UserState.REFUSED, reason=reason)
        close(approval, ApprovalState.REFUSED, actor, reason=reason)
    _tell_asker(approval)
    record(
        actor,
        "request.refused",
        _told_of(approval),
        place=approval.place,
        public={
            "act": approval.act,
            "asked_by": str(approval.asked_by_id) if approval.asked_by_id else "",
            "state": [ApprovalState.WAITING, approval.state],
        },
        personal={"reason": [None, reason]},
    )


def _tell_asker(approval: Approval) -> None:
    """Tell whoever asked what was decided, if somebody else did and he is still there."""
    asker = User.objects.filter(
        firm_id=approval.firm_id, pk=approval.asked_by_id, state=UserState.ACTIVE
    ).first()
    if asker is not None and approval.decided_by_id != asker.pk:
        post("request_decided", mailings.request_decided_mail(approval), to=asker)
