"""What lists are narrowed by, as pages show it: fields to choose from, chips, headings, tabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vestibule.directory.listing import COUNT_LIMIT, Listing
from vestibule.directory.paging import Page

NAME_LIMIT = 80
OFFERED = 10
"""So many companies are offered when what was typed fits several."""

SIGNED_IN = (
    ("never", _("Never")),
    ("30d", _("In the last 30 days")),
    ("over30", _("Longer ago than 30 days")),
    ("over90", _("Longer ago than 90 days")),
    ("over365", _("Longer ago than a year")),
)
INVITATION = (
    ("pending", _("Open")),
    ("expired", _("Link expired")),
    ("bounced", _("Mail bounced")),
    ("accepted", pgettext_lazy("an invitation", "Accepted")),
    ("none", _("Never invited")),
)
STATUS = (
    ("open", pgettext_lazy("a place", "Open")),
    ("closed", pgettext_lazy("a place", "Closed")),
)
ADMINISTRATOR = (("none", _("Without administrator")),)

Pairs = Sequence[tuple[str, Any]]


class FilterForm(forms.Form):
    """What a list can be narrowed by. Its values are read by the listing, not by this form."""

    def __init__(
        self, *, fields: Sequence[tuple[str, Any, Pairs]], initial: Any, find: Any
    ) -> None:
        super().__init__(initial=initial, auto_id="filter_%s")
        self.fields["find"] = forms.CharField(
            label=find,
            required=False,
            widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": 200}),
        )
        for name, label, choices in fields:
            self.fields[name] = forms.ChoiceField(
                label=label, required=False, choices=[("", _("Any")), *choices]
            )


class ViewForm(forms.Form):
    """The name of a saved view."""

    name = forms.CharField(
        label=_("Name of the view"),
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )


def shown_count(counted: int | None) -> dict[str, Any]:
    """Return a number as lists say it: exact up to the limit, else "more than"; None: not counted."""
    if counted is None:
        return {"number": None, "more": False}
    return {"number": min(counted, COUNT_LIMIT), "more": counted > COUNT_LIMIT}


def chip(label: Any, value: Any, url: str, name: str) -> dict[str, Any]:
    """Return one filter that is set, with the address of the list without it."""
    return {"label": label, "value": value, "remove_url": url, "name": name}


def headings(listing: Any, orders: Sequence[str], address: Any) -> dict[str, dict[str, Any]]:
    """Return for each order where its heading leads and how the list is sorted by it now."""
    found = {}
    for name in orders:
        here = listing.sort.removeprefix("-") == name
        down = listing.sort.startswith("-")
        other = name if here and down else f"-{name}" if here else _first_way(name)
        found[name] = {
            "url": address(listing.changed(sort=other)),
            "sorted": ("descending" if down else "ascending") if here else "",
        }
    return found


def _first_way(name: str) -> str:
    """Return how a column is sorted at its first click: names from A, moments from the newest."""
    return name if name == "name" else f"-{name}"


def sort_menu(listing: Any, words: Sequence[tuple[str, Any]], address: Any) -> list[dict[str, Any]]:
    """Return the orders as a menu, for phones, where there are no headings."""
    return [
        {"url": address(listing.changed(sort=sort)), "word": word, "active": listing.sort == sort}
        for sort, word in words
    ]


def hidden(listing: Listing, *without: str) -> list[tuple[str, str]]:
    """Return what a form besides its own fields must hand on to keep the list as it is."""
    return [(name, value) for name, value in listing.pairs() if name not in without]


def pager(listing: Listing, page: Page[Any], total: int, address: Any) -> dict[str, Any]:
    """Return what stands under a list: how many, and where earlier and later ones are."""
    return {
        "previous_url": address(listing, before=page.previous) if page.previous else "",
        "next_url": address(listing, after=page.next) if page.next else "",
        "shown": len(page.rows),
        "total": total,
        "more": total > COUNT_LIMIT,
        "limit": COUNT_LIMIT,
    }
