"""SIREN and SIRET, the numbers of the French register of companies (INSEE)."""

from __future__ import annotations

import re

LA_POSTE = "356000000"

_SPACES = re.compile(r"[\s.\u00a0\u202f-]+")


def bare_number(value: str) -> str:
    """Return a number without the spaces, dots and hyphens that people put between its digits."""
    return _SPACES.sub("", value)


def luhn_holds(number: str) -> bool:
    """Return whether the last digit fits the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for index, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def siren_checksum_holds(siren: str) -> bool:
    return luhn_holds(siren)


def siret_checksum_holds(siret: str) -> bool:
    """Return whether the check digit fits; at La Poste the sum of the digits is a multiple of five instead."""
    if siret.startswith(LA_POSTE):
        return luhn_holds(siret) or sum(int(digit) for digit in siret) % 5 == 0
    return luhn_holds(siret)
