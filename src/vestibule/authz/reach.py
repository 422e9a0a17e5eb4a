"""One computation, several questions: may he here, where may he, what may he here, who may.

Law 1: a right holds at a place if a grant in force on that place or above it carries it
and no ceiling removes it. Default is no. `places` below are (path, company path or None)
pairs: the company is the nearest place that acts as one, at or above.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vestibule.authz.decision import Decision, Reason
from vestibule.authz.standing import CompanyFact, GrantFact, Standing


@dataclass(frozen=True, slots=True)
class Root:
    """A place from which downwards a right holds, and the grant that says so."""

    path: str
    place_id: UUID
    grant_id: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a right holds: at the roots and below, save below the places left out."""

    roots: tuple[Root, ...]
    without: tuple[str, ...]
    """paths of companies under a root where a ceiling removes the right"""

    def holds_at(self, path: str) -> bool:
        return any(path.startswith(root.path) for root in self.roots) and not any(
            path.startswith(closed) for closed in self.without
        )

    def __bool__(self) -> bool:
        return bool(self.roots)


NOWHERE = Reach((), ())


def _is_active(standing: Standing, at: datetime) -> bool:
    return any(span.holds(at) for span in standing.active)


def _ceiling(standing: Standing, company: CompanyFact, bits: int, at: datetime) -> Reason | None:
    if not standing.is_staff and not any(span.holds(at) for span in company.open):
        return Reason.COMPANY_CLOSED
    gated = bits & standing.gated
    if not gated or not company.gates:
        return None
    allowed = 0
    for mask, span in company.enabled:
        if span.holds(at):
            allowed |= mask
    return Reason.APPLICATION_NOT_ENABLED if gated & ~allowed else None


def _carrying(standing: Standing, bits: int, at: datetime) -> list[GrantFact]:
    return [
        grant for grant in standing.grants if grant.bits & bits == bits and grant.span.holds(at)
    ]


def reach(standing: Standing, bits: int, at: datetime) -> Reach:
    """Return where all of `bits` hold at the instant `at`.

    Closed companies remove the rights of client users only: staff still look after them.
    """
    if not bits:
        raise ValueError("no permission was asked for")
    if not _is_active(standing, at):
        return NOWHERE
    roots = tuple(
        Root(grant.path, grant.place_id, grant.grant_id) for grant in _carrying(standing, bits, at)
    )
    if not roots:
        return NOWHERE
    without = tuple(
        company.path
        for company in standing.companies
        if _ceiling(standing, company, bits, at) is not None
    )
    return Reach(roots, without)


def decide(standing: Standing, bits: int, path: str, at: datetime) -> Decision:
    """Answer "may he here?" for the place at `path`, with the reason."""
    if not _is_active(standing, at):
        return Decision(False, Reason.NOT_ACTIVE)
    found = reach(standing, bits, at)
    carrying = tuple(root.grant_id for root in found.roots if path.startswith(root.path))
    if not carrying:
        return Decision(False, Reason.NO_GRANT)
    for company in standing.companies:
        if path.startswith(company.path):
            reason = _ceiling(standing, company, bits, at)
            if reason is not None:
                return Decision(False, reason, carrying, company.place_id)
    return Decision(True, Reason.GRANTED, carrying)


def bits_at(standing: Standing, path: str, at: datetime) -> int:
    """Answer "what may he here?": every bit that holds at `path` after the ceilings."""
    if not _is_active(standing, at):
        return 0
    held = 0
    for grant in standing.grants:
        if path.startswith(grant.path) and grant.span.holds(at):
            held |= grant.bits
    for company in standing.companies:
        if not path.startswith(company.path):
            continue
        if not standing.is_staff and not any(span.holds(at) for span in company.open):
            return 0
        if not company.gates:
            continue
        allowed = 0
        for mask, span in company.enabled:
            if span.holds(at):
                allowed |= mask
        held &= ~standing.gated | allowed
    return held


def who(standings: Iterable[Standing], bits: int, path: str, at: datetime) -> tuple[UUID, ...]:
    """Answer "who may here?" among `standings`."""
    return tuple(
        standing.user_id for standing in standings if decide(standing, bits, path, at).allowed
    )
