"""The facts about one user that decide: what he holds where, and what takes it away.

Paths are the materialised paths of places: fixed-width ids one after the other, so that
"at or below" is "starts with". Instants are aware and in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` (inclusive) to `until` (exclusive; None: open)."""

    since: datetime
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class GrantFact:
    """One grant: which bits from which place downwards, and when."""

    grant_id: int
    place_id: UUID
    path: str
    bits: int
    span: Span


@dataclass(frozen=True, slots=True)
class CompanyFact:
    """What a company (or a closed place) lets through: when it is open, which applications it has."""

    place_id: UUID
    path: str
    gates: bool
    """whether its applications are a ceiling; false for a closed group or establishment"""
    open: tuple[Span, ...]
    enabled: tuple[tuple[int, Span], ...]
    """(mask of an application's bits, when it is enabled here)"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything a decision about one user needs, valid for exactly this epoch.

    `gated` is the mask of all bits that belong to some application: such a bit holds at
    a place only while the place's company has the application.
    """

    user_id: UUID
    firm_id: UUID
    epoch: tuple[int, int]
    """(the firm's epoch, the user's epoch) that was read together with the rows"""
    is_staff: bool
    active: tuple[Span, ...]
    """when the user is let in"""
    grants: tuple[GrantFact, ...]
    companies: tuple[CompanyFact, ...]
    """the companies at, above or below the places of the grants that carry client bits"""
    gated: int

    def next_change(self, at: datetime) -> datetime | None:
        """Return the next instant at which time alone changes an answer, or None."""
        spans = [grant.span for grant in self.grants]
        spans += self.active
        for company in self.companies:
            spans += company.open
            spans += (span for _mask, span in company.enabled)
        edges = (edge for span in spans for edge in (span.since, span.until))
        return min((edge for edge in edges if edge is not None and edge > at), default=None)
