"""Rows of the users' list → its further columns, and its cells as text for files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from vestibule.actor import Actor
from vestibule.directory.models import Place, User
from vestibule.web.forms import language_word


def column_words(columns: Iterable[str]) -> list[tuple[str, str]]:
    """Return each column with its heading in the reader's language."""
    words = {
        "companies": _("Companies"),
        "role": _("Type"),
        "state": _("State"),
        "seen": _("Last sign-in"),
        "created": _("Created"),
        "phone": _("Mobile phone"),
        "language": _("Language"),
        "billed": _("Billed company"),
    }
    return [(name, words[name]) for name in columns]


def with_more_cells(
    rows: list[dict[str, Any]], users: list[User], actor: Actor, columns: Sequence[str]
) -> list[dict[str, Any]]:
    """Add to each row what the chosen columns show besides what every list of users has."""
    billed = _billed(users, actor) if "billed" in columns else {}
    for row, user in zip(rows, users, strict=True):
        row["created_at"] = user.created_at
        row["phone"] = user.phone
        row["language"] = language_word(user.language)
        row["billed"] = billed.get(user.billable_company_id, "")
    return rows


def _billed(users: list[User], actor: Actor) -> dict[Any, str]:
    """Return the names of the companies that are billed, as far as the reader sees them."""
    ids = {user.billable_company_id for user in users}
    seen = Place.objects.visible_to(actor).filter(pk__in=ids)
    return dict(seen.values_list("pk", "name"))


def headings(columns: Sequence[str]) -> list[str]:
    """Return the first line of the file."""
    return [_("Last name"), _("First name"), _("E-mail"), *dict(column_words(columns)).values()]


def cells(row: dict[str, Any], user: User, columns: Sequence[str]) -> list[str]:
    """Return one user as a line of the file: the same that the list shows."""
    shown = {
        "companies": " | ".join([*row["chips"], *row["more_names"]]),
        "role": row["role"],
        "state": state_word(row["state"]),
        "seen": moment(user.last_sign_in_at) or _("never"),
        "created": moment(user.created_at),
        "phone": row["phone"],
        "language": row["language"],
        "billed": row["billed"],
    }
    return [user.last_name, user.first_name, user.email, *(str(shown[name]) for name in columns)]


def state_word(state: str) -> str:
    """Return the word on a state's badge."""
    words = {
        "awaiting_validation": _("To validate"),
        "refused": _("Refused"),
        "ready": _("Ready"),
        "invited": _("Invited"),
        "link_expired": _("Link expired"),
        "mail_bounced": _("Mail bounced"),
        "active": _("Active"),
        "deactivated": _("Deactivated"),
    }
    return words.get(state, state)


def moment(at: datetime | None) -> str:
    """Return a moment as spreadsheets sort it, in the firm's time zone."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at is not None else ""
