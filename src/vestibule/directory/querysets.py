"""Questions about many rows. At a door every one of them begins with `visible_to(actor)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.contrib.auth.base_user import BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q

from vestibule import clock
from vestibule.actor import Actor, ActorKind
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import Reach, Root, reach
from vestibule.directory import search
from vestibule.directory.paging import BY_NAME, Cursor, Order, Page
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
        """Return the rows whose searched text contains every word of `text`.

        Looks up at once where rare words stand; asking the row itself is left to the rows.
        """
        words = words_of(text)
        among = search.worth_looking_at(words, search.rows_holding(self.model._meta.db_table))
        found = self if among is None else self.filter(search.Among(among))
        for word in words:
            found = found.filter(search.holds(word, with_group=self.knows_groups))
        return found

    @property
    def knows_groups(self) -> bool:
        """Whether the reader may find a place by the name of its group: a client may not."""
        standing = self.reader.standing if self.reader is not None else None
        return standing is None or standing.is_staff

    def page(
        self, *, size: int = 50, after: str = "", before: str = "", order: Order = BY_NAME
    ) -> Page[Any]:
        """Return one page in an order, ties by id.

        `after` and `before` are cursors of an earlier page; one that cannot be read
        means the first page. `size` is capped at 200.
        """
        size = max(1, min(size, PAGE_LIMIT))
        start = order.read_cursor(after) if after else None
        end = order.read_cursor(before) if before and start is None else None
        if end is not None:
            rows = self._next_rows(order.reversed(), end, size + 1)
            more_before = len(rows) > size
            rows = rows[:size][::-1]
            return Page(
                rows,
                next=order.cursor(rows[-1]) if rows else "",
                previous=order.cursor(rows[0]) if rows and more_before else "",
            )
        rows = self._next_rows(order, start, size + 1)
        more_after = len(rows) > size
        rows = rows[:size]
        return Page(
            rows,
            next=order.cursor(rows[-1]) if rows and more_after else "",
            previous=order.cursor(rows[0]) if rows and start is not None else "",
        )

    def _next_rows(self, order: Order, start: Cursor | None, count: int) -> list[Any]:
        """Read `count` rows behind a cursor. Rows without a value stand before all others, or
        behind them when the order descends: they are read by themselves, so that one plain
        index serves both directions on both databases."""
        parts = order.parts()
        if start is not None:
            parts = parts[parts.index(start.key_is_null) :]
        rows: list[Any] = []
        for is_null in parts:
            behind = order.behind(start) if start and start.key_is_null == is_null else Q()
            part = self.filter(order.of_part(is_null=is_null), behind)
            rows += part.order_by(*order.columns(is_null=is_null))[: count - len(rows)]
            if len(rows) == count:
                break
        return rows

    def counted(self, limit: int = 10_000) -> int:
        """Return how many there are, at most `limit` + 1 (shown as "10,000+")."""
        return self.order_by()[: limit + 1].count()


def words_of(text: str) -> list[str]:
    """Return what is searched for: at most eight folded words."""
    return fold(text.replace("\x00", " ")).split()[:8]


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


def only_asked_for(prefix: str = "") -> Q:
    """Return the condition "a client asked for him and nobody let him in yet".

    Clients see the request instead: otherwise an address of which nobody appears would be
    that of somebody whom the firm knows already (law 4).
    """
    never_in = ("awaiting_validation", "refused")
    waits = Q(**{f"{prefix}state__in": never_in}) | Q(
        **{f"{prefix}state": "deactivated", f"{prefix}state_before_deactivation__in": never_in}
    )
    return Q(**{f"{prefix}created_by__kind": "client"}) & waits


def _places_holding(word: str) -> set[UUID] | None:
    """Return the places that may hold a word; None when there are many, or no index knows."""
    if not search.is_indexed(word):
        return None
    return search.rows_holding("directory_place")(word, search.RARE)


def _people_holding(word: str, most: int) -> set[UUID] | None:
    """Return who may hold a word, in his own text or in that of a place of a grant of his."""
    from vestibule.directory.models import Grant

    people = search.rows_holding("directory_user")(word, most)
    places = _places_holding(word) if people is not None else None
    if people is None or places is None:
        return None
    if places:
        firm = Q(firm_id=current_firm_id())
        at = Grant.objects.filter(firm, search.Among(places, "place_id"))
        people.update(at.values_list("user_id", flat=True).distinct()[: most + 1])
    return people if len(people) <= most else None


class UserQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Oneself, everybody with a grant where the actor may see users, and for whoever may see
        it the team."""
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
        who = Q(pk=actor.user_id) | (
            Q(kind="client") & (Exists(grants) | within(found, "billable_company__path"))
        )
        if actor.standing.is_staff and is_whole_firm(reach_of(actor, "vestibule.staff.read")):
            who |= Q(kind="staff")
        seen = mine.filter(who)
        return seen if actor.standing.is_staff else seen.exclude(only_asked_for())

    def clients(self) -> Self:
        return self.filter(kind="client")

    def matching(self, text: str) -> Self:
        """Return those whose name, address, phone or company contains every word of `text`.

        Looks up at once where rare words stand; asking the row itself is left to the rows.
        """
        from vestibule.directory.models import Grant

        not_over = Q(until__isnull=True) | Q(until__gt=clock.now())
        seen = reach_of(self.reader, "vestibule.users.read") if self.reader is not None else None
        where = Q() if seen is None or is_whole_firm(seen) else within(seen, "place__path")
        words = words_of(text)
        among = search.worth_looking_at(words, _people_holding)
        found = self if among is None else self.filter(search.Among(among))
        for word in words:
            places = _places_holding(word)
            if places is not None and not places:
                found = found.filter(search.holds(word))
                continue
            at_company = Grant.objects.filter(
                not_over,
                where,
                Q() if places is None else search.Among(places, "place_id"),
                search.holds(word, "place__search_text", with_group=self.knows_groups),
                user_id=OuterRef("pk"),
                firm_id=OuterRef("firm_id"),
            )
            found = found.filter(search.holds(word) | Exists(at_company))
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
        seen = mine.filter(Q(user_id=actor.user_id) | within(found, "place__path"))
        return seen if actor.standing.is_staff else seen.exclude(only_asked_for("user__"))

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

        users = User.objects.visible_to(actor).filter(pk=OuterRef("user_id"))
        return self.read_by(actor).filter(Exists(users))


