"""“Is it you?”: sensitive pages ask again for a password or a second factor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from vestibule import clock
from vestibule.web.leading import lead_to

CONFIRMED = "vestibule_confirmed_at"


def note_confirmed(request: Any) -> None:
    """Remember in the session that the person showed just now who it is."""
    request.session[CONFIRMED] = clock.now().isoformat()


def is_confirmed(request: Any) -> bool:
    """Return whether the person showed lately who it is: by signing in, or when asked again."""
    try:
        at = datetime.fromisoformat(request.session.get(CONFIRMED, ""))
    except (TypeError, ValueError):
        return False
    limit = timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    return timedelta(0) <= clock.now() - at < limit


def confirm_first(view: Callable[..., Any]) -> Callable[..., Any]:
    """Ask who it is before a page that changes how somebody signs in, and lead back to it."""

    @wraps(view)
    def asked(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_confirmed(request):
            response: HttpResponse = view(request, *args, **kwargs)
            return response
        where = reverse("account_reauthenticate")
        return lead_to(request, f"{where}?{urlencode({'next': request.get_full_path()})}")

    return asked
