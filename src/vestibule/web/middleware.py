"""What happens around every page: how large, which firm, which session, who, in which language."""

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.request import split_domain_port
from django.urls import Resolver404, get_script_prefix, resolve, set_script_prefix
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date
from django.utils.translation.trans_real import parse_accept_lang_header

from vestibule import actor
from vestibule.conf import LOOPBACK
from vestibule.directory import doorway, facts
from vestibule.directory.policies.sign_in import lets_in
from vestibule.directory.scope import firm_scope, leave_nothing_behind
from vestibule.directory.sessions import SessionStore
from vestibule.web import system

SERVER_WIDE_URLS = "vestibule.web.system"
SUPERVISOR_PATHS = {"/healthz": system.healthz, "/readyz": system.readyz}
_FIRM_PATH = re.compile(r"/f/(?P<slug>[a-z0-9-]{1,60})(?P<rest>/.*)?", re.DOTALL)
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 60 * 60

GetResponse = Callable[[HttpRequest], HttpResponse]


def split_firm_path(path: str) -> tuple[str, str | None] | None:
    """Return slug and rest of `/f/<slug>/…`; the rest is None without its slash; None if it is no such path."""
    found = _FIRM_PATH.fullmatch(path)
    return (found["slug"], found["rest"]) if found else None


def _view_of(path: str) -> Callable[..., Any] | None:
    try:
        return resolve(path, settings.ROOT_URLCONF).func
    except Resolver404:
        return None


