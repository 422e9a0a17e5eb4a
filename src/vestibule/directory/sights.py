"""Rows → what doors show of people and their companies, beyond what one row says. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils.translation import ngettext

from vestibule import clock
from vestibule.actor import Actor, Door
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import bits_at
from vestibule.authz.standing import Span
from vestibule.directory.facts import actor_for, catalogue_of, role_bits
from vestibule.directory.models import (
    Event,
    Firm,
    Grant,
    Permission,
    PermissionSetItem,
    Place,
    PlaceReference,
    User,
)
from vestibule.directory.querysets import EventQuerySet, own_reach, within
from vestibule.directory.wordbook import Words

ICONS = {
    "payroll": "receipt",
    "invoicing": "file-invoice",
    "expenses": "wallet",
    "documents": "folder",
    "bank": "building-bank",
    "signature": "signature",
    "messaging": "message",
}


def spaced(number: str) -> str:
    """Return a register's number in groups of three, as people write it."""
    return " ".join(number[start : start + 3] for start in range(0, min(len(number), 9), 3)) + (
        f" {number[9:]}" if len(number) > 9 else ""
    )


def sirens_of(place_ids: list[UUID]) -> dict[UUID, str]:
    """Return the SIREN of each place that has one."""
    rows = PlaceReference.objects.filter(place_id__in=place_ids, scheme="siren")
    return dict(rows.values_list("place_id", "value"))


def company_cards(user: User, language: str) -> list[dict[str, Any]]:
    """Return what this user sees at home once he is in: exactly his companies and applications.

    The engine decides, as if he were active: the same computation answers every door.
    """
    standing = actor_for(user, door=Door.PAGE).standing
    if standing is None:
        return []
    now = clock.now()
    standing = replace(standing, active=(Span(now),))
    actor = replace(actor_for(user, door=Door.PAGE), standing=standing)
    companies = list(
        Place.objects.filter(firm_id=user.firm_id, acts_as="company", is_open=True)
        .filter(within(own_reach(actor)))
        .order_by("sort_key", "pk")[:200]
    )
    words = Words(user.firm_id, language)
    catalogue = catalogue_of(user.firm_id)
    applications = list(
        Permission.objects.filter(firm_id=user.firm_id, kind="application").order_by("ordinal")
    )
    roles = _roles_at(user, companies, words)
    sirens = sirens_of([company.pk for company in companies])
    counts = _establishments(companies)
    cards = []
    for company in companies:
        held = bits_at(standing, company.path, now)
        count = counts[company.pk]
        cards.append(
            {
                "name": company.name,
                "siren": spaced(sirens.get(company.pk, "")),
                "detail": ngettext("%(count)s establishment", "%(count)s establishments", count)
                % {"count": count}
                if count
                else "",
                "role": roles.get(company.pk, ("", None))[0],
                "until": roles.get(company.pk, ("", None))[1],
                "applications": [
                    {
                        "name": words.application(row.name),
                        "icon": row.icon or ICONS.get(row.name, "apps"),
                        "url": "",
                    }
                    for row in applications
                    if held & catalogue.application_mask.get(row.name, 0)
                ],
            }
        )
    return cards


def _roles_at(user: User, companies: list[Place], words: Words) -> dict[UUID, tuple[str, Any]]:
    grants = list(
        Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk, role__isnull=False)
        .in_force()
        .select_related("role", "place")
        .order_by("role__ordinal")
    )
    found: dict[UUID, tuple[str, Any]] = {}
    for company in companies:
        for grant in grants:
            if company.path.startswith(grant.place.path):
                found.setdefault(company.pk, (words.role(grant.role), grant.until))
    return found


def _establishments(companies: list[Place]) -> dict[UUID, int]:
    counts: dict[UUID, int] = defaultdict(int)
    rows = Place.objects.filter(
        company_id__in=[company.pk for company in companies],
        acts_as="establishment",
        is_open=True,
    )
    for company_id in rows.values_list("company_id", flat=True):
        counts[company_id] += 1
    return counts


def may_create_users(user: User) -> bool:
    """Return whether any of the user's roles lets him create users."""
    bit = reserved_bits("vestibule.users.create")
    bits = role_bits(user.firm_id)
    grants = Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk, role__isnull=False)
    return any(
        bits.get(role_id, 0) & bit
        for role_id in grants.not_over().values_list("role_id", flat=True)
    )


