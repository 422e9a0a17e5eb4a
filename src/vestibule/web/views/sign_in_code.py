"""The second step of signing in, and signing in with a passkey alone."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from vestibule.actor import nobody
from vestibule.directory.actions.second_factors import use_code, use_passkey
from vestibule.directory.actions.sign_in import proof_of
from vestibule.directory.factors import PASSKEY, factors_of, passkeys_of
from vestibule.directory.models import User
from vestibule.directory.signing import user_of_passkey
from vestibule.refusals import Invalid, LimitReached, PasskeyRefused, Refusal, SignInRefused
from vestibule.web import passkeys
from vestibule.web.account_forms import CodeForm, PasskeyAnswerForm
from vestibule.web.adapter import PROOF
from vestibule.web.door import open_to_all
from vestibule.web.leading import own_path
from vestibule.web.refusals import put_at_fields, status_of, tell

STAGE = "mfa_authenticate"
WAIT_SECONDS = 300


@open_to_all
@require_http_methods(["GET", "HEAD", "POST"])
@login_stage_required(stage=STAGE, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
def code(request: Any) -> HttpResponse:
    """Ask for a code or a passkey after the password; then the gate decides."""
    user: User = request._login_stage.login.user
    if user.firm_id != request.firm.id:
        return turned_away(request, SignInRefused())
    if "ask" in request.POST:
        return JsonResponse(passkeys.question(request, "code", passkeys_of(user)))
    with_passkey = "credential" in request.POST
    typed = request.POST if request.method == "POST" else None
    form = CodeForm(None if with_passkey else typed)
    answer = PasskeyAnswerForm(typed if with_passkey else None)
    sent = answer if with_passkey else form
    status = 422 if sent.errors else 200
    if sent.is_valid():
        try:
            kind, factor = _prove(request, user, sent.cleaned_data)
        except SignInRefused as refusal:
            return turned_away(request, refusal)
        except Refusal as refusal:
            put_at_fields(sent, refusal)
            status = status_of(refusal)
        else:
            record_authentication(request, user, "mfa", type=kind, id=factor)
            response: HttpResponse = request._login_stage.exit()
            return response
    context = {"form": form, "answer": answer, "factors": factors_of(user)}
    return render(request, "sign_in_code.html", context, status=status)


def _prove(request: Any, user: User, typed: dict[str, str]) -> tuple[str, int | None]:
    """Return by what kind of factor it was shown that it is this person.

    Refuses: LimitReached, CodeWrong, PasskeyRefused, SignInRefused.
    """
    key = f"second_factor:{user.pk}"
    if not ratelimit.consume(request, action="second_factor", key=key):
        raise LimitReached(retry_after_seconds=WAIT_SECONDS)
    actor = nobody(request.firm.id)
    kind, factor = PASSKEY, None
    if "credential" in typed:
        factor = passkeys.answered(request, "code", passkeys_of(user), typed["credential"])
        use_passkey(actor, user, factor=factor)
    else:
        kind = use_code(actor, user, code=typed["code"])
    ratelimit.clear(request, action="second_factor", key=key)
    return kind, factor


@open_to_all
@require_POST
def passkey(request: Any) -> HttpResponse:
    """Sign in with a passkey alone: its device has checked who holds it, so it is two factors."""
    if request.actor.is_person:
        return HttpResponseRedirect(reverse("home"))
    if not ratelimit.consume(request, action="login"):
        raise LimitReached(retry_after_seconds=60)
    if "ask" in request.POST:
        return JsonResponse(passkeys.question(request, "sign_in", None))
    form = PasskeyAnswerForm(request.POST)
    target = own_path(request, request.POST.get("next", ""))
    try:
        if not form.is_valid():
            raise PasskeyRefused()
        answer = form.cleaned_data["credential"]
        user = user_of_passkey(request.firm.id, passkeys.owner_in(answer))
        if user is None:
            raise PasskeyRefused()
        factor = passkeys.answered(request, "sign_in", passkeys_of(user), answer)
        use_passkey(nobody(request.firm.id), user, factor=factor)
    except (Invalid, SignInRefused):  # one answer for every reason
        return turned_away(request, PasskeyRefused())
    record_authentication(request, user, "mfa", type=PASSKEY, id=factor, passwordless=True)
    request.session[PROOF] = proof_of(user)
    response: HttpResponse = perform_login(
        request, Login(user=user, redirect_url=target or reverse("home"))
    )
    return response


def turned_away(request: Any, refusal: Refusal) -> HttpResponse:
    """Begin signing in anew, with the reason on the page."""
    request.session.flush()
    messages.error(request, tell(refusal))
    return HttpResponseRedirect(reverse("account_login"))
