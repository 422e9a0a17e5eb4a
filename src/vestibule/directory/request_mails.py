"""The mails about requests: somebody asks, somebody decided, an access was added.

Like those in `mails`: plain values in, a `Message` out; nothing is sent and no row is read.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, override

from vestibule.directory.letters import (
    Letter,
    Message,
    Recipient,
    SendingFirm,
    Sentence,
    one_line,
    rendered,
    sentence,
)
from vestibule.directory.mails import listed_companies


@dataclass(frozen=True, slots=True)
class RequestArrived:
    """Somebody asks for an access and the recipient may decide; `link` leads to the request."""

    firm: SendingFirm
    recipient: Recipient
    asker_name: str
    person_name: str
    person_email: str
    companies: tuple[str, ...]
    link: str


@dataclass(frozen=True, slots=True)
class RequestDecided:
    """What became of the recipient's own request; `link` leads to all of them.

    Whether the person was a user before is no part of it: the asker may not know that.
    """

    firm: SendingFirm
    recipient: Recipient
    person_name: str
    person_email: str
    companies: tuple[str, ...]
    is_approved: bool
    reason: str
    link: str


@dataclass(frozen=True, slots=True)
class AccessAdded:
    """The recipient, who is a user already, has more companies than before."""

    firm: SendingFirm
    recipient: Recipient
    asker_name: str
    companies: tuple[str, ...]
    link: str


def request_arrived(asking: RequestArrived) -> Message:
    """Ask somebody who may decide to look at a request."""
    firm, person = one_line(asking.firm.name), one_line(asking.person_name)
    asker = one_line(asking.asker_name)
    with override(asking.recipient.language):
        return rendered(
            asking.firm,
            asking.recipient,
            Letter(
                subject=gettext("%(asker)s asks you to open an access for %(person)s")
                % {"asker": asker, "person": person},
                preview=gettext("Nothing is open yet. It is for you to decide."),
                opening=[
                    sentence(
                        gettext(
                            "%(asker)s asks to open the client portal of %(firm)s to %(person)s"
                            " (%(email)s), for %(companies)s."
                        ),
                        asker=asker,
                        firm=firm,
                        person=person,
                        email=one_line(asking.person_email),
                        companies=_where(asking.companies),
                    ),
                    sentence(
                        gettext(
                            "Nothing is open yet. You can approve the request or refuse it with a"
                            " reason, which %(asker)s then reads."
                        ),
                        asker=asker,
                    ),
                ],
                button=gettext("Look at the request"),
                link=asking.link,
                closing=[],
                doubt_answer=sentence(
                    gettext("Do nothing: unless somebody approves it, nothing is opened.")
                ),
                reason=sentence(
                    gettext("Sent to %(email)s, because you may decide about this request."),
                    email=asking.recipient.email,
                ),
            ),
        )


def request_decided(decision: RequestDecided) -> Message:
    """Tell whoever asked what became of the request, and why if it was refused."""
    person = one_line(decision.person_name)
    with override(decision.recipient.language):
        where = _where(decision.companies)
        if decision.is_approved:
            subject = gettext("Your request for %(person)s is approved")
            preview = gettext("There is nothing more to do.")
            opening = [
                sentence(
                    gettext(
                        "Your request to open the client portal to %(person)s (%(email)s), for"
                        " %(companies)s, is approved."
                    ),
                    person=person,
                    email=one_line(decision.person_email),
                    companies=where,
                )
            ]
        else:
            subject = gettext("Your request for %(person)s is refused")
            preview = gettext("The reason stands in this e-mail.")
            opening = _refusal(decision, person, where)
        return rendered(
            decision.firm,
            decision.recipient,
            Letter(
                subject=subject % {"person": person},
                preview=preview,
                opening=opening,
                button=gettext("Open my requests"),
                link=decision.link,
                closing=[],
                doubt_answer=sentence(
                    gettext("Tell %(firm)s: the request was made with your access."),
                    firm=one_line(decision.firm.name),
                ),
                reason=sentence(
                    gettext("Sent to %(email)s, because the request is yours."),
                    email=decision.recipient.email,
                ),
            ),
        )


def access_added(added: AccessAdded) -> Message:
    """Tell a user that further companies are open now, and at whose request."""
    firm, asker = one_line(added.firm.name), one_line(added.asker_name)
    with override(added.recipient.language):
        return rendered(
            added.firm,
            added.recipient,
            Letter(
                subject=gettext("More is open to you in the client portal of %(firm)s")
                % {"firm": firm},
                preview=gettext("Your password stays the same."),
                opening=[
                    sentence(
                        gettext(
                            "Your access to the client portal of %(firm)s now opens"
                            " %(companies)s too. %(asker)s asked for it."
                        ),
                        firm=firm,
                        companies=_where(added.companies),
                        asker=asker,
                    ),
                    sentence(
                        gettext("You sign in as before: your password stays the same."),
                    ),
                ],
                button=gettext("Open the client portal"),
                link=added.link,
                closing=[],
                doubt_answer=sentence(
                    gettext(
                        "Tell %(firm)s, which can close it again. We never ask for a password by"
                        " e-mail."
                    ),
                    firm=firm,
                ),
                reason=sentence(
                    gettext("Sent to %(email)s, because something was added to this access."),
                    email=added.recipient.email,
                ),
            ),
        )


def _refusal(decision: RequestDecided, person: str, companies: str) -> list[Sentence]:
    return [
        sentence(
            gettext(
                "Your request to open the client portal to %(person)s (%(email)s), for"
                " %(companies)s, is refused."
            ),
            person=person,
            email=one_line(decision.person_email),
            companies=companies,
        ),
        sentence(gettext("The reason: %(reason)s"), reason=decision.reason),
        sentence(gettext("You can correct the request and ask again.")),
    ]


def _where(companies: tuple[str, ...]) -> str:
    """Return the companies as one enumeration in the language that is active."""
    return listed_companies([one_line(company) for company in companies])
