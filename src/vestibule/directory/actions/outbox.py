"""Mails on their way: claimed by a worker, handed over, refused, tried again, given up.

The worker speaks SMTP between these calls, never inside one: no transaction waits for a mail server.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from vestibule import clock, sealing
from vestibule.actor import Actor
from vestibule.directory.actions._action import action, authorize, nothing_changed, record
from vestibule.directory.firm_views import logo_png
from vestibule.directory.models import MailState, OutboxMessage, WorkItem, WorkState
from vestibule.directory.scope import firm_scope

LEASE = timedelta(seconds=60)
"""How long a claim holds; whoever does not renew it within that time is taken for dead."""

TRY_AGAIN_AFTER = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=8),
)
"""The pauses after each attempt that was put off: a day in all, then the mail is given up."""

MOST_ATTEMPTS = len(TRY_AGAIN_AFTER) + 1
REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that one worker may send until its lease ends. Holds no personal data."""

    id: UUID
    firm_id: UUID
    worker: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail opened for sending."""

    message_id: str
    created_at: datetime
    to: str
    to_name: str
    from_name: str
    subject: str
    text: str
    html: str
    language: str
    reply_to: str = ""
    """where answers go; empty: to the sender's address"""
    logo: bytes | None = None
    """the PNG that the HTML part shows; it goes along inside the mail"""


def _due(at: datetime, kind: str = "mail") -> QuerySet[WorkItem]:
    unclaimed = Q(leased_until__isnull=True) | Q(leased_until__lte=at)
    return WorkItem.objects.filter(unclaimed, kind=kind, state=WorkState.QUEUED, due_at__lte=at)


def is_due(kind: str = "mail") -> bool:
    """Return whether a mail (or a job) waits to be claimed. Reads only: an idle worker locks nothing."""
    return _due(clock.now(), kind).exists()


def claim(worker: str, *, limit: int, kind: str = "mail") -> list[Claim]:
    """Take up to `limit` due mails (or jobs) of any firm for this worker, oldest first."""
    now = clock.now()
    with transaction.atomic():
        items = list(
            _due(now, kind).order_by("due_at", "pk").select_for_update(skip_locked=True)[:limit]
        )
        WorkItem.objects.filter(pk__in=[item.pk for item in items]).update(
            leased_until=now + LEASE, leased_by=worker
        )
    return [Claim(item.pk, item.firm_id, worker, item.attempts) for item in items]


def _held(claimed: Claim) -> QuerySet[WorkItem]:
    return WorkItem.objects.filter(
        pk=claimed.id, state=WorkState.QUEUED, leased_by=claimed.worker, attempts=claimed.attempts
    )


def begin_attempt(claimed: Claim) -> Claim | None:
    """Begin the lease anew and count the attempt; None when the claim was lost or the mail withdrawn.

    Counted before it is made, so that a mail that kills its worker is given up in the end; and not
    when it is claimed, for a killed worker takes mails with it that it never tried.
    """
    held = _held(claimed).update(leased_until=clock.now() + LEASE, attempts=F("attempts") + 1)
    return replace(claimed, attempts=claimed.attempts + 1) if held else None


def give_back(claims: Sequence[Claim]) -> None:
    """Return claims that were not tried: due at once for anybody."""
    for claimed in claims:
        _held(claimed).update(leased_until=None, leased_by="")


def open_letter(claimed: Claim) -> Letter | None:
    """Return what is to be sent, or None when it was withdrawn or has left already.

    Raises `sealing.CannotUnseal` when the key it was sealed with is not here.
    """
    with firm_scope(claimed.firm_id):
        message = OutboxMessage.objects.filter(
            firm_id=claimed.firm_id, pk=claimed.id, state=MailState.QUEUED
        ).first()
    if message is None or message.sealed is None:
        return None
    inside = json.loads(sealing.unseal(message.sealed))
    logo = None
    if inside.pop("has_logo", False):
        with firm_scope(claimed.firm_id):
            logo = logo_png(claimed.firm_id)
    return Letter(message_id=message.message_id, created_at=message.created_at, logo=logo, **inside)


@action("vestibule.mail.deliver")
def hand_over(actor: Actor, claimed: Claim) -> None:
    """Note that the mail server has answered for this mail, and wipe what was sealed.

    True even when the lease was lost meanwhile: it has left. A second call changes nothing.
    """
    authorize(actor, at=None)
    message = _locked(actor, claimed)
    if message is None or message.state == MailState.HANDED_OVER:
        nothing_changed()
        return

    message.handed_over_at = clock.now()
    _end(message, claimed, MailState.HANDED_OVER, WorkState.DONE)
    record(actor, "mail.handed_over", message.user or message, public=_said_of(message))


@action("vestibule.mail.deliver")
def refuse(actor: Actor, claimed: Claim, *, reason: str) -> None:
    """Note that the mail server will never take this mail, keep its reason, wipe what was sealed."""
    authorize(actor, at=None)
    message = _locked(actor, claimed)
    if message is None or message.state != MailState.QUEUED:
        nothing_changed()
        return

    message.last_error = _one_line(reason)
    _end(message, claimed, MailState.REFUSED, WorkState.DONE)
    record(actor, "mail.refused", message.user or message, public=_said_of(message))


@action("vestibule.mail.deliver")
def put_off(actor: Actor, claimed: Claim, *, reason: str) -> None:
    """Let the mail be tried again after the next pause; after the last one give it up.

    An attempt stands on the mail's row; only the end of it goes into the trail.
    """
    authorize(actor, at=None)
    message = _locked(actor, claimed)
    if message is None or message.state != MailState.QUEUED:
        nothing_changed()
        return

    message.last_error = _one_line(reason)
    if claimed.attempts >= MOST_ATTEMPTS:
        _end(message, claimed, MailState.DEAD, WorkState.DEAD)
        record(actor, "mail.given_up", message.user or message, public=_said_of(message))
        return
    message.attempts = claimed.attempts
    message.save(update_fields=["last_error", "attempts"])
    _held(claimed).update(
        due_at=clock.now() + TRY_AGAIN_AFTER[claimed.attempts - 1], leased_until=None, leased_by=""
    )
    nothing_changed()


def _locked(actor: Actor, claimed: Claim) -> OutboxMessage | None:
    return (
        OutboxMessage.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user")
        .filter(firm_id=actor.firm_id, pk=claimed.id)
        .first()
    )


def _end(message: OutboxMessage, claimed: Claim, state: MailState, work: WorkState) -> None:
    message.state = state
    message.sealed = None
    message.attempts = claimed.attempts
    message.save(update_fields=["state", "sealed", "attempts", "last_error", "handed_over_at"])
    WorkItem.objects.filter(pk=claimed.id).update(
        state=work, finished_at=clock.now(), leased_until=None, leased_by=""
    )


def _said_of(message: OutboxMessage) -> dict[str, object]:
    return {"mail": message.kind, "message_id": message.message_id, "attempts": message.attempts}


def _one_line(reason: str) -> str:
    visible = "".join(char if char.isprintable() else " " for char in reason)
    return " ".join(visible.split())[:REASON_LENGTH]
