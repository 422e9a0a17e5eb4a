"""An invitation with made-up contents, in the firm's look: shown before anybody gets one. Reads only."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext, override

from vestibule import clock
from vestibule.directory import mails
from vestibule.directory.links import link_to
from vestibule.directory.mailings import recipient, sending_firm
from vestibule.directory.models import Firm, Permission, User
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.wordbook import Words

SHOWN_APPLICATIONS = 3


def sample_invitation(firm: Firm, reader: User, language: str) -> mails.Message:
    """Return the invitation that a client would get from the reader. Its link opens nothing."""
    words = Words(firm.pk, language)
    rows = Permission.objects.filter(firm_id=firm.pk, kind="application").order_by("ordinal")
    names = rows.values_list("name", flat=True)[:SHOWN_APPLICATIONS]
    with override(language):
        company = gettext("Sample company")
    addressed = mails.Recipient(
        reader.first_name, reader.last_name, recipient(reader).email, language
    )
    return mails.welcome(
        mails.Invitation(
            firm=sending_firm(firm),
            recipient=addressed,
            inviter_name=reader.full_name,
            companies=(company,),
            applications=tuple(words.application(name) for name in names),
            link=link_to(firm, "home"),
            expires_at=clock.now() + timedelta(days=rules_of(firm.pk).invitation_days),
        )
    )
