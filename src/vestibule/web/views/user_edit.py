"""Correcting a user: his data, his address; and everything that happened to him."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vestibule.directory.actions import email_changes, identities
from vestibule.directory.actions._identity import PersonalData
from vestibule.directory.models import User
from vestibule.directory.policies.addresses import shown_phone
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.wordbook import Words
from vestibule.refusals import Conflict, Denied, Invalid, LimitReached, NotNow, Refusal
from vestibule.web.details import may_do_here
from vestibule.web.history import page_of_history
from vestibule.web.identity_forms import CorrectionForm, NewAddressForm
from vestibule.web.readers import require_reader
from vestibule.web.refusals import put_at_fields, status_of

EXPECTED = (Invalid, Conflict, NotNow, LimitReached)
"""What a form says at its fields; a Denied or NotFound becomes a page of its own."""


def _fetch(request: Any, pk: UUID, act: str) -> User:
    """Return the user to correct, if the reader sees him and would be allowed to.

    Refuses: Denied, NotFound.
    """
    require_reader(request.actor)
    who: User = User.objects.visible_to(request.actor).clients().one(pk=pk)
    if not may_do_here(who, request.actor).get(act):
        raise Denied(permission="vestibule.users.edit")
    return who


def _back_to(who: User) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("user", args=[who.pk]), status=303)


def _ask(request: Any, act: str, who: User, form: Any, refusal: Refusal | None) -> HttpResponse:
    """Show the form, with what was refused at its field."""
    if refusal is not None:
        put_at_fields(form, refusal)
    status = status_of(refusal) if refusal is not None else 422 if form.errors else 200
    context = {
        "act": act,
        "form": form,
        "user": {"id": who.pk, "name": who.full_name, "email": who.email, "state": who.state},
        "hours": int(email_changes.CONFIRM_WITHIN.total_seconds() // 3600),
        "back_url": reverse("user", args=[who.pk]),
    }
    return render(request, "users/edit.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Any, pk: UUID) -> HttpResponse:
    """Correct name, phone, language and position of a user."""
    who = _fetch(request, pk, "edit")
    words = Words(who.firm_id, request.LANGUAGE_CODE)
    held = who.position.code if who.position else ""
    codes = identities.positions_for(who.firm_id, held)
    form = CorrectionForm(
        request.POST if request.method == "POST" else None,
        positions=[(code, words.get(f"position.{code}")) for code in codes],
        names_mandatory=rules_of(who.firm_id).names_mandatory,
        initial={
            "last_name": who.last_name,
            "first_name": who.first_name,
            "phone": shown_phone(who.phone),
            "language": who.language,
            "position": held,
        },
    )
    refusal = None
    if form.is_valid():
        typed = dict(form.cleaned_data)
        position = typed.pop("position", held)
        try:
            who = identities.correct_client_user(
                request.actor, who, data=PersonalData(**typed), position=position
            )
        except EXPECTED as refused:
            refusal = refused
        else:
            messages.success(
                request, _("The data of %(name)s are saved.") % {"name": who.full_name}
            )
            return _back_to(who)
    return _ask(request, "edit", who, form, refusal)


@require_http_methods(["GET", "HEAD", "POST"])
def address(request: Any, pk: UUID) -> HttpResponse:
    """Give a user another address: at once while he is not in, else once it is confirmed."""
    who = _fetch(request, pk, "address")
    form = NewAddressForm(request.POST if request.method == "POST" else None)
    refusal = None
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            change = email_changes.ask_email_change(request.actor, who, email=email)
        except EXPECTED as refused:
            refusal = refused
        else:
            if change is None:
                said = _("%(name)s has the new address %(email)s.")
            else:
                said = _("A mail to %(email)s asks to confirm it. Until then nothing changes.")
            new = change.email if change is not None else email.strip()
            messages.success(request, said % {"name": who.full_name, "email": new})
            return _back_to(who)
    return _ask(request, "address", who, form, refusal)


@require_POST
def address_cancel(request: Any, pk: UUID) -> HttpResponse:
    """Stop a change of address that waits for its confirmation."""
    who = _fetch(request, pk, "address")
    email_changes.cancel_email_change(request.actor, who)
    messages.success(
        request,
        _("%(name)s keeps the address %(email)s.") % {"name": who.full_name, "email": who.email},
    )
    return _back_to(who)


@require_safe
def history(request: Any, pk: UUID) -> HttpResponse:
    """Everything that happened to a user, newest first, page by page."""
    require_reader(request.actor)
    who: User = User.objects.visible_to(request.actor).clients().one(pk=pk)
    page = page_of_history(
        who,
        request.actor,
        request.LANGUAGE_CODE,
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    context = {"user": {"id": who.pk, "name": who.full_name}, **page}
    return render(request, "users/history.html", context)
