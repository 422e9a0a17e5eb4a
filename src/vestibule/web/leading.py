"""Leading a browser elsewhere, whether it asked for a page or for a part of one."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme


def lead_to(request: Any, target: str) -> HttpResponse:
    """Lead to another page; htmx is told to leave the page that it is on."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = target
        return response
    return HttpResponseRedirect(target)


def own_path(request: Any, target: str) -> str:
    """Return a path inside this firm, or "". A browser resolves `..`, also when it is escaped."""
    inside = request.META.get("SCRIPT_NAME", "") + "/"
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    climbs = ".." in unquote(target.partition("?")[0]).split("/")
    return (
        target if safe and target.startswith(inside) and not climbs and "\\" not in target else ""
    )
