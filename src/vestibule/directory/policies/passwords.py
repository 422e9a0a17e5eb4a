"""What a password must be. Hashed here, before any transaction begins.

An action only takes a `NewPassword`, and only `choose` makes one: no door can store a
password that was not checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from django.contrib.auth.hashers import make_password
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from vestibule.refusals import Invalid, PasswordTooWeak
from vestibule.text import fold

LIMIT = 256
ZXCVBN_LIMIT = 72
_MADE_HERE = object()


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that passed; only its hash is kept."""

    encoded: str
    _maker: object = field(repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self._maker is not _MADE_HERE:
            raise TypeError("only policies.passwords.choose makes a NewPassword")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the live checklist: its code and whether it is met."""

    code: str
    met: bool


@cache
def common_passwords() -> frozenset[str]:
    """Return the passwords seen most often in breaches, as zxcvbn ships them."""
    return frozenset(FREQUENCY_LISTS["passwords"])


def checklist(plain: str, *, preset: str, names: tuple[str, ...] = ()) -> tuple[Check, ...]:
    """Return what `plain` meets of the preset, in the order shown.

    `either`: 15 of any kind, or 8 with the four classes. `classic`: 8 with the four
    classes (S2-16). `nist`: 15, no composition. All: not common, not guessed at once, not
    made of the person's or the firm's name (`names`).
    """
    classes = (
        Check("upper", any(char.isupper() for char in plain)),
        Check("lower", any(char.islower() for char in plain)),
        Check("digit", any(char.isdigit() for char in plain)),
        Check("special", any(not char.isalnum() and not char.isspace() for char in plain)),
    )
    lines: tuple[Check, ...]
    if preset == "nist" or (preset == "either" and len(plain) >= 15):
        lines = (Check("length15", len(plain) >= 15),)
    else:
        lines = (Check("length8", len(plain) >= 8), *classes)
    return (
        *lines,
        Check("not_common", bool(plain) and not _is_common(plain, names)),
        Check("not_name", bool(plain) and not _has_name(plain, names)),
    )


def _has_name(plain: str, names: tuple[str, ...]) -> bool:
    folded = fold(plain)
    parts = {part for name in names for part in fold(name).replace("@", " ").split()}
    return any(len(part) >= 4 and part in folded for part in parts)


def _is_common(plain: str, names: tuple[str, ...]) -> bool:
    if plain.casefold() in common_passwords():
        return True
    guessed = zxcvbn(plain[:ZXCVBN_LIMIT], user_inputs=[name for name in names if name][:10])
    return int(guessed["score"]) < 2


def choose(plain: str, *, preset: str, names: tuple[str, ...] = ()) -> NewPassword:
    """Return the checked and hashed password. Call it outside any transaction.

    Refuses: Invalid at `password`, with what is missing.
    """
    if len(plain) > LIMIT or "\x00" in plain:
        raise Invalid({"password": [PasswordTooWeak()]})
    if not all(check.met for check in checklist(plain, preset=preset, names=names)):
        raise Invalid({"password": [PasswordTooWeak()]})
    return NewPassword(make_password(plain), _MADE_HERE)
