"""Change of address: asked for, confirmed by a mail to the new one, told to the old one.

Decision 0023. Whoever is not in yet has nothing to take over: there the address changes at once.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from vestibule import clock
from vestibule.actor import Actor, Door
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import decide
from vestibule.directory import mailings
from vestibule.directory.actions._action import (
    action,
    authorize,
    giveable_bits,
    nothing_changed,
    record,
)
from vestibule.directory.actions._email_change import CONFIRM_MAIL, end_change, waiting_change
from vestibule.directory.actions._jobs import put_off
from vestibule.directory.actions._persons import (
    authorize_on_person,
    locked,
    places_of,
    rights_of,
)
from vestibule.directory.actions._post import post
from vestibule.directory.actions._texts import search_text_of, sort_key_of
from vestibule.directory.actions._tokens import consume, hash_of_secret, issue, require_bearer
from vestibule.directory.actions.invitations import close_links, renew_pending
from vestibule.directory.facts import actor_for
from vestibule.directory.models import (
    EmailChange,
    EmailChangeState,
    Session,
    Token,
    TokenPurpose,
    User,
    UserState,
)
from vestibule.directory.policies.addresses import (
    Address,
    login_key,
    read_address,
    require_personal,
)
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.querysets import is_whole_firm, reach_of
from vestibule.refusals import (
    Denied,
    EmailTaken,
    EmailUnchanged,
    Invalid,
    LimitReached,
    LinkDead,
    NotFound,
    Refusal,
    WrongState,
)

CONFIRM_WITHIN = timedelta(hours=24)
ASKED_WITHIN = timedelta(hours=1)
MOST_ASKED = 5
"""So many changes of one person's address within that time: each mails to an address just typed."""

NOT_IN_YET = (
    UserState.AWAITING_VALIDATION,
    UserState.REFUSED,
    UserState.READY,
    UserState.INVITED,
)


def authorize_on_address(actor: Actor, user: User) -> Actor:
    """Refuse all but the person himself and staff who may correct him wherever he is.

    Not a client's administrator: the answer would tell whether an address is known to the firm,
    and whoever sets the address can take the access over.
    """
    if user.firm_id != actor.firm_id:
        raise NotFound()
    if actor.user_id == user.pk:
        return authorize(actor, at=None, permission="vestibule.own.edit")
    actor = authorize_on_person(actor, user)
    if actor.standing is None or not actor.standing.is_staff:
        raise Denied(permission="vestibule.users.edit", reason="clients_change_no_address")
    return actor


@action("vestibule.users.edit")
def ask_email_change(actor: Actor, user: User, *, email: str) -> EmailChange | None:
    """Ask that a person who is in signs in with another address; return what waits now.

    Nothing changes before the new address is confirmed. The old one is told at once; what waited
    before is replaced. Whoever is not in yet gets the new address at once (None is returned), and
    an open invitation is sent to it afresh, which needs the right to invite.

    To somebody who asks for himself, an address that is another user's gets the answer of any
    other address; the link goes out later, where nobody can time it, or not at all.

    Refuses: Denied, WrongState, LimitReached, Invalid at `email`.
    """
    actor = authorize_on_address(actor, user)
    user = locked(user)
    if user.state != UserState.ACTIVE and user.state not in NOT_IN_YET:
        raise WrongState(user=user.full_name)
    for place in places_of(user) if user.state == UserState.INVITED else ():
        authorize(actor, at=place, permission="vestibule.users.invite")
    address = _read(user, email, tells_taken=actor.user_id != user.pk)
    if user.state in NOT_IN_YET:
        _change_now(actor, user, address)
        return None
    lately = EmailChange.objects.filter(
        firm_id=user.firm_id, user_id=user.pk, created_at__gt=clock.now() - ASKED_WITHIN
    )
    if lately.count() >= MOST_ASKED:
        raise LimitReached(retry_after_seconds=int(ASKED_WITHIN.total_seconds()))

    replaced = end_change(user, EmailChangeState.CANCELLED)
    now = clock.now()
    change = EmailChange.objects.create(
        firm_id=user.firm_id,
        user=user,
        email=address.email,
        canonical_email=address.canonical,
        asked_by_id=actor.user_id,
        created_at=now,
        expires_at=now + CONFIRM_WITHIN,
    )
    put_off(actor.firm_id, "email_change", {"change": str(change.pk)})
    post("email_change_asked", mailings.email_change_asked_mail(change), to=user)
    record(
        actor,
        "user.email_change_asked",
        user,
        place=user.billable_company,
        public={
            "change": str(change.pk),
            "expires_at": change.expires_at.isoformat(),
            "replaces": str(replaced.pk) if replaced is not None else None,
        },
        personal={"email": [user.email, address.email]},
    )
    return change


