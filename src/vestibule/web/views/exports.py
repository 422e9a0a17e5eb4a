"""Lists as files: exactly what the filter shows, as far as the reader may take it with him."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse
from django.utils import timezone, translation
from django.views.decorators.http import require_POST

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.actions.exports import export_users, exportable
from vestibule.directory.facts import fresh
from vestibule.directory.querysets import PAGE_LIMIT
from vestibule.directory.scope import firm_scope
from vestibule.web import csv_files
from vestibule.web.people import user_rows
from vestibule.web.readers import require_reader
from vestibule.web.user_cells import cells, headings, with_more_cells
from vestibule.web.views.user_list import Asked, asked_for


@require_POST
def users(request: Any) -> StreamingHttpResponse:
    """Save the list of client users as a file; that it was taken is written down first."""
    require_reader(request.actor)
    asked = asked_for(request)
    export_users(request.actor, asked.listing, place=asked.place)
    pieces = _pieces(request.actor, asked, request.LANGUAGE_CODE, ZoneInfo(request.firm.time_zone))
    today = timezone.localtime(clock.now()).date()
    return csv_files.download(pieces, f"users-{today.isoformat()}.csv")


def _pieces(actor: Actor, asked: Asked, language: str, zone: ZoneInfo) -> Iterator[str]:
    """Yield the file page by page.

    The page that asked for it is over by then: each piece opens the firm's scope by itself,
    holds no transaction while a slow reader takes it, and asks afresh what he may.
    """
    listing = asked.listing
    with translation.override(language):
        yield csv_files.BOM + csv_files.lines([headings(listing.columns)], language=language)
    after = ""
    while True:
        with firm_scope(actor.firm_id), translation.override(language), timezone.override(zone):
            actor = fresh(actor)
            found = exportable(actor, listing, asked.place)
            page = found.page(size=PAGE_LIMIT, after=after, order=listing.order)
            rows = user_rows(page.rows, actor, language)
            rows = with_more_cells(rows, page.rows, actor, listing.columns)
            written = [
                cells(row, user, listing.columns) for row, user in zip(rows, page.rows, strict=True)
            ]
            piece = csv_files.lines(written, language=language)
        yield piece
        if not page.next:
            return
        after = page.next
