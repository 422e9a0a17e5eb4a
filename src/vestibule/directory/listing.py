"""What a list's address asks for: filters, order and columns, and the rows that they leave.

An address is typed, sent around and kept for years: what it says and nobody knows is ignored.
Reads only; every question begins with what the reader may see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.facts import catalogue_of, role_bits
from vestibule.directory.models import (
    EnabledApplication,
    Firm,
    Grant,
    Invitation,
    InvitationState,
    MailState,
    OutboxMessage,
    Permission,
    PermissionSetItem,
    Place,
    Role,
    User,
    UserState,
)
from vestibule.directory.paging import BY_NAME, Order
from vestibule.directory.querysets import (
    ID_WIDTH,
    UserQuerySet,
    below,
    is_whole_firm,
    reach_of,
    within,
)

Parameters = Mapping[str, Sequence[str]]
"""What stands in an address: each name with its values."""

TEXT_LIMIT = 200
COUNT_LIMIT = 10_000
"""More are said as “10,000+”."""

LINK_EXPIRED, MAIL_BOUNCED = "link_expired", "mail_bounced"

STATES = (
    UserState.AWAITING_VALIDATION.value,
    UserState.INVITED.value,
    LINK_EXPIRED,
    MAIL_BOUNCED,
    UserState.READY.value,
    UserState.ACTIVE.value,
    UserState.REFUSED.value,
    UserState.DEACTIVATED.value,
)
"""As they are shown: who is invited is split by what became of the invitation."""

SIGN_IN_DAYS = {"30d": 30, "over30": 30, "over90": 90, "over365": 365}
SIGNED_IN = ("never", *SIGN_IN_DAYS)
INVITATIONS = ("pending", "expired", "bounced", "accepted", "none")

ORDERS: dict[str, Order] = {
    "name": BY_NAME,
    "seen": Order("last_sign_in_at", is_time=True, nullable=True),
    "created": Order("created_at", is_time=True),
    "since": Order("state_since", is_time=True),
}
COLUMNS = ("companies", "role", "state", "seen", "created", "phone", "language", "billed")
USUAL_COLUMNS = ("companies", "role", "state", "seen")


def first_of(parameters: Parameters, name: str) -> str:
    """Return the first value of a name, without what no text column takes, and not too long."""
    values = parameters.get(name) or [""]
    return values[0].replace("\x00", "")[:TEXT_LIMIT]


def known(value: str, values: Sequence[str]) -> str:
    """Return the value if it is one of these, else ""."""
    return value if value in values else ""


def read_sort(typed: str, orders: Mapping[str, Order]) -> str:
    """Return the name of an order, with "-" before it when it descends; "name" for any other."""
    return typed if typed.removeprefix("-") in orders else "name"


def order_of(sort: str, orders: Mapping[str, Order]) -> Order:
    """Return the order that a name stands for."""
    order = orders[sort.removeprefix("-")]
    return order.reversed() if sort.startswith("-") else order


def read_columns(typed: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns chosen, each once and in the list's own order."""
    return tuple(name for name in columns if name in typed)


class Listing:
    """What every list can be asked; the lists themselves are frozen dataclasses."""

    @property
    def place_id(self) -> UUID | None:
        return None

    def pairs(self) -> list[tuple[str, str]]:
        """Return what stands in the address for this list; what is usual is left out."""
        raise NotImplementedError

    def query(self, **more: str) -> str:
        """Return the part of an address after its question mark."""
        return urlencode([*self.pairs(), *more.items()])

    def changed(self, **changes: Any) -> Self:
        """Return the same list with other filters, order or columns."""
        return replace(self, **changes)  # type: ignore[type-var]

    def plain_pairs(self, usual: Self) -> list[tuple[str, str]]:
        """Return name and value of every simple field that differs from the usual list's."""
        return [
            (_NAMES.get(field.name, field.name), str(getattr(self, field.name)))
            for field in fields(self)  # type: ignore[arg-type]
            if field.name != "columns" and getattr(self, field.name) != getattr(usual, field.name)
        ]