def _read(user: User, typed: str, *, tells_taken: bool) -> Address:
    """Return the address in what was typed.

    Refuses: Invalid at `email`.
    """
    try:
        address = read_address(typed)
        if address.canonical == user.canonical_email:
            raise EmailUnchanged()
        require_personal(address, policy=rules_of(user.firm_id).generic_addresses)
        if tells_taken and _is_taken(user, address.canonical):
            raise EmailTaken()
    except Refusal as refusal:
        raise Invalid({"email": [refusal]}) from None
    return address


def _is_taken(user: User, canonical: str) -> bool:
    others = User.objects.filter(firm_id=user.firm_id, canonical_email=canonical)
    return bool(others.exclude(pk=user.pk).exists())


def _change_now(actor: Actor, user: User, address: Address) -> None:
    """Give somebody who never was in another address; what was sent to the old one dies."""
    old = user.email
    try:
        _write(user, address)
    except EmailTaken as refusal:
        raise Invalid({"email": [refusal]}) from None
    renew_pending(actor, user)
    user.refresh_from_db()
    record(
        actor,
        "user.email_changed",
        user,
        place=user.billable_company,
        personal={"email": [old, user.email]},
    )


def _write(user: User, address: Address) -> None:
    """Store a new address, and what is derived from it; every older link and standing is past.

    Refuses: EmailTaken when somebody else has it by now.
    """
    user.email, user.canonical_email = address.email, address.canonical
    user.login_key = login_key(user.firm_id, address.canonical)
    user.search_text, user.sort_key = search_text_of(user), sort_key_of(user)
    try:
        with transaction.atomic():
            User.objects.filter(firm_id=user.firm_id, pk=user.pk).update(
                email=user.email,
                canonical_email=user.canonical_email,
                login_key=user.login_key,
                search_text=user.search_text,
                sort_key=user.sort_key,
                version=F("version") + 1,
                epoch=F("epoch") + 1,
            )
    except IntegrityError:
        raise EmailTaken() from None
    user.refresh_from_db()


@action("vestibule.link.answer")
def answer_email_change(actor: Actor, *, change: str) -> None:
    """Mail the link to the new address of a change, unless it is somebody else's address."""
    authorize(actor, at=None)
    nothing_changed()  # that it was asked for is recorded; more would tell which address is taken
    listed = EmailChange.objects.filter(firm_id=actor.firm_id, pk=change).first()
    if listed is None:
        return
    user = locked(listed.user)
    found = waiting_change(user)
    if found is None or found.pk != listed.pk or found.token_id is not None:
        return  # replaced, cancelled or answered before
    if found.expires_at <= clock.now() or user.state != UserState.ACTIVE:
        return
    if not _is_taken(user, found.canonical_email):
        _mail_link(user, found)


def _mail_link(user: User, change: EmailChange) -> None:
    secret = issue(user, TokenPurpose.EMAIL_CHANGE, valid=change.expires_at - clock.now())
    token = Token.objects.get(firm_id=user.firm_id, secret_hash=hash_of_secret(secret))
    EmailChange.objects.filter(firm_id=user.firm_id, pk=change.pk).update(token=token)
    message = mailings.confirm_email_mail(change, secret)
    post(CONFIRM_MAIL, message, to=user, address=change.email)


