"""Places: create, rename, move, close, reopen; import a whole portfolio."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr

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
from vestibule.directory.facts import catalogue_of
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
from vestibule.directory.policies.administrators import administrators_kept, companies_of
from vestibule.directory.policies.names import PLACE_LIMIT, read_name
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.querysets import ID_WIDTH
from vestibule.directory.wordbook import Words
from vestibule.refusals import (
    ChoiceUnknown,
    Invalid,
    NotFound,
    NotNow,
    PlaceClosed,
    PlaceKindNotAllowed,
    PlaceUnderItself,
    ReferenceTaken,
    SuccessorNeeded,
    _,
)

MAX_DEPTH = 12
REFERENCE_FORMS = {"siren": r"[0-9]{9}", "siret": r"[0-9]{14}"}
DETAIL_LIMITS = {"address": 300, "postcode": 20, "town": 120}


class GroupNotEmpty(NotNow):
    code = "place.group_not_empty"
    sentence = _("%(place)s still has open companies. Close or move them first.")


class ReferenceInvalid(Invalid):
    code = "place.reference_invalid"
    sentence = _("%(value)s is not a complete %(scheme)s number.")


class TooDeep(Invalid):
    code = "place.too_deep"
    sentence = _("The tree would become deeper than %(limit)s levels.")


def root_of(firm_id: Any) -> Place:
    """Return the firm's root, under which everything stands."""
    return Place.objects.get(firm_id=firm_id, acts_as="firm")


def company_for(parent: Place, acts_as: str, own_id: Any) -> Any:
    """Return the id of the company a place belongs to, given its parent and kind."""
    return own_id if acts_as == "company" else parent.company_id


def _word(kind: PlaceKind) -> str:
    language = Firm.objects.values_list("default_language", flat=True).get(pk=kind.firm_id)
    return Words(kind.firm_id, language).kind(kind.code)


def _require_kind(kind: PlaceKind, parent: Place) -> None:
    if parent.kind.code not in kind.parents:
        raise PlaceKindNotAllowed.at("parent", kind=_word(kind), parent=parent.name)


@action("vestibule.places.create")
def create_place(
    actor: Actor,
    *,
    parent: Place,
    kind: str,
    name: str,
    references: Mapping[str, str] | None = None,
    details: Mapping[str, str] | None = None,
) -> Place:
    """Create a place under another. A company gets the applications the firm usually gives.

    `references` maps a scheme (siren, siret, code) to its number; `details` are address,
    postcode and town.

    Refuses: Invalid at the field, PlaceClosed, ReferenceTaken.
    """
    actor = authorize(actor, at=parent)
    parent = _locked(parent)
    if not parent.is_open:
        raise PlaceClosed(place=parent.name)
    kind_row = PlaceKind.objects.filter(firm_id=parent.firm_id, code=kind).first()
    if kind_row is None or kind_row.acts_as == "firm":
        raise ChoiceUnknown.at("kind")
    _require_kind(kind_row, parent)
    name = _read_place_name(name)
    numbers = _read_references(parent.firm_id, references or {})
    texts = _read_details(details or {})
    if len(parent.path) >= MAX_DEPTH * ID_WIDTH:
        raise TooDeep.at("parent", limit=MAX_DEPTH)

    now = clock.now()
    place_id = new_id()
    place = Place(
        id=place_id,
        firm_id=parent.firm_id,
        kind=kind_row,
        parent=parent,
        company_id=company_for(parent, kind_row.acts_as, place_id),
        acts_as=kind_row.acts_as,
        path=parent.path + place_id.hex,
        name=name,
        is_billable=kind_row.acts_as == "company",
        created_at=now,
        **texts,
    )
    place.sort_key = place_sort_key(place)
    place.search_text = place_search_text(place, list(numbers.values()), _group_name(parent))
    place.save(force_insert=True)
    _write_beginning([place])
    _write_references(place, numbers)
    if place.acts_as == "company":
        enable_usual_applications([(place, numbers.get("siren", ""))])
    bump_firm(place.firm_id)
    record(
        actor,
        "place.created",
        place,
        place=place,
        public={
            "name": [None, name],
            "kind": kind,
            "parent": str(parent.pk),
            "references": numbers,
        },
    )
    return place


def _write_references(place: Place, numbers: dict[str, str]) -> None:
    for scheme, value in numbers.items():
        try:
            with transaction.atomic():
                PlaceReference.objects.create(
                    firm_id=place.firm_id, place=place, scheme=scheme, value=value
                )
        except IntegrityError:  # somebody else took the number a moment ago
            raise Invalid({scheme: [ReferenceTaken(scheme=scheme.upper(), value=value)]}) from None


