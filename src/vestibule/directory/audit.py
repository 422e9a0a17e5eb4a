"""The audit trail's chain: how an event is hashed, and how a firm's whole trail is verified."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vestibule.directory.models import Event, EventHead, EventValue

START = "0" * 64


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
class Verification:
    """How many events were read, how many had their personal values erased, what is wrong."""

    events: int
    erased: int
    faults: tuple[str, ...]


def verify(firm_id: UUID) -> Verification:
    """Read the whole chain of a firm from its start; inside the firm's scope."""
    faults: list[str] = []
    expected, sequence, erased, count = START, 0, 0, 0
    values = {
        event_id: (salt, found)
        for event_id, salt, found in EventValue.objects.filter(firm_id=firm_id).values_list(
            "event_id", "salt", "values"
        )
    }
    events = Event.objects.filter(firm_id=firm_id).order_by("sequence")
    for event in events.iterator(chunk_size=2000):
        count += 1
        sequence += 1
        if event.sequence != sequence:
            faults.append(f"event {sequence} is missing")
            sequence = event.sequence
        if event.previous_hash != expected:
            faults.append(f"event {event.sequence} does not follow the one before it")
        if hash_of(event) != event.hash:
            faults.append(f"event {event.sequence} was altered")
        if event.commitment:
            kept = values.get(event.pk)
            if kept is None:
                erased += 1
            elif commitment_of(*kept) != event.commitment:
                faults.append(f"the personal values of event {event.sequence} were altered")
        expected = event.hash
    head = EventHead.objects.filter(firm_id=firm_id).first()
    if head is None or head.sequence != sequence or head.hash != expected:
        faults.append("the end of the chain is not where it was written")
    return Verification(count, erased, tuple(faults))
