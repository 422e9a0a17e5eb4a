"""Invitations: send, cancel, accept, ask for a fresh link, expire.

The row is the offer: what an acceptance gives is read from the server's rows and decided
again; the link's bearer chooses neither address nor rights.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import F

from vestibule import clock
from vestibule.actor import Actor, Door
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import decide
from vestibule.directory import mailings
from vestibule.directory.actions import _states
from vestibule.directory.actions._action import (
    action,
    authorize,
    giveable_bits,
    nothing_changed,
    record,
)
from vestibule.directory.actions._asks import note
from vestibule.directory.actions._email_change import end_change
from vestibule.directory.actions._persons import (
    authorize_on_person,
    locked,
    places_of,
    rights_of,
)
from vestibule.directory.actions._post import post, withdraw, withdraw_links
from vestibule.directory.actions._texts import search_text_of, sort_key_of
from vestibule.directory.actions._tokens import (
    consume,
    find_open,
    issue,
    issued_lately,
    require_bearer,
    revoke,
)
from vestibule.directory.facts import actor_for
from vestibule.directory.models import (
    EmailChangeState,
    Event,
    Invitation,
    InvitationState,
    Token,
    TokenPurpose,
    User,
    UserState,
)
from vestibule.directory.policies.addresses import read_address, read_phone, region_of
from vestibule.directory.policies.names import Gathered, read_name
from vestibule.directory.policies.passwords import NewPassword
from vestibule.directory.policies.rules import rules_of
from vestibule.refusals import ChoiceUnknown, LinkDead, NothingToOffer, Refusal, WrongState

LANGUAGES = ("en", "fr", "de")

ASKED_WITHIN = timedelta(hours=1)
MOST_ASKED = 5
"""So many links within that time; a stranger who asks for more gets the same answer and no mail goes."""


def offer(actor: Actor, user: User, *, inviter_id: UUID | None) -> Invitation:
    """Write a fresh offer with its link and mail, replacing an open one. Part of an act."""
    close_pending(user, InvitationState.REPLACED)
    User.objects.filter(firm_id=user.firm_id, pk=user.pk).update(version=F("version") + 1)
    user.refresh_from_db()
    valid = timedelta(days=rules_of(user.firm_id).invitation_days)
    now = clock.now()
    invitation = Invitation.objects.create(
        firm_id=user.firm_id,
        user=user,
        invited_by_id=inviter_id,
        email=user.canonical_email,
        user_version=user.version,
        created_at=now,
        expires_at=now + valid,
    )
    secret = issue(user, TokenPurpose.INVITATION, valid=valid, invitation=invitation)
    if user.state != UserState.INVITED:
        _states.move(user, UserState.INVITED)
    message = mailings.invitation_mail(invitation, secret)
    post("invitation", message, to=user, invitation=invitation)
    return invitation


def close_pending(user: User, state: InvitationState) -> Invitation | None:
    """Close the user's open invitation: its link dies, a mail not yet sent is taken back."""
    invitation: Invitation | None = Invitation.objects.filter(
        firm_id=user.firm_id, user_id=user.pk, state=InvitationState.PENDING
    ).first()
    if invitation is None:
        return None
    Invitation.objects.filter(firm_id=user.firm_id, pk=invitation.pk).update(
        state=state, closed_at=clock.now()
    )
    revoke(user, TokenPurpose.INVITATION)
    withdraw(invitation)
    return invitation


def renew_pending(actor: Actor, user: User) -> None:
    """Replace an open invitation by a fresh one of the same inviter. Part of an act."""
    pending = Invitation.objects.filter(
        firm_id=user.firm_id, user_id=user.pk, state=InvitationState.PENDING
    ).first()
    if pending is None or pending.expires_at <= clock.now():
        return
    if _still_stands(pending, user):
        offer(actor, user, inviter_id=pending.invited_by_id)


def take_back(user: User) -> None:
    """Take back the invitation of somebody invited, lapsed or not: its link dies and he is ready
    again. Part of an act.

    Refuses: WrongState.
    """
    if user.state != UserState.INVITED:
        raise WrongState(user=user.full_name)

    if close_pending(user, InvitationState.CANCELLED) is None:
        Invitation.objects.filter(
            firm_id=user.firm_id, user_id=user.pk, state=InvitationState.EXPIRED
        ).update(state=InvitationState.CANCELLED)
    User.objects.filter(firm_id=user.firm_id, pk=user.pk).update(version=F("version") + 1)
    _states.move(user, UserState.READY)


def close_links(user: User) -> None:
    """Let every link of a user die, whatever it was for, and take back its unsent mail."""
    end_change(user, EmailChangeState.CANCELLED)
    for purpose in TokenPurpose:
        revoke(user, purpose)
    withdraw_links(user)
    User.objects.filter(firm_id=user.firm_id, pk=user.pk).update(version=F("version") + 1)


