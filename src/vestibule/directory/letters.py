"""The one letter that every mail is: both parts from the same sentences, every value inert."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import mrml
from django.template import Context, Engine
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

from vestibule.colours import theme_of

SUBJECT_LIMIT = 200
NAME_LIMIT = 80
VALUE_LIMIT = 2_000
TEXT_WIDTH = 72
FONTS = "Inter, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"

_TEMPLATES = Path(__file__).resolve().parent / "mail_templates"
_SCHEME = re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class Message:
    """A finished mail. The text part has the words of the HTML part, in the same order."""

    subject: str
    text: str
    html: str
    language: str
    has_logo: bool = False
    """whether the HTML part shows the firm's picture, which then has to go along"""


@dataclass(frozen=True, slots=True)
class Logo:
    """How wide and high, in pixels, the firm's picture stands in a mail; it travels inside the mail."""

    width: int
    height: int


LOGO_CID = "firm-logo@vestibule"
"""Where the HTML part finds the picture: in the mail itself, so reading it asks no server."""


@dataclass(frozen=True, slots=True)
class SendingFirm:
    """The firm as its mails show it. `accent_colour` is `#rrggbb`, `time_zone` an IANA name."""

    name: str
    accent_colour: str
    time_zone: str
    logo: Logo | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets the mail. Names may be empty: then the greeting does without."""

    first_name: str
    last_name: str
    email: str
    language: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A translated sentence and what fills it; the HTML part sets the filling in bold."""

    template: str
    values: Mapping[str, str]

    @property
    def plain(self) -> str:
        return self.template % self.values

    @property
    def html(self) -> SafeString:
        bold = {key: f"<strong>{escape(value)}</strong>" for key, value in self.values.items()}
        return mark_safe(escape(self.template) % bold)  # both parts are escaped just above


def sentence(template: str, **values: str) -> Sentence:
    return Sentence(template, {key: one_line(value, VALUE_LIMIT) for key, value in values.items()})


@dataclass(frozen=True, slots=True)
class Letter:
    """What differs from mail to mail; without a `button` there is no link either."""

    subject: str
    preview: str
    opening: list[Sentence]
    button: str
    link: str
    closing: list[Sentence]
    doubt_answer: Sentence
    reason: Sentence


def rendered(firm: SendingFirm, recipient: Recipient, letter: Letter) -> Message:
    """Render both parts in the language that is active."""
    if letter.button:
        _check_link(letter.link)
    name = one_line(recipient.first_name) or one_line(recipient.last_name)
    subject = one_line(letter.subject, SUBJECT_LIMIT)
    shared = {
        "language": recipient.language,
        "subject": subject,
        "preview": letter.preview,
        "firm": one_line(firm.name),
        "initials": _initials(firm.name),
        "logo": firm.logo,
        "logo_cid": LOGO_CID,
        "greeting": gettext("Hello %(name)s,") % {"name": name} if name else gettext("Hello,"),
        "button": letter.button,
        "link": letter.link,
        "plain_link": gettext("The button does not work? Copy this address:"),
        "doubt": gettext("You did not expect this?"),
        "fonts": FONTS,
        "colours": _colours(firm.accent_colour),
    }
    return Message(
        subject=subject,
        text=_text_part(shared, letter),
        html=_html_part(shared, letter),
        language=recipient.language,
        has_logo=firm.logo is not None,
    )


def _html_part(shared: Mapping[str, object], letter: Letter) -> str:
    mjml = _filled(
        "letter.mjml",
        {
            **shared,
            "opening": [sentence.html for sentence in letter.opening],
            "closing": [sentence.html for sentence in letter.closing],
            "doubt_answer": letter.doubt_answer.html,
            "reason": letter.reason.html,
        },
        autoescape=True,
    )
    html = str(mrml.to_html(mjml).content)
    if "<mj-" in html or "<mjml" in html:
        raise ValueError("letter.mjml has a tag that mrml does not know")
    return html


def _text_part(shared: Mapping[str, object], letter: Letter) -> str:
    return _filled(
        "letter.txt",
        {
            **shared,
            "opening": [_wrapped(sentence.plain) for sentence in letter.opening],
            "closing": [_wrapped(sentence.plain) for sentence in letter.closing],
            "doubt_answer": _wrapped(letter.doubt_answer.plain),
            "reason": _wrapped(letter.reason.plain),
        },
        autoescape=False,
    )


def _filled(template: str, values: Mapping[str, object], *, autoescape: bool) -> str:
    context = Context(dict(values), autoescape=autoescape, use_l10n=False)
    return _engine().get_template(template).render(context)


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(_TEMPLATES)])


def _wrapped(sentence: str) -> str:
    return textwrap.fill(sentence, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)


# --- values ------------------------------------------------------------------------------


def one_line(value: str, limit: int = NAME_LIMIT) -> str:
    """Return a name as one line that can neither end a header nor turn into a link.

    Control, direction and other invisible characters become spaces: an inviter's name is typed by
    somebody and read by a stranger.
    """
    visible = "".join(
        " " if unicodedata.category(char)[0] in "CZ" else char
        for char in unicodedata.normalize("NFC", value)
    )
    words = " ".join(_SCHEME.sub("", visible).split())
    return words if len(words) <= limit else f"{words[: limit - 1].rstrip()}…"


def _check_link(link: str) -> None:
    """Our own links are plain ASCII https or http addresses; anything else is a bug."""
    parts = urlsplit(link)
    printable = link.isascii() and link.isprintable() and not set(link) & set(" <>\"'")
    if parts.scheme not in ("https", "http") or not parts.netloc or not printable:
        raise ValueError("a mail's link is not an address of ours")


def day_of(moment: datetime, time_zone: str) -> str:
    """Return the day of a moment in the firm's time zone, in words of the active language."""
    return date_format(_local(moment, time_zone), pgettext("day with weekday", "l, F j, Y"))


def moment_of(moment: datetime, time_zone: str) -> str:
    local = _local(moment, time_zone)
    return date_format(local, pgettext("day and time with zone", "l, F j, Y, H:i (T)"))


def _local(moment: datetime, time_zone: str) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(ZoneInfo(time_zone))


def _initials(name: str) -> str:
    words = [word for word in re.findall(r"\w+", one_line(name)) if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper()


# --- colours -------------------------------------------------------------------------------


def _colours(accent: str) -> Mapping[str, str]:
    """Return a button in the firm's accent whose words can be read, and links that can."""
    theme = theme_of(accent)
    return {
        "button": theme.light.accent,
        "on_button": "#ffffff",
        "link": theme.light.ink,
        "link_in_the_dark": theme.dark.ink,
    }
