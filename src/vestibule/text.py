"""Text as people type it: folding for search, and what is refused in a name or an address."""

from __future__ import annotations

import unicodedata

INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def fold(text: str) -> str:
    """Return `text` without case and accents, for comparing and searching."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())


def has_control_characters(text: str, *, newlines: bool = False) -> bool:
    """Return whether `text` holds characters that cannot be seen (NUL, bidi marks …)."""
    allowed = "\n" if newlines else ""
    return any(
        unicodedata.category(char) in INVISIBLE_CATEGORIES and char not in allowed for char in text
    )


def tidy(text: str) -> str:
    """Return `text` composed (NFC), with inner white space folded and outer removed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def lookalikes(text: str) -> tuple[str, ...]:
    """Return the letters of `text` that mix scripts or cannot be seen, each named once.

    Latin, digits and common signs belong together; a Cyrillic or Greek letter between
    them is what an address that imitates another consists of. A part written wholly in
    one other script is fine.
    """
    found: list[str] = []
    for part in text.replace("@", ".").split("."):
        scripts = {_script(char) for char in part if char.isalpha()}
        for char in part:
            odd = unicodedata.category(char) in INVISIBLE_CATEGORIES
            odd = odd or (
                len(scripts) > 1 and char.isalpha() and _script(char) not in {"LATIN", ""}
            )
            odd = odd or unicodedata.normalize("NFKC", char) != char
            name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
            if odd and name not in found:
                found.append(name)
    return tuple(found)


def _script(char: str) -> str:
    return unicodedata.name(char, "").split(" ")[0]
