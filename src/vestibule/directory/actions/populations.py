"""Invented companies and people for a demo firm, many at once: the same rows as one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from vestibule import clock
from vestibule.actor import Actor
from vestibule.blueprints import invented
from vestibule.blueprints.invented import InventedCompany
from vestibule.directory.actions import _lives
from vestibule.directory.actions._action import (
    action,
    authorize,
    bump_firm,
    nothing_changed,
    record,
)
from vestibule.directory.actions._texts import place_search_text, place_sort_key
from vestibule.directory.actions.places import company_for, root_of
from vestibule.directory.bulk import insert_all
from vestibule.directory.models import (
    EnabledApplication,
    Firm,
    Permission,
    Place,
    PlaceKind,
    PlaceOpenSpan,
    PlaceParentSpan,
    PlaceReference,
    User,
)
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.rules import rules_of
from vestibule.refusals import NotFound, NotNow, _

STANDING_FOR = timedelta(days=1500)
"""Invented companies have been there longer than anybody works in them."""


class NotADemo(NotNow):
    code = "population.not_a_demo"
    sentence = _("%(firm)s has people whose address is not an example. Nobody is invented there.")


@dataclass(frozen=True, slots=True)
class Made:
    """How many companies and people were added."""

    companies: int
    people: int


@action("vestibule.firm.create")
def create_population(
    actor: Actor, *, companies: Sequence[int] = (), people: Sequence[int] = ()
) -> Made:
    """Add invented companies and people by their numbers, as far as the firm lacks them.

    For whoever builds a demo at the command line. Companies come with group, seats and usual
    applications; people with access, in the states in which a firm's people are, each company
    with an administrator first (law 5). Nothing is mailed. One event tells of the call, and one
    of each person, in one chain. A call is a batch: what it holds in memory grows with it.

    Refuses: Denied, NotFound, NotADemo in a firm that has real people.
    """
    authorize(actor, at=None)
    firm = Firm.objects.filter(pk=actor.firm_id).first()
    if firm is None:
        raise NotFound()
    real = User.objects.filter(firm_id=firm.pk).exclude(canonical_email__endswith=".example")
    if real.exists():
        raise NotADemo(firm=firm.name)

    list(Place.objects.filter(pk=root_of(firm.pk).pk).lock())  # one population at a time
    built = _add_companies(firm.pk, [invented.company(number) for number in companies])
    arrived = _lives.add(actor, [invented.person(number) for number in people])
    if not built and not arrived:
        nothing_changed()
        return Made(0, 0)
    record(actor, "population.created", firm, public={"companies": built, "people": arrived})
    return Made(built, arrived)


@dataclass(slots=True)
class _Tree:
    """Places about to be written, with their numbers in registers."""

    firm_id: UUID
    since: datetime
    kinds: dict[str, PlaceKind]
    rows: list[Place] = field(default_factory=list)
    numbers: list[tuple[Place, str, str]] = field(default_factory=list)

    def grow(self, parent: Place, acts_as: str, name: str, number: str = "") -> Place:
        """Put a place under another; `number` is its SIREN or SIRET."""
        place_id = new_id()
        place = Place(
            id=place_id,
            firm_id=self.firm_id,
            kind=self.kinds[acts_as],
            parent=parent,
            company_id=company_for(parent, acts_as, place_id),
            acts_as=acts_as,
            path=parent.path + place_id.hex,
            name=name,
            is_billable=acts_as == "company",
            created_at=self.since,
        )
        self.rows.append(place)
        if number:
            self.numbers.append((place, "siren" if acts_as == "company" else "siret", number))
        return place


def _add_companies(firm_id: UUID, wanted: list[InventedCompany]) -> int:
    known = set(
        PlaceReference.objects.filter(
            firm_id=firm_id, scheme="siren", value__in=[each.siren for each in wanted]
        ).values_list("value", flat=True)
    )
    wanted = [each for each in wanted if each.siren not in known]
    if not wanted:
        return 0
    kinds = {kind.acts_as: kind for kind in PlaceKind.objects.filter(firm_id=firm_id)}
    tree = _Tree(firm_id, clock.now() - STANDING_FOR, kinds)
    root = root_of(firm_id)
    names = {each.group for each in wanted if each.group}
    groups = {
        group.name: group
        for group in Place.objects.filter(firm_id=firm_id, acts_as="group", name__in=names)
    }
    grown: list[tuple[Place, str]] = []
    for each in wanted:
        parent = root
        if each.group and "group" in kinds:
            if each.group not in groups:
                groups[each.group] = tree.grow(root, "group", each.group)
            parent = groups[each.group]
        company = tree.grow(parent, "company", each.name, each.siren)
        company.activity_code = each.activity_code
        _describe(company, each.siren, each.group, each.seats[0])
        grown.append((company, each.siren))
        for number, seat in enumerate(each.seats if "establishment" in kinds else ()):
            name = f"{each.name} {seat.town}"
            place = tree.grow(company, "establishment", name, seat.siret)
            place.is_head_office = number == 0
            _describe(place, seat.siret, "", seat)
    for place in tree.rows:
        place.sort_key = place_sort_key(place)
        place.search_text = place.search_text or place_search_text(place, [])
    _write(tree, grown)
    bump_firm(firm_id)
    return len(wanted)


def _describe(place: Place, number: str, group: str, seat: invented.InventedSeat) -> None:
    place.address, place.postcode, place.town = seat.address, seat.postcode, seat.town
    place.search_text = place_search_text(place, [number], group)


def _write(tree: _Tree, companies: list[tuple[Place, str]]) -> None:
    firm_id, since = tree.firm_id, tree.since
    insert_all(tree.rows)
    insert_all(
        [PlaceOpenSpan(firm_id=firm_id, place_id=place.pk, since=since) for place in tree.rows]
    )
    insert_all(
        [
            PlaceParentSpan(
                firm_id=firm_id, place_id=place.pk, parent_id=place.parent_id, since=since
            )
            for place in tree.rows
        ]
    )
    insert_all(
        [
            PlaceReference(firm_id=firm_id, place_id=place.pk, scheme=scheme, value=number)
            for place, scheme, number in tree.numbers
        ]
    )
    applications = dict(
        Permission.objects.filter(firm_id=firm_id, kind="application").values_list("name", "pk")
    )
    rules = rules_of(firm_id)
    insert_all(
        [
            EnabledApplication(
                firm_id=firm_id,
                company_id=company.pk,
                application_id=applications[name],
                since=since,
            )
            for company, siren in companies
            for name in rules.applications_of(siren)
            if name in applications
        ]
    )


__all__ = ["Made", "NotADemo", "create_population"]
