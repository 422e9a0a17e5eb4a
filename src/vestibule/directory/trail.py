"""Reading the audit trail: what of it is wanted, page by page, for whoever may read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce

from vestibule.actor import Actor
from vestibule.directory.models import Event, EventValue, Place, User
from vestibule.directory.querysets import EventQuerySet, VisibleQuerySet, below, words_of

MOST_NAMED = 20
"""So many people or companies of a typed name are looked at; more letters find fewer."""

MOST_COUNTED = 10_000

CLOCK_STEP = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of the trail is wanted. What is empty narrows nothing."""

    person: str = ""
    """a typed name or address: events by such a person or about one"""
    company: str = ""
    """a typed name or number: events there and below"""
    acts: tuple[str, ...] = ()
    """names of events"""
    door: str = ""
    since: datetime | None = None
    before: datetime | None = None
    """an instant that is no longer wanted"""
    up_to: int | None = None
    """the number of the last event that existed when somebody asked"""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The events that are wanted, and whom and what the typed names were taken for.

    `either` are conditions of which one must hold; each by itself is answered from an index.
    """

    events: EventQuerySet
    either: tuple[Q, ...]
    people: tuple[User, ...] = ()
    companies: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Events, newest first, and the numbers at which its neighbours begin (None: there is none)."""

    events: list[Event]
    older: int | None
    newer: int | None


def narrow(actor: Actor, wanted: Wanted) -> Narrowed:
    """Return what `actor` may read of what is wanted."""
    events: EventQuerySet = Event.objects.visible_to(actor)
    if wanted.acts:
        events = events.filter(name__in=wanted.acts)
    if wanted.door:
        events = events.filter(door=wanted.door)
    events = _within(events, actor, wanted)
    if wanted.up_to is not None:
        events = events.filter(sequence__lte=wanted.up_to)
    companies = _companies(actor, wanted.company)
    if wanted.company:
        where = Q(pk__in=[])
        for company in companies:
            where |= below(company.path)
        there = Place.objects.filter(where, firm_id=actor.firm_id).values("pk")
        events = events.filter(place_id__in=there)
    people = _people(actor, wanted.person)
    either: tuple[Q, ...] = (Q(),)
    if wanted.person:
        either = (
            Q(actor_user_id__in=[person.pk for person in people]),
            Q(object_type="user", object_id__in=[str(person.pk) for person in people]),
        )
    return Narrowed(events, either, tuple(people), tuple(companies))


def page(
    found: Narrowed, *, size: int = 50, after: int | None = None, before: int | None = None
) -> TrailPage:
    """Return the events older than number `after`, or the nearest ones newer than `before`."""
    if before is not None and after is None:
        rows = _first(found, Q(sequence__gt=before), "sequence", size + 1)
        more = len(rows) > size
        rows = rows[:size][::-1]
        older = rows[-1].sequence if rows else None
        return TrailPage(rows, older, rows[0].sequence if rows and more else None)
    from_there = Q(sequence__lt=after) if after is not None else Q()
    rows = _first(found, from_there, "-sequence", size + 1)
    more = len(rows) > size
    rows = rows[:size]
    newer = rows[0].sequence if rows and after is not None else None
    return TrailPage(rows, rows[-1].sequence if more else None, newer)


def counted(found: Narrowed) -> int:
    """Return how many there are, at most `MOST_COUNTED` + 1."""
    return int(_together(found).counted(MOST_COUNTED))


def number_of(found: Narrowed) -> int:
    """Return how many there are, however many."""
    return int(_together(found).count())


def _together(found: Narrowed) -> EventQuerySet:
    where = Q()
    for condition in found.either:
        where |= condition
    together: EventQuerySet = found.events.filter(where)
    return together


def values_of(events: list[Event]) -> dict[int, tuple[str, dict[str, Any]]]:
    """Return salt and personal values by the event's key; those that were erased are missing."""
    with_values = [event for event in events if event.commitment]
    if not with_values:
        return {}
    rows = EventValue.objects.filter(
        firm_id=with_values[0].firm_id, event_id__in=[event.pk for event in with_values]
    )
    return {
        event_id: (salt, values)
        for event_id, salt, values in rows.values_list("event_id", "salt", "values")
    }


def neighbour(event: Event, *, by: int) -> Event | None:
    """Return the event that many numbers away, whoever may read it: the chain is one."""
    found: Event | None = Event.objects.filter(
        firm_id=event.firm_id, sequence=event.sequence + by
    ).first()
    return found


def _first(found: Narrowed, where: Q, order: str, limit: int) -> list[Event]:
    """Return the first `limit` events of all conditions together, each read by its own index."""
    rows: dict[int, Event] = {}
    for condition in found.either:
        for event in found.events.filter(where & condition).order_by(order)[:limit]:
            rows[event.pk] = event
    ordered = sorted(rows.values(), key=lambda event: event.sequence, reverse=order[0] == "-")
    return ordered[:limit]


def _within(events: EventQuerySet, actor: Actor, wanted: Wanted) -> EventQuerySet:
    """Return those of the wanted time.

    Numbers grow with time, so two looks into the index of times bound the numbers: pages are read
    in their order, and an old month of a long trail is found without sorting it. A clock that
    was put back by less than `CLOCK_STEP` loses nothing: the exact time is asked of each row.
    """
    all_of_them = Event.objects.visible_to(actor).values_list("sequence", flat=True)
    exact: EventQuerySet = events.alias(moment=Coalesce("at", "at"))  # and no index of times
    if wanted.since is not None:
        first = all_of_them.filter(at__gte=wanted.since - CLOCK_STEP).order_by("at").first()
        exact = exact.filter(moment__gte=wanted.since, sequence__gte=first or 0)
    if wanted.before is not None:
        last = all_of_them.filter(at__lt=wanted.before + CLOCK_STEP).order_by("-at").first()
        exact = exact.filter(moment__lt=wanted.before, sequence__lte=last or 0)
    return exact


def _people(actor: Actor, text: str) -> list[User]:
    found = VisibleQuerySet.matching(User.objects.visible_to(actor), text)
    return list(found.order_by("sort_key", "pk")[:MOST_NAMED]) if words_of(text) else []


def _companies(actor: Actor, text: str) -> list[Place]:
    found = Place.objects.where(actor, "vestibule.audit.read").exclude(acts_as="firm")
    # A group before its companies, and a company before its branches of the same name.
    found = found.matching(text).order_by("path")
    return list(found[:MOST_NAMED]) if words_of(text) else []
