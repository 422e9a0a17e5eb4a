"""One function per mail: plain values in, a `Message` out; nothing is sent and no row is read here."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
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
from django.utils.translation import gettext, ngettext, override, pgettext

SUBJECT_LIMIT = 200
NAME_LIMIT = 80
LISTED_COMPANIES = 5
TEXT_WIDTH = 72
FONTS = "Inter, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"

_TEMPLATES = Path(__file__).resolve().parent / "mail_templates"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_SCHEME = re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class Message:
    """A finished mail. The text part has the words of the HTML part, in the same order."""

    subject: str
    text: str
    html: str
    language: str


@dataclass(frozen=True, slots=True)
class SendingFirm:
    """The firm as its mails show it. `accent_colour` is `#rrggbb`, `time_zone` an IANA name."""

    name: str
    accent_colour: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets the mail. Names may be empty: then the greeting does without."""

    first_name: str
    last_name: str
    email: str
    language: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation mail tells. Companies and applications are words in the recipient's language."""

    firm: SendingFirm
    recipient: Recipient
    inviter_name: str
    companies: tuple[str, ...]
    applications: tuple[str, ...]
    link: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PasswordReset:
    firm: SendingFirm
    recipient: Recipient
    link: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """`link` leads to the page where a password is asked for anew."""

    firm: SendingFirm
    recipient: Recipient
    changed_at: datetime
    link: str


@dataclass(frozen=True, slots=True)
class NotOpenYet:
    """Somebody asked for a link before the access was let in; `contact_name` may be empty."""

    firm: SendingFirm
    recipient: Recipient
    contact_name: str


def welcome(invitation: Invitation) -> Message:
    """Invite a person to choose a password: who invites, to what, until when."""
    with override(invitation.recipient.language):
        return _invitation(invitation, [])


def fresh_link(invitation: Invitation) -> Message:
    """Send the invitation once more because its person asked for a new link."""
    with override(invitation.recipient.language):
        replaced = _sentence(
            gettext("This is the new link you asked for. The earlier ones no longer work.")
        )
        return _invitation(invitation, [replaced])


def password_reset(reset: PasswordReset) -> Message:
    """Send the link with which the owner of an address chooses a new password."""
    firm = _one_line(reset.firm.name)
    with override(reset.recipient.language):
        return _message(
            reset.firm,
            reset.recipient,
            _Letter(
                subject=gettext("Choose a new password for the client portal of %(firm)s")
                % {"firm": firm},
                preview=gettext("Somebody asked for it with your e-mail address."),
                opening=[
                    _sentence(
                        gettext(
                            "Somebody asked for a new password for your access to the client"
                            " portal of %(firm)s."
                        ),
                        firm=firm,
                    )
                ],
                button=gettext("Choose a new password"),
                link=reset.link,
                closing=[
                    _sentence(
                        gettext(
                            "This link is personal and works once, until %(moment)s. Your present"
                            " password works until you choose a new one."
                        ),
                        moment=_moment(reset.expires_at, reset.firm.time_zone),
                    )
                ],
                doubt_answer=_sentence(
                    gettext(
                        "Do nothing: your password stays as it is. We never ask for a password by"
                        " e-mail."
                    )
                ),
                reason=_sentence(
                    gettext("Sent to %(email)s, because a new password was asked for."),
                    email=reset.recipient.email,
                ),
            ),
        )


def password_changed(change: PasswordChanged) -> Message:
    """Tell the owner of an access that its password was changed, and what to do if by somebody else."""
    firm = _one_line(change.firm.name)
    with override(change.recipient.language):
        return _message(
            change.firm,
            change.recipient,
            _Letter(
                subject=gettext("Your password for the client portal of %(firm)s was changed")
                % {"firm": firm},
                preview=gettext("If it was you, there is nothing to do."),
                opening=[
                    _sentence(
                        gettext(
                            "The password of your access to the client portal of %(firm)s was"
                            " changed on %(moment)s. If it was you, there is nothing to do."
                        ),
                        firm=firm,
                        moment=_moment(change.changed_at, change.firm.time_zone),
                    )
                ],
                button=gettext("Choose a new password"),
                link=change.link,
                closing=[],
                doubt_answer=_sentence(
                    gettext(
                        "Choose a new password at once: that ends every open session. Then call"
                        " %(firm)s. We never ask for a password by e-mail."
                    ),
                    firm=firm,
                ),
                reason=_sentence(
                    gettext("Sent to %(email)s, because the password was changed."),
                    email=change.recipient.email,
                ),
            ),
        )


