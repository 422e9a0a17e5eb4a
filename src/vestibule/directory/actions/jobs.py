"""Jobs: acts put off to the worker. Claimed like mails, done once, wiped afterwards.

A long job is done in slices: its deed returns True while there is more to do. Each slice is a
transaction of its own, between two of them other jobs and mails have their turn, and whoever
comes after a killed worker goes on where the last slice ended.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import transaction

from vestibule import actor as actors
from vestibule import clock
from vestibule.directory.actions._asks import arguments_of
from vestibule.directory.actions.chain_checks import check_further
from vestibule.directory.actions.email_changes import answer_email_change
from vestibule.directory.actions.invitations import answer_fresh_link
from vestibule.directory.actions.outbox import TRY_AGAIN_AFTER, Claim, claim
from vestibule.directory.actions.passwords import answer_password_reset
from vestibule.directory.models import Job, WorkItem, WorkState
from vestibule.directory.scope import firm_scope
from vestibule.outage import is_database_away

log = logging.getLogger("vestibule.work")

DEEDS: dict[str, Callable[..., object]] = {
    "fresh_link": answer_fresh_link,
    "password_reset": answer_password_reset,
    "chain_check": check_further,
    "email_change": answer_email_change,
}
"""name of a job → what is called with the worker as actor and the job's arguments"""


def do_due(worker: str, *, limit: int = 20) -> int:
    """Do the jobs that are due for this worker; return how many were claimed.

    A job and its being done are one transaction: a worker that dies leaves it to be done.
    A job that fails as a bug does is tried again later and given up in the end.
    """
    claims = claim(worker, limit=limit, kind="job")
    for claimed in claims:
        try:
            _do(claimed)
        except Exception as error:
            if is_database_away(error):
                raise
            log.exception("a job failed and is tried again later")
            _put_off(claimed, type(error).__name__)
    return len(claims)


def _do(claimed: Claim) -> None:
    with firm_scope(claimed.firm_id), transaction.atomic():
        mine = Job.objects.filter(firm_id=claimed.firm_id, pk=claimed.id)
        job = mine.select_for_update(skip_locked=True, no_key=True).first()
        if job is None and mine.exists():
            return  # another worker is at it, and says itself what becomes of it
        item = WorkItem.objects.filter(pk=claimed.id)
        if job is not None:
            worker = actors.system(claimed.firm_id, job.name)
            if DEEDS[job.name](worker, **arguments_of(job)) is True:
                item.update(leased_until=None, leased_by="", due_at=clock.now(), attempts=0)
                return
            job.delete()
        item.update(state=WorkState.DONE, finished_at=clock.now(), leased_until=None, leased_by="")


def _put_off(claimed: Claim, reason: str) -> None:
    attempts = claimed.attempts + 1
    gone = attempts > len(TRY_AGAIN_AFTER)
    with firm_scope(claimed.firm_id):
        Job.objects.filter(firm_id=claimed.firm_id, pk=claimed.id).update(last_error=reason)
        WorkItem.objects.filter(pk=claimed.id).update(
            state=WorkState.DEAD if gone else WorkState.QUEUED,
            attempts=attempts,
            due_at=clock.now() + TRY_AGAIN_AFTER[min(attempts, len(TRY_AGAIN_AFTER)) - 1],
            leased_until=None,
            leased_by="",
        )
