"""Posting: a sealed mail and its work item, written in the transaction of the act."""

from __future__ import annotations

import json

from django.db.models import QuerySet

from vestibule import clock, sealing
from vestibule.directory.links import firm_base
from vestibule.directory.mails import Message
from vestibule.directory.models import (
    Firm,
    Invitation,
    MailState,
    OutboxMessage,
    User,
    WorkItem,
    WorkState,
)
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.rules import rules_of


def post(
    kind: str,
    message: Message,
    *,
    to: User,
    invitation: Invitation | None = None,
    address: str = "",
) -> None:
    """Put a mail to a user's stored address into the outbox; the worker sends it after commit.

    The whole message is sealed: nobody but the mail server and the person reads it. With
    `address` it goes to one that is not yet, or no longer, the user's, and without his name.
    """
    firm = Firm.objects.get(pk=to.firm_id)
    rules = rules_of(firm.pk)
    row_id = new_id()
    host = firm_base(firm).partition("//")[2].partition("/")[0].partition(":")[0]
    now = clock.now()
    sealed = {
        "to": address or to.email,
        "to_name": to.full_name if to.full_name != to.email and not address else "",
        "from_name": rules.sender_name or firm.name,
        "reply_to": rules.reply_to,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "language": message.language,
        "has_logo": message.has_logo,
    }
    WorkItem.objects.create(id=row_id, firm_id=firm.pk, kind="mail", due_at=now)
    OutboxMessage.objects.create(
        id=row_id,
        firm_id=firm.pk,
        user_id=to.pk,
        invitation=invitation,
        kind=kind,
        message_id=f"<{row_id.hex}@{host or 'localhost'}>",
        sealed=sealing.seal(json.dumps(sealed, ensure_ascii=False).encode()),
        created_at=now,
    )


WITH_LINKS = ("invitation", "password_reset", "email_confirm")


def withdraw(invitation: Invitation) -> None:
    """Take back mails of an invitation that have not left yet, and wipe them."""
    _take_back(
        OutboxMessage.objects.filter(
            firm_id=invitation.firm_id, invitation_id=invitation.pk, state=MailState.QUEUED
        )
    )


def withdraw_links(user: User) -> None:
    """Take back every mail with a link for this user that has not left yet, and wipe it."""
    _take_back(
        OutboxMessage.objects.filter(
            firm_id=user.firm_id, user_id=user.pk, kind__in=WITH_LINKS, state=MailState.QUEUED
        )
    )


def withdraw_kind(user: User, kind: str) -> None:
    """Take back mails of one kind to this user that have not left yet, and wipe them."""
    _take_back(
        OutboxMessage.objects.filter(
            firm_id=user.firm_id, user_id=user.pk, kind=kind, state=MailState.QUEUED
        )
    )


def _take_back(rows: QuerySet[OutboxMessage]) -> None:
    ids = list(rows.values_list("pk", flat=True))
    rows.update(state=MailState.WITHDRAWN, sealed=None)
    WorkItem.objects.filter(pk__in=ids, state=WorkState.QUEUED).update(
        state=WorkState.DONE, finished_at=clock.now()
    )
