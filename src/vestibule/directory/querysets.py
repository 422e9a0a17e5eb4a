"""Questions about many rows. At a door every one of them begins with `visible_to(actor)`."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar
from uuid import UUID

from django.contrib.auth.base_user import BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q

from vestibule import clock
from vestibule.actor import Actor, ActorKind
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import Reach, Root, reach
from vestibule.directory.scope import current_firm_id
from vestibule.refusals import NotFound
from vestibule.text import fold

if TYPE_CHECKING:
    from vestibule.directory.models import Place, User

ID_WIDTH = 32
"""Hexadecimal digits of one id in a path."""

ABOVE_EVERY_DIGIT = "g"
"""Sorts after every hexadecimal digit in any collation."""

PAGE_LIMIT = 200

Row = TypeVar("Row", bound=models.Model)


def below(path: str, field: str = "path") -> Q:
    """Return the condition "at or below the place at `path`", as a range scan."""
    return Q(**{f"{field}__gte": path, f"{field}__lt": path + ABOVE_EVERY_DIGIT})


def within(found: Reach, field: str = "path") -> Q:
    """Return the condition "inside this reach"."""
    if not found.roots:
        return Q(pk__in=[])
    condition = Q()
    for root in found.roots:
        condition |= below(root.path, field)
    for path in found.without:
        condition &= ~below(path, field)
    return condition


def reach_of(actor: Actor, permission: str) -> Reach:
    """Return where `actor` holds a reserved permission now."""
    if actor.standing is None:
        return Reach((), ())
    return reach(actor.standing, reserved_bits(permission), clock.now())


def own_reach(actor: Actor) -> Reach:
    """Return the places of the actor's own grants in force, whatever they carry."""
    standing = actor.standing
    if standing is None:
        return Reach((), ())
    at = clock.now()
    if not any(span.holds(at) for span in standing.active):
        return Reach((), ())
    roots = tuple(
        Root(grant.path, grant.place_id, grant.grant_id)
        for grant in standing.grants
        if grant.span.holds(at)
    )
    closed = tuple(
        company.path
        for company in standing.companies
        if not any(span.holds(at) for span in company.open)
    )
    return Reach(roots, closed)


def is_whole_firm(found: Reach) -> bool:
    """Return whether a reach covers the firm's root."""
    return any(len(root.path) == ID_WIDTH for root in found.roots)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list and the cursors to its neighbours (empty: there is none)."""

    rows: list[Row]
    next: str
    previous: str


class VisibleQuerySet(models.QuerySet[Any]):
    """What all our querysets can do."""

    reader: Actor | None = None
    """for whom `visible_to` was asked; what is asked further on stays within what he sees"""

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone.reader = self.reader
        return clone

    def read_by(self, actor: Actor) -> Self:
        """Return the rows of the actor's firm; none while another firm is in scope."""
        mine = self.filter(firm_id=actor.firm_id)
        mine.reader = actor
        return mine if current_firm_id() == actor.firm_id else mine.none()

    def visible_to(self, actor: Actor) -> Self:
        """Return the rows that exist for `actor`. Overridden by every queryset with people."""
        raise NotImplementedError

    def one(self, **lookup: Any) -> Any:
        """Return the one row, or refuse: absent and invisible are the same answer."""
        try:
            return self.get(**lookup)
        except (self.model.DoesNotExist, ValidationError, ValueError, TypeError):
            raise NotFound() from None

    def lock(self) -> Self:
        """Lock the rows in the order of their ids until the transaction ends."""
        return self.order_by("pk").select_for_update(of=("self",), no_key=True)

    def matching(self, text: str) -> Self:
        """Return the rows whose searched text contains every word of `text`."""
        found = self
        for word in words_of(text):
            found = found.filter(search_text__contains=word)
        return found

    def page(self, *, size: int = 50, after: str = "", before: str = "") -> Page[Any]:
        """Return one page in the order (sort_key, id).

        `after` and `before` are cursors of an earlier page; one that cannot be read
        means the first page. `size` is capped at 200.
        """
        size = max(1, min(size, PAGE_LIMIT))
        start = _read_cursor(after) if after else None
        end = _read_cursor(before) if before and start is None else None
        if end is not None:
            key, row_id = end
            earlier = self.filter(Q(sort_key__lt=key) | Q(sort_key=key, pk__lt=row_id))
            rows = list(earlier.order_by("-sort_key", "-pk")[: size + 1])
            more_before = len(rows) > size
            rows = rows[:size][::-1]
            return Page(
                rows,
                next=_cursor(rows[-1]) if rows else "",
                previous=_cursor(rows[0]) if rows and more_before else "",
            )
        later = self
        if start is not None:
            key, row_id = start
            later = self.filter(Q(sort_key__gt=key) | Q(sort_key=key, pk__gt=row_id))
        rows = list(later.order_by("sort_key", "pk")[: size + 1])
        more_after = len(rows) > size
        rows = rows[:size]
        return Page(
            rows,
            next=_cursor(rows[-1]) if rows and more_after else "",
            previous=_cursor(rows[0]) if rows and start is not None else "",
        )

    def counted(self, limit: int = 10_000) -> int:
        """Return how many there are, at most `limit` + 1 (shown as "10,000+")."""
        return self.order_by()[: limit + 1].count()


def words_of(text: str) -> list[str]:
    """Return what is searched for: at most eight folded words."""
    return fold(text.replace("\x00", " ")).split()[:8]


