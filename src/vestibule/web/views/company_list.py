"""The list of companies, or of groups: found, filtered, ordered, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from vestibule.actor import Actor
from vestibule.directory.actions.saved_views import views_of
from vestibule.directory.listing import (
    Choices,
    choices_for,
    counts_of,
    first_of,
    place_of,
    places_called,
)
from vestibule.directory.models import Place
from vestibule.directory.place_listing import COLUMNS, ORDERS, CompanyListing, companies_of
from vestibule.directory.querysets import reach_of
from vestibule.directory.wordbook import Words
from vestibule.web.list_forms import (
    ADMINISTRATOR,
    OFFERED,
    STATUS,
    FilterForm,
    Pairs,
    chip,
    headings,
    hidden,
    pager,
    shown_count,
    sort_menu,
)
from vestibule.web.place_rows import company_rows, group_rows, require_place_reader
from vestibule.web.readers import require_reader

PAGE_SIZE = 50
FIND_AND_FILTERS = ("place", "application", "administrator", "status")


def require_company_reader(actor: Actor) -> None:
    """Refuse staff who may see no companies, and clients who look after nobody.

    Refuses: Denied.
    """
    if actor.standing is not None and not actor.standing.is_staff:
        require_reader(actor)
    else:
        require_place_reader(actor)


def address(listing: CompanyListing, **more: str) -> str:
    """Return the address of a list."""
    query = listing.query(**more)
    return reverse("companies") + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks to see, as far as its reader may."""

    listing: CompanyListing
    choices: Choices
    place: Place | None


def asked_for(request: Any) -> Asked:
    """Return the list that the address names; a group that the reader does not see is left out."""
    choices = choices_for(request.actor)
    listing = CompanyListing.read(dict(request.GET.lists()), choices)
    place = place_of(request.actor, listing)
    if place is None:
        listing = listing.changed(place=None)
    return Asked(listing, choices, place)


@require_safe
def companies(request: Any) -> HttpResponse:
    """List companies, or with `?show=groups` groups: search, filters, order, pages both ways."""
    actor = request.actor
    require_company_reader(actor)
    asked = asked_for(request)
    listing = asked.listing
    sought = first_of(dict(request.GET.lists()), "find").strip()
    offered: list[Place] = []
    if sought:
        offered = places_called(actor, sought, acts_as=("group",), limit=OFFERED + 1)
    if "filter" in request.GET and (len(offered) == 1 or not sought):
        found = listing.changed(place=offered[0].pk) if offered else listing
        return HttpResponseRedirect(address(found))
    rows = companies_of(actor, listing, asked.place)
    page = rows.select_related("parent").page(
        size=PAGE_SIZE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        order=listing.order,
    )
    total = counts_of(actor.firm_id, {"": rows})[""]
    shows = "group" if listing.show == "groups" else "company"
    words = Words(actor.firm_id, request.LANGUAGE_CODE)
    fields = _fields(asked.choices, words, shows)
    context = {
        "q": listing.text,
        "shows": shows,
        "tabs": [
            {"shows": kind, "url": address(listing.changed(show=show)), "active": kind == shows}
            for kind, show in (("company", ""), ("group", "groups"))
        ],
        "rows": _rows(page.rows, actor, shows),
        "pager": pager(listing, page, total, address),
        "total": shown_count(total),
        "filters": _chips(asked, fields),
        "filter_form": FilterForm(
            fields=fields, initial=dict(listing.pairs()) | {"find": sought}, find=_("Group")
        ),
        "filter_kept": hidden(listing, *FIND_AND_FILTERS),
        "sought": sought,
        "offered": [
            {
                "name": place.name,
                "acts_as": place.acts_as,
                "url": address(listing.changed(place=place.pk)),
            }
            for place in offered[:OFFERED]
        ],
        "offered_more": len(offered) > OFFERED,
        "search_kept": hidden(listing, "q"),
        "clear_url": address(
            CompanyListing(show=listing.show, sort=listing.sort, columns=listing.columns)
        ),
        "narrowed": listing.is_filtered,
        "sorts": headings(listing, tuple(ORDERS), address),
        "sort_menu": sort_menu(listing, _sort_words(), address),
        "columns": listing.columns,
        "column_choices": [
            {"name": name, "word": word, "chosen": name in listing.columns}
            for name, word in _column_words()
        ],
        "columns_kept": hidden(listing, "column"),
        "views": views_of(actor, "companies"),
        "query": listing.query(),
        "may": {
            "create": bool(reach_of(actor, "vestibule.places.create")),
            "open": actor.standing is not None and actor.standing.is_staff,
        },
    }
    return render(request, "companies/list.html", context)


def _rows(places: list[Place], actor: Actor, shows: str) -> list[dict[str, Any]]:
    """Return the rows; a group that the reader does not see is not named."""
    if shows == "group":
        return group_rows(places)
    rows = company_rows(places, actor)
    parents = {row["group_id"] for row in rows}
    seen = Place.objects.visible_to(actor).filter(pk__in=parents - {None})
    names = set(seen.values_list("pk", flat=True))
    for row, place in zip(rows, places, strict=True):
        row["created_at"] = place.created_at
        if row["group_id"] not in names:
            row["group"], row["group_id"] = "", None
    return rows


def _fields(choices: Choices, words: Words, shows: str) -> list[tuple[str, Any, Pairs]]:
    status = ("status", _("State"), STATUS)
    if shows == "group":
        return [status]
    applications = [(name, words.application(name)) for name in choices.applications]
    return [
        ("application", _("Application"), applications),
        ("administrator", _("Administrator"), ADMINISTRATOR),
        status,
    ]


def _chips(asked: Asked, fields: list[tuple[str, Any, Pairs]]) -> list[dict[str, Any]]:
    listing, found = asked.listing, []
    if asked.place is not None:
        without = address(listing.changed(place=None))
        found.append(chip(_("Group"), asked.place.name, without, "place"))
    for name, label, choices in fields:
        value = getattr(listing, name)
        if value:
            without = address(listing.changed(**{name: ""}))
            found.append(chip(label, dict(choices)[value], without, name))
    return found


def _sort_words() -> list[tuple[str, str]]:
    return [
        ("name", pgettext("an order", "Name, from A to Z")),
        ("-name", pgettext("an order", "Name, from Z to A")),
        ("-created", pgettext("an order", "Added last first")),
        ("created", pgettext("an order", "Added first first")),
    ]


def _column_words() -> list[tuple[str, str]]:
    words = {
        "group": _("Group"),
        "establishments": _("Establishments"),
        "users": _("Users"),
        "administrators": _("Administrators"),
        "created": _("Added"),
    }
    return [(name, words[name]) for name in COLUMNS]
