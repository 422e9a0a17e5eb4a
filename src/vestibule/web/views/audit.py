"""The audit trail: searched, read event by event, taken out, and verified."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory import trail
from vestibule.directory.actions import chain_checks, trails
from vestibule.directory.audit import START, hash_of, values_fit
from vestibule.directory.models import ChainCheck, Event
from vestibule.directory.querysets import is_whole_firm, reach_of
from vestibule.refusals import Denied
from vestibule.web.audit_forms import TrailForm
from vestibule.web.trail_export import csv_of
from vestibule.web.trail_rows import changes_of, checks_shown, read, row_of, rows_of, who
from vestibule.web.trail_words import KINDS

PAGE_SIZE = 50
CHECKS_SHOWN = 6
LARGEST = 2**63 - 1


def require_trail_reader(actor: Actor) -> None:
    """Refuse who may read the trail nowhere.

    Refuses: Denied.
    """
    if not reach_of(actor, "vestibule.audit.read"):
        raise Denied(permission="vestibule.audit.read")


@require_safe
def audit(request: Any) -> HttpResponse:
    """Search the trail: newest first, pages both ways, the filter in the address bar."""
    require_trail_reader(request.actor)
    form = TrailForm(request.GET)
    context: dict[str, Any] = {"form": form, "rows": [], "pager": None, "named": []}
    if form.is_valid():
        found = trail.narrow(request.actor, form.wanted())
        shown = trail.page(
            found,
            size=PAGE_SIZE,
            after=_number(request.GET.get("after", "")),
            before=_number(request.GET.get("before", "")),
        )
        context |= {
            "rows": rows_of(shown.events, request.actor, request.LANGUAGE_CODE),
            "pager": {
                "newer_url": _address(form, before=shown.newer) if shown.newer else "",
                "older_url": _address(form, after=shown.older) if shown.older else "",
                "total": trail.counted(found),
                "most": trail.MOST_COUNTED,
            },
            "people": [person.full_name for person in found.people],
            "companies": [company.name for company in found.companies],
            "most_named": trail.MOST_NAMED,
            "hidden": form.sent(),
        }
    return render(request, "audit/list.html", {**context, **_checks(request)})


@require_safe
def event(request: Any, sequence: int) -> HttpResponse:
    """One event with everything that it says, and whether it fits the chain."""
    require_trail_reader(request.actor)
    found = Event.objects.visible_to(request.actor).one(sequence=min(sequence, LARGEST))
    told = read([found], request.actor, request.LANGUAGE_CODE)
    kept = told.values.get(found.pk)
    before, after = trail.neighbour(found, by=-1), trail.neighbour(found, by=1)
    follows = before.hash if before is not None else START if found.sequence == 1 else ""
    behalf = found.on_behalf_of_id
    context = {
        "event": {
            **row_of(found, told),
            "name": found.name,
            "changes": list(changes_of(found, told, short=False)),
            "kind": str(KINDS.get(found.actor_kind, found.actor_kind)),
            "duty": found.actor_name,
            "who": who(found, told),
            "actor_id": found.actor_user_id,
            "on_behalf_of": told.people.get(behalf, "") if behalf else "",
            "object_type": found.object_type,
            "object_id": found.object_id,
            "place_id": found.place_id,
            "hash": found.hash,
            "previous_hash": found.previous_hash,
            "commitment": found.commitment,
        },
        "is_as_written": hash_of(found) == found.hash,
        "follows": found.previous_hash == follows,
        "values_fit": values_fit(found, kept),
        "earlier_url": _event_url(before, request.actor),
        "later_url": _event_url(after, request.actor),
    }
    return render(request, "audit/event.html", context)


@require_POST
def export(request: Any) -> HttpResponse | StreamingHttpResponse:
    """Take out what the filter shows, as a CSV file written while it is read."""
    require_trail_reader(request.actor)
    form = TrailForm(request.POST)
    if not form.is_valid():
        context = {"form": form, "rows": [], "pager": None, **_checks(request)}
        return render(request, "audit/list.html", context, status=422)
    wanted = trails.export_trail(request.actor, wanted=form.wanted())
    response = StreamingHttpResponse(
        csv_of(request.firm, request.actor, wanted, request.LANGUAGE_CODE),
        content_type="text/csv; charset=utf-8",
    )
    name = f"audit-trail-{request.firm.slug}-{clock.now():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
def verify(request: Any) -> HttpResponse:
    """Let the worker verify the chain, and show how far it is."""
    require_trail_reader(request.actor)
    chain_checks.ask_chain_check(request.actor)
    return HttpResponseRedirect(reverse("audit") + "#chain", status=303)


@require_safe
def check(request: Any, pk: UUID) -> HttpResponse:
    """How far one verification is: what the page asks for again and again while it runs."""
    require_trail_reader(request.actor)
    found = ChainCheck.objects.visible_to(request.actor).one(pk=pk)
    [shown] = checks_shown([found], request.actor)
    return render(request, "audit/check.html", {"check": shown})


def _checks(request: Any) -> dict[str, Any]:
    """Return the last verifications, for whoever reads the whole firm's trail."""
    if not is_whole_firm(reach_of(request.actor, "vestibule.audit.read")):
        return {"may": {"verify": False}, "last_check": None, "earlier_checks": []}
    rows = ChainCheck.objects.visible_to(request.actor).order_by("-asked_at", "-pk")
    shown = checks_shown(list(rows[:CHECKS_SHOWN]), request.actor)
    return {
        "may": {"verify": True},
        "last_check": shown[0] if shown else None,
        "earlier_checks": shown[1:],
    }


def _address(form: TrailForm, **cursor: int) -> str:
    return f"{reverse('audit')}?{form.query(**cursor)}"


def _event_url(event: Event | None, actor: Actor) -> str:
    """Return the address of a neighbour that the reader may open."""
    if event is None or not Event.objects.visible_to(actor).filter(pk=event.pk).exists():
        return ""
    return reverse("audit_event", args=[event.sequence])


def _number(text: str) -> int | None:
    """Return a cursor; one that cannot be read means the first page."""
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        return None
    return int(text)
