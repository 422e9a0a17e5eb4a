"""One's own sessions as a page names them: never by their key, nor by the hash of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.crypto import salted_hmac

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.models import Session

HANDLE_LENGTH = 20


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A browser in which somebody is signed in."""

    handle: str
    user_agent: str
    ip: str
    since: datetime
    seen_at: datetime
    is_this: bool


def handle_of(key_hash: str) -> str:
    """Return the name under which a page speaks of a session; nothing leads back from it."""
    return salted_hmac("vestibule.own_sessions", key_hash).hexdigest()[:HANDLE_LENGTH]


def own_sessions(actor: Actor, present: str) -> list[OwnSession]:
    """Return the actor's open sessions, this one first. `present` is the hash of its key."""
    rows = Session.objects.visible_to(actor).filter(expires_at__gt=clock.now())
    found = [
        OwnSession(
            handle=handle_of(row.session_key_hash),
            user_agent=row.user_agent,
            ip=row.ip,
            since=row.created_at,
            seen_at=row.last_seen_at,
            is_this=row.session_key_hash == present,
        )
        for row in rows.defer("data").order_by("-last_seen_at", "session_key_hash")
    ]
    return sorted(found, key=lambda one: not one.is_this)
