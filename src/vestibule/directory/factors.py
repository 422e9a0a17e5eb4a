"""Second factors as rows: what somebody has, and how their secrets rest. Reads only.

The table is allauth's; its package belongs to the doors, so it is asked for by name here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps

from vestibule import sealing
from vestibule.directory.models import User

APP = "totp"
PASSKEY = "webauthn"
CODES = "recovery_codes"
FIRST = (APP, PASSKEY)
"""What is a second factor by itself; recovery codes only stand in for one."""


@dataclass(frozen=True, slots=True)
class Factor:
    """An authenticator application or a passkey of somebody's."""

    id: int
    kind: str
    name: str
    """what its owner calls a passkey; empty for an application"""
    added_at: datetime
    used_at: datetime | None
    signs_in_alone: bool
    """whether the device keeps the passkey, so that it needs no address typed before"""


@dataclass(frozen=True, slots=True)
class Factors:
    """Everything that somebody has besides a password."""

    app: Factor | None
    passkeys: tuple[Factor, ...]
    codes_left: int | None
    """None: none were made"""
    codes_made_at: datetime | None

    def __bool__(self) -> bool:
        return self.app is not None or bool(self.passkeys)

    @property
    def number(self) -> int:
        """How many second factors there are, recovery codes left aside."""
        return len(self.passkeys) + (self.app is not None)


def authenticators() -> Any:
    """Return the manager of the table of second factors."""
    return apps.get_model("mfa", "Authenticator")._default_manager


def rows_of(user: User) -> Any:
    """Return the rows of somebody's second factors, the oldest first."""
    return authenticators().filter(user_id=user.pk, user__firm_id=user.firm_id).order_by("pk")


def factors_of(user: User) -> Factors:
    """Return what somebody has now."""
    app, passkeys, left, made_at = None, [], None, None
    for row in rows_of(user):
        if row.type == CODES:
            left, made_at = len(row.data.get("migrated_codes", ())), row.created_at
        elif row.type == APP:
            app = _factor(row)
        else:
            passkeys.append(_factor(row))
    return Factors(app, tuple(passkeys), left, made_at)


def _factor(row: Any) -> Factor:
    extensions = row.data.get("credential", {}).get("clientExtensionResults", {})
    return Factor(
        id=row.pk,
        kind=row.type,
        name=str(row.data.get("name", "")),
        added_at=row.created_at,
        used_at=row.last_used_at,
        signs_in_alone=bool(extensions.get("credProps", {}).get("rk")),
    )


def has_factor(user: User) -> bool:
    """Return whether somebody has a second factor; recovery codes alone are none."""
    return bool(rows_of(user).filter(type__in=FIRST).exists())


def who_has_factors(firm_id: UUID, user_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Return those of `user_ids` who have a second factor."""
    rows = authenticators().filter(
        user__firm_id=firm_id, user_id__in=list(user_ids), type__in=FIRST
    )
    return frozenset(rows.values_list("user_id", flat=True))


def passkeys_of(user: User) -> list[tuple[int, dict[str, Any]]]:
    """Return the id and the public registration of each passkey of somebody's."""
    return [(row.pk, row.data["credential"]) for row in rows_of(user).filter(type=PASSKEY)]


def sealed_text(text: str) -> str:
    """Return a secret as it may rest in a row or a session."""
    return base64.b64encode(sealing.seal(text.encode())).decode()


def unsealed_text(sealed: str) -> str:
    """Return the secret that `sealed_text` was given."""
    return sealing.unseal(base64.b64decode(sealed)).decode()
