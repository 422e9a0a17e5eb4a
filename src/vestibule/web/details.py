"""Rows → one user's page."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import decide
from vestibule.directory.factors import factors_of
from vestibule.directory.models import (
    EmailChange,
    EmailChangeState,
    Grant,
    Place,
    User,
    UserState,
)
from vestibule.directory.policies.addresses import shown_phone
from vestibule.directory.policies.administrators import last_administrator_of
from vestibule.directory.querysets import is_whole_firm, reach_of
from vestibule.directory.sights import (
    events_about,
    names_of,
    permissions_in_sets,
    sirens_of,
    spaced,
)
from vestibule.directory.wordbook import Words
from vestibule.web.context import initials
from vestibule.web.forms import language_word
from vestibule.web.history import history_of
from vestibule.web.people import Seen, may_do, read, shown_state, since_of, truth_line


def user_details(user: User, actor: Actor, language: str) -> dict[str, Any]:
    """Return the context of users/detail.html."""
    seen = read([user], actor)
    words = Words(user.firm_id, language)
    last, shown = last_administrator_of(user), seen.grants[user.pk]
    state = shown_state(user, seen)
    spoken = language_word(user.language)
    with override(language):
        sign_in = ", ".join(_ways_in(user))
    billed = Place.objects.visible_to(actor).filter(pk=user.billable_company_id).first()
    return {
        "user": {
            "id": user.pk,
            "name": user.full_name,
            "first_name": user.first_name,
            "initials": initials(user.full_name),
            "email": user.email,
            "state": state,
            "since": since_of(user, seen, state),
            "by": seen.people.get(user.created_by_id, "") if user.created_by_id else "",
            "page_seen_at": None,
            "phone": shown_phone(user.phone),
            "position": words.get(f"position.{user.position.code}") if user.position else "",
            "language": spoken,
            "billable": None
            if billed is None
            else {"name": billed.name, "url": company_url(billed, actor)},
            "created_at": user.created_at,
            "created_by": seen.people.get(user.created_by_id, "") if user.created_by_id else "",
            "last_sign_in_at": user.last_sign_in_at,
            "sign_in": sign_in,
        },
        "grants": _grants(user, actor, seen, words, {company.pk for company in last}),
        "history": history_of(user, actor, language),
        "history_total": events_about(user, actor).count(),
        "invitation": _invitation(user, seen, spoken, state),
        "last_administrator_of": [
            company.name for company in last if company.pk in {grant.place_id for grant in shown}
        ],
        "hand_over": ways_to_hand_over(actor, user),
        "may": may_do(user, actor, seen),
        "change": _change_that_waits(user, actor),
        "request_id": seen.requests.get(user.pk),
    }


def ways_to_hand_over(actor: Actor, user: User) -> list[dict[str, str]]:
    """Return the pages on which the firm's administrator names a successor for this user."""
    if not is_whole_firm(reach_of(actor, "vestibule.firm.administer")):
        return []
    return [
        {"name": company.name, "url": reverse("user_hand_over", args=[user.pk, company.pk])}
        for company in last_administrator_of(user)
    ]


def may_do_here(user: User, actor: Actor) -> dict[str, bool]:
    """Return which acts fit one user's state and the actor's rights."""
    return may_do(user, actor, read([user], actor))


def _ways_in(user: User) -> list[str]:
    """Return with what a user can sign in, in words."""
    found = [_("Password")] if user.has_usable_password() else []
    factors = factors_of(user)
    if factors.passkeys:
        found.append(_("Passkey"))
    if factors.app is not None:
        found.append(_("Authenticator app"))
    return found


def _change_that_waits(user: User, actor: Actor) -> dict[str, Any] | None:
    """Return the change of address that waits for its confirmation, as the page shows it: to
    staff, and to nobody's directors, who may see a company of his and not the one that asked."""
    if actor.standing is None or not actor.standing.is_staff:
        return None
    changes = EmailChange.objects.visible_to(actor)
    change = changes.filter(user_id=user.pk, state=EmailChangeState.PENDING).first()
    if change is None or change.expires_at <= clock.now():
        return None
    asked_by = change.asked_by_id if change.asked_by_id != user.pk else None
    return {
        "email": change.email,
        "at": change.created_at,
        "until": change.expires_at,
        "by": names_of(actor, [asked_by]).get(asked_by, "") if asked_by else "",
    }


def _grants(
    user: User, actor: Actor, seen: Seen, words: Words, last: set[UUID]
) -> list[dict[str, Any]]:
    """Return one row per place: its type, its applications, since when and by whom."""
    by_place: dict[UUID, list[Grant]] = defaultdict(list)
    for grant in seen.grants[user.pk]:
        by_place[grant.place_id].append(grant)
    set_ids = [grant.permission_set_id for grant in seen.grants[user.pk] if grant.permission_set_id]
    applications = permissions_in_sets(user.firm_id, set_ids)
    givers = {grant.granted_by_id for grants in by_place.values() for grant in grants}
    names = names_of(actor, givers)
    sirens = sirens_of(list(by_place))
    bit, now = reserved_bits("vestibule.grants.change"), clock.now()
    rows = []
    for place_id, grants in by_place.items():
        role = next((grant for grant in grants if grant.role_id), None)
        first = role or grants[0]
        siren = sirens.get(place_id, "")
        may = actor.standing is not None and bool(
            decide(actor.standing, bit, first.place.path, now)
        )
        rows.append(
            {
                "place_id": place_id,
                "name": first.place.name,
                "url": company_url(first.place, actor),
                "detail": f"SIREN {spaced(siren)}" if siren else "",
                "scope": "",
                "role": words.role(role.role) if role is not None and role.role else "",
                "applications": [
                    words.application(name)
                    for grant in grants
                    if grant.permission_set_id
                    for name in applications.get(grant.permission_set_id, [])
                ],
                "last_administrator": place_id in last,
                "since": first.since,
                "until": first.until,
                "given_by": names.get(first.granted_by_id, "") if first.granted_by_id else "",
                "may_change_type": may
                and role is not None
                and first.place.acts_as == "company"
                and user.state not in (UserState.DEACTIVATED, UserState.ERASED),
            }
        )
    return rows


def company_url(place: Place, actor: Actor) -> str:
    """Return the address of a company's page, for those of the firm: clients have none of it."""
    is_staff = actor.standing is not None and actor.standing.is_staff
    return reverse("company", args=[place.pk]) if is_staff and place.acts_as == "company" else ""


def _invitation(user: User, seen: Seen, spoken: str, state: str) -> dict[str, Any] | None:
    invitation = seen.invitations.get(user.pk)
    if invitation is None:
        return None
    word = {"accepted": "accepted", "cancelled": "cancelled"}.get(invitation.state, state)
    return {
        "state": word,
        "truth": truth_line(user, seen),
        "by": seen.people.get(invitation.invited_by_id, "") if invitation.invited_by_id else "",
        "language": spoken,
        "until": invitation.expires_at if invitation.state == "pending" else None,
    }