class BodyLimitMiddleware:
    """Refuse bodies over 1 MB, or over the `body_limit_bytes` that a view names for itself.

    It looks at the announced length alone. `asgi.py` has read the body, or read it away: nothing
    here waits for a sender. No view may name more than IMPORT_BODY_LIMIT_BYTES, which is kept there.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length:
            if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
                return system.length_required(request)
            return self.get_response(request)
        if not (length.isascii() and length.isdigit()):
            return system.handler400(request, ValueError("Content-Length"))

        limit_bytes = settings.BODY_LIMIT_BYTES
        if int(length) > limit_bytes:
            split = split_firm_path(request.path_info)
            view = _view_of((split[1] or "/") if split else request.path_info)
            limit_bytes = getattr(view, "body_limit_bytes", limit_bytes)
        if int(length) > limit_bytes:
            return system.body_too_large(request, limit_bytes)
        return self.get_response(request)


class FirmMiddleware:
    """Find the firm by host or path, move its prefix into the script name, open its scope around the rest.

    Sets `request.firm` (None at the server's own pages). A view with `own_scope = True` opens short
    scopes itself, and so do session and actor for it: nothing stays open while a password is hashed.
    A host that is neither the base address's nor mapped is answered 400 before anything is asked of it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        translation.activate(language_asked_for(request) or settings.LANGUAGE_CODE)
        request.firm = None
        request.own_scope = False
        if request.path_info in SUPERVISOR_PATHS:
            return SUPERVISOR_PATHS[request.path_info](request)
        try:
            host = split_domain_port(request.get_host())[0].strip("[]")
        except DisallowedHost:
            return system.unknown_host(request)

        split = split_firm_path(request.path_info) if _is_base_host(host) else None
        if split is None:
            request.firm = doorway.firm_of_host(host)
            if request.firm is not None:
                return self._inside(request)
            if not _is_base_host(host):
                return system.unknown_host(request)
            request.urlconf = SERVER_WIDE_URLS
            return self.get_response(request)

        slug, rest = split
        request.firm = doorway.firm_of_slug(slug)
        if request.firm is None:
            raise Http404
        if rest is None:
            return HttpResponsePermanentRedirect(f"/f/{slug}/")
        before = get_script_prefix()
        prefix = f"/f/{slug}"
        request.META["SCRIPT_NAME"], request.META["PATH_INFO"] = prefix, rest
        request.path_info = rest
        set_script_prefix(prefix + "/")
        try:
            return self._inside(request)
        finally:
            set_script_prefix(before)

    def _inside(self, request: Any) -> HttpResponse:
        request.own_scope = getattr(_view_of(request.path_info), "own_scope", False)
        with (
            timezone.override(ZoneInfo(request.firm.time_zone)),
            nullcontext() if request.own_scope else firm_scope(request.firm),
        ):
            response = self.get_response(request)
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                leave_nothing_behind()
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response


def _is_base_host(host: str) -> bool:
    base = settings.VESTIBULE.base
    return host == base.host or (base.is_loopback and host in LOOPBACK)


def scope_of(request: Any) -> AbstractContextManager[None]:
    """Return the scope in which middleware may read and write for this request."""
    return firm_scope(request.firm)


def cookie_name(firm: Any) -> str:
    """Return the name of a firm's session cookie."""
    return f"{settings.SESSION_COOKIE_NAME}_{firm.slug}"


class FirmSessionMiddleware:
    """Give the request the session of this firm's cookie; save it and set the cookie afterwards."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if request.firm is None:
            request.session = SessionStore()
            return self.get_response(request)
        request.session = SessionStore(
            request.COOKIES.get(cookie_name(request.firm)),
            firm=request.firm,
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
            ip=request.META.get("REMOTE_ADDR", ""),
        )
        response = self.get_response(request)
        if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            self._keep(request, response)
        return response

    def _keep(self, request: Any, response: HttpResponse) -> None:
        session = request.session
        if session.accessed:
            patch_vary_headers(response, ("Cookie",))
        where: dict[str, Any] = {
            "path": request.META.get("SCRIPT_NAME", "") + "/",
            "samesite": settings.SESSION_COOKIE_SAMESITE,
        }
        name = cookie_name(request.firm)
        if session.is_empty():
            if name in request.COOKIES:
                response.delete_cookie(name, **where)
            return
        if not session.modified:
            session.mark_seen()
            return

        max_age = expires = None
        if not session.get_expire_at_browser_close():
            max_age = session.get_expiry_age()
            expires = http_date(time.time() + max_age)
        try:
            session.save()
        except UpdateError as error:
            raise SessionInterrupted("The session was ended while this request ran.") from error
        response.set_cookie(
            name,
            session.session_key,
            max_age=max_age,
            expires=expires,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            **where,
        )


class ActorMiddleware:
    """Say who asks: `request.user` for Django and allauth, `request.actor` for our actions.

    A session whose user is not of this firm, or whose state no longer lets him in, is ended here,
    and whoever holds it is nobody from this very request on.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.user = AnonymousUser()
        request.actor = actor.nobody(request.firm.id if request.firm else None)
        if request.firm is not None and request.session.session_key:
            with scope_of(request):
                self._recognise(request)
        return self.get_response(request)

    def _recognise(self, request: Any) -> None:
        user: Any = auth.get_user(request)
        if auth.SESSION_KEY not in request.session:
            return
        if not user.is_authenticated or not lets_in(user, request.firm.id):
            request.session.flush()
            return
        request.user = user
        request.actor = facts.actor_for(user, door=actor.Door.PAGE)


class LanguageMiddleware:
    """Speak the user's language; else the one chosen (`?lang=`, then kept in a cookie), else the
    browser's, else the firm's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        language = (
            supported_language(getattr(request.user, "language", ""))
            or language_asked_for(request)
            or supported_language(request.firm.default_language if request.firm else "")
            or settings.LANGUAGE_CODE
        )
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if chosen := supported_language(request.GET.get("lang", "")):
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                chosen,
                max_age=LANGUAGE_COOKIE_SECONDS,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
                samesite="Lax",
            )
        patch_vary_headers(response, ("Accept-Language",))
        return response


def supported_language(code: str) -> str | None:
    """Return the language of ours that `code` means (“fr-CH” is “fr”), or None."""
    short = code.lower().partition("-")[0]
    return short if any(short == known for known, _ in settings.LANGUAGES) else None


def language_asked_for(request: HttpRequest) -> str | None:
    """Return the language of `?lang=`, else the cookie's, else the first of the browser's that we speak."""
    for code in (
        request.GET.get("lang", ""),
        request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
    ):
        if chosen := supported_language(code):
            return chosen
    for code, _weight in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "")):
        if found := supported_language(code):
            return found
    return None
