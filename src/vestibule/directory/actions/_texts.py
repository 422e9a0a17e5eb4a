"""What lists look through and are ordered by, kept beside the names they come from."""

from __future__ import annotations

from vestibule.directory.models import Place, User
from vestibule.directory.search import GROUP_BEHIND
from vestibule.text import fold


def search_text_of(user: User) -> str:
    """Return what a search for this user looks through."""
    return fold(f"{user.first_name} {user.last_name} {user.first_name} {user.email} {user.phone}")


def sort_key_of(user: User) -> str:
    """Return what lists of users are ordered by: last name, first name, address."""
    return fold(f"{user.last_name} {user.first_name} {user.email}")[:460]


def place_search_text(place: Place, references: list[str], group: str = "") -> str:
    """Return what a search for this place looks through: name, town, numbers; and behind a mark,
    for readers who may know it, its group."""
    own = fold(" ".join([place.name, place.town, place.postcode, *references]))
    return f"{own} {GROUP_BEHIND} {fold(group)}".rstrip() if group else own


def place_sort_key(place: Place) -> str:
    """Return what lists of places are ordered by."""
    return fold(place.name)[:260]
