"""The pages' rim: closed by default, and every refusal becomes a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from vestibule.refusals import LimitReached, NotFound, NotSignedIn, Refusal
from vestibule.web.duty import is_held_up
from vestibule.web.leading import lead_to
from vestibule.web.refusals import status_of, tell

PAGES_OF_STATUS = {400, 403, 404, 405, 409, 413, 429, 500, 503}


def open_to_all(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a page be reached without signing in. Every other page is closed."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


def own_scope(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a page open its firm's scope by itself: it hashes a password between two of them."""
    view.own_scope = True  # type: ignore[attr-defined]
    return view


def leaves_no_trace(view: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the page's address, a secret, out of the Referer of everything that it loads."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "strict-origin"
        return response

    return shown


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Send somebody to the sign-in page and, for a page he can read, back again."""
    target = reverse("account_login")
    if request.method == "GET":
        target += "?" + urlencode({"next": request.get_full_path()})
    return lead_to(request, target)


class DoorMiddleware:
    """Refuses every page that does not say it is open to all; tells refusals.

    Whoever should have added a second factor by now is led to where that is done, from every
    page but the few that say they are reachable without.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: Any, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if request.firm is None or getattr(view, "open_to_all", False):
            return None
        if not request.actor.is_person:
            return sign_in_first(request)
        if is_held_up(request, view):
            return lead_to(request, reverse("account_second_factor"))
        return None

    def process_exception(self, request: Any, error: Exception) -> HttpResponse | None:
        if isinstance(error, NotSignedIn):
            return sign_in_first(request)
        if not isinstance(error, Refusal):
            return None
        status = status_of(error)
        page = status if status in PAGES_OF_STATUS else 409
        context: dict[str, Any] = {"refusal": "" if isinstance(error, NotFound) else tell(error)}
        if isinstance(error, LimitReached):
            context["retry_after_seconds"] = error.retry_after_seconds
        response = render(request, f"{page}.html", context, status=status)
        if isinstance(error, LimitReached):
            response["Retry-After"] = str(error.retry_after_seconds)
        return response
