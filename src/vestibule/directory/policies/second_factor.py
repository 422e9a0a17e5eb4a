"""Second factors: who is obliged to have one, from when on, and what a right code is."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.standing import Standing
from vestibule.directory.models import FirmPolicy
from vestibule.directory.policies.rules import DEFAULTS
from vestibule.directory.querysets import reach_of

POLICY = "second_factor"
GRACE = "second_factor_grace_days"
OBLIGES_STAFF = ("staff", "staff_and_administrators")
OBLIGES_ADMINISTRATORS = ("staff_and_administrators",)

PERIOD = timedelta(seconds=30)
DIGITS = 6
STEPS_ASIDE = 1
"""Clocks of telephones are off: a code of the period before or after is taken too."""

CODES_AT_ONCE = 10
CODE_LENGTH = 10
CODE_LETTERS = "bcdfghjkmnpqrstvwxyz23456789"
"""No vowels, so that no code is a word; nothing that looks like something else."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody has to have a second factor: since when, and until when that may wait."""

    since: datetime
    until: datetime

    def is_due(self, at: datetime) -> bool:
        """Return whether the time to think about it is over."""
        return self.until <= at


def duty_of(actor: Actor) -> Duty | None:
    """Return the actor's duty to have a second factor, whether or not he has one already.

    The firm's policy names staff, or staff and whoever administers a company. The grace runs
    from the latest of: the policy's start for this kind of person, the day he was let in, the
    grant that obliges.
    """
    standing = actor.standing
    if standing is None or not (standing.is_staff or _administers_since(actor, standing)):
        return None
    rows = list(
        FirmPolicy.objects.filter(firm_id=actor.firm_id, name__in=(POLICY, GRACE)).order_by(
            "since", "pk"
        )
    )
    values = OBLIGES_STAFF if standing.is_staff else OBLIGES_ADMINISTRATORS
    started = _in_force_since([row for row in rows if row.name == POLICY], values)
    if started is None:
        return None
    grace = [row.value for row in rows if row.name == GRACE and row.until is None]
    days = int(grace[0] if grace else DEFAULTS[GRACE])
    since = max(filter(None, (started, _let_in_since(standing), _obliged_since(actor, standing))))
    return Duty(since, since + timedelta(days=days))


def _in_force_since(rows: list[FirmPolicy], values: tuple[str, ...]) -> datetime | None:
    """Return since when, without a gap, the policy has had one of `values`; None: it has not."""
    since: datetime | None = None
    end: datetime | None = None
    for row in rows:
        if row.until == row.since:
            continue  # changed twice in one instant: it never held
        if row.value not in values:
            since = None
            continue
        if since is None or (end is not None and end < row.since):
            since = row.since
        end = row.until
        if end is None:
            return since
    return None


def _let_in_since(standing: Standing) -> datetime | None:
    at = clock.now()
    return max((span.since for span in standing.active if span.holds(at)), default=None)


def _obliged_since(actor: Actor, standing: Standing) -> datetime | None:
    return None if standing.is_staff else _administers_since(actor, standing)


def _administers_since(actor: Actor, standing: Standing) -> datetime | None:
    """Return since when a client user has administered a company; None: he does not."""
    ids = {root.grant_id for root in reach_of(actor, "vestibule.company.administer").roots}
    bit = reserved_bits("vestibule.company.administer")
    return min(
        (
            grant.span.since
            for grant in standing.grants
            if grant.grant_id in ids and grant.bits & bit
        ),
        default=None,
    )


# --- codes --------------------------------------------------------------------------------


def new_app_secret() -> str:
    """Return a fresh secret for an authenticator application, in base32 (RFC 4226: 160 bits)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def counter_of(secret: str, code: str, *, after: int = -1) -> int | None:
    """Return the period whose code this is (RFC 6238), or None.

    A period up to `after` is used up: no code opens twice (RFC 6238 §5.2).
    """
    typed = tidy_code(code)
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    try:
        key = base64.b32decode(secret, casefold=True)
    except (binascii.Error, ValueError):
        return None
    generator = HOTP(key, DIGITS, SHA1(), enforce_key_length=False)
    present = int(clock.now().timestamp()) // int(PERIOD.total_seconds())
    for counter in range(present - STEPS_ASIDE, present + STEPS_ASIDE + 1):
        right = secrets.compare_digest(generator.generate(counter).decode(), typed)
        if right and counter > after:
            return counter
    return None


def code_of(secret: str, at: datetime) -> str:
    """Return what an authenticator application with this secret shows at an instant."""
    key = base64.b32decode(secret, casefold=True)
    counter = int(at.timestamp()) // int(PERIOD.total_seconds())
    generator = HOTP(key, DIGITS, SHA1(), enforce_key_length=False)
    return generator.generate(counter).decode()


def new_recovery_codes() -> tuple[str, ...]:
    """Return fresh recovery codes as people read them: bcdfg-hjkmn (48 bits each)."""
    return tuple(
        shown_code("".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)))
        for _ in range(CODES_AT_ONCE)
    )


def shown_code(code: str) -> str:
    """Return a recovery code in two groups."""
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def tidy_code(typed: str) -> str:
    """Return a code without what people type between its parts."""
    return "".join(char for char in typed[:100].casefold() if char.isalnum())
