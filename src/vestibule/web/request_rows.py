"""Requests → what their pages show, in plain sentences."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from vestibule.actor import Actor
from vestibule.directory.actions import requests
from vestibule.directory.actions.client_users import enabled_applications
from vestibule.directory.models import Approval, ApprovalAct, ApprovalState, Permission, User
from vestibule.directory.policies.addresses import shown_phone
from vestibule.directory.request_views import (
    access_of,
    as_it_stands,
    companies_in,
    decider_name,
    gained_places,
    lines_of,
    person_in,
)
from vestibule.directory.wordbook import Words
from vestibule.web.forms import language_word


def request_page(approval: Approval, actor: Actor, language: str) -> dict[str, Any]:
    """Return the context of requests/detail.html: everything that was asked, and for whom."""
    words = Words(approval.firm_id, language)
    person = person_in(approval)
    user: User | None = User.objects.visible_to(actor).clients().filter(pk=approval.user_id).first()
    knows_already = approval.act == ApprovalAct.OPEN_ACCESS
    [line] = lines_of([approval], actor, language)
    enabled = enabled_applications(companies_in(approval, actor))
    stands = as_it_stands(approval, actor, words, enabled)
    return {
        **line,
        "act": approval.act,
        "person": _told(stands.person if stands is not None else person),
        "typed": _told(person),
        "changed": stands is not None and stands.differs,
        "access_now": stands.access if stands is not None else [],
        "billable": approval.place.name if approval.place is not None else "",
        "type": approval.arguments["user_type"],
        **_sentence(approval, actor, words),
        "send_email": approval.arguments["send_email"],
        "known": _known(user, approval, actor, words) if knows_already else None,
        "user_url": reverse("user", args=[user.pk]) if user is not None else "",
        "decided_by": decider_name(approval, actor),
        "earlier": _earlier(approval),
        "seen": requests.seen_of(approval),
        "may": {"decide": requests.may_decide(actor, approval)},
        "is_own": approval.asked_by_id == actor.user_id and approval.needs_second_person,
    }


def _earlier(approval: Approval) -> dict[str, Any] | None:
    """Return when and why the request that this one corrects was refused."""
    before = approval.replaces
    if before is None or before.state != ApprovalState.REFUSED:
        return None
    return {"at": before.decided_at, "reason": before.reason}


def _told(person: dict[str, str]) -> dict[str, str]:
    """Return a person as a page writes him."""
    return {
        **person,
        "phone": shown_phone(person["phone"]),
        "language": language_word(person["language"]),
    }


def _sentence(approval: Approval, actor: Actor, words: Words) -> dict[str, Any]:
    """Return what wizard/_sentence.html says of it: opened, closed, and where only in part."""
    companies = companies_in(approval, actor)
    enabled = enabled_applications(companies)
    asked = approval.arguments["applications"]
    opened: list[str] = []
    closed: list[str] = []
    partial: list[dict[str, Any]] = []
    for row in Permission.objects.visible_to(actor).applications():
        having = [company.name for company in companies if row.name in enabled[company.pk]]
        if not having:
            continue
        name = words.application(row.name)
        (opened if row.name in asked else closed).append(name)
        if row.name in asked and len(having) < len(companies):
            partial.append({"application": name, "companies": having})
    return {
        "companies": [company.name for company in companies],
        "opened": opened,
        "closed": closed,
        "partial": partial,
    }


def _known(
    user: User | None, approval: Approval, actor: Actor, words: Words
) -> dict[str, Any] | None:
    """Return who has the address already, what he has today and where he would gain something."""
    if user is None:
        return None
    typed = person_in(approval)
    return {
        "name": user.full_name,
        "email": user.email,
        "state": user.state,
        "is_named_otherwise": user.full_name != typed["name"],
        "access": access_of(user, actor, words),
        "gains": [place.name for place in gained_places(approval, actor)],
    }
