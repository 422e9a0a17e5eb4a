"""Who decides about a client user who waits, and who only asks. The one place that says so."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import decide
from vestibule.directory.models import Approval, ApprovalAct, ApprovalState, Place
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.querysets import reach_of
from vestibule.refusals import Denied, OwnRequest


def is_client(actor: Actor) -> bool:
    """Return whether somebody acts for a client and not for the firm."""
    return actor.standing is not None and not actor.standing.is_staff


def clients_validate(firm_id: UUID) -> bool:
    """Return whether the firm lets its clients' administrators validate."""
    return rules_of(firm_id).validation == "firm_or_client"


def what_clients_create_waits(firm_id: UUID) -> bool:
    """Return whether whom a client's administrator creates waits for validation."""
    return rules_of(firm_id).client_created == "validated"


def askers_of(user_id: UUID, firm_id: UUID) -> set[UUID]:
    """Return who asked for a user in requests that need a second person, earlier ones too."""
    rows = Approval.objects.filter(
        firm_id=firm_id,
        user_id=user_id,
        act=ApprovalAct.LET_IN,
        needs_second_person=True,
        asked_by__isnull=False,
    )
    return set(rows.values_list("asked_by_id", flat=True))


def require_validator(actor: Actor) -> None:
    """Refuse a client's administrator where the firm alone validates.

    Refuses: Denied.
    """
    if is_client(actor) and not clients_validate(actor.firm_id):
        raise Denied(permission="vestibule.users.validate", reason="firm_validates")


def require_decider(actor: Actor, approval: Approval) -> None:
    """Refuse whoever may not decide about this request, whatever his rights: nobody validates
    what he asked himself (S4-08), and only the firm decides about whom it knows already (law 4).

    Refuses: Denied, OwnRequest.
    """
    require_validator(actor)
    if approval.act == ApprovalAct.OPEN_ACCESS and is_client(actor):
        raise Denied(permission="vestibule.users.validate", reason="firm_validates")
    if not approval.needs_second_person:
        return
    asked = {approval.asked_by_id}
    if approval.act == ApprovalAct.LET_IN:
        asked |= askers_of(approval.user_id, approval.firm_id)
    if actor.user_id in asked:
        raise OwnRequest()


def may_validate_anywhere(actor: Actor) -> bool:
    """Return whether somebody decides about requests at all: only to show or hide a door."""
    if not reach_of(actor, "vestibule.users.validate"):
        return False
    return not is_client(actor) or clients_validate(actor.firm_id)


def may_decide(actor: Actor, approval: Approval) -> bool:
    """Return whether `actor` could decide about a waiting request: only to show or hide."""
    if actor.standing is None or approval.state != ApprovalState.WAITING:
        return False
    try:
        require_decider(actor, approval)
    except Denied:
        return False
    bit, at = reserved_bits("vestibule.users.validate"), clock.now()
    ids = [*approval.arguments.get("companies", []), approval.place_id]
    places = Place.objects.filter(Q(pk__in=[each for each in ids if each]), firm_id=actor.firm_id)
    return all(decide(actor.standing, bit, place.path, at) for place in places)