@action("vestibule.users.invite")
def send_invitation(actor: Actor, user: User) -> Invitation:
    """Mail a link to a user who is ready, or a fresh one to a user already invited (S0-16).

    Every earlier link dies.

    Refuses: Denied, WrongState, NothingToOffer when all his companies are closed.
    """
    actor = authorize_on_person(actor, user)
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
        "invitation.sent" if before == UserState.READY else "invitation.resent",
        user,
        place=user.billable_company,
        public={
            "invitation": str(invitation.pk),
            "expires_at": invitation.expires_at.isoformat(),
            "state": [before, user.state],
        },
    )
    return invitation


@action("vestibule.users.invite")
def cancel_invitation(actor: Actor, user: User) -> User:
    """Take an invitation back: its link dies, the user is ready again.

    Refuses: Denied, WrongState.
    """
    actor = authorize_on_person(actor, user)
    user = locked(user)

    take_back(user)
    record(
        actor,
        "invitation.cancelled",
        user,
        place=user.billable_company,
        public={"state": [UserState.INVITED, user.state]},
    )
    return user


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What the invited person may correct about himself; never the address."""

    first_name: str
    last_name: str
    phone: str
    language: str


def open_invitation(firm_id: UUID, secret: str) -> Token | None:
    """Return the token of an invitation link that could be accepted now. Changes nothing."""
    token = find_open(firm_id, secret, TokenPurpose.INVITATION)
    if token is None or token.invitation is None:
        return None
    fits = (
        token.user.state == UserState.INVITED
        and token.invitation.state == InvitationState.PENDING
        and token.invitation.expires_at > clock.now()
        and _still_stands(token.invitation, token.user)
    )
    return token if fits else None


def _still_stands(invitation: Invitation, user: User) -> bool:
    """Return whether the offer may still be made by its inviter, at places still open."""
    inviter = User.objects.filter(firm_id=user.firm_id, pk=invitation.invited_by_id).first()
    return may_offer(inviter, user, is_operators=invitation.invited_by_id is None)


def may_offer(inviter: User | None, user: User, *, is_operators: bool) -> bool:
    """Return whether an offer by this inviter could be accepted: some place of it is open, and
    he may invite at all of them and give all of it (law 3), as of now. Staff are invited by
    whoever may create or change staff."""
    places = places_of(user)
    if places and not any(place.is_open for place in places):
        return False
    if is_operators:
        return True  # the operator's, at the server's command line
    if inviter is None:
        return False
    actor = actor_for(inviter, door=Door.LINK)
    if actor.standing is None:
        return False
    asked: tuple[str, ...] = ("vestibule.users.invite",)
    if user.is_staff_member:
        asked = ("vestibule.staff.create", "vestibule.staff.change")
    bits, held = [reserved_bits(name) for name in asked], rights_of(user)
    return all(
        any(decide(actor.standing, bit, place.path, clock.now()) for bit in bits)
        and not held.get(place.pk, 0) & ~giveable_bits(actor, place)
        for place in places
    )


@action("vestibule.link.use")
def accept_invitation(
    actor: Actor, token: Token, *, password: NewPassword, corrections: Corrections
) -> User:
    """Let the invited person in with the password just chosen (S2-16). The link is used up.

    Refuses: LinkDead for anything that no longer holds, Invalid at a corrected field.
    """
    authorize(actor, at=None)
    gathered = Gathered()
    names = {"first_name": "", "last_name": ""}
    for field in names:
        try:
            names[field] = read_name(getattr(corrections, field))
        except Refusal as refusal:
            gathered.refuse(field, refusal)
    phone = ""
    try:
        phone = read_phone(corrections.phone, region=region_of(actor.firm_id))
    except Refusal as refusal:
        gathered.refuse("phone", refusal)
    if corrections.language not in LANGUAGES:
        gathered.refuse("language", ChoiceUnknown())
    gathered.stop_if_refused()
    require_bearer(actor, token, TokenPurpose.INVITATION)
    user = locked(token.user)
    if token.invitation_id is None:
        raise LinkDead()
    invitation = Invitation.objects.filter(
        firm_id=user.firm_id, pk=token.invitation_id, state=InvitationState.PENDING
    ).first()
    if (
        invitation is None
        or user.state != UserState.INVITED
        or user.version != token.user_version
        or user.canonical_email != token.email
        or not _still_stands(invitation, user)
    ):
        raise LinkDead()

    consume(token)
    revoke(user, TokenPurpose.INVITATION)
    withdraw(invitation)
    now = clock.now()
    Invitation.objects.filter(firm_id=user.firm_id, pk=invitation.pk).update(
        state=InvitationState.ACCEPTED, closed_at=now
    )
    old = {
        "first_name": user.first_name,
        "last_name": user.last_name,
        "phone": user.phone,
        "language": user.language,
    }
    new = {**names, "phone": phone, "language": corrections.language}
    for field, value in new.items():
        setattr(user, field, value)
    user.password = password.encoded
    user.search_text = search_text_of(user)
    user.sort_key = sort_key_of(user)
    user.save(update_fields=[*new, "password", "search_text", "sort_key"])
    _states.move(user, UserState.ACTIVE)
    record(
        actor,
        "invitation.accepted",
        user,
        place=user.billable_company,
        public={
            "invitation": str(invitation.pk),
            "state": [UserState.INVITED, user.state],
        },
        personal={
            field: [old[field], value] for field, value in new.items() if old[field] != value
        },
    )
    return user


@action("vestibule.link.ask")
def ask_fresh_link(actor: Actor, *, email: str) -> None:
    """Note that somebody asks for a fresh link, with the same work for every address."""
    authorize(actor, at=None)
    note(actor, "fresh_link", email)
    nothing_changed()


@action("vestibule.link.answer")
def answer_fresh_link(actor: Actor, *, email: str) -> None:
    """Mail a fresh link to an invited address that asked for one.

    Only the stored address of the exactly matching user is ever written to. Somebody whose
    invitation was cancelled is not invited again: who invited him is asked to decide.
    """
    authorize(actor, at=None)
    try:
        canonical = read_address(email).canonical
    except Refusal:
        canonical = ""
    user = (
        User.objects.filter(firm_id=actor.firm_id, canonical_email=canonical)
        .select_for_update(no_key=True)
        .first()
    )
    if user is None:
        nothing_changed()
        return
    answer_invited(actor, user)


def answer_invited(actor: Actor, user: User) -> None:
    """Answer a known person who asks for a link and has no password yet. Part of an act."""
    last = (
        Invitation.objects.filter(firm_id=user.firm_id, user_id=user.pk)
        .order_by("-created_at")
        .first()
    )
    if last is None or last.state == InvitationState.ACCEPTED:
        nothing_changed()
        return
    was_cancelled = last.state == InvitationState.CANCELLED and user.state == UserState.READY
    if was_cancelled or (user.state == UserState.INVITED and not _still_stands(last, user)):
        _ask_inviter(actor, last, user)
        return
    too_many = issued_lately(user, TokenPurpose.INVITATION, within=ASKED_WITHIN) >= MOST_ASKED
    if user.state != UserState.INVITED or too_many:
        nothing_changed()
        return

    if last.state == InvitationState.PENDING and last.expires_at > clock.now():
        _mail_another_link(last, user)
    else:
        last = offer(actor, user, inviter_id=last.invited_by_id)
    record(
        actor,
        "invitation.renewed",
        user,
        place=user.billable_company,
        public={"invitation": str(last.pk)},
    )


def _mail_another_link(invitation: Invitation, user: User) -> None:
    """Mail a second link to an offer that is still open. The first one lives on."""
    secret = issue(
        user,
        TokenPurpose.INVITATION,
        valid=invitation.expires_at - clock.now(),
        invitation=invitation,
        beside_earlier=True,
    )
    message = mailings.invitation_mail(invitation, secret, asked_for=True)
    post("invitation", message, to=user, invitation=invitation)


def _ask_inviter(actor: Actor, invitation: Invitation, user: User) -> None:
    """Tell who invited, if he is still there, that the person asks again: once a day at most."""
    told = Event.objects.filter(
        firm_id=user.firm_id,
        object_type="user",
        object_id=str(user.pk),
        name="invitation.asked_again",
        at__gt=clock.now() - timedelta(days=1),
    )
    if told.exists():
        nothing_changed()
        return
    inviter = User.objects.filter(
        firm_id=user.firm_id, pk=invitation.invited_by_id, state=UserState.ACTIVE
    ).first()
    if inviter is not None:
        post("asked_again", mailings.asked_again_mail(inviter, user), to=inviter)
    record(actor, "invitation.asked_again", user, place=user.billable_company)


@action("vestibule.invitations.expire")
def expire_invitations(actor: Actor) -> int:
    """Record every invitation whose time has passed; return how many. Nothing expires silently."""
    authorize(actor, at=None)
    due = list(
        Invitation.objects.filter(
            firm_id=actor.firm_id, state=InvitationState.PENDING, expires_at__lte=clock.now()
        )
        .select_related("user__billable_company")
        .order_by("pk")[:200]
    )
    expired = 0
    for listed in due:
        user = locked(listed.user)
        pending = Invitation.objects.filter(
            pk=listed.pk, state=InvitationState.PENDING, expires_at__lte=clock.now()
        )
        if not pending.exists():
            continue  # sent again or accepted while this list was read
        close_pending(user, InvitationState.EXPIRED)
        record(
            actor,
            "invitation.expired",
            user,
            place=user.billable_company,
            public={"invitation": str(listed.pk)},
        )
        expired += 1
    if not expired:
        nothing_changed()
    return expired
