"""The firm's settings: what it is called, its rules, its mails."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from vestibule.directory.actions.appearance import change_firm
from vestibule.directory.actions.firm_rules import change_rules
from vestibule.directory.firm_views import Obliged, firm_seen, obliged_by, rules_now, seen_of
from vestibule.directory.held_mails import with_logo
from vestibule.directory.sample_mail import sample_invitation
from vestibule.refusals import Conflict, Invalid, SettingsChanged
from vestibule.web.place_forms import posted
from vestibule.web.refusals import put_at_fields, status_of, tell
from vestibule.web.settings_forms import FirmForm, RulesForm, SenderForm
from vestibule.web.settings_pages import back_to, settings_page, show
from vestibule.web.views.inbox import HTML_POLICY, framing_itself

EXPECTED = (Invalid, Conflict)
STRICTNESS = ("off", "staff", "staff_and_administrators")
SENDER = ("sender_name", "reply_to")


@require_http_methods(["GET", "HEAD", "POST"])
@settings_page
def firm(request: Any) -> HttpResponse:
    """Name, language and time zone."""
    now = {
        "name": request.firm.name,
        "language": request.firm.default_language,
        "time_zone": request.firm.time_zone,
        "seen": firm_seen(request.firm),
    }
    form, status = FirmForm(posted(request), initial=now), 200
    if form.is_valid():
        try:
            change_firm(request.actor, **form.cleaned_data)
        except SettingsChanged as refusal:
            messages.warning(request, tell(refusal))
            form, status = FirmForm(initial=now), status_of(refusal)
        except EXPECTED as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            messages.success(request, _("The settings are saved."))
            return back_to("settings")
    return show(
        request, "settings", "firm.html", {"form": form}, status=422 if form.errors else status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@settings_page
def rules(request: Any) -> HttpResponse:
    """The rules; a stricter one about second factors says first whom it concerns."""
    names = RulesForm().names
    old = rules_now(request.firm.id, names)
    fresh = {**old, "seen": seen_of(old)}
    form, status, obliged = RulesForm(posted(request), initial=fresh), 200, None
    if form.is_valid():
        wanted = {name: form.cleaned_data[name] for name in names}
        told = f"{wanted['second_factor']}:{wanted['second_factor_grace_days']}"
        if _is_stricter(old, wanted) and form.cleaned_data["told"] != told:
            obliged = obliged_by(request.firm.id, wanted["second_factor"])
            form.say_told(told)
        else:
            try:
                changed = change_rules(request.actor, wanted=wanted, seen=form.cleaned_data["seen"])
            except SettingsChanged as refusal:
                messages.warning(request, tell(refusal))
                form, status = RulesForm(initial=fresh), status_of(refusal)
            except EXPECTED as refusal:
                put_at_fields(form, refusal)
            else:
                messages.success(request, _saved(len(changed)))
                return back_to("settings_rules")
    return _show_rules(request, form, obliged, 422 if form.errors else status)


def _show_rules(
    request: Any, form: RulesForm, obliged: Obliged | None, status: int
) -> HttpResponse:
    context = {"form": form, "groups": form.grouped(), "obliged": obliged}
    return show(request, "settings_rules", "rules.html", context, status=status)


def _is_stricter(old: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Return whether somebody has to have a second factor who had not, or has to have it earlier."""
    before, after = (STRICTNESS.index(one["second_factor"]) for one in (old, wanted))
    is_shorter = wanted["second_factor_grace_days"] < old["second_factor_grace_days"]
    return after > before or (after > 0 and is_shorter)


def _saved(number: int) -> str:
    return _("The settings are saved.") if number else _("Nothing was changed.")


@require_http_methods(["GET", "HEAD", "POST"])
@settings_page
@framing_itself
def mail(request: Any) -> HttpResponse:
    """Who mails are from, where answers go, and how a mail looks."""
    old = rules_now(request.firm.id, SENDER)
    fresh = {**old, "seen": seen_of(old)}
    form, status = SenderForm(posted(request), initial=fresh), 200
    if form.is_valid():
        wanted = {name: form.cleaned_data[name] for name in SENDER}
        try:
            changed = change_rules(request.actor, wanted=wanted, seen=form.cleaned_data["seen"])
        except SettingsChanged as refusal:
            messages.warning(request, tell(refusal))
            form, status = SenderForm(initial=fresh), status_of(refusal)
        except EXPECTED as refusal:
            put_at_fields(form, refusal)
        else:
            messages.success(request, _saved(len(changed)))
            return back_to("settings_mail")
    context = {
        "form": form,
        "sender": {
            "name": old["sender_name"] or request.firm.name,
            "address": settings.VESTIBULE.mail_from,
            "reply_to": old["reply_to"],
        },
    }
    return show(
        request, "settings_mail", "mail.html", context, status=422 if form.errors else status
    )


@require_safe
@settings_page
@xframe_options_sameorigin
def mail_preview(request: Any) -> HttpResponse:
    """Serve an invitation as its reader would get it, for the frame on the mail page."""
    message = sample_invitation(request.firm, request.user, request.LANGUAGE_CODE)
    return HttpResponse(
        with_logo(message.html, request.firm.id), headers={"Content-Security-Policy": HTML_POLICY}
    )
