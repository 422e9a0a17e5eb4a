"""The audit trail's chain: how an event is hashed, and how a firm's whole trail is verified."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from vestibule.directory.bulk import insert_all
from vestibule.directory.models import Event, EventHead, EventValue

START = "0" * 64
FURTHEST = 2**63 - 1


def canonical(value: Any) -> bytes:
    """Return JSON that is the same for equal values, for hashing."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    ).encode()


def commitment_of(salt: str, values: dict[str, Any]) -> str:
    """Return what the chain holds in place of personal values."""
    return hashlib.sha256(salt.encode() + canonical(values)).hexdigest()


def hash_of(event: Event) -> str:
    """Return the chained hash of an event: over everything it says and its predecessor."""
    said = [
        str(event.firm_id),
        event.sequence,
        event.at.isoformat(),
        event.name,
        event.actor_kind,
        str(event.actor_user_id or ""),
        event.actor_name,
        event.door,
        str(event.on_behalf_of_id or ""),
        event.object_type,
        event.object_id,
        str(event.place_id or ""),
        event.public,
        event.commitment,
        event.previous_hash,
    ]
    return hashlib.sha256(canonical(said)).hexdigest()


@dataclass(frozen=True, slots=True)
class Told:
    """An event that has no place in the chain yet, and the personal values that belong to it."""

    event: Event
    personal: dict[str, Any]
    about: UUID | None
    """whose values they are"""


def append_all(firm_id: UUID, told: Sequence[Told]) -> None:
    """Write many events at the chain's end at once, in this order; inside a transaction.

    The same rows as `record` writes one by one. Their numbers, hashes and commitments are
    set here; the head stays locked until the transaction ends.
    """
    if not told:
        return
    head = EventHead.objects.select_for_update(no_key=True).get(firm_id=firm_id)
    salts: list[str] = []
    for entry in told:
        event, salt = entry.event, secrets.token_hex(32) if entry.personal else ""
        head.sequence += 1
        event.sequence, event.previous_hash = head.sequence, head.hash
        event.public = json.loads(canonical(event.public))
        event.commitment = commitment_of(salt, entry.personal) if entry.personal else ""
        event.hash = head.hash = hash_of(event)
        salts.append(salt)
    insert_all([entry.event for entry in told])
    first = told[0].event.sequence
    ids = dict(
        Event.objects.filter(firm_id=firm_id, sequence__gte=first).values_list("sequence", "pk")
    )
    insert_all(
        [
            EventValue(
                firm_id=firm_id,
                event_id=ids[entry.event.sequence],
                user_id=entry.about,
                salt=salt,
                values=json.loads(canonical(entry.personal)),
            )
            for entry, salt in zip(told, salts, strict=True)
            if entry.personal
        ]
    )
    head.save(update_fields=["sequence", "hash"])


class Fault(StrEnum):
    """What can be wrong with an event's place in the chain."""

    MISSING = "missing"
    ORDER = "order"
    ALTERED = "altered"
    VALUES = "values"
    END = "end"


SAID = {
    Fault.MISSING: "event {sequence} is missing",
    Fault.ORDER: "event {sequence} does not follow the one before it",
    Fault.ALTERED: "event {sequence} was altered",
    Fault.VALUES: "the personal values of event {sequence} were altered",
    Fault.END: "the end of the chain is not where it was written",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One fault, and the number of the event that does not fit."""

    sequence: int
    fault: Fault

    def __str__(self) -> str:
        return SAID[self.fault].format(sequence=self.sequence)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a stretch of the chain said: where it ended, how much of it there was."""

    sequence: int
    """the number of its last event, or of the one before it when there was none"""
    hash: str
    """what the next event must name as its predecessor"""
    events: int
    erased: int
    faults: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """How many events were read, how many had their personal values erased, what is wrong."""

    events: int
    erased: int
    found: tuple[Found, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """The faults as sentences."""
        return tuple(str(fault) for fault in self.found)


STRETCH = 500
"""Events read at once: some fifty milliseconds, so that nobody waits long for it."""


def read_stretch(
    firm_id: UUID, *, after: int, follows: str, until: int, limit: int = STRETCH
) -> Stretch:
    """Read the next `limit` events after number `after`, at most to number `until`.

    `follows` is the hash that the first of them must name as its predecessor.
    """
    rows = Event.objects.filter(firm_id=firm_id, sequence__gt=after, sequence__lte=until)
    events = list(rows.order_by("sequence")[:limit])
    kept = {
        event_id: (salt, values)
        for event_id, salt, values in EventValue.objects.filter(
            firm_id=firm_id, event_id__in=[event.pk for event in events if event.commitment]
        ).values_list("event_id", "salt", "values")
    }
    faults: list[Found] = []
    sequence, erased = after, 0
    for event in events:
        sequence += 1
        if event.sequence != sequence:
            faults.append(Found(sequence, Fault.MISSING))
            sequence = event.sequence
        if event.previous_hash != follows:
            faults.append(Found(sequence, Fault.ORDER))
        if hash_of(event) != event.hash:
            faults.append(Found(sequence, Fault.ALTERED))
        values = values_fit(event, kept.get(event.pk))
        if values is None:
            erased += 1
        elif not values:
            faults.append(Found(sequence, Fault.VALUES))
        follows = event.hash
    return Stretch(sequence, follows, len(events), erased, tuple(faults))


def values_fit(event: Event, kept: tuple[str, dict[str, Any]] | None) -> bool | None:
    """Return whether the personal values are those that were written; None if they were erased."""
    if not event.commitment:
        return True
    if kept is None:
        return None
    return commitment_of(*kept) == event.commitment


def fault_at_end(firm_id: UUID, read: Stretch, head: EventHead | None) -> Found | None:
    """Return what is wrong with the chain's end, after everything up to it was read."""
    fits = head is not None and head.sequence == read.sequence and head.hash == read.hash
    beyond = Event.objects.filter(firm_id=firm_id, sequence__gt=read.sequence)
    if fits and not beyond.exists():
        return None
    return Found(read.sequence + 1, Fault.END)


def verify(firm_id: UUID) -> Verification:
    """Read the whole chain of a firm from its start; inside the firm's scope."""
    read = Stretch(0, START, 0, 0, ())
    events, erased = 0, 0
    found: list[Found] = []
    while True:
        read = read_stretch(firm_id, after=read.sequence, follows=read.hash, until=FURTHEST)
        if not read.events:
            break
        events, erased = events + read.events, erased + read.erased
        found += read.faults
    head = EventHead.objects.filter(firm_id=firm_id).first()
    at_end = fault_at_end(firm_id, read, head)
    return Verification(events, erased, tuple([*found, at_end] if at_end else found))