def open_email_change(firm_id: UUID, secret: str) -> EmailChange | None:
    """Return the change that a confirmation link could bring about now. Changes nothing.

    A change of the person's access meanwhile does not matter here, unlike with an invitation.
    """
    change = (
        EmailChange.objects.filter(
            firm_id=firm_id,
            state=EmailChangeState.PENDING,
            expires_at__gt=clock.now(),
            token__secret_hash=hash_of_secret(secret),
            token__purpose=TokenPurpose.EMAIL_CHANGE,
            token__used_at__isnull=True,
            token__revoked_at__isnull=True,
            token__expires_at__gt=clock.now(),
            user__state=UserState.ACTIVE,
        )
        .select_related("user", "token")
        .first()
    )
    if change is None or change.token is None:
        return None
    fits = change.user.canonical_email == change.token.email and _still_stands(change, change.user)
    return change if fits else None


def _still_stands(change: EmailChange, user: User) -> bool:
    """Return whether whoever asked could still ask: himself, or staff entitled as of now."""
    if change.asked_by_id == user.pk:
        return True
    asker = User.objects.filter(firm_id=user.firm_id, pk=change.asked_by_id).first()
    actor = actor_for(asker, door=Door.LINK) if asker is not None else None
    if actor is None or actor.standing is None or not actor.standing.is_staff:
        return False
    places, held = places_of(user), rights_of(user)
    if not places:
        return is_whole_firm(reach_of(actor, "vestibule.users.edit"))
    bit = reserved_bits("vestibule.users.edit")
    return all(
        decide(actor.standing, bit, place.path, clock.now())
        and not held.get(place.pk, 0) & ~giveable_bits(actor, place)
        for place in places
    )


@action("vestibule.link.use")
def confirm_email_change(actor: Actor, token: Token) -> User:
    """Let the person sign in with the new address from now on; the password stays.

    The link is used up, every other link of his dies, every session ends: whoever goes on
    needs the password. The old address is told.

    Refuses: LinkDead for anything that no longer holds, EmailTaken when the address has become
    somebody else's meanwhile.
    """
    authorize(actor, at=None)
    require_bearer(actor, token, TokenPurpose.EMAIL_CHANGE)
    user = locked(token.user)
    change = waiting_change(user)
    if (
        change is None
        or change.token_id != token.pk
        or user.state != UserState.ACTIVE
        or user.canonical_email != token.email
        or not _still_stands(change, user)
    ):
        raise LinkDead()

    consume(token)
    EmailChange.objects.filter(firm_id=user.firm_id, pk=change.pk).update(
        state=EmailChangeState.CONFIRMED, closed_at=clock.now()
    )
    old = user.email
    _write(user, Address(change.email, change.canonical_email))
    close_links(user)
    Session.objects.filter(firm_id=user.firm_id, user_id=user.pk).delete()
    user.refresh_from_db()
    post("email_changed", mailings.email_changed_mail(user, old), to=user, address=old)
    record(
        actor,
        "user.email_changed",
        user,
        place=user.billable_company,
        public={"change": str(change.pk)},
        personal={"email": [old, user.email]},
    )
    return user


@action("vestibule.users.edit")
def cancel_email_change(actor: Actor, user: User) -> User:
    """Let everything stay as it is: the link to the new address dies.

    Refuses: Denied, NotFound when no change waits any more.
    """
    actor = authorize_on_address(actor, user)
    user = locked(user)
    change = end_change(user, EmailChangeState.CANCELLED)
    if change is None:
        raise NotFound()

    record(
        actor,
        "user.email_change_cancelled",
        user,
        place=user.billable_company,
        public={"change": str(change.pk)},
        personal={"email": [change.email, user.email]},
    )
    return user


@action("vestibule.invitations.expire")
def expire_email_changes(actor: Actor) -> int:
    """Record every change of address that nobody confirmed in time; return how many."""
    authorize(actor, at=None)
    due = EmailChange.objects.filter(
        firm_id=actor.firm_id, state=EmailChangeState.PENDING, expires_at__lte=clock.now()
    )
    expired = 0
    for listed in due.select_related("user__billable_company").order_by("pk")[:200]:
        user = locked(listed.user)
        change = waiting_change(user)
        if change is None or change.pk != listed.pk:
            continue  # confirmed, cancelled or replaced while this list was read
        end_change(user, EmailChangeState.CANCELLED)
        record(
            actor,
            "user.email_change_expired",
            user,
            place=user.billable_company,
            public={"change": str(change.pk)},
            personal={"email": [change.email, user.email]},
        )
        expired += 1
    if not expired:
        nothing_changed()
    return expired
