"""A worker of the tests that ends itself with SIGKILL at one point: `python -m tests.work.kills POINT`."""

import os
import signal
import smtplib
import sys
from typing import Any

import django

django.setup()

from vestibule.work import sender, worker  # noqa: E402


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def settle_then_die(*args: Any) -> None:
    settle(*args)
    die()


def settle_before_sending(server: smtplib.SMTP, letter: Any) -> Any:
    """Without the guard: written down as handed over before it was."""
    (claim,) = claimed
    settle(claim, sender.Answer(sender.Outcome.HANDED_OVER))
    die()


def open_and_note(claim: Any) -> Any:
    claimed[:] = [claim]
    return open_letter(claim)


settle, open_letter = sender.settle, sender.open_letter
claimed: list[Any] = []
POINTS: dict[str, dict[str, Any]] = {
    "after the claim": {"open_letter": die},
    "after the 250, before the commit": {"settle": die},
    "after the commit": {"settle": settle_then_die},
    "settled before sending": {"open_letter": open_and_note, "hand_to": settle_before_sending},
    "nowhere": {},
}

if __name__ == "__main__":
    for name, instead in POINTS[sys.argv[1]].items():
        setattr(sender, name, instead)
    worker.run_until_told_to_stop()