def _cursor(row: Any) -> str:
    packed = json.dumps([row.sort_key, str(row.pk)], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[str, str] | None:
    if len(cursor) > 2000:
        return None
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key, row_id = json.loads(packed)
        key = str(key).replace("\x00", "")
        key.encode()
        return key, str(UUID(str(row_id)))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        return None


class PlaceQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Staff see where they may read places; clients see the places of their grants."""
        if actor.standing is None:
            return self.none()
        mine = self.read_by(actor).exclude(acts_as="firm")
        found = (
            reach_of(actor, "vestibule.places.read")
            if actor.standing.is_staff
            else own_reach(actor)
        )
        return mine if is_whole_firm(found) and not found.without else mine.filter(within(found))

    def where(self, actor: Actor, permission: str) -> Self:
        """Return the places at which `actor` holds a reserved permission."""
        found = reach_of(actor, permission)
        return self.read_by(actor).filter(within(found))

    def companies(self) -> Self:
        return self.filter(acts_as="company")

    def open(self) -> Self:
        return self.filter(is_open=True)

    def below(self, place: Place) -> Self:
        """Return `place` and everything under it."""
        return self.filter(below(place.path), firm_id=place.firm_id)


class UserQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Oneself, and everybody with a grant where the actor may see users."""
        if actor.standing is None:
            return self.none()
        mine = self.read_by(actor).exclude(state="erased")
        found = reach_of(actor, "vestibule.users.read")
        if is_whole_firm(found) and actor.standing.is_staff:
            return mine
        from vestibule.directory.models import Grant

        now = clock.now()
        grants = Grant.objects.filter(
            Q(until__isnull=True) | Q(until__gt=now),
            within(found, "place__path"),
            firm_id=actor.firm_id,
            user_id=OuterRef("pk"),
        )
        return mine.filter(
            Q(pk=actor.user_id)
            | (Q(kind="client") & (Exists(grants) | within(found, "billable_company__path")))
        )

    def clients(self) -> Self:
        return self.filter(kind="client")

    def matching(self, text: str) -> Self:
        """Return those whose name, address, phone or company contains every word of `text`."""
        from vestibule.directory.models import Grant

        now = clock.now()
        found = self
        seen = reach_of(self.reader, "vestibule.users.read") if self.reader is not None else None
        where = Q() if seen is None or is_whole_firm(seen) else within(seen, "place__path")
        for word in words_of(text):
            at_company = Grant.objects.filter(
                Q(until__isnull=True) | Q(until__gt=now),
                where,
                user_id=OuterRef("pk"),
                firm_id=OuterRef("firm_id"),
                place__search_text__contains=word,
            )
            found = found.filter(Q(search_text__contains=word) | Exists(at_company))
        return found

    def count_by_state(self) -> dict[str, int]:
        """Return how many there are in each state."""
        rows = self.order_by().values_list("state").annotate(number=models.Count("pk"))
        return dict(rows)

    def waiting(self) -> Self:
        """Return those who wait for validation."""
        return self.filter(state="awaiting_validation")


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Users are made by actions; this only finds them."""

    use_in_migrations = False


class GrantQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Return grants at the places where the actor may see users, and his own."""
        if actor.standing is None:
            return self.none()
        found = reach_of(actor, "vestibule.users.read")
        mine = self.read_by(actor)
        if is_whole_firm(found) and actor.standing.is_staff:
            return mine
        return mine.filter(Q(user_id=actor.user_id) | within(found, "place__path"))

    def in_force(self) -> Self:
        """Return the grants that hold now."""
        now = clock.now()
        return self.filter(Q(until__isnull=True) | Q(until__gt=now), since__lte=now)

    def not_over(self) -> Self:
        """Return the grants that hold now or will."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=clock.now()))


class _OfVisibleUsers(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Return the rows of users that the actor sees."""
        from vestibule.directory.models import User

        users = User.objects.visible_to(actor).values("pk")
        return self.read_by(actor).filter(user_id__in=users)


class InvitationQuerySet(_OfVisibleUsers):
    """Invitations of users one sees."""


class MailQuerySet(_OfVisibleUsers):
    """Mails of users one sees; their sealed contents are nobody's."""


class SessionQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Return one's own sessions only."""
        return self.read_by(actor).filter(user_id=actor.user_id, user__isnull=False)


class DraftQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Return one's own drafts only."""
        if actor.kind is not ActorKind.USER:
            return self.none()
        return self.read_by(actor).filter(owner_id=actor.user_id)


class EventQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Return what may be read: firm-wide readers all, others what is at their places."""
        if actor.standing is None:
            return self.none()
        found = reach_of(actor, "vestibule.audit.read")
        mine = self.read_by(actor)
        if is_whole_firm(found):
            return mine
        from vestibule.directory.models import Place

        places = Place.objects.filter(within(found), firm_id=actor.firm_id).values("pk")
        return mine.filter(place_id__in=places) if found.roots else self.none()

    def about(self, user: User, *, seen_by: Actor) -> Self:
        """Return what happened to a user, for whoever sees this user: his page's history."""
        from vestibule.directory.models import User

        if not User.objects.visible_to(seen_by).filter(pk=user.pk).exists():
            return self.none()
        return self.filter(firm_id=user.firm_id, object_type="user", object_id=str(user.pk))


class PermissionQuerySet(VisibleQuerySet):
    """The catalogue holds no person: whoever is in the firm's scope may read it."""

    def visible_to(self, actor: Actor) -> Self:
        return self.read_by(actor) if actor.standing is not None else self.none()

    def applications(self) -> Self:
        return self.filter(kind="application").order_by("ordinal")
