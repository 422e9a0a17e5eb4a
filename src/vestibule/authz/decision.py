"""A decision and its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Reason(StrEnum):
    """Why a decision came out as it did."""

    GRANTED = "granted"
    NO_GRANT = "no_grant"
    NOT_ACTIVE = "not_active"
    COMPANY_CLOSED = "company_closed"
    APPLICATION_NOT_ENABLED = "application_not_enabled"


@dataclass(frozen=True, slots=True)
class Decision:
    """A yes or a no, with the grants that would carry it and what removed it."""

    allowed: bool
    reason: Reason
    grants: tuple[int, ...] = ()
    company: UUID | None = None

    def __bool__(self) -> bool:
        return self.allowed
