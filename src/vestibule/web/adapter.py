"""What we change of allauth: its gate is ours, its secrets are sealed, its pages stay shut."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vestibule.actor import nobody
from vestibule.directory.actions.sign_in import open_session
from vestibule.directory.factors import PASSKEY, sealed_text, unsealed_text
from vestibule.directory.scope import firm_scope
from vestibule.refusals import SignInRefused
from vestibule.web.confirming import note_confirmed
from vestibule.web.refusals import tell

BACKEND = "django.contrib.auth.backends.ModelBackend"
PROOF = "vestibule_password_proof"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The gate stands in `login`, which allauth calls after the last stage of every way in."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Ask nothing before the stages: the gate after them decides on what is true then."""
        return None

    def login(self, request: Any, user: Any) -> None:
        """Let the person in if he is let into this firm now, whatever was true a stage ago."""
        with firm_scope(request.firm):
            try:
                user = open_session(
                    nobody(request.firm.id),
                    user,
                    method=_method(request),
                    proof=request.session.pop(PROOF, ""),
                )
            except SignInRefused as refusal:
                request.session.flush()
                messages.error(request, tell(refusal))
                raise ImmediateHttpResponse(
                    HttpResponseRedirect(reverse("account_login"))
                ) from None
            user.backend = BACKEND
            super().login(request, user)
            note_confirmed(request)

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Return whether this is the password of somebody who is in. Call it outside a transaction."""
        return bool(user.has_usable_password() and check_password(password, user.password))

    def get_login_stages(self) -> list[str]:
        """Only the second factor is a stage of ours."""
        return ["allauth.mfa.stages.AuthenticateStage"]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing of allauth's own."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mails are posted by actions only."""


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps second factors' secrets sealed at rest."""

    def encrypt(self, text: str) -> str:
        return sealed_text(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unsealed_text(encrypted_text)


def _method(request: Any) -> str:
    """Return by what somebody came in, for the audit trail: “password+totp”, “passkey”."""
    records = request.session.get("account_authentication_methods") or []
    words = [str(record.get("type") or record.get("method") or "") for record in records]
    return "+".join("passkey" if word == PASSKEY else word for word in words)[:60] or "password"
