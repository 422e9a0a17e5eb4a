"""What the address of the companies' list asks for, and the rows that it leaves. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from vestibule.actor import Actor
from vestibule.directory.facts import administrator_roles
from vestibule.directory.listing import (
    Choices,
    Listing,
    Parameters,
    first_of,
    known,
    order_of,
    read_columns,
    read_id,
    read_sort,
)
from vestibule.directory.models import EnabledApplication, Grant, Place
from vestibule.directory.paging import BY_NAME, Order
from vestibule.directory.policies.administrators import RANK_OF_STATE
from vestibule.directory.querysets import PlaceQuerySet, below

ORDERS: dict[str, Order] = {"name": BY_NAME, "created": Order("created_at", is_time=True)}
COLUMNS = ("group", "establishments", "users", "administrators", "created")
USUAL_COLUMNS = ("group", "establishments", "users", "administrators")
STATUSES = ("open", "closed")
ADMINISTRATORS = ("none",)

ABOVE = ("pk", "parent_id", "parent__parent_id", "parent__parent__parent_id")
"""A company itself and what stands above it; blueprints nest no deeper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyListing(Listing):
    """A list of companies or of groups as its address describes it."""

    text: str = ""
    show: str = ""
    place: UUID | None = None
    application: str = ""
    administrator: str = ""
    status: str = ""
    sort: str = "name"
    columns: tuple[str, ...] = USUAL_COLUMNS

    @classmethod
    def read(cls, parameters: Parameters, choices: Choices) -> CompanyListing:
        """Return the list that an address asks for; what it says and nobody knows is ignored."""
        return cls(
            text=first_of(parameters, "q"),
            show=known(first_of(parameters, "show"), ("groups",)),
            place=read_id(first_of(parameters, "place")),
            application=known(first_of(parameters, "application"), choices.applications),
            administrator=known(first_of(parameters, "administrator"), ADMINISTRATORS),
            status=known(first_of(parameters, "status"), STATUSES),
            sort=read_sort(first_of(parameters, "sort"), ORDERS),
            columns=read_columns(parameters.get("column", ()), COLUMNS) or USUAL_COLUMNS,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the tab narrows the list."""
        return self.changed(show="", sort="name", columns=USUAL_COLUMNS) != CompanyListing()

    @property
    def order(self) -> Order:
        return order_of(self.sort, ORDERS)

    def pairs(self) -> list[tuple[str, str]]:
        chosen = () if self.columns == USUAL_COLUMNS else self.columns
        return [*self.plain_pairs(CompanyListing()), *(("column", name) for name in chosen)]


def companies_of(actor: Actor, listing: CompanyListing, place: Place | None) -> PlaceQuerySet:
    """Return the companies, or the groups, that a list shows its reader."""
    acts_as = "group" if listing.show == "groups" else "company"
    seen: PlaceQuerySet = Place.objects.visible_to(actor).filter(acts_as=acts_as)
    found = seen.matching(listing.text)
    if listing.status:
        found = found.filter(is_open=listing.status == "open")
    if place is not None:
        found = found.filter(below(place.path)).exclude(pk=place.pk)
    if listing.application and acts_as == "company":
        enabled = EnabledApplication.objects.filter(
            firm_id=actor.firm_id,
            company_id=OuterRef("pk"),
            application__name=listing.application,
            until__isnull=True,
        )
        found = found.filter(Exists(enabled))
    if listing.administrator and acts_as == "company":
        found = found.exclude(_is_administered(actor))
    return found


def _is_administered(actor: Actor) -> Q:
    """Return the condition "somebody administers it, here or from above, or soon will"."""
    grants = Grant.objects.filter(
        firm_id=actor.firm_id,
        role_id__in=administrator_roles(actor.firm_id),
        user__kind="client",
        user__state__in=tuple(RANK_OF_STATE),
    ).not_over()
    condition = Q()
    for place_id in ABOVE:
        condition |= Q(Exists(grants.filter(place_id=OuterRef(place_id))))
    return condition