def not_open_yet(waiting: NotOpenYet) -> Message:
    """Answer somebody who asks for a link while the access still waits for the firm."""
    firm = _one_line(waiting.firm.name)
    contact = _one_line(waiting.contact_name)
    with override(waiting.recipient.language):
        opening = [
            _sentence(
                gettext(
                    "You asked for a link to the client portal of %(firm)s. Your access exists, and"
                    " %(firm)s has not opened it yet."
                ),
                firm=firm,
            ),
            _sentence(
                gettext("There is nothing to do: the link comes by e-mail once it is open."),
            ),
        ]
        if contact:
            opening.append(_sentence(gettext("%(contact)s can tell you more."), contact=contact))
        return _message(
            waiting.firm,
            waiting.recipient,
            _Letter(
                subject=gettext("Your access to the client portal of %(firm)s is not open yet")
                % {"firm": firm},
                preview=gettext("There is nothing to do: the link comes by e-mail."),
                opening=opening,
                button="",
                link="",
                closing=[],
                doubt_answer=_sentence(
                    gettext(
                        "Do nothing: nothing was opened. We never ask for a password by e-mail."
                    )
                ),
                reason=_sentence(
                    gettext("Sent to %(email)s, because a link was asked for."),
                    email=waiting.recipient.email,
                ),
            ),
        )


def _invitation(invitation: Invitation, first: list[_Sentence]) -> Message:
    firm = _one_line(invitation.firm.name)
    inviter = _one_line(invitation.inviter_name)
    until = _day(invitation.expires_at, invitation.firm.time_zone)
    return _message(
        invitation.firm,
        invitation.recipient,
        _Letter(
            subject=gettext("%(inviter)s opens the client portal of %(firm)s to you")
            % {"inviter": inviter, "firm": firm},
            preview=gettext("Choose your password by %(day)s.") % {"day": until},
            opening=[
                *first,
                _sentence(
                    gettext("%(inviter)s from %(firm)s opens the client portal to you."),
                    inviter=inviter,
                    firm=firm,
                ),
                *_contents(invitation.companies, invitation.applications),
            ],
            button=gettext("Choose my password"),
            link=invitation.link,
            closing=[
                _sentence(
                    gettext(
                        "This link is personal and valid until %(day)s. After that, the same page"
                        " offers you a new one."
                    ),
                    day=until,
                )
            ],
            doubt_answer=_sentence(
                gettext(
                    "Do nothing: without your password no access is opened. %(inviter)s from"
                    " %(firm)s can tell you more. We never ask for a password by e-mail."
                ),
                inviter=inviter,
                firm=firm,
            ),
            reason=_sentence(
                gettext("Sent to %(email)s, because %(inviter)s created an access for it."),
                email=invitation.recipient.email,
                inviter=inviter,
            ),
        ),
    )


def _contents(companies: Sequence[str], applications: Sequence[str]) -> list[_Sentence]:
    """Say what the person will find, for which companies."""
    if not companies:
        return []
    names = _listed_companies([_one_line(company) for company in companies])
    if not applications:
        template = gettext("It is for %(companies)s. No application is open there yet.")
        return [_sentence(template, companies=names)]
    return [
        _sentence(
            gettext("There you find: %(applications)s – for %(companies)s."),
            applications=_enumeration([_one_line(application) for application in applications]),
            companies=names,
        )
    ]


