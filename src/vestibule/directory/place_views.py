"""What pages ask about places besides which of them are visible: counts, trees, who is touched.

Reads only. The places handed in were fetched with `visible_to(actor)` before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, When

from vestibule.actor import Actor
from vestibule.directory.facts import administrator_roles, ids_on
from vestibule.directory.models import (
    EnabledApplication,
    Grant,
    Permission,
    Place,
    PlaceKind,
    PlaceOpenSpan,
    PlaceReference,
    User,
)
from vestibule.directory.policies.administrators import GONE, RANK_OF_STATE
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.querysets import PlaceQuerySet, below, only_asked_for

TREE_LIMIT = 500


@dataclass(slots=True)
class Figures:
    """What a list says about one company. People are client users who are not gone."""

    establishments: int = 0
    users: int = 0
    administrators: int = 0


def figures_of(companies: list[Place], seen_by: Actor) -> dict[UUID, Figures]:
    """Count open establishments, users and administrators of a page of companies, in few queries.

    Clients are not counted whom clients asked for and nobody let in yet: they see the request.
    """
    if not companies:
        return {}
    firm_id = companies[0].firm_id
    found = {company.pk: Figures() for company in companies}
    establishments = (
        Place.objects.filter(firm_id=firm_id, company_id__in=list(found), is_open=True)
        .filter(acts_as="establishment", company__is_open=True)
        .values_list("company_id")
        .annotate(number=Count("pk"))
    )
    for company_id, number in establishments:
        found[company_id].establishments = number

    users: dict[UUID, set[UUID]] = defaultdict(set)
    administrators: dict[UUID, set[UUID]] = defaultdict(set)
    roles = administrator_roles(firm_id)
    for company_id, user_id, state, role_id, covers in _holdings(companies, seen_by):
        users[company_id].add(user_id)
        if covers and role_id in roles and state in RANK_OF_STATE:
            administrators[company_id].add(user_id)
    for company_id, figures in found.items():
        figures.users = len(users[company_id])
        figures.administrators = len(administrators[company_id])
    return found


def _holdings(
    companies: list[Place], seen_by: Actor
) -> Iterable[tuple[UUID, UUID, str, UUID | None, bool]]:
    """Yield (company, user, state, role, whether the grant covers the whole company)."""
    above: dict[UUID, list[UUID]] = defaultdict(list)
    for company in companies:
        for ancestor in ids_on(company.path)[:-1]:
            above[UUID(ancestor)].append(company.pk)
    grants = (
        Grant.objects.filter(firm_id=companies[0].firm_id, user__kind="client")
        .exclude(user__state__in=GONE)
        .not_over()
    )
    if seen_by.standing is not None and not seen_by.standing.is_staff:
        grants = grants.exclude(only_asked_for("user__"))
    inside = grants.filter(place__company_id__in=[company.pk for company in companies])
    columns = ("place__company_id", "place_id", "user_id", "user__state", "role_id")
    for company_id, place_id, user_id, state, role_id in inside.values_list(*columns):
        yield company_id, user_id, state, role_id, place_id == company_id
    over = grants.filter(place_id__in=list(above))
    for place_id, user_id, state, role_id in over.values_list(*columns[1:]):
        for company_id in above[place_id]:
            yield company_id, user_id, state, role_id, True


def companies_in(groups: list[Place]) -> dict[UUID, int]:
    """Count the open companies directly in each of these groups."""
    rows = Place.objects.filter(
        parent_id__in=[group.pk for group in groups], acts_as="company", is_open=True
    )
    return dict(rows.values_list("parent_id").annotate(number=Count("pk")))


def has_open_companies(group: Place) -> bool:
    """Return whether an open company stands anywhere under a group."""
    return (
        Place.objects.below(group)
        .filter(acts_as="company", is_open=True)
        .exclude(pk=group.pk)
        .exists()
    )


def establishments_in(place: Place) -> int:
    """Count the open establishments under a place, itself not counted."""
    inside = Place.objects.below(place).filter(acts_as="establishment", is_open=True)
    inside = inside.exclude(company__is_open=False)
    return inside.exclude(pk=place.pk).count()


def numbers_of(places: Iterable[Place]) -> dict[UUID, dict[str, str]]:
    """Return the register's numbers of places: scheme → number."""
    found: dict[UUID, dict[str, str]] = defaultdict(dict)
    rows = PlaceReference.objects.filter(place_id__in=[place.pk for place in places])
    for place_id, scheme, value in rows.values_list("place_id", "scheme", "value"):
        found[place_id][scheme] = value
    return found


def applications_of(company: Place) -> list[Permission]:
    """Return the applications that a company has now, in the catalogue's order."""
    enabled = EnabledApplication.objects.filter(
        firm_id=company.firm_id, company_id=company.pk, until__isnull=True
    )
    return list(
        Permission.objects.filter(
            firm_id=company.firm_id, pk__in=enabled.values("application_id")
        ).order_by("ordinal")
    )


def closed_since(place: Place) -> Any:
    """Return the instant at which a closed place was closed."""
    spans = PlaceOpenSpan.objects.filter(firm_id=place.firm_id, place_id=place.pk)
    return spans.order_by("-until").values_list("until", flat=True).first()


def closed_above(place: Place) -> Place | None:
    """Return the nearest closed place above: while it is closed, nothing below it opens."""
    found: Place | None = (
        Place.objects.filter(firm_id=place.firm_id, pk__in=ids_on(place.path)[:-1], is_open=False)
        .order_by("-path")
        .first()
    )
    return found


