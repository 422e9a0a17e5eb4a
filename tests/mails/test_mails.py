"""The mails: what a person reads, in both parts, and what a name can never do in them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from vestibule.colours import contrast, theme_of
from vestibule.directory import address_mails, mails, request_mails
from vestibule.directory.address_mails import ConfirmEmail, EmailChangeAsked, EmailChanged
from vestibule.directory.mails import (
    Invitation,
    Message,
    NotOpenYet,
    PasswordChanged,
    PasswordReset,
    Recipient,
    SendingFirm,
)
from vestibule.directory.request_mails import AccessAdded, RequestArrived, RequestDecided
from vestibule.directory.sign_in_mails import WHAT, SecondFactorChanged, second_factor_changed

LINK = "https://portal.example/f/demo/welcome/q7Vd2kXh9mRtLw4cT1uEo8Z/"
FIRM = SendingFirm("Cabinet Lemoine & Fils", "#2450c8", "Europe/Paris")
SOLENE = Recipient("Solène", "Fontaine", "solene@sogeclair.example", "en")
MOMENT = datetime(2026, 12, 8, 23, 30, tzinfo=UTC)
INVITATION = Invitation(
    firm=FIRM,
    recipient=SOLENE,
    inviter_name="Nadia Benali",
    companies=("SOGECLAIR LAND SYSTEMS", "SOGECLAIR AEROSPACE"),
    applications=("Payroll", "Documents", "Expenses"),
    link=LINK,
    expires_at=MOMENT,
)

ARRIVED = RequestArrived(
    firm=FIRM,
    recipient=SOLENE,
    asker_name="Marc Olivier",
    person_name="Elodie Marchand",
    person_email="elodie@sogeclair.example",
    companies=("SOGECLAIR AEROSPACE",),
    link=LINK,
)
DECIDED = RequestDecided(
    firm=FIRM,
    recipient=SOLENE,
    person_name="Elodie Marchand",
    person_email="elodie@sogeclair.example",
    companies=("SOGECLAIR AEROSPACE",),
    is_approved=True,
    reason="",
    link=LINK,
)

EVERY_MAIL: dict[str, Callable[[SendingFirm, Recipient], Message]] = {
    "welcome": lambda firm, to: mails.welcome(replace(INVITATION, firm=firm, recipient=to)),
    "fresh_link": lambda firm, to: mails.fresh_link(replace(INVITATION, firm=firm, recipient=to)),
    "password_reset": lambda firm, to: mails.password_reset(PasswordReset(firm, to, LINK, MOMENT)),
    "password_changed": lambda firm, to: mails.password_changed(
        PasswordChanged(firm, to, MOMENT, LINK)
    ),
    "not_open_yet": lambda firm, to: mails.not_open_yet(NotOpenYet(firm, to, "Nadia Benali")),
    "confirm_email": lambda firm, to: address_mails.confirm_email(
        ConfirmEmail(firm, to, LINK, MOMENT)
    ),
    "email_change_asked": lambda firm, to: address_mails.email_change_asked(
        EmailChangeAsked(firm, to, "new@sogeclair.example", "Nadia Benali", MOMENT, MOMENT, LINK)
    ),
    "email_change_asked_by_oneself": lambda firm, to: address_mails.email_change_asked(
        EmailChangeAsked(firm, to, "new@sogeclair.example", "", MOMENT, MOMENT, LINK)
    ),
    "email_changed": lambda firm, to: address_mails.email_changed(
        EmailChanged(firm, to, "new@sogeclair.example", MOMENT)
    ),
    "request_arrived": lambda firm, to: request_mails.request_arrived(
        replace(ARRIVED, firm=firm, recipient=to)
    ),
    "request_approved": lambda firm, to: request_mails.request_decided(
        replace(DECIDED, firm=firm, recipient=to)
    ),
    "request_refused": lambda firm, to: request_mails.request_decided(
        replace(DECIDED, firm=firm, recipient=to, is_approved=False, reason="Which company?")
    ),
    "access_added": lambda firm, to: request_mails.access_added(
        AccessAdded(firm, to, "Marc Olivier", ("SOGECLAIR AEROSPACE",), LINK)
    ),
    **{
        f"second_factor_changed, {what}": lambda firm, to, what=what: second_factor_changed(  # type: ignore[misc]
            SecondFactorChanged(firm, to, what, MOMENT, LINK, name="Blue key", number=9)
        )
        for what in WHAT
    },
}
every_mail = pytest.mark.parametrize("mail", EVERY_MAIL.values(), ids=EVERY_MAIL.keys())


def seen(message: Message) -> str:
    """The words of the HTML part that a person sees, on one line."""
    body = message.html[message.html.index("<body") :]
    body = re.sub(r"<!--.*?-->", " ", body, flags=re.DOTALL)
    body = re.sub(r'<div style="display:none.*?</div>', " ", body, flags=re.DOTALL)
    body = re.sub(r"</?(?:strong|span)[^>]*>", "", body)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def read(message: Message) -> str:
    return " ".join(message.text.split())


# --- what a person reads --------------------------------------------------------------------


def test_the_invitation_says_who_invites_to_what_until_when_and_what_if_unexpected() -> None:
    message = mails.welcome(INVITATION)

    assert (
        message.subject == "Nadia Benali opens the client portal of Cabinet Lemoine & Fils to you"
    )
    for words in (read(message), seen(message)):
        assert "Hello Solène," in words
        assert "Nadia Benali from Cabinet Lemoine & Fils opens the client portal to you." in words
        assert "Payroll, Documents and Expenses" in words
        assert "SOGECLAIR LAND SYSTEMS and SOGECLAIR AEROSPACE" in words
        assert "Choose my password" in words
        assert "valid until Wednesday, December 9, 2026." in words
        assert "You did not expect this?" in words
        assert "because Nadia Benali created an access for it" in words
        assert LINK in words


def test_the_end_is_a_day_of_the_firms_own_time_zone() -> None:
    in_new_york = replace(INVITATION, firm=replace(FIRM, time_zone="America/New_York"))

    assert "December 9" in mails.welcome(INVITATION).text
    assert "December 8" in mails.welcome(in_new_york).text


def test_a_moment_without_a_time_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="time zone"):
        mails.welcome(replace(INVITATION, expires_at=datetime(2026, 12, 8)))  # noqa: DTZ001


def test_a_fresh_link_says_that_the_earlier_ones_are_dead() -> None:
    assert "The earlier ones no longer work." in read(mails.fresh_link(INVITATION))
    assert "The earlier ones no longer work." not in read(mails.welcome(INVITATION))


def test_a_person_without_a_name_is_greeted_without_one() -> None:
    nobody = replace(SOLENE, first_name="", last_name="")

    assert mails.welcome(replace(INVITATION, recipient=nobody)).text.startswith("Hello,\n")


def test_many_companies_are_counted_and_none_are_left_out_of_the_sentence() -> None:
    few = replace(INVITATION, companies=tuple(f"C{n}" for n in range(6)))
    many = replace(INVITATION, companies=tuple(f"C{n}" for n in range(40)))

    long = replace(INVITATION, companies=tuple(f"{n}" * 80 for n in range(9)))

    assert "C0, C1, C2, C3, C4 and C5." in read(mails.welcome(few))
    assert "C0, C1, C2, C3, C4 and 35 more." in read(mails.welcome(many))
    assert "and 4 more." in read(mails.welcome(long))


def test_a_company_without_applications_is_said_so() -> None:
    message = mails.welcome(replace(INVITATION, applications=()))

    assert "No application is open there yet." in read(message)


def test_the_reset_says_that_nothing_changes_without_the_person() -> None:
    words = read(EVERY_MAIL["password_reset"](FIRM, SOLENE))

    assert "works once, until Wednesday, December 9, 2026, 00:30 (CET)." in words
    assert "Do nothing: your password stays as it is." in words


def test_the_changed_password_mail_says_what_to_do_if_it_was_somebody_else() -> None:
    words = read(EVERY_MAIL["password_changed"](FIRM, SOLENE))

    assert "was changed on Wednesday, December 9, 2026, 00:30 (CET)." in words
    assert "Choose a new password at once" in words


def test_a_request_tells_who_decides_who_asks_for_whom_and_where() -> None:
    words = read(EVERY_MAIL["request_arrived"](FIRM, SOLENE))

    assert (
        "Marc Olivier asks to open the client portal of Cabinet Lemoine & Fils to Elodie Marchand"
        " (elodie@sogeclair.example), for SOGECLAIR AEROSPACE."
    ) in words
    assert "Nothing is open yet." in words


def test_a_refusal_says_why_and_that_one_may_ask_again() -> None:
    refused, approved = (
        read(EVERY_MAIL[name](FIRM, SOLENE)) for name in ("request_refused", "request_approved")
    )

    assert "The reason: Which company?" in refused
    assert "You can correct the request and ask again." in refused
    assert "is approved." in approved
    assert "reason" not in approved


def test_the_old_address_hears_who_asked_for_which_one_and_how_to_stop_it() -> None:
    by_staff = read(EVERY_MAIL["email_change_asked"](FIRM, SOLENE))
    by_himself = read(EVERY_MAIL["email_change_asked_by_oneself"](FIRM, SOLENE))

    assert "Nadia Benali from Cabinet Lemoine & Fils asked on Wednesday" in by_staff
    assert "On Wednesday, December 9, 2026, 00:30 (CET) you asked" in by_himself
    for words in (by_staff, by_himself):
        assert "new@sogeclair.example" in words
        assert "Nothing has changed yet" in words
        assert "Choose a new password at once: that stops the change" in words


def test_the_new_address_is_asked_to_confirm_and_told_that_nothing_changes_before() -> None:
    words = read(EVERY_MAIL["confirm_email"](FIRM, replace(SOLENE, first_name="", last_name="")))

    assert "Hello," in words
    assert "Solène" not in words
    assert "Confirm this address" in words
    assert "works once, until Wednesday, December 9, 2026, 00:30 (CET)." in words
    assert "without your confirmation nothing changes" in words


def test_the_mail_for_an_access_that_waits_has_no_link_and_names_who_can_help() -> None:
    message = EVERY_MAIL["not_open_yet"](FIRM, SOLENE)

    assert "has not opened it yet" in read(message)
    assert "Nadia Benali can tell you more." in read(message)
    assert "href" not in message.html
    assert "://" not in message.text


# --- both parts, every mail -------------------------------------------------------------------


@every_mail
def test_the_text_part_has_the_words_of_the_html_part_in_their_order(
    mail: Callable[[SendingFirm, Recipient], Message],
) -> None:
    message = mail(FIRM, SOLENE)
    words = seen(message)

    at = 0
    text_part = message.text.replace("\n-- \n", "\n\n").replace(LINK, f"\n{LINK}")
    for paragraph in re.split(r"\n\n", text_part.strip()):
        text = " ".join(paragraph.split())
        if text != LINK:  # in the HTML part it is behind the button, and once more below
            assert text in words[at:]
            at = words.index(text, at) + len(text)


@every_mail
def test_nothing_foreign_is_pulled_and_no_mjml_is_left(
    mail: Callable[[SendingFirm, Recipient], Message],
) -> None:
    message = mail(FIRM, SOLENE)

    addresses = set(re.findall(r"(?:https?:)?//[^\s\"'<)]+", message.html))
    assert addresses <= {LINK, "http://www.w3.org/1999/xhtml"}
    assert "<mj" not in message.html
    assert not re.search(r"@import|<img|<link|<script|url\(", message.html)
    assert "Inter, -apple-system" in html.unescape(message.html)


@every_mail
@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_html_part_names_its_language_and_knows_dark_mode(
    mail: Callable[[SendingFirm, Recipient], Message], language: str
) -> None:
    message = mail(FIRM, replace(SOLENE, language=language))

    assert message.language == language
    assert f'<html lang="{language}"' in message.html
    assert '<meta name="color-scheme" content="light dark"' in message.html
    assert "prefers-color-scheme: dark" in message.html


@every_mail
def test_there_is_at_most_one_button_and_its_link_stands_plainly_too(
    mail: Callable[[SendingFirm, Recipient], Message],
) -> None:
    message = mail(FIRM, SOLENE)

    assert message.html.count("<a ") in (0, 2)
    assert message.text.count(LINK) == message.html.count(f'href="{LINK}"') // 2


def test_lines_of_the_text_part_are_short_but_the_link_is_whole() -> None:
    long = LINK + "x" * 100
    message = mails.welcome(replace(INVITATION, link=long))

    assert long in message.text.splitlines()
    assert all(len(line) <= 80 or line == long for line in message.text.splitlines())


@pytest.mark.parametrize(
    ("language", "day", "question"),
    [
        ("fr", "mercredi 9 décembre 2026", "Vous ne vous y attendiez pas"),
        ("de", "Mittwoch, 9. Dezember 2026", "Damit nicht gerechnet?"),
    ],
)
def test_the_mail_speaks_the_recipients_language(language: str, day: str, question: str) -> None:
    message = mails.welcome(replace(INVITATION, recipient=replace(SOLENE, language=language)))

    for words in (read(message), seen(message)):
        assert day in words
        assert question in words
    assert "opens" not in message.subject


# --- what a name can never do ---------------------------------------------------------------


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</mj-text><mj-include path='/etc/passwd'/>",
    "</mjml>",
    "&lt;script&gt;",
    "{{ link }}{% include 'x' %}",
    "%(link)s %s %",
    "Eve\r\nBcc: all@firm.example",
    "Eve\x00\x1b\u202e\u200bEve",
    "Eve\u2028Bcc: x\x85y",
]


@every_mail
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_inert_in_every_part(
    mail: Callable[[SendingFirm, Recipient], Message], name: str
) -> None:
    message = mail(replace(FIRM, name=name), replace(SOLENE, first_name=name))

    plain = mail(FIRM, SOLENE)
    tags = re.findall(r"<[a-z/!]+", message.html)
    assert sorted(tags) == sorted(re.findall(r"<[a-z/!]+", plain.html))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\u200b]", message.text)
    assert message.text.count("\n\n") == plain.text.count("\n\n")


@every_mail
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_never_ends_a_header(
    mail: Callable[[SendingFirm, Recipient], Message], name: str
) -> None:
    message = mail(replace(FIRM, name=name), SOLENE)

    header = EmailMessage()
    header["Subject"] = message.subject
    assert message.subject.isprintable()
    assert len(header.keys()) == 1


def test_the_inviters_and_the_companies_names_are_inert_too() -> None:
    hostile = "<b>Eve</b>\r\nBcc: x"
    message = mails.welcome(
        replace(INVITATION, inviter_name=hostile, companies=(hostile,), applications=(hostile,))
    )

    assert "<b>" not in message.html
    assert message.subject.startswith("<b>Eve</b> Bcc: x opens")
    assert message.subject.isprintable()


def test_a_subject_never_exceeds_200_characters() -> None:
    message = mails.welcome(
        replace(INVITATION, inviter_name="N" * 5_000, firm=replace(FIRM, name="F" * 5_000))
    )

    assert len(message.subject) <= 200
    assert len(message.html) < 30_000


def test_an_address_typed_as_a_name_does_not_become_a_link() -> None:
    message = mails.welcome(replace(INVITATION, inviter_name="Win at https://evil.example/x"))

    assert "https://evil" not in message.text
    assert "https://evil" not in message.html
    assert "https://evil" not in message.subject


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "https://portal.example/\r\nx",
        "https://portal.example/ x",
        'https://portal.example/"x',
        "//portal.example/x",
        "",
    ],
)
def test_a_link_that_is_not_ours_is_a_bug(link: str) -> None:
    with pytest.raises(ValueError, match="link"):
        mails.welcome(replace(INVITATION, link=link))


@pytest.mark.parametrize("colour", ["#2450c8", "#ffffff", "#ffe600", "#000000", "#808080"])
def test_the_buttons_words_can_be_read_on_every_accent(colour: str) -> None:
    message = mails.welcome(replace(INVITATION, firm=replace(FIRM, accent_colour=colour)))

    button = re.search(r"background:(#\w+);color:(#\w+);", message.html)
    assert button is not None
    assert button.group(1) == theme_of(colour).light.accent
    assert contrast(button.group(1), button.group(2)) >= 4.5


def test_an_accent_that_is_no_colour_is_a_bug() -> None:
    with pytest.raises(ValueError, match="accent"):
        mails.welcome(replace(INVITATION, firm=replace(FIRM, accent_colour="red;background:x")))