def _write_beginning(places: list[Place]) -> None:
    now = clock.now()
    PlaceOpenSpan.objects.bulk_create(
        PlaceOpenSpan(firm_id=place.firm_id, place=place, since=now) for place in places
    )
    PlaceParentSpan.objects.bulk_create(
        PlaceParentSpan(firm_id=place.firm_id, place=place, parent_id=place.parent_id, since=now)
        for place in places
    )


def enable_usual_applications(companies: list[tuple[Place, str]]) -> None:
    """Enable for new companies (with their SIREN) what the firm's rules give. Part of an act."""
    if not companies:
        return
    firm_id = companies[0][0].firm_id
    rules = rules_of(firm_id)
    applications = {
        row.name: row for row in Permission.objects.filter(firm_id=firm_id, kind="application")
    }
    now = clock.now()
    EnabledApplication.objects.bulk_create(
        EnabledApplication(
            firm_id=firm_id, company=company, application=applications[name], since=now
        )
        for company, siren in companies
        for name in rules.applications_of(siren)
        if name in applications
    )


def _read_place_name(typed: str) -> str:
    try:
        return read_name(typed, limit=PLACE_LIMIT)
    except Invalid as refusal:
        raise Invalid({"name": [refusal]}) from None


def _read_references(firm_id: Any, typed: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for scheme, value in typed.items():
        number = "".join(value.split())
        if not number:
            continue
        fits = re.fullmatch(REFERENCE_FORMS.get(scheme, r"[!-~]{1,60}"), number)
        if not fits:
            raise ReferenceInvalid.at(scheme, scheme=scheme.upper(), value=value[:60])
        if PlaceReference.objects.filter(firm_id=firm_id, scheme=scheme, value=number).exists():
            raise Invalid({scheme: [ReferenceTaken(scheme=scheme.upper(), value=number)]})
        found[scheme] = number
    return found


def _read_details(typed: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, value in typed.items():
        if field not in DETAIL_LIMITS:
            raise ChoiceUnknown.at(field)
        try:
            found[field] = read_name(value, limit=DETAIL_LIMITS[field], mandatory=False)
        except Invalid as refusal:
            raise Invalid({field: [refusal]}) from None
    return found


def _locked(place: Place) -> Place:
    row = (
        Place.objects.filter(firm_id=place.firm_id, pk=place.pk)
        .select_for_update(of=("self",), no_key=True)
        .first()
    )
    if row is None:
        raise NotFound()
    return row  # type: ignore[no-any-return]


def _group_name(parent: Place) -> str:
    return parent.name if parent.acts_as == "group" else ""


@action("vestibule.places.rename")
def rename_place(actor: Actor, place: Place, *, name: str) -> Place:
    """Give a place another name. Nobody's access changes.

    Refuses: Denied, Invalid at `name`.
    """
    actor = authorize(actor, at=place)
    place = _locked(place)
    if place.acts_as == "firm":
        raise NotFound()
    name = _read_place_name(name)
    if name == place.name:
        nothing_changed()
        return place

    old = place.name
    place.name = name
    place.version += 1
    _index(place)
    place.save(update_fields=["name", "version", "search_text", "sort_key"])
    if place.acts_as == "group":
        for company in Place.objects.filter(firm_id=place.firm_id, parent_id=place.pk):
            _index(company)
            company.save(update_fields=["search_text"])
    record(actor, "place.renamed", place, place=place, public={"name": [old, name]})
    return place


def _index(place: Place) -> None:
    numbers = list(
        PlaceReference.objects.filter(firm_id=place.firm_id, place_id=place.pk).values_list(
            "value", flat=True
        )
    )
    parent = place.parent
    place.sort_key = place_sort_key(place)
    place.search_text = place_search_text(place, numbers, _group_name(parent) if parent else "")


@action("vestibule.places.move")
def move_place(actor: Actor, place: Place, *, parent: Place) -> Place:
    """Put a place, with everything under it, under another parent.

    Who has a grant on the new ancestors gains what stands here, so the actor must be able
    to give client rights at both ends.

    Refuses: Denied, PlaceUnderItself, PlaceKindNotAllowed, PlaceClosed, LastAdministrator.
    """
    actor = authorize(actor, at=place)
    actor = authorize(actor, at=parent)
    root = root_of(place.firm_id)
    _locked(root)  # moves change paths of many places: one at a time in a firm
    concerned = [place, parent, *companies_of([place])]
    list(Place.objects.filter(pk__in={each.pk for each in concerned}).lock())
    place, parent = _locked(place), _locked(parent)
    if place.acts_as == "firm":
        raise NotFound()
    if parent.path.startswith(place.path):
        raise PlaceUnderItself.at("parent", place=place.name)
    _require_kind(place.kind, parent)
    if not parent.is_open:
        raise PlaceClosed(place=parent.name)
    if parent.pk == place.parent_id:
        nothing_changed()
        return place
    client_rights = catalogue_of(place.firm_id).client_mask
    require_held(actor, place=place, gained=client_rights)
    require_held(actor, place=parent, gained=client_rights)

    with administrators_kept(companies_of([place]), person=None):
        old_parent_id, old_path = place.parent_id, place.path
        _rewrite(place, parent)
        now = clock.now()
        spans = PlaceParentSpan.objects.filter(firm_id=place.firm_id, place_id=place.pk)
        spans.filter(until__isnull=True).update(until=now)
        PlaceParentSpan.objects.create(firm_id=place.firm_id, place=place, parent=parent, since=now)
        place.refresh_from_db()
        _index(place)
        place.save(update_fields=["search_text"])
        bump_firm(place.firm_id)
    record(
        actor,
        "place.moved",
        place,
        place=place,
        public={
            "parent": [str(old_parent_id), str(parent.pk)],
            "depth": [len(old_path) // ID_WIDTH, len(place.path) // ID_WIDTH],
        },
    )
    return place


def _rewrite(place: Place, parent: Place) -> None:
    """Bring the paths and companies of a moved subtree to the present."""
    new_path = parent.path + place.pk.hex
    subtree = Place.objects.below(place)
    longest = max(len(path) for path in subtree.values_list("path", flat=True))
    if longest - len(place.path) + len(new_path) > MAX_DEPTH * ID_WIDTH:
        raise TooDeep.at("parent", limit=MAX_DEPTH)
    if place.acts_as == "establishment":
        subtree.update(company_id=parent.company_id)
    subtree.update(path=Concat(Value(new_path), Substr("path", len(place.path) + 1)))
    Place.objects.filter(firm_id=place.firm_id, pk=place.pk).update(
        parent=parent, version=F("version") + 1
    )


@action("vestibule.places.close")
def close_place(actor: Actor, place: Place, *, billed_to: Place | None = None) -> Place:
    """Close a place: rights there stop at once; reopening restores them (law 8).

    A company that users are billed to needs `billed_to`, where they are billed from now
    on. Nothing else is moved.

    Refuses: Denied, PlaceClosed, SuccessorNeeded, GroupNotEmpty.
    """
    actor = authorize(actor, at=place)
    list(Place.objects.filter(pk__in=[each.pk for each in (place, billed_to) if each]).lock())
    place = _locked(place)
    if place.acts_as == "firm":
        raise NotFound()
    if not place.is_open:
        raise PlaceClosed(place=place.name)
    if place.acts_as == "group":
        inside = Place.objects.below(place).filter(is_open=True, acts_as="company")
        if inside.exists():
            raise GroupNotEmpty(place=place.name)
    billed = User.objects.filter(firm_id=place.firm_id, billable_company_id=place.pk).exclude(
        state__in=("deactivated", "erased")
    )
    count = billed.count()
    if count and billed_to is None:
        raise SuccessorNeeded.at("billed_to", count=count, place=place.name)
    if billed_to is not None:
        actor = authorize(actor, at=billed_to)
        billed_to = _locked(billed_to)
        if billed_to.acts_as != "company" or not billed_to.is_open or billed_to.pk == place.pk:
            raise ChoiceUnknown.at("billed_to")
        billed.update(billable_company_id=billed_to.pk)

    now = clock.now()
    PlaceOpenSpan.objects.filter(
        firm_id=place.firm_id, place_id=place.pk, until__isnull=True
    ).update(until=now)
    place.is_open = False
    place.version += 1
    place.save(update_fields=["is_open", "version"])
    bump_firm(place.firm_id)
    record(
        actor,
        "place.closed",
        place,
        place=place,
        public={
            "open": [True, False],
            "billed_to": str(billed_to.pk) if billed_to is not None and count else None,
            "users_billed": count,
        },
    )
    return place


@action("vestibule.places.close")
def reopen_place(actor: Actor, place: Place) -> Place:
    """Open a closed place again: the rights there hold as before. An open one stays as it is.

    Refuses: Denied, PlaceClosed while what it stands under is closed.
    """
    actor = authorize(actor, at=place)
    place = _locked(place)
    if place.is_open:
        nothing_changed()
        return place
    if place.parent is not None and not place.parent.is_open:
        raise PlaceClosed(place=place.parent.name)

    PlaceOpenSpan.objects.create(firm_id=place.firm_id, place=place, since=clock.now())
    place.is_open = True
    place.version += 1
    place.save(update_fields=["is_open", "version"])
    bump_firm(place.firm_id)
    record(actor, "place.reopened", place, place=place, public={"open": [False, True]})
    return place
