"""The mails about a change of address: plain values in, a `Message` out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, override

from vestibule.directory.letters import (
    Letter,
    Message,
    Recipient,
    SendingFirm,
    moment_of,
    one_line,
    rendered,
    sentence,
)


@dataclass(frozen=True, slots=True)
class ConfirmEmail:
    """The recipient is the address just typed, whoever reads it: so without a person's name."""

    firm: SendingFirm
    recipient: Recipient
    link: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class EmailChangeAsked:
    """`asker_name` is empty when the person asked; `link` leads to where a password is asked anew."""

    firm: SendingFirm
    recipient: Recipient
    new_email: str
    asker_name: str
    asked_at: datetime
    expires_at: datetime
    link: str


@dataclass(frozen=True, slots=True)
class EmailChanged:
    """The recipient's address is the old one."""

    firm: SendingFirm
    recipient: Recipient
    new_email: str
    changed_at: datetime


def confirm_email(asking: ConfirmEmail) -> Message:
    """Ask the reader of a new address to confirm that it is his."""
    firm = one_line(asking.firm.name)
    with override(asking.recipient.language):
        return rendered(
            asking.firm,
            asking.recipient,
            Letter(
                subject=gettext("Confirm your new e-mail address for the client portal of %(firm)s")
                % {"firm": firm},
                preview=gettext("Nothing changes before you confirm."),
                opening=[
                    sentence(
                        gettext(
                            "Somebody with access to the client portal of %(firm)s wants to sign in"
                            " with %(email)s from now on."
                        ),
                        firm=firm,
                        email=asking.recipient.email,
                    ),
                    sentence(
                        gettext("If it is you, confirm the address. Your password stays the same.")
                    ),
                ],
                button=gettext("Confirm this address"),
                link=asking.link,
                closing=[
                    sentence(
                        gettext("This link is personal and works once, until %(moment)s."),
                        moment=moment_of(asking.expires_at, asking.firm.time_zone),
                    )
                ],
                doubt_answer=sentence(
                    gettext(
                        "Do nothing: without your confirmation nothing changes. We never ask for a"
                        " password by e-mail."
                    )
                ),
                reason=sentence(
                    gettext("Sent to %(email)s, because this address was entered as a new one."),
                    email=asking.recipient.email,
                ),
            ),
        )


def email_change_asked(asked: EmailChangeAsked) -> Message:
    """Tell the owner of an access that its address is to change, who asked, and how to stop it."""
    firm = one_line(asked.firm.name)
    with override(asked.recipient.language):
        moment = moment_of(asked.asked_at, asked.firm.time_zone)
        if asked.asker_name:
            told = sentence(
                gettext(
                    "%(asker)s from %(firm)s asked on %(moment)s that you sign in to the client"
                    " portal with %(email)s from now on."
                ),
                asker=one_line(asked.asker_name),
                firm=firm,
                moment=moment,
                email=asked.new_email,
            )
        else:
            told = sentence(
                gettext(
                    "On %(moment)s you asked to sign in to the client portal of %(firm)s with"
                    " %(email)s from now on."
                ),
                firm=firm,
                moment=moment,
                email=asked.new_email,
            )
        return rendered(
            asked.firm,
            asked.recipient,
            Letter(
                subject=gettext(
                    "Your e-mail address for the client portal of %(firm)s is to change"
                )
                % {"firm": firm},
                preview=gettext(
                    "Nothing has changed yet. If you expected it, nothing is to do here."
                ),
                opening=[
                    told,
                    sentence(
                        gettext(
                            "Nothing has changed yet: the new address has to be confirmed there, by"
                            " %(moment)s. Until then you sign in with %(email)s."
                        ),
                        moment=moment_of(asked.expires_at, asked.firm.time_zone),
                        email=asked.recipient.email,
                    ),
                ],
                button=gettext("Stop it and choose a new password"),
                link=asked.link,
                closing=[],
                doubt_answer=sentence(
                    gettext(
                        "Choose a new password at once: that stops the change and ends every open"
                        " session. Then call %(firm)s. We never ask for a password by e-mail."
                    ),
                    firm=firm,
                ),
                reason=sentence(
                    gettext("Sent to %(email)s, because another address was entered instead."),
                    email=asked.recipient.email,
                ),
            ),
        )


def email_changed(change: EmailChanged) -> Message:
    """Tell the old address that the access now belongs to the new one."""
    firm = one_line(change.firm.name)
    with override(change.recipient.language):
        return rendered(
            change.firm,
            change.recipient,
            Letter(
                subject=gettext("Your e-mail address for the client portal of %(firm)s was changed")
                % {"firm": firm},
                preview=gettext("From now on you sign in with the new address."),
                opening=[
                    sentence(
                        gettext(
                            "On %(moment)s the address of your access to the client portal of"
                            " %(firm)s was changed to %(email)s. It was confirmed there."
                        ),
                        firm=firm,
                        moment=moment_of(change.changed_at, change.firm.time_zone),
                        email=change.new_email,
                    ),
                    sentence(
                        gettext(
                            "From now on you sign in with the new address and the password you"
                            " have. Every open session has ended."
                        )
                    ),
                ],
                button="",
                link="",
                closing=[],
                doubt_answer=sentence(
                    gettext(
                        "Call %(firm)s at once: the access can be closed at any moment. We never"
                        " ask for a password by e-mail."
                    ),
                    firm=firm,
                ),
                reason=sentence(
                    gettext("Sent to %(email)s, because it was the address until now."),
                    email=change.recipient.email,
                ),
            ),
        )
