"""The page behind the link that confirms a new address."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vestibule.actor import link_bearer
from vestibule.directory.actions.email_changes import confirm_email_change, open_email_change
from vestibule.refusals import EmailTaken, LinkDead
from vestibule.web.door import leaves_no_trace, open_to_all
from vestibule.web.forms import NothingForm
from vestibule.web.refusals import status_of, tell
from vestibule.web.views.welcome import dead


@open_to_all
@leaves_no_trace
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: Any, secret: str) -> HttpResponse:
    """GET shows what would change and changes nothing; POST confirms. Nobody is signed in by it."""
    change = open_email_change(request.firm.id, secret)
    if change is None or change.token is None:
        return dead(request)
    form = NothingForm(request.POST if request.method == "POST" else None)
    refused, status = "", 422 if form.errors else 200
    if form.is_valid():
        bearer = link_bearer(request.firm.id, change.user_id, change.token.pk)
        try:
            user = confirm_email_change(bearer, change.token)
        except LinkDead:
            return dead(request)
        except EmailTaken as refusal:
            refused, status = tell(refusal), status_of(refusal)
        else:
            said = _("Your address is confirmed. From now on you sign in with %(email)s.")
            messages.success(request, said % {"email": user.email})
            return HttpResponseRedirect(reverse("account_login"), status=303)
    context = {"form": form, "email": change.email, "refused": refused}
    return render(request, "confirm_address.html", context, status=status)
