"""Importing a portfolio: what will be created, changed, left alone; then all or nothing.

A place with a register's number is that number; one without is its name under its parent.
A place that the file does not name stays as it is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.actions._action import (
    action,
    authorize,
    bump_firm,
    nothing_changed,
    record,
    require_held,
)
from vestibule.directory.actions._texts import place_search_text, place_sort_key
from vestibule.directory.actions.places import (
    _rewrite,
    _write_beginning,
    company_for,
    enable_usual_applications,
    root_of,
)
from vestibule.directory.facts import catalogue_of
from vestibule.directory.models import (
    Firm,
    Place,
    PlaceKind,
    PlaceParentSpan,
    PlaceReference,
)
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.administrators import administrators_kept, companies_of
from vestibule.directory.policies.rules import rules_of
from vestibule.refusals import Conflict, FileUnreadable, PlaceClosed
from vestibule.tabular.findings import FileFinding, FileRefused, Severity
from vestibule.tabular.mapping import PortfolioLevel, PortfolioMapping, ReferenceScheme
from vestibule.tabular.portfolio import PlaceLine, read_portfolio

DETAILS = {
    "street": "address",
    "postcode": "postcode",
    "town": "town",
    "activity_code": "activity_code",
    "head_office": "is_head_office",
}
"""field of a line → column of a place"""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One place that the file says something new about. `changes` are column → (old, new)."""

    line: int
    kind: str
    name: str
    changes: dict[str, tuple[Any, Any]]


@dataclass(slots=True)
class ImportPlan:
    """What an import does, or would do."""

    created: list[PlannedChange] = field(default_factory=list)
    changed: list[PlannedChange] = field(default_factory=list)
    unchanged: int = 0
    warnings: tuple[FileFinding, ...] = ()
    applied: bool = False

    def created_of(self, kind: str) -> int:
        return sum(1 for change in self.created if change.kind == kind)


@dataclass(slots=True)
class _Work:
    """The plan with the rows behind it, in the file's order (parents first)."""

    rows: list[Place] = field(default_factory=list)
    numbers: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    new: list[Place] = field(default_factory=list)
    altered: list[Place] = field(default_factory=list)
    moved: list[tuple[Place, Place]] = field(default_factory=list)
    plan: ImportPlan = field(default_factory=ImportPlan)


@action("vestibule.places.import")
def import_places(actor: Actor, data: bytes, *, dry_run: bool = False) -> ImportPlan:
    """Bring the firm's tree to what a client list says; nothing at all if a line is wrong.

    The same file twice changes nothing. `dry_run` only returns the plan.

    Refuses: Denied, FileUnreadable with every finding, LastAdministrator.
    """
    actor = authorize(actor, at=None)
    root = root_of(actor.firm_id)
    if not dry_run:
        list(Place.objects.filter(firm_id=root.firm_id).lock().values_list("pk", flat=True))
    mapping = mapping_of(rules_of(actor.firm_id).portfolio)
    try:
        portfolio = read_portfolio(data, mapping)
    except FileRefused as refused:
        raise FileUnreadable(problems=refused.findings) from None
    work = _compare(root, with_seats(portfolio.places))
    work.plan.warnings = portfolio.warnings
    _require_open_parents(work)
    if dry_run or not (work.new or work.altered or work.moved):
        nothing_changed()
        return work.plan
    if work.moved:
        client_rights = catalogue_of(root.firm_id).client_mask
        require_held(actor, place=root, gained=client_rights)

    with administrators_kept(companies_of([row for row, _parent in work.moved]), person=None):
        try:
            with transaction.atomic():
                _write(work)
        except IntegrityError:  # a number of the file was taken a moment ago
            raise Conflict() from None
        bump_firm(root.firm_id)
    work.plan.applied = True
    record(
        actor,
        "places.imported",
        Firm.objects.get(pk=root.firm_id),
        place=root,
        public={
            "file": hashlib.sha256(data).hexdigest(),
            "created": [[change.kind, change.name] for change in work.plan.created],
            "changed": [
                {"name": change.name, **{key: list(pair) for key, pair in change.changes.items()}}
                for change in work.plan.changed
            ],
            "unchanged": work.plan.unchanged,
        },
    )
    return work.plan


def mapping_of(stored: dict[str, Any]) -> PortfolioMapping:
    """Return the firm's portfolio mapping from its rule's JSON."""
    return PortfolioMapping(
        tuple(
            PortfolioLevel(
                kind=level["kind"],
                mandatory=level["mandatory"],
                name_columns=tuple(level["name_columns"]),
                reference=ReferenceScheme(level["reference"]) if level["reference"] else None,
                reference_columns=tuple(level["reference_columns"]),
            )
            for level in stored["levels"]
        )
    )


def with_seats(lines: tuple[PlaceLine, ...]) -> tuple[PlaceLine, ...]:
    """Give a place named only as a parent the address of its head office: its own seat."""
    seats = {
        line.parent: line.details
        for line in lines
        if line.parent is not None and line.details is not None and line.details.head_office
    }
    return tuple(
        replace(line, details=replace(seats[index], activity_code=None, head_office=None))
        if line.details is None and index in seats
        else line
        for index, line in enumerate(lines)
    )


