"""The firm's rules as its administrator has set them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vestibule.directory.models import FirmPolicy

DEFAULTS: dict[str, Any] = {
    "invitation_days": 21,
    "password_preset": "either",
    "generic_addresses": "warn",
    "names_mandatory": True,
    "billable_company_preselected": True,
    "applications_preselected": "none",
    "activation": "now",
    "send_email": True,
    "usual_applications": {"usual": [], "exceptions": {}},
    "portfolio": {"levels": []},
    "who_creates_staff": "firm_administrator",
    "validation": "firm",
    "client_created": "direct",
    "second_factor": "off",
    "second_factor_grace_days": 14,
    "sender_name": "",
    "reply_to": "",
    "reminders_days": [],
    "inactivity_days": None,
    "delivery": "link",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of one firm, read together."""

    invitation_days: int
    password_preset: str
    generic_addresses: str
    names_mandatory: bool
    billable_company_preselected: bool
    applications_preselected: str
    activation: str
    send_email: bool
    usual_applications: dict[str, Any]
    portfolio: dict[str, Any]
    who_creates_staff: str
    validation: str
    """who validates: `firm` or `firm_or_client`"""
    client_created: str
    """whom a client's administrator creates is let in: `direct`, or `validated` first"""
    second_factor: str
    second_factor_grace_days: int
    sender_name: str
    """what mails show as their sender; empty: the firm's name"""
    reply_to: str
    """the address answers to mails go to; empty: none"""
    reminders_days: list[int]
    inactivity_days: int | None
    delivery: str

    def applications_of(self, siren: str) -> tuple[str, ...]:
        """Return the applications that a company gets when it is made."""
        named = self.usual_applications.get("exceptions", {}).get(siren)
        return tuple(named if named is not None else self.usual_applications.get("usual", ()))


def rules_of(firm_id: UUID) -> Rules:
    """Return the firm's rules now; what it never set is as the product ships it."""
    rows = FirmPolicy.objects.filter(firm_id=firm_id, until__isnull=True, name__in=DEFAULTS)
    return Rules(**{**DEFAULTS, **dict(rows.values_list("name", "value"))})
