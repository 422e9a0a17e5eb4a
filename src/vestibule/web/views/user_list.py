"""The list of client users: found, filtered, ordered, page by page."""

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
from vestibule.directory.actions import drafts
from vestibule.directory.actions.exports import EXPORT, exportable
from vestibule.directory.actions.saved_views import views_of
from vestibule.directory.listing import (
    COLUMNS,
    ORDERS,
    STATES,
    Choices,
    UserListing,
    choices_for,
    counts_by_state,
    counts_of,
    first_of,
    place_of,
    places_called,
    users_of,
)
from vestibule.directory.models import Place
from vestibule.directory.querysets import is_whole_firm, reach_of
from vestibule.directory.wordbook import Words
from vestibule.web.list_forms import (
    INVITATION,
    OFFERED,
    SIGNED_IN,
    FilterForm,
    Pairs,
    chip,
    headings,
    hidden,
    pager,
    shown_count,
    sort_menu,
)
from vestibule.web.people import user_rows
from vestibule.web.readers import require_reader
from vestibule.web.user_cells import column_words, with_more_cells

PAGE_SIZE = 50
BULK_ACTS = {"invite": "vestibule.users.invite", "deactivate": "vestibule.users.deactivate"}
FIND_AND_FILTERS = ("place", "role", "application", "signed_in", "invitation")


def address(listing: UserListing, name: str = "users", **more: str) -> str:
    """Return the address of a list, or of what is done with it."""
    query = listing.query(**more)
    return reverse(name) + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks to see, as far as its reader may."""

    listing: UserListing
    choices: Choices
    place: Place | None


def asked_for(request: Any) -> Asked:
    """Return the list that the address names; a company that the reader does not see is left out."""
    choices = choices_for(request.actor)
    listing = UserListing.read(dict(request.GET.lists()), choices)
    place = place_of(request.actor, listing)
    if place is None:
        listing = listing.changed(place=None)
    return Asked(listing, choices, place)


@require_safe
def users(request: Any) -> HttpResponse:
    """List client users: search, filters, a tab per state, order and columns, pages both ways."""
    actor = request.actor
    require_reader(actor)
    asked = asked_for(request)
    listing = asked.listing
    sought = first_of(dict(request.GET.lists()), "find").strip()
    offered: list[Place] = []
    if sought:
        kinds = ("company", "group")
        offered = places_called(actor, sought, acts_as=kinds, limit=OFFERED + 1)
    if "filter" in request.GET and (len(offered) == 1 or not sought):
        found = listing.changed(place=offered[0].pk) if offered else listing
        return HttpResponseRedirect(address(found))
    rows = users_of(actor, listing, asked.place)
    page = rows.page(
        size=PAGE_SIZE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        order=listing.order,
    )
    counts = counts_by_state(actor, listing, asked.place)
    total = counts[listing.state] or 0
    words = Words(actor.firm_id, request.LANGUAGE_CODE)
    fields = _fields(asked.choices, words)
    context = {
        "q": listing.text,
        "state": listing.state,
        "tabs": _tabs(listing, counts),
        "rows": with_more_cells(
            user_rows(page.rows, actor, request.LANGUAGE_CODE), page.rows, actor, listing.columns
        ),
        "pager": pager(listing, page, total, address),
        "total": shown_count(total),
        "export": shown_count(_number_to_export(asked, actor, total)),
        "filters": _chips(asked, fields),
        "filter_form": FilterForm(
            fields=fields,
            initial=dict(listing.pairs()) | {"find": sought},
            find=_("Company or group"),
        ),
        "filter_kept": hidden(listing, *FIND_AND_FILTERS),
        "sought": sought,
        "offered": [
            {"name": place.name, "acts_as": place.acts_as, "url": _at(listing, place)}
            for place in offered[:OFFERED]
        ],
        "offered_more": len(offered) > OFFERED,
        "search_kept": hidden(listing, "q"),
        "clear_url": address(_cleared(listing)),
        "narrowed": listing.is_filtered,
        "sorts": headings(listing, tuple(ORDERS), address),
        "sort_menu": sort_menu(listing, _sort_words(), address),
        "columns": listing.columns,
        "column_choices": [
            {"name": name, "word": word, "chosen": name in listing.columns}
            for name, word in column_words(COLUMNS)
        ],
        "columns_kept": hidden(listing, "column"),
        "views": views_of(actor, "users"),
        "query": listing.query(),
        "export_url": address(listing, "users_export"),
        "bulk_url": address(listing, "users_bulk"),
        "draft": bool(drafts.unfinished(actor)),
        "may": _may(actor),
    }
    return render(request, "users/list.html", context)


def _number_to_export(asked: Asked, actor: Actor, shown: int) -> int:
    """Return how many the file would hold: who has a place elsewhere is shown and not exported."""
    mine = reach_of(actor, EXPORT)
    if not mine or is_whole_firm(mine):
        return shown if mine else 0
    found = exportable(actor, asked.listing, asked.place)
    return counts_of(actor.firm_id, {"": found})[""]


def _may(actor: Actor) -> dict[str, Any]:
    """Return what the page offers; the acts decide themselves."""
    return {
        "invite": bool(reach_of(actor, "vestibule.users.create")),
        "export": bool(reach_of(actor, EXPORT)),
        "bulk": [act for act, right in BULK_ACTS.items() if reach_of(actor, right)],
    }


def _cleared(listing: UserListing) -> UserListing:
    """Return the list with everybody in it, in the same order and with the same columns."""
    return UserListing(sort=listing.sort, columns=listing.columns)


def _at(listing: UserListing, place: Place) -> str:
    return address(listing.changed(place=place.pk))


def _tabs(listing: UserListing, counts: dict[str, int | None]) -> list[dict[str, Any]]:
    """Return the tabs; "refused" only where there is anybody, because there hardly ever is."""
    return [
        {
            "state": tab,
            "count": shown_count(counts[tab])["number"],
            "more": shown_count(counts[tab])["more"],
            "url": address(listing.changed(state=tab)),
            "active": tab == listing.state,
        }
        for tab in ("", *STATES)
        if tab != "refused" or counts[tab] or listing.state == tab
    ]


def _fields(choices: Choices, words: Words) -> list[tuple[str, Any, Pairs]]:
    applications = [(name, words.application(name)) for name in choices.applications]
    return [
        ("role", _("Type"), [(role.code, words.role(role)) for role in choices.roles]),
        ("application", _("Application"), applications),
        ("signed_in", _("Last sign-in"), SIGNED_IN),
        ("invitation", _("Invitation"), INVITATION),
    ]


def _chips(asked: Asked, fields: list[tuple[str, Any, Pairs]]) -> list[dict[str, Any]]:
    listing, found = asked.listing, []
    if asked.place is not None:
        label = _("Group") if asked.place.acts_as == "group" else _("Company")
        without = address(listing.changed(place=None))
        found.append(chip(label, asked.place.name, without, "place"))
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
        ("-seen", pgettext("an order", "Signed in last first")),
        ("seen", pgettext("an order", "Not signed in for longest first")),
        ("-created", pgettext("an order", "Created last first")),
        ("created", pgettext("an order", "Created first first")),
        ("-since", pgettext("an order", "State changed last first")),
        ("since", pgettext("an order", "In the same state for longest first")),
    ]
