"""The one gate: who may be signed in. Every way in passes it, and every request again."""

from __future__ import annotations

from uuid import UUID

from vestibule.directory.models import User, UserState
from vestibule.refusals import SignInRefused


def lets_in(user: User, firm_id: UUID) -> bool:
    """Return whether this user is let into this firm now."""
    return user.firm_id == firm_id and user.state == UserState.ACTIVE


def require_let_in(user: User, firm_id: UUID) -> None:
    """Refuse whoever is not let into this firm now.

    Refuses: SignInRefused.
    """
    if not lets_in(user, firm_id):
        raise SignInRefused()