def _listed_companies(names: list[str]) -> str:
    if len(names) <= LISTED_COMPANIES + 1:
        return _enumeration(names)
    more = len(names) - LISTED_COMPANIES
    others = ngettext("%(count)s more", "%(count)s more", more) % {"count": more}
    return _enumeration([*names[:LISTED_COMPANIES], others])


def _enumeration(items: list[str]) -> str:
    if len(items) == 1:
        return items[0]
    return gettext("%(items)s and %(last)s") % {"items": ", ".join(items[:-1]), "last": items[-1]}


# --- sentences: the same words for both parts -------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sentence:
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


def _sentence(template: str, **values: str) -> _Sentence:
    return _Sentence(template, {key: _one_line(value, 300) for key, value in values.items()})


@dataclass(frozen=True, slots=True)
class _Letter:
    """What differs from mail to mail; without a `button` there is no link either."""

    subject: str
    preview: str
    opening: list[_Sentence]
    button: str
    link: str
    closing: list[_Sentence]
    doubt_answer: _Sentence
    reason: _Sentence


def _message(firm: SendingFirm, recipient: Recipient, letter: _Letter) -> Message:
    """Render both parts in the language that is active."""
    if letter.button:
        _check_link(letter.link)
    name = _one_line(recipient.first_name) or _one_line(recipient.last_name)
    shared = {
        "language": recipient.language,
        "subject": _one_line(letter.subject, SUBJECT_LIMIT),
        "preview": letter.preview,
        "firm": _one_line(firm.name),
        "initials": _initials(firm.name),
        "greeting": gettext("Hello %(name)s,") % {"name": name} if name else gettext("Hello,"),
        "button": letter.button,
        "link": letter.link,
        "plain_link": gettext("The button does not work? Copy this address:"),
        "doubt": gettext("You did not expect this?"),
        "fonts": FONTS,
        "colours": _colours(firm.accent_colour),
    }
    return Message(
        subject=shared["subject"],
        text=_text_part(shared, letter),
        html=_html_part(shared, letter),
        language=recipient.language,
    )


def _html_part(shared: Mapping[str, object], letter: _Letter) -> str:
    mjml = _rendered(
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


def _text_part(shared: Mapping[str, object], letter: _Letter) -> str:
    return _rendered(
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


def _rendered(template: str, values: Mapping[str, object], *, autoescape: bool) -> str:
    context = Context(dict(values), autoescape=autoescape, use_l10n=False)
    return _engine().get_template(template).render(context)


@cache
def _engine() -> Engine:
    return Engine(dirs=[_TEMPLATES])


def _wrapped(sentence: str) -> str:
    return textwrap.fill(sentence, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)


# --- values ------------------------------------------------------------------------------


def _one_line(value: str, limit: int = NAME_LIMIT) -> str:
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


def _day(moment: datetime, time_zone: str) -> str:
    """Return the day of a moment in the firm's time zone, in words of the active language."""
    return date_format(_local(moment, time_zone), pgettext("day with weekday", "l, F j, Y"))


def _moment(moment: datetime, time_zone: str) -> str:
    local = _local(moment, time_zone)
    return date_format(local, pgettext("day and time with zone", "l, F j, Y, H:i (T)"))


def _local(moment: datetime, time_zone: str) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(ZoneInfo(time_zone))


def _initials(name: str) -> str:
    words = [word for word in re.findall(r"\w+", _one_line(name)) if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper()


# --- colours (WCAG 2.2, 1.4.3) -------------------------------------------------------------


def _colours(accent: str) -> Mapping[str, str]:
    """Return a button in the firm's accent whose words can be read, and a link that can."""
    if not _COLOUR.fullmatch(accent):
        raise ValueError("an accent colour is written #rrggbb")
    on_button = max("#ffffff", "#000000", key=lambda colour: _contrast(colour, accent))
    link = accent if _contrast(accent, "#ffffff") >= 4.5 else "#161d29"
    return {"button": accent, "on_button": on_button, "link": link}


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
