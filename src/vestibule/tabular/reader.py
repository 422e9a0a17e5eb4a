"""Bytes to rows: encoding, delimiter, quoted cells, limits. Every fault has its line; nothing is guessed silently."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass

from vestibule.tabular.findings import FileFinding, FileRefused, Findings, Severity

DELIMITERS = (";", ",", "\t")

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_QUOTED = re.compile(r'"(?:[^"]|"")*"?')


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read; what is beyond is refused, never cut."""

    megabytes: int = 20
    rows: int = 100_000
    columns: int = 200
    cell_characters: int = 5_000


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the file. `line` is the line on which it begins, from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file split into rows: headings, the rows with anything in them, and how it was read."""

    headings: Row
    rows: tuple[Row, ...]
    encoding: str
    delimiter: str


def read_sheet(data: bytes, limits: Limits = LIMITS) -> Sheet:
    """Read a CSV file: UTF-8 with or without mark, UTF-16 with mark, or Windows-1252; `;`, `,` or tab.

    Every row has as many cells as there are headings, and no control character but line breaks
    and tabs. Refuses: `FileRefused` with all findings, when a cell would be lost, cut or misread.
    """
    findings = Findings()
    sheet = check_rows(split(data, limits), limits, findings)
    findings.refuse_errors()
    return sheet


def split(data: bytes, limits: Limits = LIMITS) -> Sheet:
    """Split a file into rows without looking into them. Refuses: `FileRefused` at what cannot be split."""
    text, encoding = _decoded(data, limits)
    delimiter = delimiter_of(text)
    rows = _rows(text, delimiter, limits)
    if not rows:
        raise _refused(1, "file.empty")
    return Sheet(rows[0], tuple(rows[1:]), encoding, delimiter)


def check_rows(sheet: Sheet, limits: Limits, findings: Findings) -> Sheet:
    """Return the sheet with the rows that are sound and fit its headings; report the others."""
    headings = sheet.headings
    width = len(headings.cells)
    _check_cells(headings, [str(index + 1) for index in range(width)], limits, findings)
    names = [cell.strip() for cell in headings.cells]
    rows: list[Row] = []
    for row in sheet.rows:
        sound = _check_cells(row, names, limits, findings)
        if len(row.cells) < width or any(cell.strip() for cell in row.cells[width:]):
            findings.error(row.line, "", "row.length", count=len(row.cells), wanted=width)
        elif sound:
            rows.append(Row(row.line, row.cells[:width]))
    return Sheet(headings, tuple(rows), sheet.encoding, sheet.delimiter)


def delimiter_of(text: str) -> str:
    """Return the delimiter that the first line with something in it uses most, outside quotation marks."""
    lines = io.StringIO(text, newline="")
    line = next((line for line in lines if line.strip(" \t\r\n;,")), "")
    bare = _QUOTED.sub("", line)
    return max(DELIMITERS, key=bare.count)


def _decoded(data: bytes, limits: Limits) -> tuple[str, str]:
    if len(data) > limits.megabytes * 1024 * 1024:
        raise _refused(1, "file.too_large", limit=limits.megabytes)
    if data.startswith(_WORKBOOKS):
        raise _refused(1, "file.workbook")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded_as(data, "utf-16"), "utf-16"
    if data.startswith(codecs.BOM_UTF8):
        return _decoded_as(data, "utf-8-sig"), "utf-8"
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decoded_as(data, "cp1252"), "cp1252"


def _decoded_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        read = error.object  # without the byte order mark
        line = read[: error.start].count(b"\n") + 1
        byte = f"0x{read[error.start]:02X}" if error.start < len(read) else "—"
        raise _refused(line, "file.encoding", byte=byte) from None


def _rows(text: str, delimiter: str, limits: Limits) -> list[Row]:
    """Split into rows, leaving out those without anything; a row begins where the one before ended."""
    csv.field_size_limit(max(csv.field_size_limit(), limits.megabytes * 1024 * 1024))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(Row(line, tuple(cells)))
            line = reader.line_num + 1
            if len(rows) > limits.rows + 1:
                raise _refused(line - 1, "file.too_many_rows", limit=limits.rows)
            if len(cells) > limits.columns and len(rows) <= 1:
                raise _refused(line - 1, "file.too_many_columns", limit=limits.columns)
    except csv.Error as error:
        at_end = "unexpected end" in str(error)
        raise _refused(line, "file.quote_open" if at_end else "file.quote_inside") from None
    return rows


def _check_cells(row: Row, names: list[str], limits: Limits, findings: Findings) -> bool:
    line = row.line
    sound = True
    for index, cell in enumerate(row.cells):
        column = names[index] if index < len(names) else str(index + 1)
        sound = _check_cell(cell, line, column, limits, findings) and sound
        line += _line_breaks(cell)
    return sound


def _check_cell(cell: str, line: int, column: str, limits: Limits, findings: Findings) -> bool:
    if len(cell) > limits.cell_characters:
        findings.error(line, column, "cell.too_long", count=len(cell), limit=limits.cell_characters)
        return False
    if found := _CONTROL.search(cell):
        findings.error(
            line + _line_breaks(cell[: found.start()]),
            column,
            "cell.control_character",
            character=f"U+{ord(found.group()):04X}",
            position=found.start() + 1,
        )
        return False
    return True


def _line_breaks(cell: str) -> int:
    return len(_LINE_BREAK.findall(cell)) if "\n" in cell or "\r" in cell else 0


def _refused(line: int, code: str, **params: object) -> FileRefused:
    return FileRefused((FileFinding(Severity.ERROR, line, "", code, params),))