def helper_of(user: User) -> User | None:
    """Return the member of staff who looks after a client user, if still there: who created him,
    or who created the colleague that invited him."""
    maker, seen = user.created_by_id, set()
    while maker is not None and maker not in seen:
        seen.add(maker)
        person = User.objects.filter(firm_id=user.firm_id, pk=maker).first()
        if person is None or person.is_staff_member:
            return person if person is not None and person.state == "active" else None
        maker = person.created_by_id
    return None


def names_of(seen_by: Actor, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Return how a page names those who gave, asked or acted, as far as its reader may know them.

    Clients read the firm's name where somebody of its staff acted, and nothing of other clients.
    """
    wanted = {each for each in ids if each}
    people = list(User.objects.visible_to(seen_by).filter(pk__in=wanted))
    found = {person.pk: person.full_name for person in people}
    if seen_by.standing is None or seen_by.standing.is_staff or wanted <= set(found):
        return found
    staff = User.objects.filter(firm_id=seen_by.firm_id, pk__in=wanted, kind="staff")
    firm = Firm.objects.get(pk=seen_by.firm_id).name
    return {**dict.fromkeys(staff.values_list("pk", flat=True), firm), **found}


def place_names(seen_by: Actor, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Return the names of those places that the reader sees."""
    places = Place.objects.visible_to(seen_by).filter(pk__in={each for each in ids if each})
    return dict(places.values_list("pk", "name"))


def held_everywhere(people: Iterable[User]) -> dict[UUID, dict[str, int]]:
    """Return, for each of these people, every place of a grant (now or later) and of his bill by
    its path, with the rights of his grants there: what acts on the whole person must cover.

    Some of these places may be hidden from a reader: it decides what he is offered, and is not shown.
    """
    rows = list(people)
    found: dict[UUID, dict[str, int]] = {person.pk: defaultdict(int) for person in rows}
    if not rows:
        return found
    firm_id = rows[0].firm_id
    catalogue, roles = catalogue_of(firm_id), role_bits(firm_id)
    grants = list(
        Grant.objects.filter(firm_id=firm_id, user_id__in=list(found))
        .not_over()
        .values_list("user_id", "place__path", "role_id", "permission_set_id")
    )
    sets: dict[UUID, int] = defaultdict(int)
    items = PermissionSetItem.objects.filter(
        firm_id=firm_id, permission_set_id__in={row[3] for row in grants if row[3]}
    )
    for set_id, name, level in items.values_list("permission_set_id", "permission", "level"):
        sets[set_id] |= catalogue.bits(name, level)
    for user_id, path, role_id, set_id in grants:
        found[user_id][path] |= roles.get(role_id, 0) if role_id else sets[set_id]
    billed = {person.billable_company_id for person in rows if person.billable_company_id}
    paths = dict(Place.objects.filter(firm_id=firm_id, pk__in=billed).values_list("pk", "path"))
    for person in rows:
        if person.billable_company_id:
            found[person.pk][paths[person.billable_company_id]] |= 0
    return found


def permissions_in_sets(firm_id: UUID, set_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return what each own set opens: its applications, and permissions that belong to none."""
    catalogue = catalogue_of(firm_id)
    found: dict[UUID, list[str]] = defaultdict(list)
    items = PermissionSetItem.objects.filter(firm_id=firm_id, permission_set_id__in=list(set_ids))
    for set_id, name in items.order_by("pk").values_list("permission_set_id", "permission"):
        shown = catalogue.node(name).application or name
        if shown not in found[set_id]:
            found[set_id].append(shown)
    return found


def events_about(user: User, seen_by: Actor) -> EventQuerySet:
    """Return what happened to a user, newest first, for whoever sees this user.

    Neither clients nor he himself read whether a mail went to an address he asked for: that would
    tell whether it is somebody else's.
    """
    found: EventQuerySet = Event.objects.about(user, seen_by=seen_by).order_by("-sequence")
    is_staff = seen_by.standing is not None and seen_by.standing.is_staff
    if not is_staff or seen_by.user_id == user.pk:
        found = found.exclude(name__startswith="mail.", public__mail="email_confirm")
    return found
