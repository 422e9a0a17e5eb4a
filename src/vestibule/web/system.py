"""What is there without a firm: the root page, the two questions of a supervisor, and the pages for errors."""

import logging
import re
import sys
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from vestibule.directory import doorway
from vestibule.outage import is_database_away

log = logging.getLogger("vestibule.web")

RETRY_AFTER_SECONDS = 5
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; ask nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers too: 200, or 503 within a second."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:
        if not is_database_away(error):
            raise
        return JsonResponse(
            {"ready": False, "reason": "database"}, status=HTTPStatus.SERVICE_UNAVAILABLE
        )
    return JsonResponse({"ready": True})


@require_safe
def root(request: HttpRequest) -> HttpResponse:
    """Lead to the default firm or the only one; otherwise ask for the firm's address, listing nobody."""
    typed = request.GET.get("firm", "").strip().lower()
    if SLUG.fullmatch(typed):
        return HttpResponseRedirect(f"/f/{typed}/")
    default = settings.VESTIBULE.default_firm
    firm = (doorway.firm_of_slug(default) if default else None) or doorway.only_firm()
    if firm is not None:
        return HttpResponseRedirect(f"/f/{firm.slug}/")
    return HttpResponse(get_template("firm_chooser.html").render({"error": ""}, request))


def error_page(
    request: HttpRequest,
    status: int,
    title: str,
    sentence: str,
    *,
    is_about_the_form: bool = False,
) -> HttpResponse:
    """Return the page of an error. When the usual one cannot be made, a plain one says the same.

    From 500 on nothing is asked that could need the database: no firm, no user, no session.
    """
    asks_nothing = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    try:
        page = get_template(f"{status}.html").render(
            {"refusal": sentence, "title": title if is_about_the_form else ""},
            None if asks_nothing else request,
        )
    except Exception as error:  # the rim: whatever is broken, an answer is due
        if not isinstance(error, TemplateDoesNotExist):
            log.exception("the page for %s could not be made", status)
        plain = get_template("system/error.html")
        page = plain.render({"title": title, "sentence": sentence})
    return HttpResponse(page, status=status)


def unknown_host(request: HttpRequest) -> HttpResponse:
    """Answer a request for a host name that is not this server's."""
    return error_page(
        request,
        HTTPStatus.BAD_REQUEST,
        _("This address is not served here"),
        _("Please use the address that your firm gave you."),
    )


def body_too_large(request: HttpRequest, limit_bytes: int) -> HttpResponse:
    """Answer a body over the limit; nothing of it was looked at."""
    return error_page(
        request,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        _("This is too large"),
        _("At most %(megabytes)s MB can be sent at once. Nothing was changed.")
        % {"megabytes": limit_bytes // (1024 * 1024)},
    )


def length_required(request: HttpRequest) -> HttpResponse:
    """Answer a body sent without saying how long it is."""
    return error_page(
        request,
        HTTPStatus.LENGTH_REQUIRED,
        _("This could not be read"),
        _("The request does not say how long it is. Nothing was changed."),
    )


def database_away(request: HttpRequest) -> HttpResponse:
    """Answer while the database cannot: nothing was changed, try again."""
    response = error_page(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        _("A moment, please"),
        _("The service is not reachable just now. Please try again in a few seconds."),
    )
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid token: sent from elsewhere, or open for too long."""
    return error_page(
        request,
        HTTPStatus.FORBIDDEN,
        _("This form could not be accepted"),
        _(
            "It was open for too long, or cookies are blocked. Please go back, reload the page and send it again."
        ),
        is_about_the_form=True,
    )


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return body_too_large(request, settings.BODY_LIMIT_BYTES)
    return error_page(
        request,
        HTTPStatus.BAD_REQUEST,
        _("This could not be read"),
        _("The request is not complete or not in order. Nothing was changed."),
    )


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(
        request,
        HTTPStatus.FORBIDDEN,
        _("This is not open to you"),
        _("You do not have the right to do this here. An administrator of your firm can help."),
    )


def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(
        request,
        HTTPStatus.NOT_FOUND,
        _("There is nothing here"),
        _("The page does not exist, or it is not open to you."),
    )


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer a bug; or, when the exception under way says so, a database that is away."""
    if is_database_away(sys.exc_info()[1]):
        return database_away(request)
    return error_page(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Something went wrong"),
        _("The fault is ours and was written down. Please try again; if it stays, tell your firm."),
    )


urlpatterns = [
    path("", root, name="root"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
