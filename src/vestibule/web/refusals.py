"""How pages tell a refusal: at its field, or as a page with the right status."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext

from vestibule.refusals import (
    Conflict,
    Denied,
    FileUnreadable,
    Invalid,
    LimitReached,
    NotFound,
    NotNow,
    NotSignedIn,
    Refusal,
)

STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (NotSignedIn, 401),
    (Denied, 403),
    (NotFound, 404),
    (Invalid, 422),
    (Conflict, 409),
    (NotNow, 409),
    (LimitReached, 429),
)


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal's kind."""
    return next((status for kind, status in STATUS if isinstance(refusal, kind)), 400)


def tell(refusal: Refusal) -> str:
    """Return the refusal's sentence in the reader's language."""
    if isinstance(refusal, FileUnreadable):
        return "\n".join([refusal.tell(gettext), *(str(problem) for problem in refusal.problems)])
    return refusal.tell(gettext)


def put_at_fields(form: forms.Form, refusal: Refusal, names: dict[str, str] | None = None) -> None:
    """Write a refusal into a form: at its field where the form has it, else above all.

    `names` maps the refusal's field names to the form's.
    """
    fields = getattr(refusal, "fields", {}) or {"": [refusal]}
    for field, refusals in fields.items():
        name = (names or {}).get(field, field)
        target = name if name in form.fields else None
        for each in refusals:
            form.add_error(target, tell(each))
