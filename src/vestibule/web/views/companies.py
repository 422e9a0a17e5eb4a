"""Companies and groups: one's page, and a new one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from vestibule.directory.actions.places import create_place
from vestibule.directory.models import Place, PlaceKind
from vestibule.directory.place_views import (
    kinds_above_establishments,
    possible_parents,
    scheme_of,
)
from vestibule.directory.wordbook import Words
from vestibule.refusals import Conflict, Denied, Invalid, NotNow
from vestibule.tabular.numbers import siren_checksum_holds, siret_checksum_holds
from vestibule.web.place_forms import NewCompanyForm, posted
from vestibule.web.place_rows import (
    HAS_PLACES_BELOW,
    go_to,
    place_page,
    require_place_reader,
)
from vestibule.web.refusals import put_at_fields, status_of

CREATE = "vestibule.places.create"


@require_safe
def company(request: Any, pk: UUID) -> HttpResponse:
    """One company or group: what stands under it, its applications, its users."""
    require_place_reader(request.actor)
    place = (
        Place.objects.visible_to(request.actor)
        .filter(acts_as__in=HAS_PLACES_BELOW)
        .select_related("kind", "parent")
        .one(pk=pk)
    )
    context = place_page(place, request.actor, request.LANGUAGE_CODE)
    return render(request, "companies/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def company_new(request: Any) -> HttpResponse:
    """Create a company, or with `?kind=…` another kind that stands above establishments."""
    require_place_reader(request.actor)
    kind = _kind_asked_for(request)
    offered = possible_parents(request.actor, CREATE, kind)
    if not offered.exists():
        raise Denied(permission=CREATE)
    word = Words(kind.firm_id, request.LANGUAGE_CODE).kind(kind.code)
    form = NewCompanyForm(
        posted(request),
        offered=offered,
        kinds=[(kind, word)],
        scheme=scheme_of(kind),
        initial={"parent": offered.filter(acts_as="firm").values_list("pk", flat=True).first()},
    )
    status = 200 if form.is_valid() or not form.errors else 422
    if form.is_valid():
        try:
            place = create_from(request, form, form.cleaned_data["parent"])
        except (Invalid, Conflict, NotNow) as refusal:
            put_at_fields(form, refusal, {form.scheme: "number"})
            status = status_of(refusal)
        else:
            return go_to(place)
    context = {"form": form, "back_url": reverse("companies"), "acts_as": kind.acts_as}
    return render(request, "companies/form.html", context, status=status)


def _kind_asked_for(request: Any) -> PlaceKind:
    """Return the kind named by the form or the address; a company when none is."""
    code = request.POST.get("kind") or request.GET.get("kind", "")
    kinds = kinds_above_establishments(request.firm.id)
    for kind in kinds:
        if kind.code == code or not code:
            return kind
    raise Http404


def create_from(request: Any, form: Any, parent: Place) -> Place:
    """Create the place that a form describes, and say so; warn of a number that looks mistyped.

    Refuses: as `create_place`.
    """
    place: Place = create_place(
        request.actor,
        parent=parent,
        kind=form.cleaned_data["kind"],
        name=form.cleaned_data["name"],
        references=form.references,
        details=form.details,
    )
    messages.success(request, _("%(name)s is added.") % {"name": place.name})
    checks = {"siren": siren_checksum_holds, "siret": siret_checksum_holds}
    for scheme, typed in form.references.items():
        number = "".join(typed.split())
        if scheme in checks and not checks[scheme](number):
            sentence = _(
                "The check digit of %(scheme)s %(number)s does not fit. Please compare it with"
                " the original."
            )
            messages.warning(request, sentence % {"scheme": scheme.upper(), "number": number})
    return place
