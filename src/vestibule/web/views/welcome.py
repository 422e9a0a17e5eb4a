"""Getting in by an invitation: the registration page, and asking for a fresh link."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from vestibule.actor import link_bearer, nobody
from vestibule.directory.actions.invitations import (
    Corrections,
    accept_invitation,
    ask_fresh_link,
    open_invitation,
)
from vestibule.directory.models import Token
from vestibule.directory.policies.addresses import shown_phone
from vestibule.directory.policies.passwords import choose
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.scope import firm_scope
from vestibule.directory.sights import company_cards, may_create_users
from vestibule.refusals import Invalid, LinkDead
from vestibule.web.context import person_card
from vestibule.web.door import leaves_no_trace, open_to_all, own_scope
from vestibule.web.forms import AddressForm, WelcomeForm
from vestibule.web.middleware import supported_language
from vestibule.web.refusals import put_at_fields
from vestibule.web.views.session import come_in, limit_asking


@open_to_all
@own_scope
@leaves_no_trace
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: Any, secret: str) -> HttpResponse:
    """GET shows what is offered and changes nothing; POST with a password activates."""
    with firm_scope(request.firm):
        token = open_invitation(request.firm.id, secret)
        if token is None:
            return dead(request)
        preset = rules_of(request.firm.id).password_preset
        user = token.user
    start = {name: getattr(user, name) for name in ("first_name", "last_name", "phone", "language")}
    start["phone"] = shown_phone(user.phone)
    start["language"] = supported_language(request.GET.get("lang", "")) or user.language
    form = WelcomeForm(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        names = (
            typed["first_name"],
            typed["last_name"],
            user.email,
            request.firm.name,
        )
        try:
            password = choose(typed.pop("password"), preset=preset, names=names)
            bearer = link_bearer(request.firm.id, user.pk, token.pk)
            with firm_scope(request.firm):
                user = accept_invitation(
                    bearer, token, password=password, corrections=Corrections(**typed)
                )
                return come_in(request, user, reverse("home"))
        except Invalid as refusal:
            put_at_fields(form, refusal)
        except LinkDead:
            with firm_scope(request.firm):
                return dead(request)
    status = 422 if form.errors else 200
    with firm_scope(request.firm):
        context = {"form": form, "password_preset": preset, **_offer(request, token)}
        return render(request, "welcome.html", context, status=status)


def _offer(request: Any, token: Token) -> dict[str, Any]:
    """Return what the page says about the invitation, read from the server's rows."""
    user, invitation = token.user, token.invitation
    assert invitation is not None
    inviter = invitation.invited_by
    cards = company_cards(user, request.LANGUAGE_CODE)
    return {
        "signed_in_as": request.user.full_name if request.actor.is_person else "",
        "email": user.email,
        "name": f"{user.first_name} {user.last_name}".strip(),
        "first_name": user.first_name,
        "inviter": person_card(inviter)
        if inviter is not None
        else {"name": request.firm.name, "initials": "", "line": ""},
        "message": "",
        "expires_at": invitation.expires_at,
        "will_see": [
            {
                "company": card["name"],
                "detail": card["detail"],
                "role": card["role"],
                "applications": [entry["name"] for entry in card["applications"]],
            }
            for card in cards
        ],
        "may_invite": may_create_users(user),
    }


def dead(request: Any) -> HttpResponse:
    """One page for every link that no longer opens anything."""
    return render(request, "link_dead.html", {"form": AddressForm()}, status=410)


@open_to_all
@require_POST
def welcome_fresh(request: Any) -> HttpResponse:
    """Ask for a fresh link; the answer is always the same."""
    form = AddressForm(request.POST)
    if not form.is_valid():
        return render(request, "link_dead.html", {"form": form}, status=422)
    limit_asking(request, form.cleaned_data["email"])
    ask_fresh_link(nobody(request.firm.id), email=form.cleaned_data["email"])
    return render(request, "link_asked.html")
