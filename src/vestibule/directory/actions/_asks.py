"""What a stranger asks for: noted the same way for every address, answered by the worker.

The page's work and answer are equal whether the address is known or not (security.md 10);
whether a mail goes out is found out later, where nobody can time it.
"""

from __future__ import annotations

import base64
from typing import Any

from vestibule import sealing
from vestibule.actor import Actor
from vestibule.directory.actions._jobs import put_off
from vestibule.directory.models import Job

LENGTH = 320
"""Every sealed address has this many bytes: its size tells nothing either."""


def note(actor: Actor, name: str, email: str) -> None:
    """Write the job `name` with the address sealed, due at once. Part of an act."""
    padded = email.encode()[:LENGTH].ljust(LENGTH)
    put_off(actor.firm_id, name, {"email": base64.b64encode(sealing.seal(padded)).decode()})


def arguments_of(job: Job) -> dict[str, Any]:
    """Return what a job was put off with, its address unsealed."""
    return {
        name: _unsealed(value) if name == "email" else value
        for name, value in job.arguments.items()
    }


def _unsealed(sealed: str) -> str:
    return sealing.unseal(base64.b64decode(sealed)).decode("utf-8", "ignore").rstrip()
