"""What pages ask about requests: which of them somebody decides or asked, and what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vestibule.actor import Actor
from vestibule.directory.models import (
    Approval,
    ApprovalAct,
    ApprovalState,
    Grant,
    Place,
    User,
)
from vestibule.directory.paging import Order
from vestibule.directory.policies.addresses import read_phone, region_of
from vestibule.directory.policies.validation import is_client, may_validate_anywhere
from vestibule.directory.querysets import ApprovalQuerySet, reach_of, within
from vestibule.directory.sights import names_of, permissions_in_sets
from vestibule.directory.wordbook import Words
from vestibule.refusals import Refusal

BY_AGE = Order(field="asked_at", is_time=True)
NEWEST_FIRST = Order(field="asked_at", is_time=True, descending=True)


def shown_to_deciders(actor: Actor) -> ApprovalQuerySet:
    """Return the requests, decided ones too, of which somebody is shown everything.

    A client's administrator sees those for people whom nobody knew before, where the firm lets
    clients validate; all others are the firm's (law 4).
    """
    found: ApprovalQuerySet = Approval.objects.visible_to(actor)
    if not may_validate_anywhere(actor):
        return found.none()
    found = found.filter(within(reach_of(actor, "vestibule.users.validate"), "place__path"))
    return found.filter(act=ApprovalAct.LET_IN) if is_client(actor) else found


def to_decide(actor: Actor) -> ApprovalQuerySet:
    """Return the requests that wait for somebody like this actor, without those he made himself."""
    waiting = shown_to_deciders(actor).waiting()
    return waiting.exclude(asked_by_id=actor.user_id, needs_second_person=True)


def asked_by(actor: Actor) -> ApprovalQuerySet:
    """Return what somebody asked himself and somebody else decides."""
    found: ApprovalQuerySet = Approval.objects.visible_to(actor).filter(
        asked_by_id=actor.user_id, needs_second_person=True
    )
    return found


def to_correct(actor: Actor) -> ApprovalQuerySet:
    """Return one's own requests that were refused and not asked again: what is left to do.

    Those that wait are not counted: where the firm creates at once, that number would tell
    which address it knew (law 4).
    """
    later = Approval.objects.filter(firm_id=actor.firm_id, replaces_id__isnull=False)
    refused: ApprovalQuerySet = asked_by(actor).filter(state=ApprovalState.REFUSED)
    return refused.exclude(pk__in=later.values("replaces_id"))


def asked_again(approvals: Iterable[Approval]) -> set[UUID]:
    """Return which of these requests were corrected and asked again."""
    rows = list(approvals)
    if not rows:
        return set()
    later = Approval.objects.filter(
        firm_id=rows[0].firm_id, replaces_id__in=[row.pk for row in rows]
    )
    return set(later.values_list("replaces_id", flat=True))


def may_be_asked_again(approval: Approval) -> bool:
    """Return whether a request was refused or taken back, and not corrected since."""
    over = approval.state in (ApprovalState.REFUSED, ApprovalState.WITHDRAWN)
    return over and not asked_again([approval])


def lines_of(approvals: list[Approval], reader: Actor, language: str) -> list[dict[str, Any]]:
    """Return what a list says of each request, as far as its reader sees people and places.

    Nothing here tells whether the address was known: whoever asked reads it too.
    """
    if not approvals:
        return []
    words = Words(approvals[0].firm_id, language)
    people = names_of(reader, [row.asked_by_id for row in approvals])
    ids = {each for row in approvals for each in row.arguments["companies"]}
    places = dict(
        Place.objects.visible_to(reader)
        .filter(pk__in=ids)
        .order_by("sort_key", "pk")
        .values_list("pk", "name")
    )
    again = asked_again(approvals)
    return [
        {
            "id": row.pk,
            "person": person_in(row),
            "companies": [
                name for pk, name in places.items() if str(pk) in row.arguments["companies"]
            ],
            "role": words.get(f"role.{row.arguments['user_type']}"),
            "applications": [words.application(name) for name in row.arguments["applications"]],
            "asker": people.get(row.asked_by_id, "") if row.asked_by_id else "",
            "asked_at": row.asked_at,
            "state": row.state,
            "decided_at": row.decided_at,
            "reason": row.reason,
            "is_asked_again": row.pk in again,
        }
        for row in approvals
    ]


def person_in(approval: Approval) -> dict[str, str]:
    """Return the person as whoever asked typed him."""
    typed = approval.arguments["identity"]
    name = f"{typed['first_name']} {typed['last_name']}".strip()
    return {
        "name": name or typed["email"],
        "first_name": typed["first_name"],
        "last_name": typed["last_name"],
        "email": typed["email"],
        "phone": typed["phone"],
        "language": typed["language"],
    }


def person_now(user: User) -> dict[str, str]:
    """Return a person as his row has him, in the shape of `person_in`."""
    return {
        "name": user.full_name,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "phone": user.phone,
        "language": user.language,
    }


@dataclass(frozen=True, slots=True)
class AsItStands:
    """What a waiting request would let in, person and access as they are now, and whether that
    is still what was asked for."""

    person: dict[str, str]
    access: list[dict[str, Any]]
    differs: bool


def as_it_stands(
    approval: Approval, reader: Actor, words: Words, enabled: dict[UUID, set[str]]
) -> AsItStands | None:
    """Return whom approving lets in with what, where a request waits to let somebody in: staff
    may have corrected the person or his access since it was asked.

    `reader` decides about it, so he holds the right to validate at all of the person's places;
    `enabled` are the applications that its companies have.
    """
    if approval.act != ApprovalAct.LET_IN or approval.state != ApprovalState.WAITING:
        return None
    user = approval.user
    grants = list(
        Grant.objects.filter(
            within(reach_of(reader, "vestibule.users.validate"), "place__path"),
            firm_id=approval.firm_id,
            user_id=user.pk,
        )
        .not_over()
        .select_related("place", "role")
        .order_by("place__sort_key", "pk")
    )
    sets = [grant.permission_set_id for grant in grants if grant.permission_set_id]
    opened = permissions_in_sets(user.firm_id, sets)
    has: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for grant in grants:
        roles, names = has[str(grant.place_id)]
        if grant.role is not None:
            roles.add(grant.role.code)
        names |= set(opened.get(grant.permission_set_id, ())) if grant.permission_set_id else set()
    companies = companies_in(approval, reader)
    asked = approval.arguments
    wanted = {
        str(company.pk): (
            {asked["user_type"]},
            set(asked["applications"]) & enabled[company.pk],
        )
        for company in companies
    }
    person, typed = person_now(user), person_in(approval)
    typed["phone"] = read_phone_or_nothing(typed["phone"], region_of(approval.firm_id))
    billed = str(user.billable_company_id) != asked["billable_company"]
    return AsItStands(
        person=person,
        access=_lines_of_grants(grants, opened, words),
        differs=person != typed or billed or dict(has) != wanted,
    )


def read_phone_or_nothing(typed: str, region: str) -> str:
    """Return a typed number in E.164, or what was typed where it is none."""
    try:
        return read_phone(typed, region=region)
    except Refusal:
        return typed


def companies_in(approval: Approval, reader: Actor) -> list[Place]:
    """Return the companies that a request wants to open, as far as the reader sees them."""
    rows = Place.objects.visible_to(reader).filter(pk__in=approval.arguments["companies"])
    return list(rows.order_by("sort_key", "pk"))


def access_of(user: User, reader: Actor, words: Words) -> list[dict[str, Any]]:
    """Return what somebody has today, company by company: type and applications."""
    grants = list(
        Grant.objects.visible_to(reader)
        .not_over()
        .filter(user_id=user.pk)
        .select_related("place", "role")
        .order_by("place__sort_key", "pk")
    )
    sets = [grant.permission_set_id for grant in grants if grant.permission_set_id]
    return _lines_of_grants(grants, permissions_in_sets(user.firm_id, sets), words)


def _lines_of_grants(
    grants: list[Grant], opened: dict[UUID, list[str]], words: Words
) -> list[dict[str, Any]]:
    """Return grants company by company: name, type, applications."""
    found: dict[UUID, dict[str, Any]] = defaultdict(
        lambda: {"name": "", "role": "", "applications": []}
    )
    for grant in grants:
        line = found[grant.place_id]
        line["name"] = grant.place.name
        if grant.role is not None:
            line["role"] = words.role(grant.role)
        if grant.permission_set_id:
            names = opened.get(grant.permission_set_id, [])
            line["applications"] += [words.application(name) for name in names]
    return list(found.values())


def gained_places(approval: Approval, reader: Actor) -> list[Place]:
    """Return the companies of a request at which the person has nothing yet."""
    has = (
        Grant.objects.filter(firm_id=approval.firm_id, user_id=approval.user_id)
        .not_over()
        .values_list("place_id", flat=True)
    )
    return [place for place in companies_in(approval, reader) if place.pk not in set(has)]


def decider_name(approval: Approval, reader: Actor) -> str:
    """Return who decided, as the reader may know him."""
    return names_of(reader, [approval.decided_by_id]).get(approval.decided_by_id, "")  # type: ignore[arg-type]
