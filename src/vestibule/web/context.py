"""What every page is handed besides its own: the firm, the reader, what the menu shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from vestibule import clock
from vestibule.directory.models import User
from vestibule.directory.policies.addresses import shown_phone
from vestibule.directory.policies.validation import may_validate_anywhere
from vestibule.directory.querysets import is_whole_firm, reach_of
from vestibule.directory.request_views import to_correct, to_decide
from vestibule.directory.scope import firm_scope
from vestibule.directory.sights import helper_of
from vestibule.directory.wordbook import Words
from vestibule.web.appearance import sheet_url, shown_logo
from vestibule.web.duty import open_duty
from vestibule.web.settings_pages import may_change_settings

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
        "frame": "base_client.html",
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
        "sheet_url": sheet_url(firm),
        "logo": shown_logo(firm),
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
    duty = open_duty(request)
    found["second_factor_by"] = (
        duty.until if duty is not None and not duty.is_due(clock.now()) else None
    )
    words = Words(user.firm_id, request.LANGUAGE_CODE)
    found["frame"] = "base.html" if user.is_staff_member else "base_client.html"
    found["may"] = {
        "users": bool(reach_of(actor, "vestibule.users.read")),
        "companies": bool(reach_of(actor, "vestibule.places.read")) and user.is_staff_member,
        "validate": may_validate_anywhere(actor),
        "invite": bool(reach_of(actor, "vestibule.users.create")),
        "team": is_whole_firm(reach_of(actor, "vestibule.staff.read")),
        "audit": bool(reach_of(actor, "vestibule.audit.read")),
        "settings": may_change_settings(actor),
    }
    found["words"] = words_of_the_frame(words)
    found["new_user"] = "user_new" if user.is_staff_member else "person_new"
    if not user.is_staff_member:
        found["words"] |= {
            "client_users": gettext("My users"),
            "new_client": gettext("Invite a colleague"),
        }
    role = (
        user.grants.filter(firm_id=user.firm_id)
        .in_force()
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
        "url": reverse("account"),
    }
    if found["may"]["validate"]:
        found["counts"]["to_validate"] = to_decide(actor).counted(99)
    if not user.is_staff_member:
        if found["may"]["invite"]:
            found["counts"]["my_requests"] = to_correct(actor).counted(99)
        helper = helper_of(user)
        found["firm"]["help"] = person_card(helper) if helper is not None else None


def words_of_the_frame(words: Words) -> dict[str, str]:
    """Return what the firm calls the things that menus and headings name."""
    known = {
        "administration": ("nav.administration", gettext("Administration")),
        "client_users": ("nav.client_users", gettext("Clients users")),
        "new_client": ("nav.new_client", gettext("New client")),
        "group": ("place.group.one", gettext("Group")),
        "groups": ("place.group.many", gettext("Groups")),
        "company": ("place.company.one", gettext("Company")),
        "companies": ("place.company.many", gettext("Companies")),
        "establishments": ("place.establishment.many", gettext("Establishments")),
    }
    return {name: words.known(key) or ours for name, (key, ours) in known.items()}


def person_card(person: User) -> dict[str, Any]:
    """Return a person as pages show him."""
    return {
        "name": person.full_name,
        "initials": initials(person.full_name),
        "line": "",
        "email": person.email,
        "phone": shown_phone(person.phone),
    }
