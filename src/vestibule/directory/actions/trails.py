"""Taking the audit trail out of the house: that somebody did is itself part of it."""

from __future__ import annotations

from dataclasses import replace

from vestibule.actor import Actor
from vestibule.directory import trail
from vestibule.directory.actions._action import action, authorize, record
from vestibule.directory.models import EventHead, Firm, Place
from vestibule.directory.querysets import reach_of
from vestibule.directory.trail import Wanted


@action("vestibule.audit.read")
def export_trail(actor: Actor, *, wanted: Wanted) -> Wanted:
    """Note what of the trail is taken out; return the same, ending at what exists now.

    Refuses: Denied.
    """
    actor = authorize_reading(actor)

    head = EventHead.objects.get(firm_id=actor.firm_id)
    wanted = replace(wanted, up_to=head.sequence)
    found = trail.narrow(actor, wanted)
    record(
        actor,
        "audit.exported",
        Firm.objects.get(pk=actor.firm_id),
        public={
            "events": trail.number_of(found),
            "people": [str(person.pk) for person in found.people],
            "companies": [str(company.pk) for company in found.companies],
            "acts": list(wanted.acts),
            "door": wanted.door,
            "since": wanted.since.isoformat() if wanted.since else "",
            "before": wanted.before.isoformat() if wanted.before else "",
        },
    )
    return wanted


def authorize_reading(actor: Actor) -> Actor:
    """Refuse who may read the trail nowhere: neither the firm's nor that of a company.

    Refuses: Denied.
    """
    found = reach_of(actor, "vestibule.audit.read")
    if not found.roots:
        return authorize(actor, at=None)
    place = Place.objects.get(firm_id=actor.firm_id, pk=found.roots[0].place_id)
    return authorize(actor, at=place)
