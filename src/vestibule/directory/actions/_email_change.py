"""A change of address that waits: finding it and ending it. Parts of acts."""

from __future__ import annotations

from vestibule import clock
from vestibule.directory.actions._post import withdraw_kind
from vestibule.directory.actions._tokens import revoke
from vestibule.directory.models import EmailChange, EmailChangeState, TokenPurpose, User

CONFIRM_MAIL = "email_confirm"


def waiting_change(user: User) -> EmailChange | None:
    """Return the change of address that waits for its confirmation, if there is one."""
    found: EmailChange | None = EmailChange.objects.filter(
        firm_id=user.firm_id, user_id=user.pk, state=EmailChangeState.PENDING
    ).first()
    return found


def end_change(user: User, state: EmailChangeState) -> EmailChange | None:
    """End the change that waits: its link dies, a mail with it that has not left is taken back."""
    change = waiting_change(user)
    if change is None:
        return None
    EmailChange.objects.filter(firm_id=user.firm_id, pk=change.pk).update(
        state=state, closed_at=clock.now()
    )
    revoke(user, TokenPurpose.EMAIL_CHANGE)
    withdraw_kind(user, CONFIRM_MAIL)
    return change