class InvitationQuerySet(_OfVisibleUsers):
    """Invitations of users one sees."""


class MailQuerySet(_OfVisibleUsers):
    """Mails of users one sees; their sealed contents are nobody's."""


class EmailChangeQuerySet(_OfVisibleUsers):
    """Changes of address of users one sees."""


class SavedViewQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Return one's own views only."""
        if actor.kind is not ActorKind.USER:
            return self.none()
        return self.read_by(actor).filter(owner_id=actor.user_id)


class ApprovalQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Return what one asked oneself, and what was asked where one may validate."""
        if actor.standing is None:
            return self.none()
        found = reach_of(actor, "vestibule.users.validate")
        mine = self.read_by(actor)
        if is_whole_firm(found) and actor.standing.is_staff:
            return mine
        others = within(found, "place__path")
        if not actor.standing.is_staff:
            others &= Q(act="let_in")  # whom the firm knows already is the firm's to decide
        return mine.filter(Q(asked_by_id=actor.user_id) | others)

    def waiting(self) -> Self:
        """Return what nobody has decided yet."""
        return self.filter(state="waiting")


class ChainCheckQuerySet(VisibleQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Return the checks of the chain to whoever reads the whole firm's trail."""
        if is_whole_firm(reach_of(actor, "vestibule.audit.read")):
            return self.read_by(actor)
        return self.none()


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
        """Return what happened to a user, for whoever sees this user: his page's history.

        What happened at a place is told to whoever sees the place.
        """
        from vestibule.directory.models import User

        if not User.objects.visible_to(seen_by).filter(pk=user.pk).exists():
            return self.none()
        found = self.filter(firm_id=user.firm_id, object_type="user", object_id=str(user.pk))
        if is_whole_firm(reach_of(seen_by, "vestibule.users.read")):
            return found
        from vestibule.directory.models import Place

        places = Place.objects.visible_to(seen_by).values("pk")
        return found.filter(Q(place_id__isnull=True) | Q(place_id__in=places))


class PermissionQuerySet(VisibleQuerySet):
    """The catalogue holds no person: whoever is in the firm's scope may read it."""

    def visible_to(self, actor: Actor) -> Self:
        return self.read_by(actor) if actor.standing is not None else self.none()

    def applications(self) -> Self:
        return self.filter(kind="application").order_by("ordinal")
