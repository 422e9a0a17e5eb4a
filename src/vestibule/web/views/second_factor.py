"""Second factors: the set-up, and the help for somebody who lost his."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import qrcode
from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from vestibule.directory.actions import second_factors
from vestibule.directory.factors import (
    APP,
    Factor,
    factors_of,
    passkeys_of,
    sealed_text,
    unsealed_text,
)
from vestibule.directory.models import User
from vestibule.directory.policies.second_factor import new_app_secret
from vestibule.refusals import LimitReached, NotFound, Refusal
from vestibule.sealing import CannotUnseal
from vestibule.web import passkeys
from vestibule.web.account_forms import CodeForm, NewPasskeyForm, PasskeyNameForm
from vestibule.web.confirming import confirm_first
from vestibule.web.duty import open_duty, reachable_without_second_factor
from vestibule.web.forms import NothingForm
from vestibule.web.helping import may_reset_factors
from vestibule.web.refusals import put_at_fields, status_of

NEW_SECRET = "vestibule_new_app"
WAIT_SECONDS = 300


@reachable_without_second_factor
@require_safe
def overview(request: Any) -> HttpResponse:
    """Show the second factors that somebody has and what can be added."""
    context = {"factors": factors_of(request.user), "duty": open_duty(request)}
    return render(request, "account/second_factor.html", context)


@reachable_without_second_factor
@require_http_methods(["GET", "HEAD", "POST"])
@confirm_first
def app(request: Any) -> HttpResponse:
    """Add an authenticator application: show its secret, and take it once it shows a code."""
    if factors_of(request.user).app is not None:
        return HttpResponseRedirect(reverse("account_second_factor"))
    form = CodeForm(request.POST if request.method == "POST" else None)
    secret = _secret_in(request)
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            _limit(request)
            second_factors.add_app(
                request.actor, request.user, secret=secret, code=form.cleaned_data["code"]
            )
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            request.session.pop(NEW_SECRET, None)
            messages.success(request, _("The authenticator application is added."))
            return HttpResponseRedirect(_after_adding(request), status=303)
    context = {
        "form": form,
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "address": _address_of(request, secret),
        "picture": _picture_of(_address_of(request, secret)),
    }
    return render(request, "account/app.html", context, status=status)


def _secret_in(request: Any) -> str:
    """Return the secret that is being set up; it lies sealed in the session until then."""
    try:
        return unsealed_text(request.session.get(NEW_SECRET, ""))
    except (CannotUnseal, ValueError):
        secret = new_app_secret()
        request.session[NEW_SECRET] = sealed_text(secret)
        return secret


def _address_of(request: Any, secret: str) -> str:
    """Return the otpauth address that an application reads out of the picture."""
    firm = request.firm.name
    label = quote(f"{firm}:{request.user.email}", safe="")
    query = urlencode({"secret": secret, "issuer": firm}, quote_via=quote)
    return f"otpauth://totp/{label}?{query}"


def _picture_of(text: str) -> dict[str, Any]:
    """Return a QR code as one path on a square grid, drawn by the page itself."""
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    dots = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return {"size": len(rows), "path": "".join(dots)}


def _limit(request: Any) -> None:
    key = f"second_factor:{request.user.pk}"
    if not ratelimit.consume(request, action="login_failed", key=key):
        raise LimitReached(retry_after_seconds=WAIT_SECONDS)


def _after_adding(request: Any) -> str:
    """Lead whoever has no recovery codes yet to them; without, a lost device shuts him out."""
    made = factors_of(request.user).codes_left is not None
    return reverse("account_second_factor" if made else "account_codes")


@reachable_without_second_factor
@require_http_methods(["GET", "HEAD", "POST"])
@confirm_first
def passkey(request: Any) -> HttpResponse:
    """Add a passkey: the browser makes it, the page names it."""
    known = passkeys_of(request.user)
    if "ask" in request.POST:
        return JsonResponse(passkeys.registration_options(request, request.user, known))
    form = NewPasskeyForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            second_factors.add_passkey(
                request.actor,
                request.user,
                name=form.cleaned_data["name"],
                credential=passkeys.registered(request, form.cleaned_data["credential"]),
            )
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            messages.success(request, _("The passkey is added."))
            return HttpResponseRedirect(_after_adding(request), status=303)
    return render(request, "account/passkey.html", {"form": form}, status=status)


@reachable_without_second_factor
@require_http_methods(["GET", "HEAD", "POST"])
@confirm_first
def codes(request: Any) -> HttpResponse:
    """Make recovery codes and show them, this once: the answer to the POST is the only place."""
    made: tuple[str, ...] = ()
    form = NothingForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            made = second_factors.make_recovery_codes(request.actor, request.user)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
    context = {
        "form": form,
        "codes": made,
        "as_text": _as_text(request, made),
        "factors": factors_of(request.user),
    }
    return render(request, "account/codes.html", context, status=status)


def _as_text(request: Any, made: tuple[str, ...]) -> str:
    """Return the codes as the address of a text file that the browser writes by itself."""
    if not made:
        return ""
    head = _("Recovery codes of %(email)s, %(firm)s") % {
        "email": request.user.email,
        "firm": request.firm.name,
    }
    return "data:text/plain;charset=utf-8," + quote("\n".join([head, "", *made, ""]))


def _own_factor(request: Any, factor: int) -> Factor:
    """Refuses: NotFound for what is not one's own."""
    mine = factors_of(request.user)
    found = [each for each in (mine.app, *mine.passkeys) if each is not None and each.id == factor]
    if not found:
        raise NotFound()
    return found[0]


