"""Law 5: a company keeps its last administrator, and so does the firm. The one place that judges it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from vestibule import clock
from vestibule.directory.facts import administrator_roles, ids_on
from vestibule.directory.models import Grant, Place, RolePermission, User
from vestibule.directory.querysets import below
from vestibule.refusals import (
    CompanyLosesAdministrator,
    FirstUserIsAdministrator,
    LastAdministrator,
    LastFirmAdministrator,
)

GONE = ("deactivated", "erased", "refused")
"""Who no longer, or not at all, is a client user to look after; a refused one was never let in."""
RANK_OF_STATE = {"active": 2, "awaiting_validation": 1, "ready": 1, "invited": 1}


@dataclass(frozen=True, slots=True)
class Watch:
    """How well a company is looked after: now, at its worst from now on, and by how many."""

    now: int
    worst: int
    people: frozenset[UUID]
    """its client users who are neither refused nor deactivated nor erased"""


def watch(company: Place) -> Watch:
    """Return the rank of a company now and after every end already scheduled.

    Rank 2: an active administrator; 1: one who waits, is ready or invited; 0: none.
    """
    at = clock.now()
    grants = Grant.objects.filter(
        Q(place_id__in=ids_on(company.path)) | below(company.path, "place__path"),
        Q(until__isnull=True) | Q(until__gt=at),
        firm_id=company.firm_id,
        user__kind="client",
    ).exclude(user__state__in=GONE)
    rows = list(
        grants.values_list("user_id", "user__state", "place__path", "role_id", "since", "until")
    )
    roles = administrator_roles(company.firm_id)
    ranks: list[tuple[int, datetime, datetime | None]] = [
        (RANK_OF_STATE.get(state, 0), since, until)
        for _user, state, path, role_id, since, until in rows
        if role_id in roles and company.path.startswith(path)
    ]

    def rank(moment: datetime) -> int:
        return max(
            (
                rank
                for rank, since, until in ranks
                if since <= moment and (until is None or moment < until)
            ),
            default=0,
        )

    ends = [until for _rank, _since, until in ranks if until is not None]
    return Watch(
        now=rank(at),
        worst=min(rank(moment) for moment in [at, *ends]),
        people=frozenset(row[0] for row in rows),
    )


@contextmanager
def administrators_kept(
    companies: Iterable[Place], *, person: User | None, handed_over: bool = False
) -> Iterator[None]:
    """Judge what happens inside by its end state, for each of `companies`.

    `handed_over`: a firm's administrator names the successor in the same act, who may still
    be on his way in; a company then may rank lower, and yet has an administrator.

    Locks the companies' rows in the order of their ids first, so that two acts that each
    would leave one administrator can't both pass.

    Refuses: LastAdministrator, FirstUserIsAdministrator.
    """
    ids = {company.pk for company in companies if company.acts_as == "company"}
    locked = list(Place.objects.filter(pk__in=ids).lock())
    before = {company.pk: watch(company) for company in locked}
    yield
    for company in Place.objects.filter(pk__in=ids):  # read again: a move gave it another path
        was, then = before[company.pk], watch(company)
        if not then.people and was.now < 2:
            continue  # nobody is left, and nobody ever was in: nothing to look after
        if not then.people and not was.people:
            continue
        if then.worst >= (1 if handed_over else max(was.now, 1)):
            continue
        if was.now == 0:
            raise FirstUserIsAdministrator(company=company.name)
        if person is None:
            raise CompanyLosesAdministrator(company=company.name)
        raise LastAdministrator(user=person.full_name, company=company.name)


def companies_of(places: Iterable[Place]) -> list[Place]:
    """Return the companies at, above or below `places`: those an act there can concern."""
    by_firm: dict[UUID, Q] = defaultdict(Q)
    for place in places:
        by_firm[place.firm_id] |= Q(pk__in=ids_on(place.path)) | below(place.path)
    found: list[Place] = []
    for firm_id, where in by_firm.items():
        found += Place.objects.filter(where, firm_id=firm_id, acts_as="company")
    return found


def successors_at(company: Place, user: User) -> list[User]:
    """Return who could take over a company from `user`: its other client users who are in or on
    their way in, by name."""
    at = clock.now()
    grants = Grant.objects.filter(
        Q(until__isnull=True),
        firm_id=company.firm_id,
        place_id=company.pk,
        role__isnull=False,
        since__lte=at,
    )
    people = User.objects.filter(
        firm_id=company.firm_id,
        kind="client",
        state__in=list(RANK_OF_STATE),
        pk__in=grants.values("user_id"),
    ).exclude(pk=user.pk)
    return list(people.order_by("sort_key", "pk")[:200])


def may_succeed(user: User, successor: User, company: Place) -> bool:
    """Return whether `successor` could take over a company from `user` now."""
    return successor.pk in {person.pk for person in successors_at(company, user)}


def last_administrator_of(user: User) -> list[Place]:
    """Return the companies that would lose their last administrator with this user."""
    at = clock.now()
    roles = administrator_roles(user.firm_id)
    places = [
        grant.place
        for grant in Grant.objects.filter(
            Q(until__isnull=True) | Q(until__gt=at),
            firm_id=user.firm_id,
            user_id=user.pk,
            role_id__in=roles,
        ).select_related("place")
    ]
    return [company for company in companies_of(places) if _only(company, user, roles)]


def kept_from_leaving(user: User) -> list[Place]:
    """Return the companies for whose sake this user cannot be deactivated: the same judgement
    as `administrators_kept`, asked beforehand to say it on a page."""
    return [
        company
        for company in last_administrator_of(user)
        if (found := watch(company)).now == 2 or found.people != {user.pk}
    ]


def _only(company: Place, user: User, roles: frozenset[UUID]) -> bool:
    now = watch(company).now
    if RANK_OF_STATE.get(user.state, 0) < now or now == 0:
        return False
    others = Grant.objects.filter(
        Q(until__isnull=True) | Q(until__gt=clock.now()),
        firm_id=company.firm_id,
        place_id__in=ids_on(company.path),
        role_id__in=roles,
        since__lte=clock.now(),
        until__isnull=True,
        user__kind="client",
    ).exclude(user_id=user.pk)
    return not any(
        RANK_OF_STATE.get(state, 0) >= now for state in others.values_list("user__state", flat=True)
    )


@dataclass(frozen=True, slots=True)
class FirmWatch:
    """Whether the firm has an active administrator: now, and after every end already scheduled."""

    now: bool
    always: bool


def watch_firm(firm_id: UUID) -> FirmWatch:
    """Return how well the firm is looked after: by active staff who hold
    `vestibule.firm.administer` in the whole firm."""
    at = clock.now()
    roles = RolePermission.objects.filter(
        firm_id=firm_id, permission="vestibule.firm.administer", until__isnull=True
    ).values("role_id")
    grants = Grant.objects.filter(
        Q(until__isnull=True) | Q(until__gt=at),
        firm_id=firm_id,
        role_id__in=roles,
        place__acts_as="firm",
        user__kind="staff",
        user__state="active",
    )
    spans = list(grants.values_list("since", "until"))

    def is_held(moment: datetime) -> bool:
        return any(since <= moment and (until is None or moment < until) for since, until in spans)

    ends = [until for _since, until in spans if until is not None]
    return FirmWatch(is_held(at), all(is_held(moment) for moment in [at, *ends]))


@contextmanager
def firm_administrator_kept(person: User) -> Iterator[None]:
    """Judge by its end state what happens inside to a member of the firm's staff.

    Locks the firm's own place first, so that two administrators who remove each other can't
    both pass.

    Refuses: LastFirmAdministrator.
    """
    list(Place.objects.filter(firm_id=person.firm_id, acts_as="firm").lock())
    was = watch_firm(person.firm_id)
    yield
    then = watch_firm(person.firm_id)
    if (was.now and not then.now) or (was.always and not then.always):
        raise LastFirmAdministrator(user=person.full_name)


def last_of_the_firm(person: User) -> bool:
    """Return whether the firm would be without an administrator if this one left: the same
    judgement, asked beforehand to say it on a page."""
    roles = RolePermission.objects.filter(
        firm_id=person.firm_id, permission="vestibule.firm.administer", until__isnull=True
    ).values("role_id")
    holders = Grant.objects.filter(
        firm_id=person.firm_id,
        role_id__in=roles,
        place__acts_as="firm",
        user__kind="staff",
        user__state="active",
    ).in_force()
    ids = set(holders.filter(until__isnull=True).values_list("user_id", flat=True))
    return ids == {person.pk}
