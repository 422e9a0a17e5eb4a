"""Passwords: ask for a reset, set a new one by its link. Neither ever lifts a state."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import F

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory import mailings
from vestibule.directory.actions._action import action, authorize, nothing_changed, record
from vestibule.directory.actions._asks import note
from vestibule.directory.actions._email_change import end_change
from vestibule.directory.actions._persons import locked
from vestibule.directory.actions._post import post
from vestibule.directory.actions._tokens import (
    consume,
    find_open,
    issue,
    issued_lately,
    require_bearer,
    revoke,
)
from vestibule.directory.actions.invitations import (
    ASKED_WITHIN,
    MOST_ASKED,
    answer_invited,
)
from vestibule.directory.models import (
    EmailChangeState,
    Session,
    Token,
    TokenPurpose,
    User,
    UserState,
)
from vestibule.directory.policies.addresses import read_address
from vestibule.directory.policies.passwords import NewPassword
from vestibule.refusals import LinkDead, Refusal

RESET_VALID = timedelta(hours=2)


@action("vestibule.link.ask")
def ask_password_reset(actor: Actor, *, email: str) -> None:
    """Note that somebody asks for a new password, with the same work for every address."""
    authorize(actor, at=None)
    note(actor, "password_reset", email)
    nothing_changed()


@action("vestibule.link.answer")
def answer_password_reset(actor: Actor, *, email: str) -> None:
    """Mail a reset link to the stored address of the exactly matching, active user.

    Somebody who is still invited gets a fresh invitation link instead: he has no password
    yet, and a reset never lifts a state.
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
    if user is not None and user.state == UserState.INVITED:
        answer_invited(actor, user)
        return
    if user is None or user.state != UserState.ACTIVE:
        nothing_changed()
        return

    if issued_lately(user, TokenPurpose.PASSWORD_RESET, within=ASKED_WITHIN) >= MOST_ASKED:
        nothing_changed()
        return
    secret = issue(user, TokenPurpose.PASSWORD_RESET, valid=RESET_VALID, beside_earlier=True)
    message = mailings.reset_mail(user, secret, clock.now() + RESET_VALID)
    post("password_reset", message, to=user)
    record(actor, "password.reset_asked", user, place=user.billable_company)


def open_reset(firm_id: UUID, secret: str) -> Token | None:
    """Return the token of a reset link that could be used now. Changes nothing."""
    token = find_open(firm_id, secret, TokenPurpose.PASSWORD_RESET)
    return token if token is not None and token.user.state == UserState.ACTIVE else None


@action("vestibule.link.use")
def reset_password(actor: Actor, token: Token, *, password: NewPassword) -> User:
    """Set the password just chosen; every session ends, the person is told by mail.

    A change of address that waits is stopped: the mail about it says to choose a new password.

    Refuses: LinkDead.
    """
    authorize(actor, at=None)
    require_bearer(actor, token, TokenPurpose.PASSWORD_RESET)
    user = locked(token.user)
    if user.state != UserState.ACTIVE or user.version != token.user_version:
        raise LinkDead()

    consume(token)
    revoke(user, TokenPurpose.PASSWORD_RESET)
    stopped = end_change(user, EmailChangeState.CANCELLED)
    User.objects.filter(firm_id=user.firm_id, pk=user.pk).update(
        password=password.encoded, epoch=F("epoch") + 1
    )
    Session.objects.filter(firm_id=user.firm_id, user_id=user.pk).delete()
    user.refresh_from_db()
    post("password_changed", mailings.password_changed_mail(user), to=user)
    record(
        actor,
        "password.reset",
        user,
        place=user.billable_company,
        public={"email_change_stopped": str(stopped.pk)} if stopped is not None else None,
    )
    return user
