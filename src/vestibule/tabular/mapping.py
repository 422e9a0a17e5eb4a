"""Which columns of a portfolio stand for which kind of place: plain values, filled by a blueprint."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReferenceScheme(StrEnum):
    """A register that gives places a number of their own; its number identifies where a name may repeat."""

    SIREN = "siren"
    SIRET = "siret"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class PortfolioLevel:
    """One level of the tree: the kind of place, and the headings under which people write its name.

    A line may leave a level empty unless it is `mandatory`; where a name stands, its reference must stand too.
    """

    kind: str
    mandatory: bool
    name_columns: tuple[str, ...]
    reference: ReferenceScheme | None
    reference_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PortfolioMapping:
    """The levels of a portfolio from the top down; the address fields belong to the last one."""

    levels: tuple[PortfolioLevel, ...]
