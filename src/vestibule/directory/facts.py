"""Rows → Standing; builds the actors who are people. The only bridge from tables to the engine."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from threading import Lock
from typing import Any
from uuid import UUID

from django.db.models import Q

from vestibule import clock
from vestibule.actor import Actor, ActorKind, Door
from vestibule.authz.catalogue import FIRST_OWN_BIT, Audience, Catalogue, Node
from vestibule.authz.levels import LevelSet
from vestibule.authz.standing import CompanyFact, GrantFact, Span, Standing
from vestibule.directory.models import (
    EnabledApplication,
    Firm,
    Grant,
    Permission,
    PermissionSetItem,
    Place,
    PlaceOpenSpan,
    RolePermission,
    User,
    UserState,
    UserStateSpan,
)
from vestibule.directory.querysets import ID_WIDTH, below

__all__ = [
    "FIRST_OWN_BIT",
    "actor_for",
    "administrator_roles",
    "catalogue_of",
    "forget_everything",
    "fresh",
    "role_bits",
    "standing_of",
]

CACHED_STANDINGS = 5000


class _Recent:
    """A bounded memory whose keys contain the epochs just read, so nothing in it is stale."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rows: OrderedDict[Any, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Any) -> Any:
        with self._lock:
            if key in self._rows:
                self._rows.move_to_end(key)
                return self._rows[key]
        return None

    def put(self, key: Any, value: Any) -> None:
        with self._lock:
            self._rows[key] = value
            while len(self._rows) > self._limit:
                self._rows.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._rows.clear()


_standings = _Recent(CACHED_STANDINGS)
_catalogues = _Recent(200)
_role_bits = _Recent(200)


def forget_everything() -> None:
    """Empty what is remembered: the database under this process is another one now."""
    for recent in (_standings, _catalogues, _role_bits):
        recent.clear()


def _firm_epoch(firm_id: UUID) -> int:
    return int(Firm.objects.values_list("epoch", flat=True).get(pk=firm_id))


def catalogue_of(firm_id: UUID, epoch: int | None = None) -> Catalogue:
    """Return the firm's catalogue as of `epoch` (default: read now)."""
    epoch = _firm_epoch(firm_id) if epoch is None else epoch
    known: Catalogue | None = _catalogues.get((firm_id, epoch))
    if known is not None:
        return known
    rows = list(Permission.objects.filter(firm_id=firm_id).order_by("ordinal"))
    names = {row.pk: row for row in rows}

    def application(row: Permission) -> str | None:
        while row.kind != "application":
            if row.parent_id is None:
                return None
            row = names[row.parent_id]
        return row.name

    catalogue = Catalogue(
        Node(
            name=row.name,
            parent=names[row.parent_id].name if row.parent_id else None,
            level_set=LevelSet(row.level_set),
            audience=Audience(row.audience),
            first_bit=row.first_bit,
            application=application(row),
        )
        for row in rows
    )
    _catalogues.put((firm_id, epoch), catalogue)
    return catalogue


def role_bits(firm_id: UUID, epoch: int | None = None) -> dict[UUID, int]:
    """Return what each role of the firm carries now."""
    epoch = _firm_epoch(firm_id) if epoch is None else epoch
    known: dict[UUID, int] | None = _role_bits.get((firm_id, epoch))
    if known is not None:
        return known
    catalogue = catalogue_of(firm_id, epoch)
    bits: dict[UUID, int] = defaultdict(int)
    rows = RolePermission.objects.filter(firm_id=firm_id, until__isnull=True)
    for role_id, permission, level in rows.values_list("role_id", "permission", "level"):
        bits[role_id] |= catalogue.bits(permission, level)
    found = dict(bits)
    _role_bits.put((firm_id, epoch), found)
    return found


def administrator_roles(firm_id: UUID) -> frozenset[UUID]:
    """Return the roles that make their holder administrator of a company (law 5)."""
    rows = RolePermission.objects.filter(
        firm_id=firm_id, permission="vestibule.company.administer", until__isnull=True
    )
    return frozenset(rows.values_list("role_id", flat=True))


def standing_of(user: User, *, firm_epoch: int | None = None) -> Standing:
    """Return the user's standing, as of the epochs on the rows just read.

    `user` must have been read for this very request; `firm_epoch` likewise.
    """
    firm_epoch = _firm_epoch(user.firm_id) if firm_epoch is None else firm_epoch
    key = (user.pk, firm_epoch, user.epoch)
    known: Standing | None = _standings.get(key)
    if known is not None:
        return known
    standing = _load(user, firm_epoch)
    _standings.put(key, standing)
    return standing


