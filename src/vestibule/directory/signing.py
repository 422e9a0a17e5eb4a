"""What the sign-in page asks of the tables before anybody is known."""

from __future__ import annotations

from uuid import UUID

from vestibule.directory.models import User
from vestibule.directory.policies.addresses import login_key


def credentials_of(firm_id: UUID, canonical: str) -> tuple[User | None, str]:
    """Return the user of an address in a firm and his stored hash ("" without one)."""
    user = User.objects.filter(firm_id=firm_id, login_key=login_key(firm_id, canonical)).first()
    if user is None or not user.has_usable_password():
        return user, ""
    return user, user.password


def user_of_passkey(firm_id: UUID, user_id: UUID | None) -> User | None:
    """Return the user of this firm whom a passkey says it belongs to; other firms' are nobody."""
    if user_id is None:
        return None
    found: User | None = User.objects.filter(firm_id=firm_id, pk=user_id).first()
    return found
