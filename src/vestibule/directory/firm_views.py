"""What the firm's settings pages show, and what pages and mails need of the firm itself. Reads only.

Each group of settings has a token of its present values. A form carries it, and the action refuses
when the values are others by then: so two administrators at once lose nothing of each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.db.models import Q

from vestibule.authz.catalogue import RESERVED_NAMES
from vestibule.blueprints import parse as blueprints
from vestibule.blueprints.findings import BlueprintRefused
from vestibule.blueprints.schema import LANGUAGES
from vestibule.directory.audit import canonical
from vestibule.directory.factors import FIRST, authenticators
from vestibule.directory.facts import administrator_roles
from vestibule.directory.models import (
    Firm,
    FirmLogo,
    FirmWord,
    Grant,
    Position,
    User,
    UserKind,
    UserState,
)
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.policies.second_factor import OBLIGES_ADMINISTRATORS, OBLIGES_STAFF
from vestibule.text import fold

NOT_LISTED = ("position.", "plan.", "term.")
"""Words with a page of their own, and words that no page or mail shows yet."""


def seen_of(*values: object) -> str:
    """Return the token of values as they are now."""
    return hashlib.sha256(canonical(values)).hexdigest()[:32]


# --- words ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnWord:
    """One word in every language, and what the blueprint calls it (empty: it does not say)."""

    key: str
    texts: Mapping[str, str]
    shipped: Mapping[str, str]

    @property
    def is_own(self) -> bool:
        """Return whether the firm says it otherwise than its blueprint."""
        return bool(self.shipped) and dict(self.texts) != dict(self.shipped)

    @property
    def seen(self) -> str:
        """Return the token of this word as it is now."""
        return seen_of(self.key, dict(self.texts))


def own_words(firm: Firm, query: str = "") -> list[OwnWord]:
    """Return the firm's words whose text or key has every part of `query`, in the blueprint's order."""
    texts: dict[str, dict[str, str]] = {}
    rows = FirmWord.objects.filter(firm_id=firm.pk, language__in=LANGUAGES)
    for key, language, text in rows.order_by("pk").values_list("key", "language", "text"):
        if not key.startswith(NOT_LISTED):
            texts.setdefault(key, dict.fromkeys(LANGUAGES, ""))[language] = text
    shipped = _shipped(firm.blueprint)
    words = [OwnWord(key, found, _in_all(shipped, key)) for key, found in texts.items()]
    parts = fold(query).split()
    return [
        word
        for word in words
        if all(part in fold(" ".join([word.key, *word.texts.values()])) for part in parts)
    ]


def own_word(firm: Firm, key: str) -> OwnWord | None:
    """Return one word of the firm, also one that the list leaves to another page; None: no such key."""
    rows = FirmWord.objects.filter(firm_id=firm.pk, key=key, language__in=LANGUAGES)
    found = dict(rows.values_list("language", "text"))
    if not found:
        return None
    texts = {language: found.get(language, "") for language in LANGUAGES}
    return OwnWord(key, texts, _in_all(_shipped(firm.blueprint), key))


@lru_cache(maxsize=20)
def _shipped(blueprint: str) -> Mapping[str, Mapping[str, str]]:
    """Return a blueprint's words per language; none when it does not come with the product."""
    try:
        return blueprints.load(blueprint, reserved=RESERVED_NAMES).words
    except BlueprintRefused:
        return {}


def _in_all(shipped: Mapping[str, Mapping[str, str]], key: str) -> Mapping[str, str]:
    found = {language: shipped.get(language, {}).get(key, "") for language in LANGUAGES}
    return found if all(found.values()) else {}


# --- rules ------------------------------------------------------------------------------


def rules_now(firm_id: UUID, names: Iterable[str]) -> dict[str, object]:
    """Return the present values of some of the firm's rules."""
    rules = rules_of(firm_id)
    return {name: getattr(rules, name) for name in names}


@dataclass(frozen=True, slots=True)
class Obliged:
    """How many people a policy of second factors obliges, and how many of them have none yet."""

    people: int
    without: int


def obliged_by(firm_id: UUID, policy: str) -> Obliged:
    """Return whom the policy `second_factor` would oblige, of those who are in today."""
    who = Q(pk__in=[])
    if policy in OBLIGES_STAFF:
        who |= Q(kind=UserKind.STAFF)
    if policy in OBLIGES_ADMINISTRATORS:
        grants = Grant.objects.filter(firm_id=firm_id, role_id__in=administrator_roles(firm_id))
        who |= Q(kind=UserKind.CLIENT, pk__in=grants.in_force().values("user_id"))
    people = User.objects.filter(who, firm_id=firm_id, state=UserState.ACTIVE)
    having = authenticators().filter(type__in=FIRST, user__firm_id=firm_id)
    return Obliged(people.count(), people.exclude(pk__in=having.values("user_id")).count())


# --- positions --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnPosition:
    """A position with its word in every language."""

    code: str
    is_retired: bool
    texts: Mapping[str, str]


def own_positions(firm_id: UUID) -> list[OwnPosition]:
    """Return the firm's positions: those offered in their order, then those retired."""
    rows = list(Position.objects.filter(firm_id=firm_id).order_by("ordinal", "code"))
    words: dict[str, dict[str, str]] = {}
    found = FirmWord.objects.filter(firm_id=firm_id, key__startswith="position.")
    for key, language, text in found.values_list("key", "language", "text"):
        words.setdefault(key.removeprefix("position."), {})[language] = text
    positions = [
        OwnPosition(
            row.code,
            row.retired_at is not None,
            {language: words.get(row.code, {}).get(language, "") for language in LANGUAGES},
        )
        for row in rows
    ]
    return sorted(positions, key=lambda position: position.is_retired)


def positions_seen(firm_id: UUID) -> str:
    """Return the token of all positions as they are now."""
    return seen_of(*([one.code, one.is_retired, dict(one.texts)] for one in own_positions(firm_id)))


# --- the firm itself --------------------------------------------------------------------


def firm_seen(firm: Firm) -> str:
    """Return the token of the firm's name, language and time zone."""
    return seen_of(firm.name, firm.default_language, firm.time_zone)


@dataclass(frozen=True, slots=True)
class LogoSize:
    """The firm's picture without its bytes."""

    sha256: str
    width: int
    height: int

    def within(self, width: int, height: int) -> tuple[int, int]:
        """Return how large it is shown inside a box; never larger than it is."""
        share = min(1.0, width / self.width, height / self.height)
        return max(1, round(self.width * share)), max(1, round(self.height * share))


def logo_of(firm_id: UUID) -> LogoSize | None:
    """Return the firm's picture, if it has one."""
    found = (
        FirmLogo.objects.filter(firm_id=firm_id).values_list("sha256", "width", "height").first()
    )
    return LogoSize(*found) if found else None


def logo_png(firm_id: UUID, sha256: str = "") -> bytes | None:
    """Return the picture itself; with `sha256`, only that very picture."""
    rows = FirmLogo.objects.filter(firm_id=firm_id)
    found = (rows.filter(sha256=sha256) if sha256 else rows).values_list("png", flat=True).first()
    return bytes(found) if found is not None else None


def logo_seen(firm_id: UUID) -> str:
    """Return the token of the picture, also when there is none."""
    logo = logo_of(firm_id)
    return seen_of("logo", logo.sha256 if logo is not None else "")
