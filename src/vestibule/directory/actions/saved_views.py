"""Saved views: a list's filters, order and columns under a name of one's own.

A view is nobody's access and no event: it is a bookmark that only its owner sees. So these are
plain functions, not actions (decision 0006, and 0022 for views).
"""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.models import SavedView
from vestibule.directory.policies.names import read_name
from vestibule.directory.querysets import reach_of
from vestibule.refusals import Denied, Invalid, NotSignedIn, TooManyViews, ViewNameTaken

LISTS = ("users", "companies")
NAME_LIMIT = 80
QUERY_LIMIT = 2000
MOST_VIEWS = 50
"""So many views of one's own for one list."""


def views_of(actor: Actor, list_name: str) -> list[SavedView]:
    """Return one's own views of a list, by name."""
    return list(SavedView.objects.visible_to(actor).filter(list=list_name).order_by("name", "pk"))


def save_view(actor: Actor, *, list_name: str, name: str, query: str) -> SavedView:
    """Keep a list's address under a name.

    Refuses: NotSignedIn, Denied, Invalid at `name`, ViewNameTaken, TooManyViews.
    """
    owner_id = _require_reader(actor)
    if list_name not in LISTS or len(query) > QUERY_LIMIT:
        raise Denied(permission="vestibule.users.read")
    name = _read(name)
    if len(views_of(actor, list_name)) >= MOST_VIEWS:
        raise TooManyViews(limit=MOST_VIEWS)
    try:
        with transaction.atomic():
            view: SavedView = SavedView.objects.create(
                firm_id=actor.firm_id,
                owner_id=owner_id,
                list=list_name,
                name=name,
                query=query,
                created_at=clock.now(),
            )
    except IntegrityError:
        raise ViewNameTaken.at("name", name=name) from None
    return view


def rename_view(actor: Actor, view: SavedView, *, name: str) -> SavedView:
    """Give one's own view another name.

    Refuses: NotSignedIn, Denied, Invalid at `name`, ViewNameTaken.
    """
    _require_owner(actor, view)
    name = _read(name)
    try:
        with transaction.atomic():
            SavedView.objects.filter(firm_id=view.firm_id, pk=view.pk).update(name=name)
    except IntegrityError:
        raise ViewNameTaken.at("name", name=name) from None
    view.name = name
    return view


def delete_view(actor: Actor, view: SavedView) -> None:
    """Forget one's own view.

    Refuses: NotSignedIn, Denied.
    """
    _require_owner(actor, view)
    SavedView.objects.filter(firm_id=view.firm_id, pk=view.pk).delete()


def _require_reader(actor: Actor) -> UUID:
    """Refuse whoever sees no users: he has no list to keep. Return his id."""
    if actor.standing is None or actor.user_id is None:
        raise NotSignedIn()
    if not reach_of(actor, "vestibule.users.read"):
        raise Denied(permission="vestibule.users.read")
    return actor.user_id


def _require_owner(actor: Actor, view: SavedView) -> None:
    owner_id = _require_reader(actor)
    if view.firm_id != actor.firm_id or view.owner_id != owner_id:
        raise Denied(permission="vestibule.users.read")


def _read(name: str) -> str:
    try:
        return read_name(name, limit=NAME_LIMIT)
    except Invalid as refusal:
        raise Invalid({"name": [refusal]}) from None
