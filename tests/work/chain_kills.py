"""A worker of the tests that ends itself with SIGKILL in one slice of a long job: `python -m tests.work.chain_kills SLICE`."""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from vestibule.directory import audit  # noqa: E402
from vestibule.work import worker  # noqa: E402

read_stretch = audit.read_stretch
slices = 0


def read_or_die(*args: Any, **kwargs: Any) -> Any:
    """Read a slice, and die before it is committed when it is the one named (0: never)."""
    global slices
    slices += 1
    found = read_stretch(*args, **kwargs)
    if slices == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return found


if __name__ == "__main__":
    audit.STRETCH = 5
    audit.read_stretch = read_or_die
    worker.run_until_told_to_stop()
