"""A job as a row: an act put off to the worker, written in the transaction that wants it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from vestibule import clock
from vestibule.directory.models import Job, WorkItem
from vestibule.directory.models.tenancy import new_id


def put_off(firm_id: UUID, name: str, arguments: dict[str, Any], *, unique_key: str = "") -> None:
    """Write the job `name`, due at once. Part of an act.

    With a `unique_key` there is at most one such job of the firm: a second one is an
    IntegrityError, for the act to answer.
    """
    job_id, now = new_id(), clock.now()
    WorkItem.objects.create(id=job_id, firm_id=firm_id, kind="job", due_at=now)
    Job.objects.create(
        id=job_id,
        firm_id=firm_id,
        name=name,
        arguments=arguments,
        unique_key=unique_key or str(job_id),
        created_at=now,
    )
