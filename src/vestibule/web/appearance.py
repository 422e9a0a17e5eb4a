"""The firm's own look on its pages: the sheet of its accent, and where its logo is."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

from django.urls import reverse

from vestibule.colours import DRAWN, Shades, Theme, theme_of
from vestibule.directory.firm_views import logo_of
from vestibule.directory.models import Firm
from vestibule.directory.scope import firm_scope

LOGO_BOX = (160, 40)
"""How large the logo stands on pages at most, in CSS pixels."""


@lru_cache(maxsize=500)
def sheet_of(accent: str) -> str:
    """Return the style sheet that gives pages this accent, in both themes."""
    theme: Theme = theme_of(accent)
    dark = _variables(theme.dark)
    return (
        f":root{{{_variables(theme.light)}}}\n"
        f'@media (prefers-color-scheme:dark){{:root:not([data-bs-theme="light"]){{{dark}}}}}\n'
        f':root[data-bs-theme="dark"]{{{dark}}}\n'
    )


def _variables(shades: Shades) -> str:
    return f"--accent:{shades.accent};--accent-ink:{shades.ink};--accent-bg:{shades.tint}"


def sheet_name(accent: str) -> str:
    """Return what the sheet is called in its address: another accent, another name."""
    return hashlib.sha256(sheet_of(accent).encode()).hexdigest()[:16]


def sheet_url(firm: Firm) -> str:
    """Return the address of the firm's sheet; "" where the common sheet has this accent already."""
    if firm.accent == DRAWN.chosen:
        return ""
    return reverse("theme", args=[sheet_name(firm.accent)])


def shown_logo(firm: Firm) -> dict[str, Any] | None:
    """Return the firm's logo as pages show it: address and size, or None."""
    with firm_scope(firm):
        logo = logo_of(firm.pk)
    if logo is None:
        return None
    width, height = logo.within(*LOGO_BOX)
    return {"url": reverse("logo", args=[logo.sha256]), "width": width, "height": height}
