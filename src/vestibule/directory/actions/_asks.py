"""What a stranger asks for: noted the same way for every address, answered by the worker.

The page's work and answer are equal whether the address is known or not (security.md 10);
whether a mail goes out is found out later, where nobody can time it.
"""

from __future__ import annotations

import base64

from vestibule import clock, sealing
from vestibule.actor import Actor
from vestibule.directory.models import Job, WorkItem
from vestibule.directory.models.tenancy import new_id

LENGTH = 320
"""Every sealed address has this many bytes: its size tells nothing either."""


def note(actor: Actor, name: str, email: str) -> None:
    """Write the job `name` with the address sealed, due at once. Part of an act."""
    job_id, now = new_id(), clock.now()
    padded = email.encode()[:LENGTH].ljust(LENGTH)
    WorkItem.objects.create(id=job_id, firm_id=actor.firm_id, kind="job", due_at=now)
    Job.objects.create(
        id=job_id,
        firm_id=actor.firm_id,
        name=name,
        arguments={"email": base64.b64encode(sealing.seal(padded)).decode()},
        unique_key=str(job_id),
        created_at=now,
    )


def address_in(job: Job) -> str:
    """Return the address that a job was noted with."""
    padded = sealing.unseal(base64.b64decode(job.arguments["email"]))
    return padded.decode("utf-8", "ignore").rstrip()
