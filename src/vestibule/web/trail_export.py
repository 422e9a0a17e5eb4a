"""The audit trail as a CSV file: written while it is read, so that no export is too long."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from vestibule.actor import Actor
from vestibule.directory import trail
from vestibule.directory.facts import fresh
from vestibule.directory.models import Event, Firm
from vestibule.directory.scope import firm_scope
from vestibule.directory.trail import Wanted
from vestibule.web import csv_files
from vestibule.web.trail_rows import Told, about, changes_of, place_of, read, who
from vestibule.web.trail_words import DOORS, act_word

SLICE = 500


def csv_of(firm: Firm, actor: Actor, wanted: Wanted, language: str) -> Iterator[str]:
    """Yield the file, newest event first.

    The page's scope has ended when this runs: each slice opens its own, asks again what the
    actor may read at this moment, and holds no transaction while a slow reader takes the rest.
    """
    with override(language):
        yield csv_files.BOM + csv_files.lines([_headings()], language=language)
    after: int | None = None
    while True:
        with (
            firm_scope(firm),
            override(language),
            timezone.override(ZoneInfo(firm.time_zone)),
        ):
            reader = fresh(actor)
            found = trail.narrow(reader, wanted)
            page = trail.page(found, size=SLICE, after=after)
            told = read(page.events, reader, language)
            rows = [_cells(event, told) for event in page.events]
            lines = csv_files.lines(rows, language=language)
        if lines:
            yield lines
        if page.older is None:
            return
        after = page.older


def _headings() -> list[str]:
    return [
        _("Number"),
        _("When"),
        _("Who"),
        _("Door"),
        _("Act"),
        _("Event"),
        _("About"),
        _("Place"),
        _("Values"),
        _("Hash"),
        _("Previous hash"),
    ]


def _cells(event: Event, told: Told) -> list[str]:
    is_erased = bool(event.commitment) and event.pk not in told.values
    values = [
        f"{change.label}: {change.new}"
        if change.is_fact
        else f"{change.label}: {change.old or '–'} → {change.new or '–'}"
        for change in changes_of(event, told, short=False)
    ]
    return [
        str(event.sequence),
        timezone.localtime(event.at).isoformat(timespec="seconds"),
        who(event, told),
        str(DOORS.get(event.door, event.door)),
        act_word(event.name),
        event.name,
        about(event, told)["name"],
        place_of(event, told),
        "; ".join([*values, *([_("personal values erased")] if is_erased else [])]),
        event.hash,
        event.previous_hash,
    ]
