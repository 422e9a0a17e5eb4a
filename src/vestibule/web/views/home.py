"""The first page after signing in."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from vestibule.directory.sights import company_cards, helper_of
from vestibule.web.context import person_card


@require_safe
def home(request: Any) -> HttpResponse:
    """Show a client exactly his companies and applications; staff begin with their users."""
    user = request.user
    if user.is_staff_member:
        return redirect("users")
    companies = company_cards(user, request.LANGUAGE_CODE)
    if not companies:
        helper = helper_of(user)
        return render(
            request,
            "home_noaccess.html",
            {"helper": person_card(helper) if helper is not None else None},
        )
    context = {
        "companies": companies,
        "last_sign_in_at": user.last_sign_in_at,
    }
    return render(request, "home.html", context)
