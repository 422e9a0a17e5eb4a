"""Icons, dates and lists for our templates. Nothing here decides or reads the database."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, pgettext

from vestibule import clock

register = template.Library()

SPRITE = Path(__file__).resolve().parent.parent / "static" / "vestibule" / "vendor" / "icons.svg"
UNKNOWN_ICON = "apps"


@functools.cache
def known_icons() -> frozenset[str]:
    return frozenset(re.findall(r'<symbol id="([a-z0-9-]+)"', SPRITE.read_text("utf-8")))


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """Draw an icon of the sprite; one that a firm's catalogue names and we do not have becomes `apps`.

    Without a label it is decoration and hidden from screen readers.
    """
    return _drawn(str(name), str(css), str(label))


@functools.lru_cache(maxsize=2048)
def _drawn(name: str, css: str, label: str) -> SafeString:
    """Draw an icon once: a list of people has three hundred of them."""
    drawn = name if name in known_icons() else UNKNOWN_ICON
    says = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon {}" {} focusable="false"><use href="{}#{}"></use></svg>',
        css,
        says,
        static("vestibule/vendor/icons.svg"),
        drawn,
    )


@register.simple_tag
def state_badge(state: str) -> SafeString:
    """Draw a state's badge as a list has it many times: the component is rendered once per language."""
    return _badge(str(state), get_language() or "")


@functools.lru_cache(maxsize=256)
def _badge(state: str, language: str) -> SafeString:
    return mark_safe(render_to_string("users/_badge.html", {"state": state}).strip())  # ours


@register.simple_tag
def dialog_link() -> SafeString:
    """Make a link to a confirming page open that page's question in the dialog, where scripts run."""
    return mark_safe(
        'hx-boost="true" hx-target="#dialog-body" hx-select="#confirm" hx-swap="innerHTML show:none" hx-push-url="false"'
    )


@register.simple_tag
def list_link() -> SafeString:
    """Make a link to the same list in another state put only what differs into the page."""
    return mark_safe(
        'hx-boost="true" hx-target="#results" hx-select="#results" hx-swap="outerHTML show:none"'
        ' hx-select-oob="#list-tabs,#list-search,#list-filters,#list-actions,#list-count"'
    )


# --- where am I -----------------------------------------------------------------------------

SECTIONS = {
    "user": "users",
    "users": "users",
    "person": "users",
    "request": "to_validate",
    "requests": "to_validate",
    "my": "my_requests",
    "company": "companies",
    "companies": "companies",
    "place": "companies",
    "inbox": "inbox",
    "settings": "settings",
    "audit": "audit",
    "team": "team",
    "home": "home",
    "account": "account",
    "mfa": "account",
}


@register.simple_tag(takes_context=True)
def menu_section(context: Context) -> str:
    """Name the menu entry that this page belongs to: "" where there is none."""
    request = context.get("request")
    if not isinstance(request, HttpRequest) or request.resolver_match is None:
        return ""
    name = request.resolver_match.url_name or ""
    return SECTIONS.get(name.split("_")[0], "")


# --- dates as people say them -----------------------------------------------------------------


@register.filter
def when(moment: datetime.datetime | None) -> str:
    """Say a past moment: “today, 09:12”, “yesterday”, “19 Nov”, with the year when it is not this one."""
    if moment is None:
        return ""
    here, today = timezone.localtime(moment), timezone.localtime(clock.now()).date()
    if here.date() == today:
        return gettext("today, %(time)s") % {"time": formats.time_format(here, "H:i")}
    if here.date() == today - datetime.timedelta(days=1):
        return gettext("yesterday")
    return short_day(here)


@register.filter
def short_day(moment: datetime.date | datetime.datetime | None) -> str:
    """Say a day: “19 Nov”, with the year when it is not this one."""
    if moment is None:
        return ""
    here = timezone.localtime(moment) if isinstance(moment, datetime.datetime) else moment
    this_year = here.year == timezone.localtime(clock.now()).year
    return _said_day(here.year, here.month, here.day, this_year, get_language() or "")


@functools.lru_cache(maxsize=4096)
def _said_day(year: int, month: int, day: int, this_year: bool, language: str) -> str:
    """Say a day once per language: a list says the same few days over and over."""
    here = datetime.date(year, month, day)
    if this_year:
        return formats.date_format(
            here, pgettext("Django date format of a day in this year", "j M")
        )
    return short_date(here)


@register.filter
def short_date(moment: datetime.date | datetime.datetime | None) -> str:
    """Say a day with its year: “19 Nov 2026”."""
    if moment is None:
        return ""
    here = timezone.localtime(moment) if isinstance(moment, datetime.datetime) else moment
    return formats.date_format(here, pgettext("Django date format, short, with the year", "j M Y"))


@register.filter
def long_day(moment: datetime.date | datetime.datetime | None) -> str:
    """Say a day in full: “31 December 2026”."""
    if moment is None:
        return ""
    here = timezone.localtime(moment) if isinstance(moment, datetime.datetime) else moment
    return formats.date_format(here, pgettext("Django date format, long, with the year", "j F Y"))


@register.filter
def minute(moment: datetime.datetime | None) -> str:
    """Say a moment to the minute: “17 Nov, 09:02”."""
    if moment is None:
        return ""
    here = timezone.localtime(moment)
    if here.date() == timezone.localtime(clock.now()).date():
        return when(moment)
    said = {"day": short_day(here), "time": formats.time_format(here, "H:i")}
    return pgettext("a day and a time", "%(day)s, %(time)s") % said


@register.filter
def exactly(moment: datetime.datetime | None) -> str:
    """Say a moment as evidence: date, time and zone."""
    if moment is None:
        return ""
    here = timezone.localtime(moment)
    return f"{formats.date_format(here, 'Y-m-d')} {formats.time_format(here, 'H:i:s')} {here.tzname() or ''}".strip()


# --- lists ------------------------------------------------------------------------------------


def _joined(parts: list[SafeString]) -> SafeString:
    if not parts:
        return mark_safe("")
    if len(parts) == 1:
        return parts[0]
    comma = conditional_escape(pgettext("between the names of a list", ", "))
    pair = conditional_escape(pgettext("end of a list of names", "%(names)s and %(last)s"))
    # Every part is escaped already, and so is the sentence they are put into.
    return mark_safe(pair % {"names": comma.join(parts[:-1]), "last": parts[-1]})


@register.filter
def join_and(names: Iterable[object]) -> SafeString:
    """Say a list: “payroll, invoices and expenses”."""
    return _joined([conditional_escape(str(name)) for name in names])


@register.filter
def bold_and(names: Iterable[object]) -> SafeString:
    """Say a list with every name in bold."""
    return _joined([format_html("<b>{}</b>", name) for name in names])


@register.filter
def bold(name: object) -> SafeString:
    return format_html("<b>{}</b>", name)


@register.filter
def mark_found(text: str, searched: str) -> SafeString:
    """Mark what was searched for, wherever it stands in the text and whatever its case."""
    words = [re.escape(word) for word in searched.split() if len(word) > 1]
    if not words:
        return conditional_escape(text)
    pieces = re.split(f"({'|'.join(words)})", str(text), flags=re.IGNORECASE)
    return format_html_join(
        "", "{}", ((_marked(piece, place),) for place, piece in enumerate(pieces))
    )


def _marked(piece: str, place: int) -> SafeString:
    return format_html("<mark>{}</mark>", piece) if place % 2 else conditional_escape(piece)


@register.filter
def entry(mapping: Mapping[str, object] | None, key: str) -> object:
    """Read one key of a mapping, "" where it is absent."""
    return "" if mapping is None else mapping.get(key, "")
