"""A firm's client list: bytes to a tree of places, all faults with their lines, nothing looked up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from vestibule.tabular.cells import (
    Cell,
    looks_like_number,
    read_activity,
    read_postcode,
    read_reference,
    read_text,
    read_yes_or_no,
)
from vestibule.tabular.columns import ColumnRead, Columns, Detail, find_columns
from vestibule.tabular.findings import FileFinding, Findings, short
from vestibule.tabular.mapping import PortfolioLevel, PortfolioMapping, ReferenceScheme
from vestibule.tabular.reader import LIMITS, Limits, Row, check_rows, split
from vestibule.text import fold


@dataclass(frozen=True, slots=True)
class PlaceDetails:
    """Address and the like. None: the file has no such column, so what is known stays as it is."""

    street: str | None
    postcode: str | None
    town: str | None
    activity_code: str | None
    head_office: bool | None


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place of the file. `parent` is the index of its parent, always a smaller one; None: at the top.

    `line` is where the place is named first. `details` is None for a place that the file names
    only as the parent of others.
    """

    line: int
    kind: str
    name: str
    parent: int | None
    scheme: ReferenceScheme | None
    reference: str | None
    details: PlaceDetails | None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A client list that can be taken: parents before children, and what was odd but not wrong."""

    places: tuple[PlaceLine, ...]
    columns: tuple[ColumnRead, ...]
    warnings: tuple[FileFinding, ...]
    encoding: str
    delimiter: str

    def count(self, kind: str) -> int:
        return sum(1 for place in self.places if place.kind == kind)


def read_portfolio(data: bytes, mapping: PortfolioMapping, limits: Limits = LIMITS) -> Portfolio:
    """Read a client list as `mapping` says, all or nothing.

    The same file gives the same tree whatever the order of its lines, encoding and delimiter.
    A place with a register's number is that number; one without is its name under its parent.
    Refuses: `FileRefused` with every error of every line, warnings included.
    """
    sheet = split(data, limits)
    findings = Findings()
    columns = find_columns(sheet.headings, mapping, findings)
    if not sheet.rows:
        findings.error(sheet.headings.line, "", "file.no_rows")
    findings.refuse_errors()

    sheet = check_rows(sheet, limits, findings)
    tree = _Tree(columns, mapping, findings)
    for row in sheet.rows:
        tree.take(row)
    findings.refuse_errors()
    tree.look_over(sheet.headings.line)
    return Portfolio(
        tuple(tree.places), columns.read, findings.in_order(), sheet.encoding, sheet.delimiter
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one row says about one level."""

    level: PortfolioLevel
    cell: Cell
    name: str
    reference: str | None


