"""What is done to a place: renamed, moved, closed, opened again, added to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vestibule.directory.actions.places import (
    GroupNotEmpty,
    close_place,
    move_place,
    rename_place,
    reopen_place,
)
from vestibule.directory.models import Place
from vestibule.directory.place_views import (
    MoveEffect,
    billed_to,
    closed_above,
    effect_of_move,
    establishments_in,
    has_open_companies,
    holders_at,
    kinds_below,
    possible_new_parents,
    possible_successors,
    scheme_of,
)
from vestibule.directory.wordbook import Words
from vestibule.refusals import Conflict, Denied, Invalid, NotFound, NotNow, PlaceClosed, Refusal
from vestibule.web.forms import NothingForm
from vestibule.web.place_forms import AddForm, CloseForm, MoveForm, RenameForm, posted
from vestibule.web.place_rows import address_of, go_to, holds, named, require_place_reader
from vestibule.web.refusals import put_at_fields, status_of, tell
from vestibule.web.views.companies import CREATE, create_from

NAMES_SHOWN = 5
EXPECTED = (Invalid, Conflict, NotNow)
"""What a form says at its fields; a Denied or NotFound becomes a page of its own."""


def _fetch(request: Any, pk: UUID, permission: str) -> Place:
    """Return the place to act on, if the reader sees it and would be allowed to.

    Refuses: Denied, NotFound.
    """
    require_place_reader(request.actor)
    seen = Place.objects.visible_to(request.actor).select_related("kind", "parent")
    place: Place = seen.one(pk=pk)
    if not holds(request.actor, permission, place):
        raise Denied(permission=permission)
    return place


def _ask(
    request: Any,
    act: str,
    place: Place,
    form: forms.Form,
    *,
    refusal: Refusal | None = None,
    **more: Any,
) -> HttpResponse:
    """Show the page of an act, with what was refused about it."""
    if refusal is not None and not more.get("blocked"):
        put_at_fields(form, refusal, {getattr(form, "scheme", ""): "number"})
    status = status_of(refusal) if refusal is not None else 422 if form.errors else 200
    template = "places/confirm_close.html" if act == "close" else "places/form.html"
    context = {
        "act": act,
        "place": named(place, request.LANGUAGE_CODE),
        "form": form,
        "back_url": address_of(place),
        **more,
    }
    return render(request, template, context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: Any, pk: UUID) -> HttpResponse:
    """Give a place another name."""
    place = _fetch(request, pk, "vestibule.places.rename")
    form = RenameForm(posted(request), initial={"name": place.name})
    refusal = None
    if form.is_valid():
        try:
            renamed = rename_place(request.actor, place, name=form.cleaned_data["name"])
        except EXPECTED as refused:
            refusal = refused
        else:
            messages.success(
                request,
                _("%(old)s is now called %(new)s.") % {"old": place.name, "new": renamed.name},
            )
            return go_to(renamed)
    return _ask(request, "rename", place, form, refusal=refusal)


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: Any, pk: UUID) -> HttpResponse:
    """Put a place under another one; whose access that opens or closes is said before."""
    place = _fetch(request, pk, "vestibule.places.move")
    form = MoveForm(posted(request), offered=possible_new_parents(request.actor, place))
    refusal, effect = None, MoveEffect((), ())
    if form.is_valid():
        parent = form.cleaned_data["parent"]
        effect = effect_of_move(place, parent)
        if effect and not form.has_told_of(parent):
            form.will_tell_of(parent)
        else:
            try:
                moved = move_place(request.actor, place, parent=parent)
            except EXPECTED as refused:
                refusal = refused
            else:
                messages.success(request, _moved(moved, parent))
                return go_to(moved)
    return _ask(request, "move", place, form, refusal=refusal, **_touched(place, effect))


def _moved(place: Place, parent: Place) -> str:
    names = {"name": place.name, "parent": parent.name}
    if parent.acts_as == "firm":
        return _("%(name)s now stands directly under %(parent)s.") % names
    return _("%(name)s now stands under %(parent)s.") % names


def _touched(place: Place, effect: MoveEffect) -> dict[str, Any]:
    return {
        "establishments": establishments_in(place),
        "gaining": effect.gaining[:NAMES_SHOWN],
        "gaining_total": len(effect.gaining),
        "losing": effect.losing[:NAMES_SHOWN],
        "losing_total": len(effect.losing),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: Any, pk: UUID) -> HttpResponse:
    """Close a place: who loses access is named, and who pays from now on is asked."""
    place = _fetch(request, pk, "vestibule.places.close")
    billed = billed_to(place).count()
    form = CloseForm(
        posted(request), offered=possible_successors(request.actor, place), billed=billed
    )
    refusal = _reason_not_to_close(place)
    if form.is_valid():
        try:
            close_place(request.actor, place, billed_to=form.cleaned_data.get("billed_to"))
        except EXPECTED as refused:
            refusal = refused
        else:
            messages.success(request, _("%(name)s is closed.") % {"name": place.name})
            return go_to(place)
    blocked = tell(refusal) if isinstance(refusal, NotNow) else ""
    if request.method != "POST":
        refusal = None
    losing = holders_at(place)
    return _ask(
        request,
        "close",
        place,
        form,
        refusal=refusal,
        blocked=blocked,
        establishments=establishments_in(place),
        losing=[person.full_name for person in losing[:NAMES_SHOWN]],
        losing_total=losing.count(),
        billed_total=billed,
    )


def _reason_not_to_close(place: Place) -> Refusal | None:
    """Return what the action would refuse, so that the page can say it before."""
    if not place.is_open:
        return PlaceClosed(place=place.name)
    if place.acts_as == "group" and has_open_companies(place):
        return GroupNotEmpty(place=place.name)
    return None


@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: Any, pk: UUID) -> HttpResponse:
    """Open a closed place again."""
    place = _fetch(request, pk, "vestibule.places.close")
    form = NothingForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reopen_place(request.actor, place)
        messages.success(request, _("%(name)s is open again.") % {"name": place.name})
        return go_to(place)
    above = closed_above(place)
    return _ask(request, "reopen", place, form, closed_above=above.name if above else "")


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: Any, pk: UUID) -> HttpResponse:
    """Create a place under another one."""
    parent = _fetch(request, pk, CREATE)
    words = Words(parent.firm_id, request.LANGUAGE_CODE)
    kinds = [(kind, words.kind(kind.code)) for kind in kinds_below(parent)]
    if not kinds:
        raise NotFound()
    asked = [kind for kind, _label in kinds if kind.code == request.POST.get("kind")]
    form = AddForm(
        posted(request), kinds=kinds, scheme=scheme_of(asked[0] if asked else kinds[0][0])
    )
    refusal = None
    if form.is_valid():
        try:
            return go_to(create_from(request, form, parent))
        except EXPECTED as refused:
            refusal = refused
    return _ask(request, "add", parent, form, refusal=refusal)
