"""Rows → mails: gathers what a mail tells from the tables and hands plain values to `mails`."""

from __future__ import annotations

from datetime import datetime

from vestibule import clock
from vestibule.directory import mails
from vestibule.directory.facts import catalogue_of
from vestibule.directory.links import link_to
from vestibule.directory.models import (
    Firm,
    Grant,
    Invitation,
    PermissionSetItem,
    User,
)
from vestibule.directory.wordbook import Words


def sending_firm(firm: Firm) -> mails.SendingFirm:
    """Return the firm as its mails show it."""
    return mails.SendingFirm(firm.name, firm.accent, firm.time_zone)


def recipient(user: User) -> mails.Recipient:
    """Return the user as a mail addresses him."""
    return mails.Recipient(user.first_name, user.last_name, user.email, user.language)


def invitation_mail(
    invitation: Invitation, secret: str, *, asked_for: bool = False
) -> mails.Message:
    """Return the mail of an invitation, in the recipient's language. `secret` goes nowhere else.

    One that was `asked_for` while an earlier link lives on does not say that earlier ones died.
    """
    user = invitation.user
    firm = Firm.objects.get(pk=invitation.firm_id)
    words = Words(firm.pk, user.language)
    grants = Grant.objects.filter(firm_id=firm.pk, user_id=user.pk).not_over()
    companies = tuple(
        grants.filter(role__isnull=False)
        .exclude(place__acts_as="firm")
        .order_by("place__sort_key")
        .values_list("place__name", flat=True)
    )
    items = PermissionSetItem.objects.filter(
        firm_id=firm.pk,
        permission_set_id__in=grants.filter(permission_set__isnull=False).values(
            "permission_set_id"
        ),
    )
    catalogue = catalogue_of(firm.pk)
    given = items.values_list("permission", flat=True)
    names = sorted({catalogue.node(name).application or name for name in given})
    inviter = User.objects.filter(firm_id=firm.pk, pk=invitation.invited_by_id).first()
    earlier = Invitation.objects.filter(firm_id=firm.pk, user_id=user.pk).exclude(pk=invitation.pk)
    told = mails.Invitation(
        firm=sending_firm(firm),
        recipient=recipient(user),
        inviter_name=inviter.full_name if inviter is not None else firm.name,
        companies=companies,
        applications=tuple(words.application(name) for name in names),
        link=link_to(firm, "welcome", secret),
        expires_at=invitation.expires_at,
    )
    return mails.fresh_link(told) if earlier.exists() and not asked_for else mails.welcome(told)


def reset_mail(user: User, secret: str, expires_at: datetime) -> mails.Message:
    """Return the mail with the link to a new password."""
    firm = Firm.objects.get(pk=user.firm_id)
    return mails.password_reset(
        mails.PasswordReset(
            sending_firm(firm), recipient(user), link_to(firm, "reset", secret), expires_at
        )
    )


def password_changed_mail(user: User) -> mails.Message:
    """Return the mail that tells the owner that the password was changed."""
    firm = Firm.objects.get(pk=user.firm_id)
    return mails.password_changed(
        mails.PasswordChanged(
            sending_firm(firm), recipient(user), clock.now(), link_to(firm, "forgotten")
        )
    )


def asked_again_mail(inviter: User, user: User) -> mails.Message:
    """Return the mail that asks who invited to decide about a person who asks again."""
    firm = Firm.objects.get(pk=user.firm_id)
    return mails.asked_again(
        mails.AskedAgain(
            sending_firm(firm),
            recipient(inviter),
            user.full_name,
            user.email,
            link_to(firm, "user", user.pk),
        )
    )
