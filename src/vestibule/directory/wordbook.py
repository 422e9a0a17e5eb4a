"""The firm's own words: what it calls its places, roles and applications, per language."""

from __future__ import annotations

from uuid import UUID

from vestibule.directory.models import FirmWord, Role


class Words:
    """All words of one firm in one language, read at once."""

    def __init__(self, firm_id: UUID, language: str) -> None:
        rows = FirmWord.objects.filter(firm_id=firm_id, language__in={language, "en"})
        self._own: dict[str, str] = {}
        self._english: dict[str, str] = {}
        for key, code, text in rows.values_list("key", "language", "text"):
            (self._own if code == language else self._english)[key] = text

    def get(self, key: str) -> str:
        """Return the word, else the English one, else the last part of its key."""
        return self.known(key) or key.rsplit(".", 1)[-1]

    def known(self, key: str) -> str:
        """Return the word, else the English one, else "": the firm has no such word."""
        return self._own.get(key) or self._english.get(key) or ""

    def kind(self, code: str, *, many: bool = False) -> str:
        """Return the word for a kind of place."""
        return self.get(f"place.{code}.{'many' if many else 'one'}")

    def application(self, name: str) -> str:
        """Return the word for an application of the catalogue."""
        return self.get(f"app.{name}")

    def role(self, role: Role) -> str:
        """Return what the role is called: its own name, or the firm's word."""
        return role.name or self.get(f"role.{role.code}")
