"""Recognises headings as people write them: case, accents, signs and spaces do not matter."""

from __future__ import annotations

from vestibule.text import fold


def fold_heading(heading: str) -> str:
    """Return what identifies a heading: “N° SIREN” and “no siren” differ, “Siège” and “SIEGE” do not."""
    return "".join(char for char in fold(heading) if char.isalnum())