def _load(user: User, firm_epoch: int) -> Standing:
    catalogue = catalogue_of(user.firm_id, firm_epoch)
    gated = 0
    for mask in catalogue.application_mask.values():
        gated |= mask
    grants = _grants(user, catalogue, role_bits(user.firm_id, firm_epoch))
    is_staff = user.is_staff_member
    carries_gated = any(grant.bits & gated for grant in grants)
    companies = (
        _companies(user.firm_id, grants, catalogue)
        if grants and (carries_gated or not is_staff)
        else ()
    )
    spans = UserStateSpan.objects.filter(
        firm_id=user.firm_id, user_id=user.pk, state=UserState.ACTIVE
    ).values_list("since", "until")
    return Standing(
        user_id=user.pk,
        firm_id=user.firm_id,
        epoch=(firm_epoch, user.epoch),
        is_staff=is_staff,
        active=tuple(Span(since, until) for since, until in spans),
        grants=grants,
        companies=companies,
        gated=gated,
    )


def _grants(user: User, catalogue: Catalogue, roles: dict[UUID, int]) -> tuple[GrantFact, ...]:
    rows = list(
        Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk)
        .filter(Q(until__isnull=True) | Q(until__gt=clock.now()))
        .values_list(
            "pk", "place_id", "place__path", "role_id", "permission_set_id", "since", "until"
        )
    )
    sets: dict[UUID, int] = defaultdict(int)
    set_ids = [row[4] for row in rows if row[4]]
    if set_ids:
        items = PermissionSetItem.objects.filter(
            firm_id=user.firm_id, permission_set_id__in=set_ids
        )
        for set_id, name, level in items.values_list("permission_set_id", "permission", "level"):
            sets[set_id] |= catalogue.bits(name, level)
    return tuple(
        GrantFact(
            grant_id=grant_id,
            place_id=place_id,
            path=path,
            bits=roles.get(role_id, 0) if role_id else sets[set_id],
            span=Span(since, until),
        )
        for grant_id, place_id, path, role_id, set_id, since, until in rows
    )


def ids_on(path: str) -> list[str]:
    """Return the ids of a path, from the root down."""
    return [path[start : start + ID_WIDTH] for start in range(0, len(path), ID_WIDTH)]


def _companies(
    firm_id: UUID, grants: Iterable[GrantFact], catalogue: Catalogue
) -> tuple[CompanyFact, ...]:
    where = Q()
    for path in {grant.path for grant in grants}:
        where |= below(path) | Q(pk__in=ids_on(path))
    rows = list(
        Place.objects.filter(where, firm_id=firm_id)
        .filter(Q(acts_as="company") | Q(is_open=False))
        .values_list("pk", "path", "acts_as")
    )
    ids = [row[0] for row in rows]
    open_spans: dict[UUID, list[Span]] = defaultdict(list)
    spans = PlaceOpenSpan.objects.filter(firm_id=firm_id, place_id__in=ids)
    for place_id, since, until in spans.values_list("place_id", "since", "until"):
        open_spans[place_id].append(Span(since, until))
    enabled: dict[UUID, list[tuple[int, Span]]] = defaultdict(list)
    applications = EnabledApplication.objects.filter(firm_id=firm_id, company_id__in=ids)
    for company_id, name, since, until in applications.values_list(
        "company_id", "application__name", "since", "until"
    ):
        enabled[company_id].append((catalogue.application_mask[name], Span(since, until)))
    return tuple(
        CompanyFact(
            place_id=place_id,
            path=path,
            gates=acts_as == "company",
            open=tuple(open_spans[place_id]),
            enabled=tuple(enabled[place_id]),
        )
        for place_id, path, acts_as in rows
    )


def actor_for(user: User, *, door: Door, firm_epoch: int | None = None) -> Actor:
    """Return the user as an actor through `door`, with his present standing."""
    return Actor(
        kind=ActorKind.USER,
        door=door,
        firm_id=user.firm_id,
        user_id=user.pk,
        name=user.full_name,
        standing=standing_of(user, firm_epoch=firm_epoch),
    )


def fresh(actor: Actor) -> Actor:
    """Return the actor with the standing of this instant: revoked means refused (law 6)."""
    if actor.user_id is None or actor.standing is None:
        return actor
    user = User.objects.filter(firm_id=actor.firm_id, pk=actor.user_id).first()
    if user is None:
        return Actor(kind=ActorKind.NOBODY, door=actor.door, firm_id=actor.firm_id)
    epoch = (_firm_epoch(actor.firm_id), user.epoch)
    if epoch == actor.standing.epoch:
        return actor
    return Actor(
        kind=ActorKind.USER,
        door=actor.door,
        firm_id=actor.firm_id,
        user_id=user.pk,
        name=user.full_name,
        standing=standing_of(user, firm_epoch=epoch[0]),
    )
