"""Lists as CSV files that spreadsheets open as they are: nothing in them is ever a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

BOM = "\ufeff"
"""Tells a spreadsheet that the file is UTF-8."""

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")


_WITHIN = re.compile(r"([;,\t|\r\n][\s\u00a0]*)(?=[=+\-@])")
"""A formula's sign behind what another spreadsheet takes for the end of a cell."""


def harmless(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not calculate, also one that separates
    cells otherwise than this file does."""
    cell = _WITHIN.sub(r"\1'", cell)
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(FORMULA_BEGINS) else cell


def lines(rows: Iterable[Sequence[str]], *, language: str) -> str:
    """Return rows as lines of the file; what separates cells is what the language's tables expect."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="," if language == "en" else ";", lineterminator="\r\n")
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def download(pieces: Iterator[str], name: str) -> StreamingHttpResponse:
    """Return the answer that a browser saves as a file while it is still being written."""
    return StreamingHttpResponse(
        (piece.encode() for piece in pieces),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
