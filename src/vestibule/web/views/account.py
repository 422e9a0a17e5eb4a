"""One's own account: data, password, sessions, and “is it you?”."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from vestibule import clock
from vestibule.directory.actions import email_changes, own_account
from vestibule.directory.actions.second_factors import use_code, use_passkey
from vestibule.directory.actions.sign_in import proof_of
from vestibule.directory.factors import factors_of, passkeys_of
from vestibule.directory.models import EmailChange, EmailChangeState
from vestibule.directory.own_sessions import own_sessions
from vestibule.directory.policies.addresses import shown_phone
from vestibule.directory.policies.passwords import choose
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.scope import firm_scope
from vestibule.directory.sessions import hash_of
from vestibule.refusals import LimitReached, NotFound, PasswordWrong, Refusal
from vestibule.web import passkeys
from vestibule.web.account_forms import (
    CodeForm,
    ConfirmPasswordForm,
    OwnAddressForm,
    OwnDataForm,
    OwnPasswordForm,
    PasskeyAnswerForm,
    SessionForm,
)
from vestibule.web.confirming import confirm_first, note_confirmed
from vestibule.web.devices import device_words, is_pocket_device
from vestibule.web.door import own_scope
from vestibule.web.duty import reachable_without_second_factor
from vestibule.web.leading import own_path
from vestibule.web.refusals import put_at_fields, status_of

WAIT_SECONDS = 300


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: Any) -> HttpResponse:
    """Show one's own data, how one signs in, and where; a POST corrects the data."""
    user = request.user
    start = {
        "first_name": user.first_name,
        "last_name": user.last_name,
        "phone": shown_phone(user.phone),
    }
    form = OwnDataForm(
        request.POST if request.method == "POST" else None,
        initial=start,
        names_mandatory=rules_of(user.firm_id).names_mandatory,
    )
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            own_account.correct_own_data(request.actor, user, **form.cleaned_data)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            messages.success(request, _("Your data is saved."))
            return HttpResponseRedirect(reverse("account"), status=303)
    context = {
        "form": form,
        "email": user.email,
        "email_waiting": _waiting_address(request),
        "has_password": user.has_usable_password(),
        "factors": factors_of(user),
        "last_sign_in_at": user.last_sign_in_at,
        "sessions": [
            {
                "handle": one.handle,
                "device": device_words(one.user_agent),
                "icon": "device-mobile" if is_pocket_device(one.user_agent) else "login",
                "ip": one.ip,
                "since": one.since,
                "seen_at": one.seen_at,
                "is_this": one.is_this,
            }
            for one in own_sessions(request.actor, _present(request))
        ],
    }
    return render(request, "account/account.html", context, status=status)


def _waiting_address(request: Any) -> str:
    """Return the address that waits for its confirmation, or ""."""
    changes = EmailChange.objects.visible_to(request.actor).filter(
        user_id=request.user.pk, state=EmailChangeState.PENDING, expires_at__gt=clock.now()
    )
    return str(changes.values_list("email", flat=True).first() or "")


@require_http_methods(["GET", "HEAD", "POST"])
@confirm_first
def address(request: Any) -> HttpResponse:
    """Ask to sign in with another address; it counts once it is confirmed by the mail sent to it."""
    form = OwnAddressForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            if not ratelimit.consume(request, action="manage_email", user=request.user):
                raise LimitReached(retry_after_seconds=60)
            email_changes.ask_email_change(
                request.actor, request.user, email=form.cleaned_data["email"]
            )
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            said = _(
                "A mail with a link is on its way to %(email)s. Until you open it, nothing changes."
            )
            messages.success(request, said % {"email": form.cleaned_data["email"]})
            return HttpResponseRedirect(reverse("account"), status=303)
    context = {"form": form, "email": request.user.email, "waiting": _waiting_address(request)}
    return render(request, "account/address.html", context, status=status)


@require_POST
def keep_address(request: Any) -> HttpResponse:
    """Let the address stay as it is: the link to the new one dies."""
    email_changes.cancel_email_change(request.actor, request.user)
    messages.success(request, _("Your e-mail address stays as it is."))
    return HttpResponseRedirect(reverse("account"), status=303)


def _present(request: Any) -> str:
    """Return the hash of the key of the session that this request came with."""
    return hash_of(request.session.session_key or "")


