"""What a mail server's answer means, in plain words; its own words stand beside it."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

ENHANCED = re.compile(r"\b([45])\.(\d{1,3})\.(\d{1,3})\b")
CODE = re.compile(r"^(\d{3})\b")

BY_ENHANCED: dict[tuple[str, str], str] = {
    ("1", "1"): gettext_noop("There is no such mailbox: the address may be mistyped."),
    ("1", "2"): gettext_noop("There is no such mail domain: the address may be mistyped."),
    ("1", "3"): gettext_noop("The mail server does not take this for an address."),
    ("1", "6"): gettext_noop("The mailbox has moved: ask for the new address."),
    ("1", "10"): gettext_noop("The domain takes no mails at all."),
    ("2", "1"): gettext_noop("The mailbox is switched off."),
    ("2", "2"): gettext_noop("The mailbox is full."),
}
"""RFC 3463, subject and detail; RFC 7505 for 1.10"""

BY_SUBJECT: dict[str, str] = {
    "7": gettext_noop("The mail server takes no mails from this sender: ask its administrator."),
    "3": gettext_noop("The mail system of the recipient does not take it."),
    "4": gettext_noop("The mail did not get through the network."),
}

BY_CODE: dict[str, str] = {
    "550": gettext_noop("There is no such mailbox, or it is closed to this sender."),
    "551": gettext_noop("The mailbox has moved: ask for the new address."),
    "552": gettext_noop("The mailbox is full."),
    "553": gettext_noop("The mail server does not take this for an address."),
    "554": gettext_noop("The mail server takes no mails from this sender: ask its administrator."),
    "450": gettext_noop("The mailbox cannot be reached at the moment."),
    "451": gettext_noop("The mail server has a difficulty at the moment."),
    "452": gettext_noop("The mail server has no room at the moment."),
}


def plain_reason(said: str) -> str:
    """Return what the answer of a mail server means; "" when there was none."""
    if not said:
        return ""
    enhanced = ENHANCED.search(said)
    if enhanced is not None:
        _kind, subject, detail = enhanced.groups()
        known = BY_ENHANCED.get((subject, detail)) or BY_SUBJECT.get(subject)
        if known is not None:
            return _(known)
    code = CODE.match(said)
    known = BY_CODE.get(code.group(1)) if code is not None else None
    return _(known) if known is not None else _("The mail server said:")
