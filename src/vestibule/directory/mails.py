"""One function per mail: plain values in, a `Message` out; nothing is sent and no row is read here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, ngettext, override

from vestibule.directory.letters import (
    Letter,
    Logo,
    Message,
    Recipient,
    SendingFirm,
    Sentence,
    day_of,
    moment_of,
    one_line,
    rendered,
    sentence,
)

__all__ = [
    "Invitation",
    "Logo",
    "Message",
    "NotOpenYet",
    "PasswordChanged",
    "PasswordReset",
    "Recipient",
    "SendingFirm",
    "fresh_link",
    "not_open_yet",
    "password_changed",
    "password_reset",
    "welcome",
]

LISTED_COMPANIES = 5


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
    from_firm: bool = True
    """whether who invites works for the firm; else a client's administrator, a colleague"""
    to_team: bool = False
    """whether the person is to work for the firm, and not to come in as a client"""


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


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """Somebody whose invitation was cancelled asks for a link; `link` leads to the person's page."""

    firm: SendingFirm
    recipient: Recipient
    person_name: str
    person_email: str
    link: str


def welcome(invitation: Invitation) -> Message:
    """Invite a person to choose a password: who invites, to what, until when."""
    with override(invitation.recipient.language):
        return _invitation(invitation, [])


def fresh_link(invitation: Invitation) -> Message:
    """Send the invitation once more because its person asked for a new link."""
    with override(invitation.recipient.language):
        replaced = sentence(
            gettext("This is the new link you asked for. The earlier ones no longer work.")
        )
        return _invitation(invitation, [replaced])


