"""Lists that leave the house as files: who may take what, and that it was taken."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from vestibule.actor import Actor
from vestibule.directory.actions._action import action, authorize, record
from vestibule.directory.listing import UserListing, users_of
from vestibule.directory.models import Firm, Grant, Place
from vestibule.directory.querysets import UserQuerySet, is_whole_firm, reach_of, within

EXPORT = "vestibule.users.export"


def exportable(actor: Actor, listing: UserListing, place: Place | None) -> UserQuerySet:
    """Return the users of a list whom the actor may export: he may at every place of theirs.

    A place counts as in law 4: one where the user has a grant, now or later, and the one
    where he is billed.
    """
    found = users_of(actor, listing, place)
    mine = reach_of(actor, EXPORT)
    if is_whole_firm(mine) and not mine.without:
        return found
    grants = Grant.objects.filter(firm_id=actor.firm_id, user_id=OuterRef("pk")).not_over()
    billed_here = Q(billable_company__isnull=True) | within(mine, "billable_company__path")
    return found.filter(
        billed_here,
        ~Exists(grants.exclude(within(mine, "place__path"))),
        Q(billable_company__isnull=False) | Exists(grants),
    )


@action("vestibule.users.export")
def export_users(actor: Actor, listing: UserListing, *, place: Place | None = None) -> UserQuerySet:
    """Note that the actor takes a list of users out of the house; return its rows, to be read now.

    `place` is the company or group that the list is narrowed to. What was searched for may
    name a person: it is kept with the personal values.

    Refuses: Denied, NotSignedIn.
    """
    actor = authorize(actor, at=_somewhere(actor))

    found = exportable(actor, listing, place)
    narrowed = dict(listing.changed(text="").pairs())
    record(
        actor,
        "users.exported",
        Firm.objects.get(pk=actor.firm_id),
        public={"filter": narrowed, "columns": list(listing.columns), "number": found.count()},
        personal={"searched": listing.text} if listing.text else None,
    )
    return found


def _somewhere(actor: Actor) -> Place | None:
    """Return a place at which the actor may export, to be decided afresh; None: he may nowhere."""
    roots = [root.place_id for root in reach_of(actor, EXPORT).roots]
    found: Place | None = (
        Place.objects.filter(firm_id=actor.firm_id, pk__in=roots).order_by("path").first()
    )
    return found