_NAMES = {"text": "q"}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the reader may filter by: codes of roles and names of applications."""

    roles: tuple[Role, ...]
    applications: tuple[str, ...]


def choices_for(actor: Actor) -> Choices:
    """Return the roles and applications to filter by: a client's are those of his companies."""
    roles = Role.objects.filter(
        firm_id=actor.firm_id, audience="client", owner__isnull=True, retired_at__isnull=True
    )
    applications = Permission.objects.visible_to(actor).applications()
    if actor.standing is not None and not actor.standing.is_staff:
        companies = Place.objects.visible_to(actor).companies()
        enabled = EnabledApplication.objects.filter(
            firm_id=actor.firm_id, company_id__in=companies.values("pk"), until__isnull=True
        )
        applications = applications.filter(pk__in=enabled.values("application_id"))
    return Choices(
        roles=tuple(roles.order_by("ordinal", "code")),
        applications=tuple(applications.values_list("name", flat=True)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserListing(Listing):
    """A list of client users as its address describes it."""

    text: str = ""
    state: str = ""
    place: UUID | None = None
    role: str = ""
    application: str = ""
    signed_in: str = ""
    invitation: str = ""
    sort: str = "name"
    columns: tuple[str, ...] = USUAL_COLUMNS

    @classmethod
    def read(cls, parameters: Parameters, choices: Choices) -> UserListing:
        """Return the list that an address asks for; what it says and nobody knows is ignored."""
        return cls(
            text=first_of(parameters, "q"),
            state=known(first_of(parameters, "state"), STATES),
            place=read_id(first_of(parameters, "place")),
            role=known(first_of(parameters, "role"), [role.code for role in choices.roles]),
            application=known(first_of(parameters, "application"), choices.applications),
            signed_in=known(first_of(parameters, "signed_in"), SIGNED_IN),
            invitation=known(first_of(parameters, "invitation"), INVITATIONS),
            sort=read_sort(first_of(parameters, "sort"), ORDERS),
            columns=read_columns(parameters.get("column", ()), COLUMNS) or USUAL_COLUMNS,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the tab narrows the list."""
        return self.changed(state="", sort="name", columns=USUAL_COLUMNS) != UserListing()

    @property
    def order(self) -> Order:
        return order_of(self.sort, ORDERS)

    def pairs(self) -> list[tuple[str, str]]:
        chosen = () if self.columns == USUAL_COLUMNS else self.columns
        return [*self.plain_pairs(UserListing()), *(("column", name) for name in chosen)]


def read_id(typed: str) -> UUID | None:
    """Return the id that was typed, or None."""
    try:
        return UUID(typed)
    except ValueError:
        return None


def place_of(actor: Actor, listing: Listing, field: str = "place") -> Place | None:
    """Return the company or group that a list is narrowed to; none that the reader does not see."""
    place_id = getattr(listing, field)
    if place_id is None:
        return None
    found: Place | None = (
        Place.objects.visible_to(actor)
        .filter(pk=place_id, acts_as__in=("company", "group"))
        .first()
    )
    return found


def places_called(actor: Actor, text: str, *, acts_as: Sequence[str], limit: int) -> list[Place]:
    """Return companies or groups by what they are called, for whoever chooses one to filter by."""
    found = Place.objects.visible_to(actor).filter(acts_as__in=acts_as).matching(text)
    return list(found.order_by("sort_key", "pk")[:limit])


# --- the rows ---------------------------------------------------------------------------


def users_of(
    actor: Actor, listing: UserListing, place: Place | None, *, any_state: bool = False
) -> UserQuerySet:
    """Return the client users that a list shows its reader; `any_state`: those of all its tabs."""
    found: UserQuerySet = User.objects.visible_to(actor).clients().matching(listing.text)
    if place is not None or listing.role or listing.application:
        found = found.filter(_holding(actor, listing, place))
    if listing.signed_in:
        found = found.filter(_signed_in(listing.signed_in))
    if listing.invitation:
        found = found.filter(_invitation(actor.firm_id, listing.invitation))
    if listing.state and not any_state:
        found = found.filter(shown_in(actor.firm_id, listing.state))
    return found


def _holding(actor: Actor, listing: UserListing, place: Place | None) -> Q:
    """Return the condition "has such a grant, now or later, where the reader sees users".

    At one place few have one, so their grants are read first; anywhere, many have, so each user
    is asked in turn until the page is full.
    """
    grants = Grant.objects.filter(firm_id=actor.firm_id).not_over()
    seen = reach_of(actor, "vestibule.users.read")
    if not is_whole_firm(seen):
        grants = grants.filter(within(seen, "place__path"))
    if place is not None:
        above = [place.path[:end] for end in range(ID_WIDTH, len(place.path), ID_WIDTH)]
        places = Place.objects.filter(below(place.path) | Q(path__in=above), firm_id=actor.firm_id)
        grants = grants.filter(place_id__in=places.values("pk"))
    wanted = []
    if listing.role:
        wanted.append(grants.filter(role__code=listing.role))
    if listing.application:
        wanted.append(grants.filter(_opens(actor.firm_id, listing.application)))
    condition = Q()
    for held in wanted or [grants]:
        if place is not None:
            condition &= Q(pk__in=held.values("user_id"))
        else:
            condition &= Q(Exists(held.filter(user_id=OuterRef("pk"))))
    return condition


def _opens(firm_id: UUID, application: str) -> Q:
    """Return the condition "this grant opens something of the application"."""
    catalogue = catalogue_of(firm_id)
    mask = catalogue.application_mask[application]
    roles = [role_id for role_id, bits in role_bits(firm_id).items() if bits & mask]
    leaves = [leaf.name for leaf in catalogue.leaves_under(application)]
    items = PermissionSetItem.objects.filter(
        firm_id=firm_id, permission_set_id=OuterRef("permission_set_id"), permission__in=leaves
    )
    return Q(role_id__in=roles) | Q(Exists(items))


def _signed_in(when: str) -> Q:
    if when == "never":
        return Q(last_sign_in_at__isnull=True)
    limit = clock.now() - timedelta(days=SIGN_IN_DAYS[when])
    return Q(last_sign_in_at__gte=limit) if when == "30d" else Q(last_sign_in_at__lt=limit)


def _bounced(firm_id: UUID) -> Q:
    """Return the condition "the newest mail with an invitation was refused or given up"."""
    mails = OutboxMessage.objects.filter(firm_id=firm_id, kind="invitation", user_id__isnull=False)
    newer = mails.filter(user_id=OuterRef("user_id"), created_at__gt=OuterRef("created_at"))
    refused = mails.filter(~Exists(newer), state__in=(MailState.REFUSED, MailState.DEAD))
    return Q(pk__in=refused.values("user_id"))


def _late(firm_id: UUID) -> Q:
    """Return the condition "of his invitations one has passed its time, and none is open"."""
    invitations = Invitation.objects.filter(firm_id=firm_id)
    pending = invitations.filter(state=InvitationState.PENDING)
    lapsed = invitations.filter(state=InvitationState.EXPIRED)
    now = clock.now()
    late = pending.filter(expires_at__lte=now)
    return (Q(pk__in=lapsed.values("user_id")) | Q(pk__in=late.values("user_id"))) & ~Q(
        pk__in=pending.filter(expires_at__gt=now).values("user_id")
    )


def _invitation(firm_id: UUID, what: str) -> Q:
    """Return the condition "this is what became of the invitation"."""
    invitations = Invitation.objects.filter(firm_id=firm_id)
    if what == "bounced":
        return _bounced(firm_id)
    if what == "expired":
        return Q(state=UserState.INVITED) & _late(firm_id)
    if what == "none":
        return ~Q(pk__in=invitations.values("user_id"))
    if what == "accepted":
        accepted = invitations.filter(state=InvitationState.ACCEPTED)
        return Q(pk__in=accepted.values("user_id"))
    pending = invitations.filter(state=InvitationState.PENDING, expires_at__gt=clock.now())
    return Q(pk__in=pending.values("user_id")) & ~_bounced(firm_id)


def shown_in(firm_id: UUID, state: str) -> Q:
    """Return the condition "this is the state on the user's badge"."""
    invited = Q(state=UserState.INVITED)
    if state == MAIL_BOUNCED:
        return invited & _bounced(firm_id)
    if state == LINK_EXPIRED:
        return invited & _late(firm_id) & ~_bounced(firm_id)
    if state == UserState.INVITED:
        return invited & ~_late(firm_id) & ~_bounced(firm_id)
    return Q(state=state)


# --- how many ---------------------------------------------------------------------------


class _Count(Subquery):
    """How many rows a question has, itself a part of a question."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()
    empty_result_set_value = 0


def counts_of(firm_id: UUID, rows: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """Count several questions at once, each up to `COUNT_LIMIT` + 1."""
    capped = {
        f"n{number}": _Count(found.order_by().values("pk")[: COUNT_LIMIT + 1])
        for number, found in enumerate(rows.values())
    }
    counted = Firm.objects.filter(pk=firm_id).annotate(**capped).values_list(*capped).get()
    return dict(zip(rows, counted, strict=True))


def counts_by_state(
    actor: Actor, listing: UserListing, place: Place | None
) -> dict[str, int | None]:
    """Count a list's users for each tab, "" for all of them, each up to `COUNT_LIMIT` + 1.

    None: not counted, because it would take a walk through too many. The tab that is open
    always is.
    """
    found = users_of(actor, listing, place, any_state=True)
    walked = _walked if listing.is_filtered else _counted
    counts = walked(actor.firm_id, found)
    if counts[listing.state] is None:
        opened = found.filter(shown_in(actor.firm_id, listing.state))
        counts[listing.state] = counts_of(actor.firm_id, {"": opened})[""]
    return counts


def _counted(firm_id: UUID, found: UserQuerySet) -> dict[str, int | None]:
    """Count everybody, state by state: an index answers each."""
    truths = (LINK_EXPIRED, MAIL_BOUNCED)
    tabs = {state: found.filter(state=state) for state in STATES if state not in truths}
    split = {state: found.filter(shown_in(firm_id, state)) for state in truths}
    counts: dict[str, int | None] = {**counts_of(firm_id, {"": found, **tabs, **split})}
    invited = counts[UserState.INVITED] or 0
    others = sum(counts[state] or 0 for state in truths)
    counts[UserState.INVITED] = invited - others if invited <= COUNT_LIMIT else None
    return counts


def _walked(firm_id: UUID, found: UserQuerySet) -> dict[str, int | None]:
    """Count what a search or a filter leaves in one walk, which ends at the limit."""
    invited = Q(state=UserState.INVITED)
    shown = Case(
        When(invited & _bounced(firm_id), then=Value(MAIL_BOUNCED)),
        When(invited & _late(firm_id), then=Value(LINK_EXPIRED)),
        default=F("state"),
        output_field=CharField(),
    )
    first = found.order_by().annotate(shown=shown)[: COUNT_LIMIT + 1]
    numbers = first.aggregate(
        **{f"n_{state}": Count("pk", filter=Q(shown=state)) for state in STATES}, n_=Count("pk")
    )
    is_more = numbers["n_"] > COUNT_LIMIT
    return {tab: numbers[f"n_{tab}"] if tab == "" or not is_more else None for tab in ("", *STATES)}
