"""What every page is handed besides its own: the firm, the reader, what the menu shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from vestibule.directory.models import User
from vestibule.directory.policies.addresses import shown_phone
from vestibule.directory.querysets import reach_of
from vestibule.directory.scope import firm_scope
from vestibule.directory.sights import helper_of
from vestibule.directory.wordbook import Words

THEMES = ("light", "dark")


def initials(name: str) -> str:
    """Return at most two initials: of the first and the last word."""
    words = [word for word in name.replace("@", " ").split() if word[:1].isalnum()]
    if not words:
        return "?"
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


def page(request: HttpRequest) -> dict[str, Any]:
    """The template context `page` (see the templates' own comments for its shape)."""
    firm = getattr(request, "firm", None)
    found: dict[str, Any] = {
        "firm": None,
        "me": None,
        "may": {},
        "counts": {},
        "theme": request.COOKIES.get("vestibule_theme", "")
        if request.COOKIES.get("vestibule_theme") in THEMES
        else "",
        "mail_held": settings.VESTIBULE.smtp is None,
        "demo": settings.VESTIBULE.demo,
    }
    if firm is None:
        return {"page": found}
    found["firm"] = {
        "name": firm.name,
        "initials": initials(firm.name),
        "accent": "blue",
        "help": None,
    }
    actor = getattr(request, "actor", None)
    if actor is not None and actor.is_person:
        with firm_scope(firm):
            _add_reader(request, found)
    found["may"]["inbox"] = settings.VESTIBULE.demo
    return {"page": found}


def _add_reader(request: Any, found: dict[str, Any]) -> None:
    actor, user = request.actor, request.user
    words = Words(user.firm_id, request.LANGUAGE_CODE)
    found["may"] = {
        "users": bool(reach_of(actor, "vestibule.users.read")) and user.is_staff_member,
        "companies": bool(reach_of(actor, "vestibule.places.read")) and user.is_staff_member,
        "validate": bool(reach_of(actor, "vestibule.users.validate")) and user.is_staff_member,
        "invite": bool(reach_of(actor, "vestibule.users.create")) and user.is_staff_member,
    }
    role = (
        user.grants.in_force()
        .filter(role__isnull=False)
        .select_related("role")
        .order_by("since")
        .first()
    )
    found["me"] = {
        "name": user.full_name,
        "first_name": user.first_name,
        "initials": initials(user.full_name),
        "line": words.role(role.role) if role is not None else "",
        "email": user.email,
        "url": "",
    }
    if found["may"]["validate"]:
        waiting = User.objects.visible_to(actor).clients().waiting()
        found["counts"]["to_validate"] = waiting.counted(99)
    if not user.is_staff_member:
        helper = helper_of(user)
        found["firm"]["help"] = person_card(helper) if helper is not None else None


def person_card(person: User) -> dict[str, Any]:
    """Return a person as pages show him."""
    return {
        "name": person.full_name,
        "initials": initials(person.full_name),
        "line": "",
        "email": person.email,
        "phone": shown_phone(person.phone),
    }