class _Tree:
    """Grows from row to row; every contradiction between rows is reported at the later one."""

    def __init__(self, columns: Columns, mapping: PortfolioMapping, findings: Findings) -> None:
        self.columns = columns
        self.mapping = mapping
        self.findings = findings
        self.places: list[PlaceLine] = []
        self.index_of: dict[tuple[object, ...], int] = {}
        self.folded: dict[tuple[object, ...], int] = {}
        self.told: set[tuple[object, ...]] = set()

    def take(self, row: Row) -> None:
        """Add what a row says; a row with an error in its names or numbers adds nothing."""
        entries = self._entries(row)
        details = self._details(row, in_france=self._is_in_france(entries or []))
        if entries is None or not self._belong_together(entries):
            return
        parent: int | None = None
        for entry in entries:
            is_last = entry is entries[-1]
            parent = self._place(entry, parent, details if is_last else None)

    def look_over(self, line: int) -> None:
        """Report what only the whole file shows."""
        for upper, lower in zip(self.mapping.levels, self.mapping.levels[1:], strict=False):
            if upper.reference is not None:
                continue
            upper_names, lower_names = (
                {place.name for place in self.places if place.kind == level.kind}
                for level in (upper, lower)
            )
            if len(upper_names) > len(lower_names) > 0:
                self.findings.warning(
                    line,
                    "",
                    "place.levels_swapped",
                    upper=self._heading(upper),
                    lower=self._heading(lower),
                    upper_count=len(upper_names),
                    lower_count=len(lower_names),
                )

    # --- one row ------------------------------------------------------------------------

    def _entries(self, row: Row) -> list[_Entry] | None:
        """Return the filled levels from the top down, or None if one of them cannot be used."""
        entries: list[_Entry] = []
        usable = True
        filled = [
            self._cell(row, level.kind, "name").value.strip() for level in self.mapping.levels
        ]
        for index, level in enumerate(self.mapping.levels):
            cell = self._cell(row, level.kind, "name")
            below = next((name for name in filled[index + 1 :] if name), None)
            if filled[index]:
                entry = self._entry(row, level, cell)
                usable = usable and entry is not None
                entries.extend([entry] if entry else [])
            elif self._reference_cell(row, level).value.strip():
                usable = self._missing(cell, self._heading(level))
            elif level.mandatory and below:
                below = short(below)
                self.findings.error(cell.line, cell.column, "place.level_missing", below=below)
                usable = False
            elif level.mandatory:
                usable = self._missing(cell, self._heading(level))
        return entries if usable else None

    def _entry(self, row: Row, level: PortfolioLevel, cell: Cell) -> _Entry | None:
        name = read_text(cell, self.findings)
        if number := looks_like_number(name):
            self._number_as_name(row, cell, number)
            return None
        if level.reference is None:
            return _Entry(level, cell, name, None)
        reference_cell = self._reference_cell(row, level)
        if not reference_cell.value.strip():
            self._missing(reference_cell, level.reference_columns[0])
            return None
        reference = read_reference(reference_cell, level.reference, self.findings)
        return None if reference is None else _Entry(level, cell, name, reference)

    def _number_as_name(self, row: Row, cell: Cell, number: str) -> None:
        """A number in a name's cell: at worst the company would stand under its own establishment."""
        own = {
            "".join(self._reference_cell(row, level).value.split())
            for level in self.mapping.levels
            if level.reference is not None
        }
        loops = any(number.startswith(reference) for reference in own if reference)
        code = "place.under_itself" if loops else "place.number_as_name"
        params = {"reference": number} if loops else {"value": number}
        self.findings.error(cell.line, cell.column, code, **params)

    def _belong_together(self, entries: list[_Entry]) -> bool:
        """A SIRET begins with the SIREN of its company: by definition, so anything else is an error."""
        siren = next((e for e in entries if e.level.reference is ReferenceScheme.SIREN), None)
        siret = next((e for e in entries if e.level.reference is ReferenceScheme.SIRET), None)
        if siren is None or siret is None or siret.reference is None or siren.reference is None:
            return True
        if siret.reference.startswith(siren.reference):
            return True
        column = self._heading(siret.level, "reference")
        self.findings.error(
            siret.cell.line,
            column,
            "siret.other_company",
            siret=siret.reference,
            siren=siren.reference,
        )
        return False

    def _details(self, row: Row, *, in_france: bool) -> PlaceDetails:
        lowest = self.mapping.levels[-1].kind

        def cell(detail: Detail) -> Cell | None:
            return self._cell(row, lowest, detail) if self.columns.find(lowest, detail) else None

        street, postcode, town = cell(Detail.STREET), cell(Detail.POSTCODE), cell(Detail.TOWN)
        activity, head_office = cell(Detail.ACTIVITY_CODE), cell(Detail.HEAD_OFFICE)
        found = self.findings
        return PlaceDetails(
            street=read_text(street, found) if street else None,
            postcode=(
                read_postcode(postcode, in_france=in_france, findings=found) if postcode else None
            ),
            town=read_text(town, found) if town else None,
            activity_code=read_activity(activity, found) if activity else None,
            head_office=read_yes_or_no(head_office, found) if head_office else None,
        )

    # --- the tree -----------------------------------------------------------------------

    def _place(self, entry: _Entry, parent: int | None, details: PlaceDetails | None) -> int:
        """Return the index of the place that an entry means, adding it or comparing it."""
        identity = self._identity(entry, parent)
        index = self.index_of.get(identity)
        if index is None:
            return self._add(entry, parent, details, identity)
        known = self.places[index]
        if known.parent != parent:
            self._contradiction(
                entry,
                known,
                "place.other_parent",
                parent=self._name(parent),
                first_parent=self._name(known.parent),
            )
        elif known.name != entry.name:
            name, first_name = short(entry.name), short(known.name)
            self._contradiction(entry, known, "place.other_name", name=name, first_name=first_name)
        elif details is not None and known.details is None:
            self.places[index] = replace(known, details=details)
        elif details is not None and details == known.details:
            self.findings.warning(entry.cell.line, "", "place.same_line", first=known.line)
        elif details is not None:
            self._contradiction(entry, known, "place.other_details")
        return index

    def _add(
        self,
        entry: _Entry,
        parent: int | None,
        details: PlaceDetails | None,
        identity: tuple[object, ...],
    ) -> int:
        index = len(self.places)
        self.index_of[identity] = index
        self._compare_names(entry, parent, index)
        self.places.append(
            PlaceLine(
                line=entry.cell.line,
                kind=entry.level.kind,
                name=entry.name,
                parent=parent,
                scheme=entry.level.reference,
                reference=entry.reference,
                details=details,
            )
        )
        return index

    def _identity(self, entry: _Entry, parent: int | None) -> tuple[object, ...]:
        if entry.reference is not None:
            return entry.level.reference, entry.reference
        return entry.level.kind, parent, entry.name

    def _compare_names(self, entry: _Entry, parent: int | None, index: int) -> None:
        """Names alone identify where there is no number: say which ones differ hardly."""
        if entry.reference is None:
            folded = (entry.level.kind, parent, fold(entry.name))
            first = self.folded.setdefault(folded, index)
            if first != index:
                self.findings.warning(
                    entry.cell.line,
                    entry.cell.column,
                    "place.nearly_same",
                    name=short(entry.name),
                    first_name=short(self.places[first].name),
                    first=self.places[first].line,
                )
            return
        above = self.places[parent] if parent is not None else None
        top = self.places[above.parent] if above and above.parent is not None else None
        if above is None or top is None or top.reference is not None:
            return
        told = (top.name, above.reference)
        if fold(top.name) == fold(entry.name) != fold(above.name) and told not in self.told:
            self.told.add(told)
            self.findings.warning(
                entry.cell.line,
                entry.cell.column,
                "place.named_like_site",
                name=short(top.name),
                company=short(above.name),
            )

    def _contradiction(self, entry: _Entry, known: PlaceLine, code: str, **params: object) -> None:
        scheme = str(entry.level.reference or "").upper()
        self.findings.error(
            entry.cell.line,
            entry.cell.column,
            code,
            scheme=scheme,
            value=entry.reference or short(entry.name),
            first=known.line,
            **params,
        )

    # --- cells --------------------------------------------------------------------------

    def _cell(self, row: Row, level: str, what: str) -> Cell:
        column = self.columns.find(level, what)
        if column is None:
            return Cell(row.line, "", "")
        return Cell(row.line, column.heading, row.cells[column.index])

    def _reference_cell(self, row: Row, level: PortfolioLevel) -> Cell:
        return self._cell(row, level.kind, "reference")

    def _heading(self, level: PortfolioLevel, what: str = "name") -> str:
        column = self.columns.find(level.kind, what)
        return column.heading if column else level.name_columns[0]

    def _missing(self, cell: Cell, wanted: str) -> bool:
        self.findings.error(cell.line, cell.column, "cell.missing", wanted=f"“{wanted}”")
        return False

    def _name(self, index: int | None) -> str:
        return short(self.places[index].name) if index is not None else "—"

    def _is_in_france(self, entries: Iterable[_Entry]) -> bool:
        french = (ReferenceScheme.SIREN, ReferenceScheme.SIRET)
        return any(entry.level.reference in french for entry in entries)
