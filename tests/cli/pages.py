"""A few pages for the tests of the middleware, so that they say what reaches a view."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, reverse
from django.utils.translation import get_language

from vestibule.directory.scope import current_firm_id
from vestibule.web.door import open_to_all
from vestibule.web.system import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def seen(request: Any) -> HttpResponse:
    return JsonResponse(
        {
            "firm": request.firm.slug,
            "actor": request.actor.kind,
            "email": getattr(request.user, "email", ""),
            "language": get_language(),
            "home": reverse("home"),
            "in_scope": str(current_firm_id()) == str(request.firm.pk),
        }
    )


def seen_without_scope(request: Any) -> HttpResponse:
    return seen(request)


seen_without_scope.own_scope = True  # type: ignore[attr-defined]


def count(request: HttpRequest) -> HttpResponse:
    request.session["count"] = request.session.get("count", 0) + 1
    return HttpResponse(request.session["count"])


def read_only(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.session.get("count", 0))


def length(request: HttpRequest) -> HttpResponse:
    return HttpResponse(len(request.body))


def upload(request: HttpRequest) -> HttpResponse:
    return HttpResponse(sum(file.size or 0 for file in request.FILES.values()))


upload.body_limit_bytes = 20 * 1024 * 1024  # type: ignore[attr-defined]

for page in (seen, seen_without_scope, count, read_only, length, upload):
    open_to_all(page)

urlpatterns = [
    path("", seen, name="home"),
    path("sign-in/", seen, name="account_login"),
    path("without-scope/", seen_without_scope),
    path("count/", count),
    path("read-only/", read_only),
    path("length/", length),
    path("upload/", upload),
]
