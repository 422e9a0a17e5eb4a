"""The demo's mails: what was written to a firm's people and waits, opened for reading.

Reads only. Only who holds the sealing key can do this, and only the demo's inbox does.
"""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from vestibule import sealing
from vestibule.directory.firm_views import logo_png
from vestibule.directory.letters import LOGO_CID
from vestibule.directory.models import MailState, OutboxMessage
from vestibule.refusals import NotFound

SHOWN = 100


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A mail as its reader would get it; one that has left is wiped, and only its way is known."""

    id: UUID
    kind: str
    state: str
    """held, handed_over or refused"""
    at: datetime
    to: str
    subject: str = ""
    text: str = ""
    html: str = ""

    @property
    def is_wiped(self) -> bool:
        return not self.text


def newest_mails(firm_id: UUID) -> list[HeldMail]:
    """Return the newest mails of a firm that are held or were sent, the newest first."""
    return [_opened(row) for row in _kept(firm_id).order_by("-created_at", "-pk")[:SHOWN]]


def one_mail(firm_id: UUID, mail_id: UUID) -> HeldMail:
    """Return one mail of this firm.

    Refuses: NotFound.
    """
    row = _kept(firm_id).filter(pk=mail_id).first()
    if row is None:
        raise NotFound()
    return _opened(row)


def _kept(firm_id: UUID) -> QuerySet[OutboxMessage]:
    rows = OutboxMessage.objects.filter(firm_id=firm_id, user__isnull=False)
    return rows.exclude(state=MailState.WITHDRAWN).select_related("user")


def _opened(row: OutboxMessage) -> HeldMail:
    states = {MailState.QUEUED: "held", MailState.HANDED_OVER: "handed_over"}
    state = states.get(MailState(row.state), "refused")
    inside: dict[str, str] = {"to": row.user.email if row.user is not None else ""}
    if row.sealed is not None:
        with suppress(sealing.CannotUnseal):  # sealed with a key that is no longer here
            inside = json.loads(sealing.unseal(bytes(row.sealed)))
    return HeldMail(
        id=row.pk,
        kind=row.kind,
        state=state,
        at=row.created_at,
        to=inside.get("to", ""),
        subject=inside.get("subject", ""),
        text=inside.get("text", ""),
        html=with_logo(inside.get("html", ""), row.firm_id),
    )


def with_logo(html: str, firm_id: UUID) -> str:
    """Return a mail's HTML part with the firm's picture in it, for a browser, which has no mail
    around it to find the picture in."""
    source = f"cid:{LOGO_CID}"
    png = logo_png(firm_id) if source in html else None
    if png is None:
        return html
    return html.replace(source, f"data:image/png;base64,{base64.b64encode(png).decode()}")
