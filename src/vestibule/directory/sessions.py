"""The session store: a browser's session belongs to one firm and, once signed in, to one user.

Only the SHA-256 of the cookie's key is stored, so that a copy of the database opens no session.
Every read and write happens inside the firm's scope; where a request has it open, it is joined.
"""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase, UpdateError

from vestibule import clock
from vestibule.directory.models import Session
from vestibule.directory.scope import OutsideScope, current_firm_id, firm_scope

SEEN_EVERY = timedelta(minutes=10)


def hash_of(session_key: str) -> str:
    """Return under which hash a cookie's key is stored."""
    return hashlib.sha256(session_key.encode()).hexdigest()


class SessionStore(SessionBase):
    """Django's session interface over our table. Without a firm it is an empty session that cannot be kept.

    `last_seen_at` moves at most every ten minutes, and only for somebody who is signed in: a
    stranger's visit writes nothing.
    """

    def __init__(
        self,
        session_key: str | None = None,
        *,
        firm: Any = None,
        user_agent: str = "",
        ip: str = "",
    ) -> None:
        super().__init__(session_key)
        self.firm_id: UUID | None = getattr(firm, "id", firm) or current_firm_id()
        self.user_agent = user_agent.replace("\x00", "")[:300]
        self.ip = ip[:45]
        self._row: Session | None = None

    def load(self) -> dict[str, Any]:
        """Return what the session holds; forget the key when it is unknown, over, or of another firm."""
        key = self.session_key
        if key is None or self.firm_id is None:
            return {}
        with firm_scope(self.firm_id):
            self._row = Session.objects.filter(
                session_key_hash=hash_of(key), firm_id=self.firm_id, expires_at__gt=clock.now()
            ).first()
        if self._row is None:
            self._session_key = None
            return {}
        return dict(self.decode(self._row.data))

    def exists(self, session_key: str) -> bool:
        """Return whether this key is taken."""
        with firm_scope(self._firm()):
            return Session.objects.filter(session_key_hash=hash_of(session_key)).exists()

    def create(self) -> None:
        """Begin a session under a fresh key and store it, empty."""
        self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Store the session; raise `UpdateError` when it was ended in the meantime."""
        if self.session_key is None:
            self.create()
            return
        now = clock.now()
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        user_id = data.get(SESSION_KEY)
        values = {
            "user_id": UUID(str(user_id)) if user_id else None,
            "data": self.encode(data),
            "last_seen_at": now,
            "expires_at": self.get_expiry_date(modification=now),
            "user_agent": self.user_agent,
            "ip": self.ip,
        }
        key_hash = hash_of(self.session_key)
        with firm_scope(self._firm()):
            if must_create:
                self._row = Session.objects.create(
                    session_key_hash=key_hash, firm_id=self._firm(), created_at=now, **values
                )
            elif not Session.objects.filter(session_key_hash=key_hash, firm_id=self._firm()).update(
                **values
            ):
                raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """End the session of this key, or this session."""
        key = session_key or self.session_key
        if key is None or self.firm_id is None:
            return
        with firm_scope(self.firm_id):
            Session.objects.filter(session_key_hash=hash_of(key), firm_id=self.firm_id).delete()

    def mark_seen(self) -> None:
        """Note that a signed-in user is still there, and let his session last on from now."""
        now = clock.now()
        if (
            self._row is None
            or self._row.user_id is None
            or now - self._row.last_seen_at < SEEN_EVERY
        ):
            return
        with firm_scope(self._firm()):
            Session.objects.filter(pk=self._row.pk, firm_id=self._firm()).update(
                last_seen_at=now, expires_at=self.get_expiry_date(modification=now), ip=self.ip
            )

    @classmethod
    def clear_expired(cls) -> None:
        """Remove what has passed its end in the firm in scope."""
        firm_id = current_firm_id()
        if firm_id is None:
            raise OutsideScope("sessions are cleared firm by firm")
        Session.objects.filter(firm_id=firm_id, expires_at__lte=clock.now()).delete()

    def _firm(self) -> UUID:
        if self.firm_id is None:
            raise RuntimeError("a session is kept for a firm, and this one has none")
        return self.firm_id
