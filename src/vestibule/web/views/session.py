"""Signing in and out, and the forgotten password."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from vestibule.actor import link_bearer, nobody
from vestibule.directory.actions import own_account
from vestibule.directory.actions.passwords import ask_password_reset, open_reset, reset_password
from vestibule.directory.actions.sign_in import proof_of
from vestibule.directory.models import User
from vestibule.directory.policies.addresses import read_address
from vestibule.directory.policies.passwords import choose
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.policies.sign_in import lets_in
from vestibule.directory.scope import firm_scope
from vestibule.directory.signing import credentials_of
from vestibule.refusals import Invalid, LimitReached, LinkDead, Refusal, SignInRefused
from vestibule.web.adapter import PROOF
from vestibule.web.door import leaves_no_trace, open_to_all, own_scope
from vestibule.web.duty import reachable_without_second_factor
from vestibule.web.forms import AddressForm, PasswordForm, SignInForm
from vestibule.web.leading import own_path
from vestibule.web.refusals import put_at_fields, status_of, tell


@open_to_all
@own_scope
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: Any) -> HttpResponse:
    """Ask for address and password, then hand over to the stages and the gate."""
    if request.actor.is_person:
        return HttpResponseRedirect(reverse("home"))
    form = SignInForm(request.POST if request.method == "POST" else None)
    target = own_path(request, request.POST.get("next") or request.GET.get("next") or "")
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            return _try_to_sign_in(request, form.cleaned_data, target)
        except SignInRefused as refusal:  # one status for every reason
            status = 422
            form.add_error(None, tell(refusal))
        except LimitReached as refusal:
            status = status_of(refusal)
            form.add_error(None, tell(refusal))
    with firm_scope(request.firm):
        return render(request, "sign_in.html", {"form": form, "next": target}, status=status)


def _try_to_sign_in(request: Any, typed: dict[str, str], target: str) -> HttpResponse:
    """Check the password outside any transaction, with equal work for unknown addresses."""
    try:
        canonical = read_address(typed["email"]).canonical
    except Refusal:
        canonical = ""
    address = f"{request.firm.id}:{canonical}"
    key = f"{address}:{network_of(request.META.get('REMOTE_ADDR', ''))}"
    within_limits = (
        ratelimit.consume(request, action="login")
        and ratelimit.consume(request, action="login_failed", key=key)
        and ratelimit.consume(request, action="login_address", key=address)
    )
    if not within_limits:
        raise LimitReached(retry_after_seconds=300)
    with firm_scope(request.firm):
        user, encoded = credentials_of(request.firm.id, canonical)
    password = typed["password"]
    right = (
        check_password(password, encoded) if encoded else bool(make_password(password)) and False
    )
    if user is None or not right:
        raise SignInRefused()
    with firm_scope(request.firm):
        if not lets_in(user, request.firm.id):
            raise SignInRefused()
        ratelimit.clear(request, action="login_failed", key=key)
        return come_in(request, user, target or reverse("home"))


def network_of(address: str) -> str:
    """Return the network an address belongs to (/24 or /64): guessing from one of them must not
    shut out the owner who signs in from another."""
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network(f"{ip}/{24 if ip.version == 4 else 64}", strict=False))


def come_in(request: Any, user: User, target: str) -> HttpResponse:
    """Hand a person with a proven password over to the stages and, after the last, the gate."""
    request.session[PROOF] = proof_of(user)
    login = Login(user=user, redirect_url=target)
    response: HttpResponse = perform_password_login(request, {"username": user.login_key}, login)
    return response


@open_to_all
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("account_login")


@reachable_without_second_factor
@require_POST
def choose_language(request: Any) -> HttpResponse:
    """Keep the language that the signed-in person chose, and go back to the page."""
    own_account.choose_language(
        request.actor, request.user, language=request.POST.get("language", "")
    )
    target = own_path(request, request.POST.get("next", "")) or reverse("home")
    return HttpResponseRedirect(target, status=303)


@open_to_all
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: Any) -> HttpResponse:
    """Ask for the address; answer the same whatever it is."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        limit_asking(request, form.cleaned_data["email"])
        ask_password_reset(nobody(request.firm.id), email=form.cleaned_data["email"])
        return render(request, "forgotten_done.html")
    return render(request, "forgotten.html", {"form": form}, status=422 if form.errors else 200)


def limit_asking(request: Any, email: str) -> None:
    """Refuse who asks for mails too often: by his network address, and per address asked for.

    Refuses: LimitReached.
    """
    key = f"{request.firm.id}:{email.strip().casefold()}"
    if not ratelimit.consume(request, action="reset_password", key=key):
        raise LimitReached(retry_after_seconds=300)


@open_to_all
@own_scope
@leaves_no_trace
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: Any, secret: str) -> HttpResponse:
    """The page behind a reset link: GET shows it, POST sets the password."""
    with firm_scope(request.firm):
        token = open_reset(request.firm.id, secret)
        if token is None:
            return render(request, "link_dead.html", {"form": AddressForm()}, status=410)
        preset = rules_of(request.firm.id).password_preset
        user = token.user
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        names = (user.first_name, user.last_name, user.email, request.firm.name)
        try:
            password = choose(form.cleaned_data["password"], preset=preset, names=names)
            bearer = link_bearer(request.firm.id, user.pk, token.pk)
            with firm_scope(request.firm):
                user = reset_password(bearer, token, password=password)
                return come_in(request, user, reverse("home"))
        except Invalid as refusal:
            put_at_fields(form, refusal)
        except LinkDead:
            with firm_scope(request.firm):
                return render(request, "link_dead.html", {"form": AddressForm()}, status=410)
    context = {"form": form, "email": user.email, "password_preset": preset}
    with firm_scope(request.firm):
        return render(request, "reset.html", context, status=422 if form.errors else 200)
