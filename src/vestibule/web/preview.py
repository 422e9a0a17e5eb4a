"""What a draft says of somebody who does not exist yet: applications, summary, his home page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.reach import bits_at
from vestibule.directory.actions.client_users import enabled_applications
from vestibule.directory.facts import catalogue_of
from vestibule.directory.models import Draft, Permission, Place
from vestibule.directory.policies.addresses import is_generic, read_address
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.sights import ICONS, sirens_of, spaced
from vestibule.directory.wordbook import Words
from vestibule.refusals import Refusal
from vestibule.web.forms import language_word


def preview_cards(
    companies: Sequence[Place], applications: Sequence[str], user_type: str, words: Words
) -> list[dict[str, Any]]:
    """Return the cards of home.html as they will be once the person is in."""
    enabled = enabled_applications(companies)
    sirens = sirens_of([company.pk for company in companies])
    return [
        {
            "name": company.name,
            "siren": spaced(sirens.get(company.pk, "")),
            "detail": "",
            "role": words.get(f"role.{user_type}"),
            "until": None,
            "applications": [
                {"name": words.application(name), "icon": ICONS.get(name, "apps"), "url": ""}
                for name in applications
                if name in enabled[company.pk]
            ],
        }
        for company in companies
    ]


def offered_applications(
    request: Any, draft: Draft, companies: list[Place]
) -> list[dict[str, Any]]:
    """Return the applications that at least one chosen company has (S0-13).

    One that the reader may not give there is locked, with the reason (law 3).
    """
    enabled = enabled_applications(companies)
    words = Words(draft.firm_id, request.LANGUAGE_CODE)
    rules = rules_of(draft.firm_id)
    chosen = draft.data.get("applications")
    rows = []
    for row in Permission.objects.visible_to(request.actor).applications():
        having = [company.name for company in companies if row.name in enabled[company.pk]]
        if not having:
            continue
        preselected = rules.applications_preselected == "all"
        places = [company for company in companies if row.name in enabled[company.pk]]
        locked = _lock(request.actor, row.name, places)
        rows.append(
            {
                "id": row.name,
                "name": words.application(row.name),
                "icon": row.icon or ICONS.get(row.name, "apps"),
                "hint": "",
                "companies": having,
                "checked": not locked and (preselected if chosen is None else row.name in chosen),
                "locked": locked,
            }
        )
    return rows


def _lock(actor: Actor, application: str, companies: list[Place]) -> str:
    """Return why a client's administrator cannot give an application at these companies, or ""."""
    standing = actor.standing
    if standing is None or standing.is_staff:
        return ""
    mask = catalogue_of(actor.firm_id).application_mask[application]
    having = [
        company.name
        for company in companies
        if not mask & ~bits_at(standing, company.path, clock.now())
    ]
    if len(having) == len(companies):
        return ""
    if not having:
        return _("You do not have it yourself, so you cannot give it.")
    return _("You have it only at %(companies)s. Choose no other company to give it there.") % {
        "companies": ", ".join(having)
    }


def summary_of(
    request: Any, draft: Draft, company: Place, companies: list[Place]
) -> dict[str, Any]:
    """Return what the summary says in plain sentences, and the home page he will have."""
    words = Words(draft.firm_id, request.LANGUAGE_CODE)
    typed, rules = draft.data["identity"], rules_of(draft.firm_id)
    offered = offered_applications(request, draft, companies)
    chosen = draft.data.get("applications", [])
    opened = [entry for entry in offered if entry["id"] in chosen and not entry["locked"]]
    try:
        generic = rules.generic_addresses != "off" and is_generic(
            read_address(typed["email"]).canonical
        )
    except Refusal:
        generic = False
    return {
        "person": {
            "name": f"{typed['first_name']} {typed['last_name']}".strip() or typed["email"],
            "first_name": typed["first_name"],
            "last_name": typed["last_name"],
            "email": typed["email"],
        },
        "type": typed["type"],
        "role": words.get(f"role.{typed['type']}"),
        "companies": [each.name for each in companies],
        "billable": company.name,
        "opened": [entry["name"] for entry in opened],
        "closed": [entry["name"] for entry in offered if entry not in opened],
        "partial": [
            {"application": entry["name"], "companies": entry["companies"]}
            for entry in opened
            if len(entry["companies"]) < len(companies)
        ],
        "generic_address": generic,
        "preview": preview_cards(
            companies, [entry["id"] for entry in opened], typed["type"], words
        ),
        "link_days": rules.invitation_days,
        "link_until": clock.now() + timedelta(days=rules.invitation_days),
        "language": language_word(typed["language"]),
    }