@reachable_without_second_factor
@require_http_methods(["GET", "HEAD", "POST"])
@confirm_first
def rename(request: Any, factor: int) -> HttpResponse:
    """Give a passkey another name."""
    found = _own_factor(request, factor)
    if found.kind == APP:
        raise NotFound()
    start = {"name": found.name}
    form = PasskeyNameForm(request.POST if request.method == "POST" else None, initial=start)
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            second_factors.rename_passkey(
                request.actor, request.user, factor=factor, name=form.cleaned_data["name"]
            )
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            messages.success(request, _("The passkey has its new name."))
            return HttpResponseRedirect(reverse("account_second_factor"), status=303)
    return render(request, "account/rename.html", {"form": form, "factor": found}, status=status)


@reachable_without_second_factor
@require_http_methods(["GET", "HEAD", "POST"])
@confirm_first
def remove(request: Any, factor: int) -> HttpResponse:
    """Ask before one's own factor goes, then remove it."""
    found = _own_factor(request, factor)
    form = NothingForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            second_factors.remove_second_factor(request.actor, request.user, factor=factor)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            messages.success(request, _("It is removed."))
            return HttpResponseRedirect(reverse("account_second_factor"), status=303)
    context = {
        "form": form,
        "factor": found,
        "is_last": factors_of(request.user).number == 1,
        "back_url": reverse("account_second_factor"),
    }
    return render(request, "account/remove.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: Any, pk: UUID) -> HttpResponse:
    """Ask before all second factors of somebody who lost them go, then remove them."""
    who = User.objects.visible_to(request.actor).one(pk=pk)
    if not may_reset_factors(request.actor, who):
        raise NotFound()
    back_url = reverse("team_member" if who.is_staff_member else "user", args=[pk])
    form = NothingForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            second_factors.reset_second_factors(request.actor, who)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            messages.success(
                request,
                _("%(name)s signs in without a second factor until a new one is added.")
                % {"name": who.full_name},
            )
            return HttpResponseRedirect(back_url, status=303)
    context = {
        "form": form,
        "user": {"id": who.pk, "name": who.full_name, "email": who.email},
        "back_url": back_url,
    }
    return render(request, "account/reset.html", context, status=status)
