"""The mails that tell the owner of an access that somebody changed how it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, gettext_noop, override

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

WHAT: dict[str, str] = {
    "app_added": gettext_noop(
        "On %(moment)s, an authenticator application was added to your access to the client portal"
        " of %(firm)s. From now on, signing in asks for its code."
    ),
    "app_removed": gettext_noop(
        "On %(moment)s, the authenticator application was removed from your access to the client"
        " portal of %(firm)s."
    ),
    "passkey_added": gettext_noop(
        "On %(moment)s, the passkey “%(name)s” was added to your access to the client portal of"
        " %(firm)s."
    ),
    "passkey_removed": gettext_noop(
        "On %(moment)s, the passkey “%(name)s” was removed from your access to the client portal"
        " of %(firm)s."
    ),
    "codes_made": gettext_noop(
        "On %(moment)s, new recovery codes were made for your access to the client portal of"
        " %(firm)s. Earlier ones no longer work."
    ),
    "code_used": gettext_noop(
        "On %(moment)s, a recovery code opened your access to the client portal of %(firm)s."
        " Codes that are left: %(number)s."
    ),
    "reset": gettext_noop(
        "On %(moment)s, %(firm)s removed every second factor from your access to the client"
        " portal, so that you can sign in without it. Please add a new one."
    ),
}
"""What happened → the sentence that says so."""


@dataclass(frozen=True, slots=True)
class SecondFactorChanged:
    """`what` is a key of WHAT; `name` is the passkey's; `link` leads to a new password."""

    firm: SendingFirm
    recipient: Recipient
    what: str
    changed_at: datetime
    link: str
    name: str = ""
    number: int = 0


def second_factor_changed(change: SecondFactorChanged) -> Message:
    """Tell the owner of an access that its second factors changed, and what to do if by somebody else."""
    firm = one_line(change.firm.name)
    with override(change.recipient.language):
        values = {
            "moment": moment_of(change.changed_at, change.firm.time_zone),
            "firm": firm,
            "name": one_line(change.name),
            "number": str(change.number),
        }
        template = gettext(WHAT[change.what])
        told = {key: value for key, value in values.items() if f"%({key})s" in template}
        return rendered(
            change.firm,
            change.recipient,
            Letter(
                subject=gettext("How you sign in to the client portal of %(firm)s was changed")
                % {"firm": firm},
                preview=gettext("If it was you, there is nothing to do."),
                opening=[
                    sentence(template, **told),
                    sentence(gettext("If it was you, there is nothing to do.")),
                ],
                button=gettext("Choose a new password"),
                link=change.link,
                closing=[],
                doubt_answer=sentence(
                    gettext(
                        "Choose a new password at once: that ends every open session. Then call"
                        " %(firm)s. We never ask for a password or a code by e-mail."
                    ),
                    firm=firm,
                ),
                reason=sentence(
                    gettext("Sent to %(email)s, because the second factor was changed."),
                    email=change.recipient.email,
                ),
            ),
        )