def _compare(root: Place, lines: tuple[PlaceLine, ...]) -> _Work:
    work = _Work()
    kinds = {kind.code: kind for kind in PlaceKind.objects.filter(firm_id=root.firm_id)}
    places = Place.objects.filter(firm_id=root.firm_id).select_related("kind", "parent")
    known = {place.pk: place for place in places}
    by_number = {
        (row.scheme, row.value): row.place_id
        for row in PlaceReference.objects.filter(firm_id=root.firm_id)
    }
    by_name: dict[tuple[UUID | None, str, str], UUID] = {
        (place.parent_id, place.kind.code, place.name): place.pk for place in known.values()
    }
    problems: list[FileFinding] = []
    for line in lines:
        parent = work.rows[line.parent] if line.parent is not None else root
        if line.scheme is not None and line.reference is not None:
            found = by_number.get((line.scheme.value, line.reference))
        else:
            found = by_name.get((parent.pk, line.kind, line.name))
        if found is None:
            work.rows.append(_new(work, line, parent, kinds[line.kind]))
            continue
        place = known[found]
        problem = _problem(place, parent, line)
        if problem is not None:
            problems.append(problem)
        work.rows.append(place)
        if problem is None:
            _differences(work, place, parent, line)
    if problems:
        raise FileUnreadable(problems=tuple(problems))
    return work


def _problem(place: Place, parent: Place, line: PlaceLine) -> FileFinding | None:
    """Return why the file cannot be taken against what is there, or None."""
    reference = line.reference or line.name
    if parent.path.startswith(place.path):
        return FileFinding(
            Severity.ERROR, line.line, "", "place.under_itself", {"reference": reference}
        )
    if place.kind.code != line.kind:
        return FileFinding(
            Severity.ERROR,
            line.line,
            "",
            "place.other_kind",
            {"value": reference, "kind": line.kind, "known_kind": place.kind.code},
        )
    return None


def _new(work: _Work, line: PlaceLine, parent: Place, kind: PlaceKind) -> Place:
    place_id = new_id()
    place = Place(
        id=place_id,
        firm_id=parent.firm_id,
        kind=kind,
        parent=parent,
        company_id=company_for(parent, kind.acts_as, place_id),
        acts_as=kind.acts_as,
        path=parent.path + place_id.hex,
        name=line.name,
        is_billable=kind.acts_as == "company",
        created_at=clock.now(),
    )
    for column, value in _details(line).items():
        setattr(place, column, value)
    if line.scheme is not None and line.reference is not None:
        work.numbers[place_id] = (line.scheme.value, line.reference)
    _index(place, parent, line.reference)
    work.new.append(place)
    work.plan.created.append(PlannedChange(line.line, line.kind, line.name, {}))
    return place


def _details(line: PlaceLine) -> dict[str, Any]:
    if line.details is None:
        return {}
    pairs = ((column, getattr(line.details, name)) for name, column in DETAILS.items())
    return {column: value for column, value in pairs if value is not None}


def _index(place: Place, parent: Place, reference: str | None) -> None:
    group = parent.name if parent.acts_as == "group" else ""
    place.sort_key = place_sort_key(place)
    place.search_text = place_search_text(place, [reference] if reference else [], group)


def _differences(work: _Work, place: Place, parent: Place, line: PlaceLine) -> None:
    changes: dict[str, tuple[Any, Any]] = {}
    for column, value in {"name": line.name, **_details(line)}.items():
        old = getattr(place, column)
        if old != value:
            changes[column] = (old, value)
            setattr(place, column, value)
    if changes:
        place.version += 1
        _index(place, parent, line.reference)
        work.altered.append(place)
    if place.parent_id != parent.pk:
        changes["parent"] = (place.parent.name if place.parent is not None else "", parent.name)
        work.moved.append((place, parent))
    if changes:
        work.plan.changed.append(PlannedChange(line.line, line.kind, line.name, changes))
    else:
        work.plan.unchanged += 1


def _require_open_parents(work: _Work) -> None:
    parents = [parent for _place, parent in work.moved] + [place.parent for place in work.new]
    closed = [parent for parent in parents if parent is not None and not parent.is_open]
    if closed:
        raise PlaceClosed(place=closed[0].name)


def _write(work: _Work) -> None:
    Place.objects.bulk_create(work.new, batch_size=500)
    _write_beginning(work.new)
    PlaceReference.objects.bulk_create(
        PlaceReference(firm_id=place.firm_id, place=place, scheme=scheme, value=value)
        for place in work.new
        if place.pk in work.numbers
        for scheme, value in [work.numbers[place.pk]]
    )
    enable_usual_applications(
        [
            (place, work.numbers.get(place.pk, ("", ""))[1])
            for place in work.new
            if place.acts_as == "company"
        ]
    )
    Place.objects.bulk_update(
        work.altered,
        ["name", "version", "search_text", "sort_key", *DETAILS.values()],
        batch_size=200,
    )
    now = clock.now()
    for place, parent in work.moved:
        place.refresh_from_db(fields=["path", "parent"])
        parent.refresh_from_db(fields=["path"])
        _rewrite(place, parent)
        spans = PlaceParentSpan.objects.filter(firm_id=place.firm_id, place_id=place.pk)
        spans.filter(until__isnull=True).update(until=now)
        PlaceParentSpan.objects.create(firm_id=place.firm_id, place=place, parent=parent, since=now)


__all__ = ["ImportPlan", "PlannedChange", "import_places", "mapping_of"]
