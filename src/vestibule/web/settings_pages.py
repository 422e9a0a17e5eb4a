"""What the pages of the firm's settings share: who gets in, and the list of them beside each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from vestibule.directory.querysets import is_whole_firm, reach_of
from vestibule.refusals import Denied

CHANGE = "vestibule.settings.change"

PAGES = (
    ("settings", _("The firm"), "building-bank"),
    ("settings_words", _("Words"), "message"),
    ("settings_rules", _("Rules"), "scale"),
    ("settings_positions", _("Positions"), "id-badge-2"),
    ("settings_mail", _("Mail"), "mail"),
    ("settings_look", _("Colour and logo"), "eye"),
)


def may_change_settings(actor: Any) -> bool:
    """Return whether the actor changes the firm's settings: only for the whole firm there is a yes."""
    return actor.standing is not None and is_whole_firm(reach_of(actor, CHANGE))


def settings_page(view: Callable[..., Any]) -> Callable[..., Any]:
    """Open a page to whoever may change the firm's settings, and to nobody else."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_change_settings(request.actor):
            raise Denied(permission=CHANGE)
        answer: HttpResponse = view(request, *args, **kwargs)
        return answer

    return guarded


def show(
    request: Any, here: str, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Show one page of the settings; `here` is the page of the list to which it belongs."""
    tabs = [
        {"url": reverse(name), "title": title, "icon": icon, "active": name == here}
        for name, title, icon in PAGES
    ]
    title = next(tab["title"] for tab in tabs if tab["active"])
    context = {"tabs": tabs, "tab_title": title, **context}
    return render(request, f"settings/{template}", context, status=status)


def back_to(name: str, *args: Any) -> HttpResponse:
    """Lead to a page after something was changed."""
    return HttpResponseRedirect(reverse(name, args=args), status=303)
