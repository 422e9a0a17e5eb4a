"""A worker that does what it is told, with a clock of its own, and is killed at a named point."""

import dataclasses
import os
import signal
import smtplib
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from vestibule import clock, conf
from vestibule.directory.actions import outbox
from vestibule.work import sender
from vestibule.work.worker import Worker

Deed = Callable[..., Any]


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def run(
    *,
    name: str,
    port: int,
    minutes_ahead: float,
    die_at: str = "",
    without: str = "",
    rounds: int | None = None,
) -> dict[str, Any]:
    """Do rounds until one finds nothing (or `rounds` of them); return what each tried.

    `minutes_ahead` is how far this process's clock is ahead of the machine's.
    """
    settings.VESTIBULE = dataclasses.replace(
        settings.VESTIBULE, smtp=conf.SmtpAddress("127.0.0.1", port)
    )
    if without:
        WITHOUT[without]()
    if die_at:
        DIE_AT[die_at]()
    ahead = timedelta(minutes=minutes_ahead)
    worker = Worker(name, threading.Event())
    tried: list[int | str] = []
    with clock.reading_from(lambda: datetime.now(UTC) + ahead):
        while rounds is None or len(tried) < rounds:
            try:
                tried.append(worker.round())
            except sender.MailServerAway as error:
                tried.append(f"away: {error}")
                break
            if tried[-1] == 0:
                break
    return {"tried": tried}


def _first(deed: Callable[[], None], then: Deed) -> Deed:
    def both(*args: Any, **kwargs: Any) -> Any:
        deed()
        return then(*args, **kwargs)

    return both


def _after(real: Deed, deed: Callable[[], None]) -> Deed:
    def both(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        deed()
        return result

    return both


def _after_the_claim() -> None:
    outbox.claim = _after(outbox.claim, die)


def _before_the_talk() -> None:
    sender.hand_to = die  # type: ignore[assignment]


def _after_the_250() -> None:
    sender.settle = die  # type: ignore[assignment]


def _within_the_commit() -> None:
    """All of the settling is written, and not committed."""
    outbox._end = _after(outbox._end, die)


def _after_the_commit() -> None:
    sender.settle = _after(sender.settle, die)


DIE_AT: dict[str, Callable[[], None]] = {
    "after the claim": _after_the_claim,
    "before the talk": _before_the_talk,
    "after the 250": _after_the_250,
    "before the commit": _within_the_commit,
    "after the commit": _after_the_commit,
}


# --- one guard less -------------------------------------------------------------------------


def _settle_before_sending() -> None:
    """The mail is written down as handed over, and then sent."""
    open_letter, hand_to = sender.open_letter, sender.hand_to
    opened: list[outbox.Claim] = []

    def open_and_note(claim: outbox.Claim) -> outbox.Letter | None:
        opened[:] = [claim]
        return open_letter(claim)

    def settle_then_send(server: smtplib.SMTP, letter: outbox.Letter) -> sender.Answer:
        sender.settle(opened[0], sender.Answer(sender.Outcome.HANDED_OVER))
        return hand_to(server, letter)

    sender.open_letter, sender.hand_to = open_and_note, settle_then_send


def _a_lease_without_end() -> None:
    outbox.LEASE = timedelta(days=36_500)


def _a_message_id_at_every_try() -> None:
    open_letter = sender.open_letter

    def renamed(claim: outbox.Claim) -> outbox.Letter | None:
        letter = open_letter(claim)
        return letter and dataclasses.replace(letter, message_id=f"<{uuid.uuid4().hex}@again>")

    sender.open_letter = renamed


def _nothing_wiped() -> None:
    end = outbox._end

    def keep_what_was_sealed(message: Any, *args: Any) -> None:
        sealed = message.sealed
        end(message, *args)
        message.sealed = sealed
        message.save(update_fields=["sealed"])

    outbox._end = keep_what_was_sealed  # type: ignore[assignment]


def _no_pauses() -> None:
    outbox.TRY_AGAIN_AFTER = tuple(timedelta(0) for _ in outbox.TRY_AGAIN_AFTER)  # type: ignore[assignment]


def _a_5xx_tried_again() -> None:
    of_code = sender._of_code
    sender._of_code = lambda code, words: dataclasses.replace(  # type: ignore[assignment]
        of_code(code, words), outcome=sender.Outcome.PUT_OFF
    )


WITHOUT: dict[str, Callable[[], None]] = {
    "sending before settling": _settle_before_sending,
    "a lease that ends": _a_lease_without_end,
    "one message id": _a_message_id_at_every_try,
    "wiping": _nothing_wiped,
    "pauses": _no_pauses,
    "a 5xx is final": _a_5xx_tried_again,
}
