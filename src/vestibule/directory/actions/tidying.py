"""What nobody needs any more goes, a little at a time: scraps of paper, dead links, done work.

Nothing here is anybody's access, and the audit trail keeps what happened; so this is a plain
function and no action (decision 0006).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from vestibule import clock
from vestibule.directory.models import Draft, IdempotencyKey, Token, WorkItem, WorkState
from vestibule.directory.scope import firm_scope

DRAFTS_KEPT = timedelta(days=30)
"""A draft that nobody touched for so long was abandoned; so is the receipt of a finished one."""

KEYS_KEPT = timedelta(days=30)
"""Nobody retries the same call after so long."""

TOKENS_KEPT = timedelta(days=90)
"""A dead link is answered like one that never was, so its row need not stay."""

WORK_KEPT = timedelta(days=30)

MOST_AT_ONCE = 500
"""Rows of each kind that go in one round, so that no round holds the writer for long."""


def tidy_firm(firm_id: UUID) -> int:
    """Remove what has had its time; return how many rows went."""
    now = clock.now()
    with firm_scope(firm_id):
        return sum(
            _remove(rows)
            for rows in (
                Draft.objects.filter(firm_id=firm_id, updated_at__lt=now - DRAFTS_KEPT),
                IdempotencyKey.objects.filter(firm_id=firm_id, created_at__lt=now - KEYS_KEPT),
                Token.objects.filter(
                    Q(used_at__lt=now - TOKENS_KEPT)
                    | Q(revoked_at__lt=now - TOKENS_KEPT)
                    | Q(expires_at__lt=now - TOKENS_KEPT),
                    firm_id=firm_id,
                ),
                WorkItem.objects.filter(
                    firm_id=firm_id, state=WorkState.DONE, finished_at__lt=now - WORK_KEPT
                ),
            )
        )


def _remove(rows: QuerySet[Any]) -> int:
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    if ids:
        rows.model._default_manager.filter(pk__in=ids).delete()
    return len(ids)
