"""Wizard drafts: kept while somebody types, emptied once their deed is done.

A draft is nobody's access and no event: it is its owner's scrap of paper, and only he sees
it. So these are plain functions, not actions (decision 0006).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import reach
from vestibule.directory.models import Draft
from vestibule.refusals import Denied, NotSignedIn, TextTooLong

SIZE_LIMIT = 20_000
"""Characters that one draft may hold in all."""


def require_creator(actor: Actor) -> UUID:
    """Refuse whoever may create users nowhere: he has nothing to draft. Return his id.

    Refuses: NotSignedIn, Denied.
    """
    if actor.standing is None or actor.user_id is None:
        raise NotSignedIn()
    if not reach(actor.standing, reserved_bits("vestibule.users.create"), clock.now()):
        raise Denied(permission="vestibule.users.create")
    return actor.user_id


def unfinished(actor: Actor, *, wizard: str = "") -> Draft | None:
    """Return the newest of one's drafts (of one wizard) that has an answer and no result yet."""
    mine = Draft.objects.visible_to(actor).filter(result_id__isnull=True, data__has_key="done")
    if wizard:
        mine = mine.filter(wizard=wizard)
    found: Draft | None = mine.order_by("-updated_at").first()
    return found


def begin_draft(actor: Actor, *, wizard: str, data: dict[str, Any]) -> Draft:
    """Start a draft of one's own."""
    owner_id = require_creator(actor)
    now = clock.now()
    draft: Draft = Draft.objects.create(
        firm_id=actor.firm_id,
        owner_id=owner_id,
        wizard=wizard,
        data=data,
        created_at=now,
        updated_at=now,
    )
    return draft


def keep_draft(actor: Actor, draft: Draft, **changes: Any) -> Draft:
    """Write what was typed into one's own draft.

    Refuses: Denied, TextTooLong.
    """
    require_creator(actor)
    if draft.owner_id != actor.user_id or draft.result_id is not None:
        raise Denied(permission="vestibule.users.create")
    with transaction.atomic():  # two requests of one page: neither overwrites the other's part
        now_kept: Draft = Draft.objects.select_for_update(no_key=True).get(
            firm_id=draft.firm_id, pk=draft.pk
        )
        if now_kept.result_id is not None:
            raise Denied(permission="vestibule.users.create")
        now_kept.data = {**now_kept.data, **changes}
        if len(str(now_kept.data)) > SIZE_LIMIT:
            raise TextTooLong(limit=SIZE_LIMIT)
        now_kept.updated_at = clock.now()
        now_kept.save(update_fields=["data", "updated_at"])
    return now_kept


def finish_draft(actor: Actor, draft: Draft, *, result_id: UUID, receipt: dict[str, Any]) -> Draft:
    """Empty one's draft: what was typed now exists, the receipt alone is kept."""
    if draft.owner_id != actor.user_id:
        raise Denied(permission="vestibule.users.create")
    draft.data = {"receipt": receipt}
    draft.result_id = result_id
    draft.updated_at = clock.now()
    draft.save(update_fields=["data", "result_id", "updated_at"])
    return draft