@own_scope
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: Any) -> HttpResponse:
    """Choose another password; it is checked and hashed outside any transaction."""
    user = request.user
    form = OwnPasswordForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    with firm_scope(request.firm):
        preset = rules_of(request.firm.id).password_preset
    if form.is_valid():
        try:
            _change_password(request, form.cleaned_data, preset)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            messages.success(
                request, _("Your password is changed. All other devices are signed out.")
            )
            return HttpResponseRedirect(reverse("account"), status=303)
    context = {"form": form, "email": user.email, "password_preset": preset}
    with firm_scope(request.firm):
        return render(request, "account/password.html", context, status=status)


def _change_password(request: Any, typed: dict[str, str], preset: str) -> None:
    """Refuses: LimitReached, PasswordWrong at `present`, Invalid at `password`, Conflict."""
    user = request.user
    if not ratelimit.consume(request, action="change_password", user=user):
        raise LimitReached(retry_after_seconds=60)
    if not get_adapter().reauthenticate(user, typed["present"]):
        raise PasswordWrong.at("present")
    names = (user.first_name, user.last_name, user.email, request.firm.name)
    chosen = choose(typed["password"], preset=preset, names=names)
    with firm_scope(request.firm):
        changed = own_account.change_password(
            request.actor,
            user,
            password=chosen,
            proof=proof_of(user),
            present=_present(request),
        )
        update_session_auth_hash(request, changed)
        note_confirmed(request)


@require_POST
def end_sessions(request: Any) -> HttpResponse:
    """Sign out one other device, or all of them."""
    form = SessionForm(request.POST)
    if not form.is_valid():
        raise NotFound()
    wanted = form.cleaned_data["session"]
    if wanted == "others":
        ended = own_account.end_other_sessions(
            request.actor, request.user, present=_present(request)
        )
        said = ngettext(
            "%(number)s other device is signed out.",
            "%(number)s other devices are signed out.",
            ended,
        ) % {"number": ended}
    else:
        own_account.end_session(request.actor, request.user, handle=wanted)
        said = _("That device is signed out.")
    messages.success(request, said)
    return HttpResponseRedirect(reverse("account"), status=303)


@reachable_without_second_factor
@own_scope
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: Any) -> HttpResponse:
    """Ask who it is: by password, code or passkey. Then back to where that was wanted."""
    target = own_path(request, request.POST.get("next") or request.GET.get("next") or "")
    with firm_scope(request.firm):
        factors, known = factors_of(request.user), passkeys_of(request.user)
        if "ask" in request.POST:
            return JsonResponse(passkeys.question(request, "confirm", known))
    kinds: dict[str, type[forms.Form]] = {
        "password": ConfirmPasswordForm,
        "code": CodeForm,
        "credential": PasskeyAnswerForm,
    }
    sent = next((kind for kind in kinds if kind in request.POST), "password")
    made = {
        kind: form(request.POST if request.method == "POST" and kind == sent else None)
        for kind, form in kinds.items()
    }
    form = made[sent]
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            _show_who(request, form.cleaned_data)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            note_confirmed(request)
            return HttpResponseRedirect(target or reverse("account"), status=303)
    context = {
        "form": form,
        "password_form": made["password"],
        "code_form": made["code"],
        "answer": made["credential"],
        "factors": factors,
        "email": request.user.email,
        "has_password": request.user.has_usable_password(),
        "next": target,
    }
    with firm_scope(request.firm):
        return render(request, "account/confirm.html", context, status=status)


def _show_who(request: Any, typed: dict[str, str]) -> None:
    """Refuses: LimitReached, PasswordWrong at `password`, CodeWrong, PasskeyRefused."""
    user = request.user
    key = f"confirm:{user.pk}"
    if not (
        ratelimit.consume(request, action="reauthenticate", user=user)
        and ratelimit.consume(request, action="login_failed", key=key)
    ):
        raise LimitReached(retry_after_seconds=WAIT_SECONDS)
    if "password" in typed:
        if not get_adapter().reauthenticate(user, typed["password"]):
            raise PasswordWrong.at("password")
    elif "code" in typed:
        use_code(request.actor, user, code=typed["code"])
    else:
        with firm_scope(request.firm):
            known = passkeys_of(user)
        factor = passkeys.answered(request, "confirm", known, typed["credential"])
        use_passkey(request.actor, user, factor=factor)
    ratelimit.clear(request, action="login_failed", key=key)
