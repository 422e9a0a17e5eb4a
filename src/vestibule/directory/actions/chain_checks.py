"""Verifying the firm's chain of events: asked for on a page, done by the worker in slices.

The command line reads everything at once and writes down the same.
"""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory import audit
from vestibule.directory.actions._action import action, authorize, nothing_changed, record
from vestibule.directory.actions._jobs import put_off
from vestibule.directory.audit import START, Fault, Found, Verification
from vestibule.directory.models import ChainCheck, Event, EventHead, Job, WorkItem, WorkState
from vestibule.directory.models.tenancy import new_id

JOB = "chain_check"
"""The job's name, and its key: one check of a firm at a time."""

STOPPED = "stopped"
"""What a check says that the worker had to give up: nothing is known of the chain."""


@action("vestibule.audit.read")
def ask_chain_check(actor: Actor) -> ChainCheck:
    """Let the worker verify the whole chain. While one is being verified, that one is the answer.

    Refuses: Denied.
    """
    actor = authorize(actor, at=None)
    running = _running(actor.firm_id)
    if running is not None:
        nothing_changed()
        return running

    head = EventHead.objects.get(firm_id=actor.firm_id)
    check = ChainCheck(
        id=new_id(),
        firm_id=actor.firm_id,
        asked_by_id=actor.user_id,
        asked_at=clock.now(),
        total=head.sequence,
    )
    try:
        with transaction.atomic():
            put_off(actor.firm_id, JOB, {"check": str(check.pk)}, unique_key=JOB)
    except IntegrityError:  # somebody else asked at this very moment
        nothing_changed()
        latest: ChainCheck = ChainCheck.objects.filter(firm_id=actor.firm_id).latest("asked_at")
        return latest
    check.save(force_insert=True)
    record(actor, "audit.check_asked", check, public={"events": check.total})
    return check


@action("vestibule.audit.verify")
def check_further(actor: Actor, *, check: str) -> bool:
    """Verify the next slice of a check and note how far it got; return whether there is more.

    The first event that does not fit ends it. Going on after a kill begins where the last
    slice ended.
    """
    authorize(actor, at=None)
    row: ChainCheck | None = (
        ChainCheck.objects.filter(firm_id=actor.firm_id, pk=check, finished_at__isnull=True)
        .select_for_update(no_key=True)
        .first()
    )
    if row is None:
        nothing_changed()
        return False
    follows = _hash_at(actor.firm_id, row.checked)
    if follows is None:
        _finish(actor, row, Found(row.checked, Fault.MISSING))
        return False

    head = EventHead.objects.get(firm_id=actor.firm_id)
    is_last = head.sequence - row.checked <= audit.STRETCH
    if is_last:  # locked: nothing is added while the end is compared
        head = EventHead.objects.select_for_update(no_key=True).get(firm_id=actor.firm_id)
    read = audit.read_stretch(
        actor.firm_id, after=row.checked, follows=follows, until=head.sequence, limit=audit.STRETCH
    )
    row.checked, row.total = read.sequence, max(row.total, head.sequence)
    if read.faults:
        row.checked = read.faults[0].sequence
        _finish(actor, row, read.faults[0])
        return False
    if read.events == audit.STRETCH and read.sequence < head.sequence:
        row.save(update_fields=["checked", "total"])
        nothing_changed()
        return True
    _finish(actor, row, audit.fault_at_end(actor.firm_id, read, head))
    return False


@action("vestibule.audit.verify")
def note_check(actor: Actor, found: Verification) -> ChainCheck:
    """Write down what the command line found."""
    authorize(actor, at=None)
    check = ChainCheck(
        id=new_id(),
        firm_id=actor.firm_id,
        asked_at=clock.now(),
        total=found.events,
        checked=found.events,
    )
    check.save(force_insert=True)
    _finish(actor, check, found.found[0] if found.found else None)
    return check


def _finish(actor: Actor, check: ChainCheck, found: Found | None) -> None:
    check.finished_at = clock.now()
    if found is not None:
        check.broken_at, check.fault = found.sequence, found.fault.value
    check.save(update_fields=["checked", "total", "finished_at", "broken_at", "fault"])
    record(
        actor,
        "audit.checked",
        check,
        public={"events": check.checked, "broken_at": check.broken_at, "fault": check.fault},
    )


def _hash_at(firm_id: UUID, sequence: int) -> str | None:
    """Return the hash that the event after number `sequence` must name; None if it is gone."""
    if sequence == 0:
        return START
    found = Event.objects.filter(firm_id=firm_id, sequence=sequence)
    return found.values_list("hash", flat=True).first()


def _running(firm_id: UUID) -> ChainCheck | None:
    """Return the check under way. One that the worker gave up is closed, so that another may begin."""
    check: ChainCheck | None = (
        ChainCheck.objects.filter(firm_id=firm_id, finished_at__isnull=True)
        .order_by("-asked_at")
        .first()
    )
    if check is None:
        return None
    job = Job.objects.filter(firm_id=firm_id, unique_key=JOB).first()
    item = WorkItem.objects.filter(pk=job.pk).first() if job is not None else None
    if job is not None and item is not None and item.state == WorkState.QUEUED:
        return check
    if job is not None:
        job.delete()
    ChainCheck.objects.filter(firm_id=firm_id, pk=check.pk).update(
        finished_at=clock.now(), fault=STOPPED
    )
    return None
