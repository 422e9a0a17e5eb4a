"""The demo's inbox: mails that no mail server has taken, readable on this computer only.

It opens one-time links to whoever reads it, without signing in, because that is how a person of
the demo gets his. So it exists only where `VESTIBULE_DEMO` is set, and only for this machine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from vestibule.directory.held_mails import HeldMail, newest_mails, one_mail
from vestibule.web.door import open_to_all

View = Callable[..., Any]

FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")

HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""A mail's own page: no script, nothing loaded, no cookie of ours; its links open elsewhere."""


framing_itself: Callable[[View], View] = csp_update({"frame-src": ["'self'"]})
"""Let a page hold frames of this firm's own pages."""


def in_demo_on_this_machine(view: View) -> View:
    """Let a page exist only in a demo and for loopback; a proxy's request is somebody else's."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        is_forwarded = any(name in request.META for name in FORWARDED)
        if not settings.VESTIBULE.demo or is_forwarded or not _is_loopback(request):
            raise Http404
        answer: HttpResponse = view(request, *args, **kwargs)
        return answer

    return guarded


def _is_loopback(request: Any) -> bool:
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


@open_to_all
@require_safe
@in_demo_on_this_machine
def inbox(request: Any) -> HttpResponse:
    """List this firm's mails, the newest first."""
    mails = [_entry(mail) for mail in newest_mails(request.firm.id)]
    return render(request, "inbox/list.html", {"messages_held": mails})


@open_to_all
@require_safe
@in_demo_on_this_machine
@framing_itself
def message(request: Any, pk: UUID) -> HttpResponse:
    """Show one mail as text, and its HTML part in a frame that can do nothing."""
    mail = one_mail(request.firm.id, pk)
    shown = _entry(mail) | {
        "from_line": f"{request.firm.name} <{settings.VESTIBULE.mail_from}>",
        "text": mail.text or _("This mail has left. Nothing of it was kept here."),
        "html_url": reverse("inbox_html", args=[pk]) if mail.html else "",
    }
    return render(request, "inbox/message.html", {"message": shown})


@open_to_all
@require_safe
@in_demo_on_this_machine
@xframe_options_sameorigin
def html(request: Any, pk: UUID) -> HttpResponse:
    """Serve a mail's HTML part as it was written."""
    mail = one_mail(request.firm.id, pk)
    if not mail.html:
        raise Http404
    return HttpResponse(mail.html, headers={"Content-Security-Policy": HTML_POLICY})


def _entry(mail: HeldMail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "to": mail.to,
        "subject": mail.subject or _subject_of(mail.kind),
        "at": mail.at,
        "state": mail.state,
    }


def _subject_of(kind: str) -> str:
    """Return what stands for the subject of a mail whose content was wiped."""
    known = {
        "invitation": _("Invitation"),
        "password_reset": _("New password"),
        "password_changed": _("Password changed"),
    }
    return known.get(kind, _("Mail"))
