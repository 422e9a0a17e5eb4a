"""Companies as the wizard's search shows them, and what a draft holds of them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from vestibule.actor import Actor
from vestibule.directory.facts import administrator_roles
from vestibule.directory.models import Draft, Grant, Place
from vestibule.directory.querysets import PlaceQuerySet
from vestibule.directory.sights import place_names, sirens_of, spaced

RESULTS = 20


def choosable(actor: Actor) -> PlaceQuerySet:
    """Return the open companies at which the actor may create users."""
    found: PlaceQuerySet = (
        Place.objects.visible_to(actor).where(actor, "vestibule.users.create").companies().open()
    )
    return found


def search(actor: Actor, query: str, chosen: set[UUID]) -> dict[str, Any]:
    """Return the first results of a search and how many there are."""
    everything = choosable(actor)
    found = everything.matching(query)
    rows = list(found.order_by("sort_key", "pk")[:RESULTS])
    return {
        "q": query,
        "results": described(actor, rows, chosen),
        "found": found.counted(),
        "total": everything.counted(),
    }


def described(actor: Actor, companies: list[Place], chosen: set[UUID]) -> list[dict[str, Any]]:
    """Return the companies as two lines each, with their users and administrators."""
    ids = [company.pk for company in companies]
    people: dict[UUID, set[UUID]] = defaultdict(set)
    heads: dict[UUID, set[UUID]] = defaultdict(set)
    if companies:
        roles = administrator_roles(companies[0].firm_id)
        grants = (
            Grant.objects.visible_to(actor)
            .not_over()
            .filter(place_id__in=ids)
            .exclude(user__state__in=("deactivated", "erased"))
        )
        for place_id, user_id, role_id in grants.values_list("place_id", "user_id", "role_id"):
            people[place_id].add(user_id)
            if role_id in roles:
                heads[place_id].add(user_id)
    sirens = sirens_of(ids)
    groups = place_names(actor, [company.parent_id for company in companies])
    return [
        {
            "id": company.pk,
            "name": company.name,
            "town": company.town,
            "siren": spaced(sirens.get(company.pk, "")),
            "group": groups.get(company.parent_id, "") if company.parent_id else "",
            "users": len(people[company.pk]),
            "administrators": len(heads[company.pk]),
            "chosen": company.pk in chosen,
            "siblings_note": "",
        }
        for company in companies
    ]


def company_of(actor: Actor, draft: Draft) -> Place | None:
    """Return the billable company of a draft, if it can still be chosen."""
    found: Place | None = choosable(actor).filter(pk=draft.data.get("company")).first()
    return found


def companies_of(actor: Actor, draft: Draft) -> list[Place]:
    """Return the companies chosen in a draft that can still be chosen, by name."""
    ids = draft.data.get("companies") or []
    return list(choosable(actor).filter(pk__in=ids).order_by("sort_key", "pk"))


def read_ids(values: list[str]) -> list[str]:
    """Return those of `values` that are ids, each once, at most 500."""
    found: dict[str, None] = {}
    for value in values[:500]:
        try:
            found[str(UUID(value))] = None
        except ValueError:
            continue
    return list(found)
