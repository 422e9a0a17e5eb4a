"""The firm's settings: accent colour and logo; and both as pages load them, open to all."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vestibule.colours import DARK_GROUNDS, Theme, contrast, read_colour, theme_of
from vestibule.directory.actions.appearance import change_accent, remove_logo, set_logo
from vestibule.directory.firm_views import logo_png, logo_seen, seen_of
from vestibule.directory.policies.pictures import MOST_BYTES, LogoTooHeavy, drawn_anew
from vestibule.refusals import Invalid, SettingsChanged
from vestibule.web.appearance import sheet_name, sheet_of
from vestibule.web.door import open_to_all
from vestibule.web.refusals import put_at_fields, status_of, tell
from vestibule.web.settings_forms import AccentForm, LogoForm, SeenForm
from vestibule.web.settings_pages import back_to, settings_page, show

FOR_A_YEAR = "public, max-age=31536000, immutable"


@require_http_methods(["GET", "HEAD", "POST"])
@settings_page
def look(request: Any) -> HttpResponse:
    """Show accent and logo. GET with `accent` shows what would become of a colour; POST takes it."""
    if request.method != "POST":
        return _show(request)
    form = AccentForm(request.POST)
    if form.is_valid():
        try:
            change_accent(request.actor, **form.cleaned_data)
        except SettingsChanged as refusal:
            messages.warning(request, tell(refusal))
            return _show(request, status=status_of(refusal))
        except Invalid as refusal:
            put_at_fields(form, refusal)
        else:
            messages.success(request, _("The colour is used on every page and mail from now on."))
            return back_to("settings_look")
    return _show(request, accent_form=form, status=422)


@require_POST
@settings_page
def logo_change(request: Any) -> HttpResponse:
    """Take a picture as the firm's logo."""
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["logo"]
        try:
            if file.size > MOST_BYTES:
                raise LogoTooHeavy()
            picture = drawn_anew(file.read())
            set_logo(request.actor, picture=picture, seen=form.cleaned_data["seen"])
        except SettingsChanged as refusal:
            messages.warning(request, tell(refusal))
            return _show(request, status=status_of(refusal))
        except Invalid as refusal:
            form.add_error("logo", tell(refusal))
        else:
            messages.success(request, _("The logo is shown on every page and mail from now on."))
            return back_to("settings_look")
    return _show(request, logo_form=form, status=422)


@require_POST
@settings_page
def logo_remove(request: Any) -> HttpResponse:
    """Show the firm's name and initials again."""
    form = SeenForm(request.POST)
    if form.is_valid():
        try:
            remove_logo(request.actor, seen=form.cleaned_data["seen"])
        except SettingsChanged as refusal:
            messages.warning(request, tell(refusal))
        else:
            messages.success(request, _("The logo is removed."))
    return back_to("settings_look")


def _show(
    request: Any,
    *,
    accent_form: AccentForm | None = None,
    logo_form: LogoForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = request.firm.accent
    tried = read_colour(request.GET.get("accent", "")) or now
    context = {
        "accent_form": accent_form or AccentForm(initial={"accent": tried, "seen": seen_of(now)}),
        "logo_form": logo_form or LogoForm(initial={"seen": logo_seen(request.firm.id)}),
        "logo_seen": logo_seen(request.firm.id),
        "shades": _shades(theme_of(tried)),
        "tried": tried if tried != now else "",
        "colour": tried,
    }
    return show(request, "settings_look", "look.html", context, status=status)


def _shades(theme: Theme) -> dict[str, Any]:
    """Return what becomes of a colour: each shade with the contrast that it has, in both themes."""
    light, dark = theme.light, theme.dark
    return {
        "chosen": theme.chosen,
        "chosen_contrast": round(contrast(theme.chosen, "#ffffff"), 1),
        "is_moved": theme.is_moved,
        "rows": [
            _pair("button", "light", light.accent, "#ffffff", light.accent, theme.chosen),
            _pair("link", "light", "#ffffff", light.ink, light.ink, theme.chosen),
            _pair("tint", "light", light.tint, light.ink, light.tint, ""),
            _pair("button", "dark", dark.accent, "#ffffff", dark.accent, theme.chosen),
            _pair("link", "dark", DARK_GROUNDS[0], dark.ink, dark.ink, theme.chosen),
            _pair("tint", "dark", dark.tint, dark.ink, dark.tint, ""),
        ],
    }


def _pair(
    what: str, theme: str, ground: str, words: str, shade: str, chosen: str
) -> dict[str, Any]:
    return {
        "what": what,
        "theme": theme,
        "ground": ground,
        "words": words,
        "shade": shade,
        "is_moved": bool(chosen) and shade != chosen,
        "contrast": round(contrast(ground, words), 1),
    }


# --- what pages load ------------------------------------------------------------------------


@open_to_all
@require_safe
def theme(request: Any, sheet: str) -> HttpResponse:
    """Serve the sheet of the firm's accent; another accent has another address."""
    if sheet != sheet_name(request.firm.accent):
        raise Http404
    css = sheet_of(request.firm.accent)
    return HttpResponse(css, content_type="text/css", headers={"Cache-Control": FOR_A_YEAR})


@open_to_all
@require_safe
def logo(request: Any, sha: str) -> HttpResponse:
    """Serve the firm's logo; another picture has another address."""
    png = None if "\x00" in sha else logo_png(request.firm.id, sha)
    if png is None:
        raise Http404
    headers = {
        "Cache-Control": FOR_A_YEAR,
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return HttpResponse(png, content_type="image/png", headers=headers)
