"""One-time secrets: issued as a hash, consumed by one conditional UPDATE."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.models import Invitation, Token, TokenPurpose, User
from vestibule.refusals import LinkDead

SECRET_BYTES = 32


def hash_of_secret(secret: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def issue(
    user: User,
    purpose: TokenPurpose,
    *,
    valid: timedelta,
    invitation: Invitation | None = None,
    beside_earlier: bool = False,
) -> str:
    """Write a token for the user as he is now and return its secret, the only time it is known.

    Every earlier token of the same purpose dies, unless it is issued `beside_earlier` ones:
    a stranger who asks for a link must not be able to kill the one in somebody's mailbox.
    """
    if not beside_earlier:
        revoke(user, purpose)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    now = clock.now()
    Token.objects.create(
        firm_id=user.firm_id,
        user_id=user.pk,
        invitation=invitation,
        purpose=purpose,
        secret_hash=hash_of_secret(secret),
        email=user.canonical_email,
        user_version=user.version,
        created_at=now,
        expires_at=now + valid,
    )
    return secret


def revoke(user: User, purpose: TokenPurpose) -> None:
    """Let every open token of a purpose die."""
    Token.objects.filter(
        firm_id=user.firm_id,
        user_id=user.pk,
        purpose=purpose,
        used_at__isnull=True,
        revoked_at__isnull=True,
    ).update(revoked_at=clock.now())


def issued_lately(user: User, purpose: TokenPurpose, *, within: timedelta) -> int:
    """Return how many tokens of a purpose were written for the user lately."""
    return Token.objects.filter(
        firm_id=user.firm_id, user_id=user.pk, purpose=purpose, created_at__gt=clock.now() - within
    ).count()


def consume(token: Token) -> None:
    """Use a token up: of any number of racers exactly one gets past this line.

    Refuses: LinkDead.
    """
    now = clock.now()
    used = Token.objects.filter(
        firm_id=token.firm_id,
        pk=token.pk,
        used_at__isnull=True,
        revoked_at__isnull=True,
        expires_at__gt=now,
    ).update(used_at=now)
    if used != 1:
        raise LinkDead()


def find_open(firm_id: UUID, secret: str, purpose: TokenPurpose) -> Token | None:
    """Return the token of a secret if it could still be used; changes nothing."""
    token = (
        Token.objects.filter(
            firm_id=firm_id,
            secret_hash=hash_of_secret(secret),
            purpose=purpose,
            used_at__isnull=True,
            revoked_at__isnull=True,
            expires_at__gt=clock.now(),
        )
        .select_related("user", "invitation")
        .first()
    )
    if token is None:
        return None
    fits = token.user.version == token.user_version and token.user.canonical_email == token.email
    return token if fits else None


def require_bearer(actor: Actor, token: Token, purpose: TokenPurpose) -> None:
    """Refuse whoever does not hold exactly this token, of this firm, for this purpose.

    Refuses: LinkDead.
    """
    if (
        actor.firm_id != token.firm_id
        or actor.token_id != token.pk
        or actor.user_id != token.user_id
        or token.purpose != purpose
    ):
        raise LinkDead()