def password_reset(reset: PasswordReset) -> Message:
    """Send the link with which the owner of an address chooses a new password."""
    firm = one_line(reset.firm.name)
    with override(reset.recipient.language):
        return rendered(
            reset.firm,
            reset.recipient,
            Letter(
                subject=gettext("Choose a new password for the client portal of %(firm)s")
                % {"firm": firm},
                preview=gettext("Somebody asked for it with your e-mail address."),
                opening=[
                    sentence(
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
                    sentence(
                        gettext(
                            "This link is personal and works once, until %(moment)s. Your present"
                            " password works until you choose a new one."
                        ),
                        moment=moment_of(reset.expires_at, reset.firm.time_zone),
                    )
                ],
                doubt_answer=sentence(
                    gettext(
                        "Do nothing: your password stays as it is. We never ask for a password by"
                        " e-mail."
                    )
                ),
                reason=sentence(
                    gettext("Sent to %(email)s, because a new password was asked for."),
                    email=reset.recipient.email,
                ),
            ),
        )


def password_changed(change: PasswordChanged) -> Message:
    """Tell the owner of an access that its password was changed, and what to do if by somebody else."""
    firm = one_line(change.firm.name)
    with override(change.recipient.language):
        return rendered(
            change.firm,
            change.recipient,
            Letter(
                subject=gettext("Your password for the client portal of %(firm)s was changed")
                % {"firm": firm},
                preview=gettext("If it was you, there is nothing to do."),
                opening=[
                    sentence(
                        gettext(
                            "The password of your access to the client portal of %(firm)s was"
                            " changed on %(moment)s. If it was you, there is nothing to do."
                        ),
                        firm=firm,
                        moment=moment_of(change.changed_at, change.firm.time_zone),
                    )
                ],
                button=gettext("Choose a new password"),
                link=change.link,
                closing=[],
                doubt_answer=sentence(
                    gettext(
                        "Choose a new password at once: that ends every open session. Then call"
                        " %(firm)s. We never ask for a password by e-mail."
                    ),
                    firm=firm,
                ),
                reason=sentence(
                    gettext("Sent to %(email)s, because the password was changed."),
                    email=change.recipient.email,
                ),
            ),
        )


def not_open_yet(waiting: NotOpenYet) -> Message:
    """Answer somebody who asks for a link while the access still waits for the firm."""
    firm = one_line(waiting.firm.name)
    contact = one_line(waiting.contact_name)
    with override(waiting.recipient.language):
        opening = [
            sentence(
                gettext(
                    "You asked for a link to the client portal of %(firm)s. Your access exists, and"
                    " %(firm)s has not opened it yet."
                ),
                firm=firm,
            ),
            sentence(
                gettext("There is nothing to do: the link comes by e-mail once it is open."),
            ),
        ]
        if contact:
            opening.append(sentence(gettext("%(contact)s can tell you more."), contact=contact))
        return rendered(
            waiting.firm,
            waiting.recipient,
            Letter(
                subject=gettext("Your access to the client portal of %(firm)s is not open yet")
                % {"firm": firm},
                preview=gettext("There is nothing to do: the link comes by e-mail."),
                opening=opening,
                button="",
                link="",
                closing=[],
                doubt_answer=sentence(
                    gettext(
                        "Do nothing: nothing was opened. We never ask for a password by e-mail."
                    )
                ),
                reason=sentence(
                    gettext("Sent to %(email)s, because a link was asked for."),
                    email=waiting.recipient.email,
                ),
            ),
        )


def asked_again(asking: AskedAgain) -> Message:
    """Ask who invited to decide: a person whose link was taken back asks for another."""
    firm = one_line(asking.firm.name)
    person = one_line(asking.person_name)
    with override(asking.recipient.language):
        return rendered(
            asking.firm,
            asking.recipient,
            Letter(
                subject=gettext("%(person)s asks for a new link") % {"person": person},
                preview=gettext("The earlier invitation no longer works. It is for you to decide."),
                opening=[
                    sentence(
                        gettext(
                            "%(person)s (%(email)s) asks for a new link to the client portal of"
                            " %(firm)s. The invitation you sent no longer works."
                        ),
                        person=person,
                        email=one_line(asking.person_email),
                        firm=firm,
                    ),
                    sentence(
                        gettext("Nothing was sent to %(person)s: it is for you to decide."),
                        person=person,
                    ),
                ],
                button=gettext("Open the page of this user"),
                link=asking.link,
                closing=[],
                doubt_answer=sentence(
                    gettext("Do nothing: without a new invitation no access is opened.")
                ),
                reason=sentence(
                    gettext("Sent to %(email)s, because you invited this person."),
                    email=asking.recipient.email,
                ),
            ),
        )


def _invitation(invitation: Invitation, first: list[Sentence]) -> Message:
    firm = one_line(invitation.firm.name)
    inviter = one_line(invitation.inviter_name)
    until = day_of(invitation.expires_at, invitation.firm.time_zone)
    subject, opening, doubt = _who_invites(invitation)
    return rendered(
        invitation.firm,
        invitation.recipient,
        Letter(
            subject=subject % {"inviter": inviter, "firm": firm},
            preview=gettext("Choose your password by %(day)s.") % {"day": until},
            opening=[
                *first,
                sentence(opening, inviter=inviter, firm=firm),
                *_contents(invitation.companies, invitation.applications),
            ],
            button=gettext("Choose my password"),
            link=invitation.link,
            closing=[
                sentence(
                    gettext(
                        "This link is personal and valid until %(day)s. After that, the same page"
                        " offers you a new one."
                    ),
                    day=until,
                )
            ],
            doubt_answer=sentence(doubt, inviter=inviter, firm=firm),
            reason=sentence(
                gettext("Sent to %(email)s, because %(inviter)s created an access for it."),
                email=invitation.recipient.email,
                inviter=inviter,
            ),
        ),
    )


def _who_invites(invitation: Invitation) -> tuple[str, str, str]:
    """Return subject, first sentence and answer to doubts: by whom, and into what."""
    doubt = gettext(
        "Do nothing: without your password no access is opened. %(inviter)s from %(firm)s can tell"
        " you more. We never ask for a password by e-mail."
    )
    if invitation.to_team:
        return (
            gettext("%(inviter)s invites you into the team of %(firm)s"),
            gettext("%(inviter)s invites you into the team of %(firm)s."),
            doubt,
        )
    subject = gettext("%(inviter)s opens the client portal of %(firm)s to you")
    if invitation.from_firm:
        opening = gettext("%(inviter)s from %(firm)s opens the client portal to you.")
        return subject, opening, doubt
    return (
        subject,
        gettext("%(inviter)s opens the client portal of %(firm)s to you."),
        gettext(
            "Do nothing: without your password no access is opened. %(inviter)s can tell you more."
            " We never ask for a password by e-mail."
        ),
    )


def _contents(companies: Sequence[str], applications: Sequence[str]) -> list[Sentence]:
    """Say what the person will find, for which companies."""
    if not companies:
        return []
    names = listed_companies([one_line(company) for company in companies])
    if not applications:
        template = gettext("It is for %(companies)s. No application is open there yet.")
        return [sentence(template, companies=names)]
    return [
        sentence(
            gettext("There you find: %(applications)s – for %(companies)s."),
            applications=_enumeration([one_line(application) for application in applications]),
            companies=names,
        )
    ]


def listed_companies(names: list[str]) -> str:
    """Return names as one enumeration: the first five, and how many more there are."""
    if len(names) <= LISTED_COMPANIES + 1:
        return _enumeration(names)
    more = len(names) - LISTED_COMPANIES
    others = ngettext("%(count)s more", "%(count)s more", more) % {"count": more}
    return _enumeration([*names[:LISTED_COMPANIES], others])


def _enumeration(items: list[str]) -> str:
    if len(items) == 1:
        return items[0]
    return gettext("%(items)s and %(last)s") % {"items": ", ".join(items[:-1]), "last": items[-1]}
