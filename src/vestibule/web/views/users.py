"""Client users: one's page, and what is done to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import decide
from vestibule.directory.actions import client_users, invitations
from vestibule.directory.models import Place, User
from vestibule.directory.policies.administrators import kept_from_leaving, last_administrator_of
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.policies.validation import is_client
from vestibule.directory.wordbook import Words
from vestibule.refusals import Denied, LastAdministrator, NotFound, Refusal
from vestibule.web.details import may_do_here, user_details, ways_to_hand_over
from vestibule.web.forms import NothingForm, ReasonForm, TypeForm
from vestibule.web.readers import require_reader
from vestibule.web.refusals import put_at_fields, status_of


@require_safe
def user(request: Any, pk: UUID) -> HttpResponse:
    """One user: access, history, identity, invitation, and what can be done."""
    require_reader(request.actor)
    found = User.objects.visible_to(request.actor).clients().one(pk=pk)
    return render(
        request, "users/detail.html", user_details(found, request.actor, request.LANGUAGE_CODE)
    )


Deed = Callable[[Actor, User, dict[str, Any]], object]

ACTS: dict[str, tuple[Deed, str]] = {
    "validate": (
        lambda actor, who, typed: client_users.validate_client_user(actor, who),
        "%(name)s is validated and ready. Nothing was sent yet.",
    ),
    "send_welcome": (
        lambda actor, who, typed: invitations.send_invitation(actor, who),
        "The welcoming e-mail to %(name)s is on its way.",
    ),
    "resend": (
        lambda actor, who, typed: invitations.send_invitation(actor, who),
        "A fresh invitation for %(name)s is on its way. Earlier links no longer work.",
    ),
    "cancel_invitation": (
        lambda actor, who, typed: invitations.cancel_invitation(actor, who),
        "The invitation of %(name)s is cancelled.",
    ),
    "deactivate": (
        lambda actor, who, typed: client_users.deactivate_client_user(
            actor, who, reason=typed.get("reason", "")
        ),
        "%(name)s is deactivated and signed out everywhere.",
    ),
    "reactivate": (
        lambda actor, who, typed: client_users.reactivate_client_user(actor, who),
        "%(name)s has the access again.",
    ),
}


HELD = "The mail to %(name)s waits in the outbox: no mail server is set on this server."


def _told() -> None:
    """The sentences above, where the extraction of messages finds them."""
    _("The mail to %(name)s waits in the outbox: no mail server is set on this server.")
    _("%(name)s is validated and ready. Nothing was sent yet.")
    _("The welcoming e-mail to %(name)s is on its way.")
    _("A fresh invitation for %(name)s is on its way. Earlier links no longer work.")
    _("The invitation of %(name)s is cancelled.")
    _("%(name)s is deactivated and signed out everywhere.")
    _("%(name)s has the access again.")


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: Any, pk: UUID, act: str) -> HttpResponse:
    """Ask before an act on a user, then do it."""
    require_reader(request.actor)
    who = User.objects.visible_to(request.actor).clients().one(pk=pk)
    deed, sentence = ACTS[act]
    typed = request.POST if request.method == "POST" else None
    form = (ReasonForm if act == "deactivate" else NothingForm)(typed)
    blocked: list[str] = []
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            deed(request.actor, who, form.cleaned_data)
        except LastAdministrator as refusal:
            blocked, status = [str(refusal.params["company"])], status_of(refusal)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            if settings.VESTIBULE.smtp is None and act in ("send_welcome", "resend"):
                sentence = HELD
            messages.success(request, _(sentence) % {"name": who.full_name})
            return HttpResponseRedirect(reverse("user", args=[pk]), status=303)
    elif is_client(request.actor) and not may_do_here(who, request.actor).get(act):
        raise Denied()  # the question would name companies that are not his
    elif act == "deactivate":
        blocked = [company.name for company in kept_from_leaving(who)]
    context = {
        "act": act,
        "form": form,
        "back_url": reverse("user", args=[pk]),
        "link_days": rules_of(who.firm_id).invitation_days,
        "session_count": None,
        "blocked": "last_administrator" if blocked else "",
        "company": ", ".join(blocked),
        "hand_over": ways_to_hand_over(request.actor, who) if blocked else [],
        **_person(request.actor, who),
    }
    return render(request, "users/confirm.html", context, status=status)


def _person(actor: Actor, who: User) -> dict[str, Any]:
    names = (
        Place.objects.visible_to(actor)
        .filter(pk__in=who.grants.not_over().values("place_id"))
        .order_by("sort_key")
        .values_list("name", flat=True)
    )
    return {
        "user": {
            "id": who.pk,
            "name": who.full_name,
            "first_name": who.first_name,
            "email": who.email,
        },
        "companies": list(names),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def change_type(request: Any, pk: UUID, place: UUID) -> HttpResponse:
    """Make a user administrator or standard client of one company, naming the effect first."""
    require_reader(request.actor)
    who = User.objects.visible_to(request.actor).clients().one(pk=pk)
    company = Place.objects.visible_to(request.actor).companies().one(pk=place)
    if not decide(
        request.actor.standing, reserved_bits("vestibule.grants.change"), company.path, clock.now()
    ):
        raise Denied(permission="vestibule.grants.change")
    old = client_users.type_at(who, company)
    if not old:
        raise NotFound()
    typed = request.POST if request.method == "POST" else None
    new = "standard" if old == "administrator" else "administrator"
    form = TypeForm(typed, initial={"type": new})
    words = Words(who.firm_id, request.LANGUAGE_CODE)
    blocked, status = "", 422 if form.errors else 200
    if form.is_valid():
        new = form.cleaned_data["type"]  # what the page named: a second click turns nothing back
        try:
            client_users.change_type(request.actor, who, company=company, user_type=new)
        except LastAdministrator as refusal:
            blocked, status = company.name, status_of(refusal)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            messages.success(
                request,
                _("%(name)s is now %(role)s at %(company)s.")
                % {
                    "name": who.full_name,
                    "role": words.get(f"role.{new}"),
                    "company": company.name,
                },
            )
            return HttpResponseRedirect(reverse("user", args=[pk]), status=303)
    elif new == "standard" and company.pk in {found.pk for found in last_administrator_of(who)}:
        blocked = company.name
    context = {
        "act": "type",
        "form": form,
        "back_url": reverse("user", args=[pk]),
        "company": company.name,
        "old_role": words.get(f"role.{old}"),
        "new_role": words.get(f"role.{new}"),
        "gains_invite": new == "administrator",
        "blocked": "last_administrator" if blocked else "",
        "hand_over": ways_to_hand_over(request.actor, who) if blocked else [],
        **_person(request.actor, who),
    }
    return render(request, "users/confirm.html", context, status=status)
