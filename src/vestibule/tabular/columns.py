"""Finds the columns of a portfolio by their headings, in English, French and German."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from vestibule.tabular.findings import Findings, short
from vestibule.tabular.headings import fold_heading
from vestibule.tabular.mapping import PortfolioMapping
from vestibule.tabular.reader import Row


class Detail(StrEnum):
    """What a portfolio may say about a place beside its name and number."""

    STREET = "street"
    POSTCODE = "postcode"
    TOWN = "town"
    ACTIVITY_CODE = "activity_code"
    HEAD_OFFICE = "head_office"


SPELLINGS: Mapping[Detail, tuple[str, ...]] = {
    Detail.STREET: ("Adresse", "Rue", "Address", "Street", "Anschrift", "Straße", "Strasse"),
    Detail.POSTCODE: ("Code postal", "CP", "Postcode", "Postal code", "ZIP", "PLZ", "Postleitzahl"),
    Detail.TOWN: ("Ville", "Commune", "Town", "City", "Ort", "Stadt"),
    Detail.ACTIVITY_CODE: ("Code APE", "APE", "Code NAF", "NAF", "Activity code", "APE-Code"),
    Detail.HEAD_OFFICE: ("Siège", "Siège social", "Head office", "Headquarters", "Hauptsitz"),
}


@dataclass(frozen=True, slots=True)
class ColumnRead:
    """How one column was understood: `level` and `what` ("name", "reference" or a detail)."""

    index: int
    heading: str
    level: str
    what: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each level's name and number and each detail stand; headings as the file writes them."""

    read: tuple[ColumnRead, ...]

    def find(self, level: str, what: str) -> ColumnRead | None:
        return next((c for c in self.read if c.level == level and c.what == what), None)


def find_columns(headings: Row, mapping: PortfolioMapping, findings: Findings) -> Columns:
    """Recognise the headings. Names and numbers of every level must be there; details may be absent."""
    meanings = _meanings(mapping)
    read: list[ColumnRead] = []
    by_meaning: dict[tuple[str, str], str] = {}
    for index, cell in enumerate(headings.cells):
        heading = short(cell)
        meaning = meanings.get(fold_heading(cell))
        if not heading:
            continue
        if meaning is None:
            findings.warning(headings.line, "", "heading.unknown", heading=heading)
        elif meaning in by_meaning:
            first = by_meaning[meaning]
            findings.error(headings.line, "", "heading.twice", first=first, second=heading)
        else:
            by_meaning[meaning] = heading
            read.append(ColumnRead(index, heading, *meaning))
    _report_missing(headings, mapping, by_meaning, findings)
    return Columns(tuple(read))


def _meanings(mapping: PortfolioMapping) -> dict[str, tuple[str, str]]:
    meanings: dict[str, tuple[str, str]] = {}
    lowest = mapping.levels[-1].kind
    for detail, spellings in SPELLINGS.items():
        meanings.update((fold_heading(text), (lowest, str(detail))) for text in spellings)
    for level in mapping.levels:
        meanings.update((fold_heading(text), (level.kind, "name")) for text in level.name_columns)
        meanings.update(
            (fold_heading(text), (level.kind, "reference")) for text in level.reference_columns
        )
    return meanings


def _report_missing(
    headings: Row,
    mapping: PortfolioMapping,
    found: Mapping[tuple[str, str], str],
    findings: Findings,
) -> None:
    missing: list[str] = []
    for level in mapping.levels:
        wanted = [("name", level.name_columns)]
        if level.reference is not None:
            wanted.append(("reference", level.reference_columns))
        missing.extend(
            " / ".join(spellings) for what, spellings in wanted if (level.kind, what) not in found
        )
    if missing:
        present = ", ".join(short(cell, 30) for cell in headings.cells[:20] if cell.strip())
        findings.error(
            headings.line, "", "heading.missing", missing="; ".join(missing), found=present or "—"
        )