def tree_under(seen: PlaceQuerySet, place: Place) -> list[tuple[Place, int]]:
    """Return what stands under a place with its depth (1 = directly), each level by name.

    `seen` are the places visible to the reader. Under a group its companies are shown and
    not their establishments. At most `TREE_LIMIT`: a path sorts after its ancestors', so
    what is left out never leaves a gap above what is shown.
    """
    rows = seen.filter(below(place.path)).exclude(pk=place.pk).select_related("kind")
    if place.acts_as == "group":
        rows = rows.exclude(acts_as="establishment")
    children: dict[Any, list[Place]] = defaultdict(list)
    for row in rows.order_by("path")[:TREE_LIMIT]:
        children[row.parent_id].append(row)
    found: list[tuple[Place, int]] = []
    waiting = [(child, 1) for child in _last_name_first(children[place.pk])]
    while waiting:
        node, depth = waiting.pop()
        found.append((node, depth))
        waiting += [(child, depth + 1) for child in _last_name_first(children[node.pk])]
    return found


def _last_name_first(places: list[Place]) -> list[Place]:
    return sorted(places, key=lambda place: (place.sort_key, place.pk), reverse=True)


# --- people at places -------------------------------------------------------------------


def client_users(firm_id: UUID) -> QuerySet[User]:
    """Return the firm's client users who are neither deactivated nor erased, by name."""
    people = User.objects.filter(firm_id=firm_id, kind="client").exclude(state__in=GONE)
    return people.order_by("sort_key", "pk")  # type: ignore[no-any-return]


def holders_at(place: Place) -> QuerySet[User]:
    """Return the client users with a grant at a place, above it or below it."""
    grants = Grant.objects.filter(
        Q(place_id__in=ids_on(place.path)) | below(place.path, "place__path"),
        firm_id=place.firm_id,
        user_id=OuterRef("pk"),
    )
    return client_users(place.firm_id).filter(Exists(grants.not_over()))


def billed_to(place: Place) -> QuerySet[User]:
    """Return the client users who are billed to a company."""
    return client_users(place.firm_id).filter(billable_company_id=place.pk)


@dataclass(frozen=True, slots=True)
class MoveEffect:
    """Whose access a move opens or closes. Who has access on both sides is in neither list."""

    gaining: tuple[str, ...]
    losing: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.gaining or self.losing)


def effect_of_move(place: Place, parent: Place) -> MoveEffect:
    """Return the client users who gain or lose what stands at `place` when it goes under `parent`."""
    before, after = ids_on(place.path)[:-1], ids_on(parent.path)
    losing = _names_with_grants_at(place.firm_id, set(before) - set(after))
    gaining = _names_with_grants_at(place.firm_id, set(after) - set(before))
    return MoveEffect(
        gaining=tuple(name for pk, name in gaining.items() if pk not in losing),
        losing=tuple(name for pk, name in losing.items() if pk not in gaining),
    )


def _names_with_grants_at(firm_id: UUID, ids: set[str]) -> dict[UUID, str]:
    grants = Grant.objects.filter(firm_id=firm_id, place_id__in=ids, user_id=OuterRef("pk"))
    people = client_users(firm_id).filter(Exists(grants.not_over()))
    return {person.pk: person.full_name for person in people}


# --- kinds, and where a place may stand -------------------------------------------------


def kinds_below(parent: Place) -> list[PlaceKind]:
    """Return the kinds of place that may stand under `parent`, whose kind was read with it."""
    kinds = PlaceKind.objects.filter(firm_id=parent.firm_id).order_by("ordinal")
    return [kind for kind in kinds if parent.kind.code in kind.parents]


def kinds_above_establishments(firm_id: UUID) -> list[PlaceKind]:
    """Return the kinds that act as a company or a group, companies first."""
    kinds = PlaceKind.objects.filter(firm_id=firm_id, acts_as__in=("company", "group"))
    return sorted(kinds, key=lambda kind: (kind.acts_as != "company", kind.ordinal))


def scheme_of(kind: PlaceKind) -> str:
    """Return the register's number that identifies a kind of place, or ""."""
    levels = rules_of(kind.firm_id).portfolio["levels"]
    return next((level["reference"] or "" for level in levels if level["kind"] == kind.code), "")


def possible_parents(actor: Actor, permission: str, kind: PlaceKind) -> PlaceQuerySet:
    """Return the open places at which `actor` may put a place of this kind; the root comes first."""
    found: PlaceQuerySet = (
        Place.objects.where(actor, permission)
        .open()
        .filter(kind__code__in=kind.parents)
        .order_by(Case(When(acts_as="firm", then=0), default=1), "sort_key", "pk")
    )
    return found


def possible_new_parents(actor: Actor, place: Place) -> PlaceQuerySet:
    """Return where `actor` may move a place to: not where it stands, not under itself."""
    found = possible_parents(actor, "vestibule.places.move", place.kind)
    return found.exclude(below(place.path)).exclude(pk=place.parent_id)


def possible_successors(actor: Actor, company: Place) -> PlaceQuerySet:
    """Return the other open companies that users may be billed to once this one is closed."""
    found: PlaceQuerySet = (
        Place.objects.where(actor, "vestibule.places.close")
        .companies()
        .open()
        .exclude(pk=company.pk)
        .order_by("sort_key", "pk")
    )
    return found
