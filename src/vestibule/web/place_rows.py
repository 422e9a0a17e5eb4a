"""Rows → what pages show of companies and places: one reading for a whole page."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import decide
from vestibule.directory.models import Place, User
from vestibule.directory.place_views import (
    applications_of,
    closed_since,
    companies_in,
    establishments_in,
    figures_of,
    holders_at,
    numbers_of,
    tree_under,
)
from vestibule.directory.querysets import reach_of
from vestibule.directory.sights import ICONS, spaced
from vestibule.directory.wordbook import Words
from vestibule.refusals import Denied
from vestibule.web.people import user_rows

USERS_SHOWN = 50
HAS_PLACES_BELOW = ("group", "company")


def require_place_reader(actor: Actor) -> None:
    """Refuse who is not staff with a right to see companies: a client's companies are at home.

    Refuses: Denied.
    """
    is_staff = actor.standing is not None and actor.standing.is_staff
    if not is_staff or not reach_of(actor, "vestibule.places.read"):
        raise Denied(permission="vestibule.places.read")


def holds(actor: Actor, permission: str, place: Place) -> bool:
    """Return whether the actor holds a permission at a place: to show or hide, never to allow."""
    if actor.standing is None:
        return False
    return bool(decide(actor.standing, reserved_bits(permission), place.path, clock.now()))


def acts_at(actor: Actor, place: Place) -> dict[str, bool]:
    """Return what the actor may do with a place in its present state. Its kind was read with it."""
    may_close = holds(actor, "vestibule.places.close", place)
    return {
        "rename": holds(actor, "vestibule.places.rename", place),
        "move": place.kind.parents not in ([], ["firm"])
        and holds(actor, "vestibule.places.move", place),
        "close": place.is_open and may_close,
        "reopen": not place.is_open and may_close,
        "add": place.is_open
        and place.acts_as in HAS_PLACES_BELOW
        and holds(actor, "vestibule.places.create", place),
    }


def address_of(place: Place) -> str:
    """Return the page on which a place stands: its own, or its company's."""
    owner = place.pk if place.acts_as in HAS_PLACES_BELOW else place.company_id or place.parent_id
    return reverse("company", args=[owner])


def go_to(place: Place) -> HttpResponse:
    """Lead from a form that was accepted to the page on which its place stands."""
    return HttpResponseRedirect(address_of(place), status=303)


def named(place: Place, language: str) -> dict[str, Any]:
    """Return what a confirming page says about its place."""
    word = Words(place.firm_id, language).kind(place.kind.code)
    return {"id": place.pk, "name": place.name, "kind": word, "acts_as": place.acts_as}


def company_rows(places: list[Place], actor: Actor) -> list[dict[str, Any]]:
    """Return the rows of the companies' list; their parents were read with them."""
    figures, numbers = figures_of(places, actor), numbers_of(places)
    return [
        {
            "id": place.pk,
            "name": place.name,
            "town": place.town,
            "siren": spaced(numbers[place.pk].get("siren", "")),
            "closed": not place.is_open,
            "establishments": figures[place.pk].establishments,
            "users": figures[place.pk].users,
            "administrators": figures[place.pk].administrators,
            **_group(place),
        }
        for place in places
    ]


def group_rows(places: list[Place]) -> list[dict[str, Any]]:
    """Return the rows of the groups' list."""
    companies = companies_in(places)
    return [
        {
            "id": place.pk,
            "name": place.name,
            "closed": not place.is_open,
            "companies": companies.get(place.pk, 0),
        }
        for place in places
    ]


def _group(place: Place) -> dict[str, Any]:
    is_in_group = place.parent is not None and place.parent.acts_as == "group"
    return {
        "group": place.parent.name if is_in_group else "",
        "group_id": place.parent_id if is_in_group else None,
    }


def place_page(place: Place, actor: Actor, language: str) -> dict[str, Any]:
    """Return what the page of a company or a group shows: its tree, applications and users."""
    people = User.objects.visible_to(actor).filter(pk__in=holders_at(place).order_by().values("pk"))
    page = people.page(size=USERS_SHOWN)
    words = Words(place.firm_id, language)
    siren = numbers_of([place])[place.pk].get("siren", "")
    return {
        "company": {
            "id": place.pk,
            "name": place.name,
            "siren": spaced(siren),
            "town": place.town,
            "acts_as": place.acts_as,
            "closed_at": None if place.is_open else closed_since(place),
            "may": acts_at(actor, place),
            **_group(place),
        },
        "applications": [
            {"name": words.application(row.name), "icon": row.icon or ICONS.get(row.name, "apps")}
            for row in applications_of(place)
        ],
        "establishments_open": establishments_in(place) if place.is_open else 0,
        "tree": _tree(place, actor, words),
        "rows": user_rows(page.rows, actor, language),
        "rows_total": people.counted(),
        "may": {"invite": bool(reach_of(actor, "vestibule.users.create"))},
    }


def _tree(place: Place, actor: Actor, words: Words) -> list[dict[str, Any]]:
    nodes = tree_under(Place.objects.visible_to(actor), place)
    shut = [node.path for node, _depth in nodes if not node.is_open]
    shut += [place.path] if not place.is_open else []
    numbers = numbers_of(node for node, _depth in nodes)
    return [
        {
            "id": node.pk,
            "name": node.name,
            "url": address_of(node) if node.acts_as in HAS_PLACES_BELOW else "",
            "kind": words.kind(node.kind.code),
            "depth": min(depth, 5),
            "detail": ", ".join(part for part in (node.address, node.town) if part),
            "siret_end": numbers[node.pk].get("siret", "")[9:],
            "closed": any(node.path.startswith(path) for path in shut),
            "may": acts_at(actor, node),
        }
        for node, depth in nodes
    ]
