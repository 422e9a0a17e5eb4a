"""Rows → mails: gathers what a mail tells from the tables and hands plain values to `mails`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from vestibule import clock
from vestibule.directory import address_mails, mails, request_mails, sign_in_mails
from vestibule.directory.facts import catalogue_of
from vestibule.directory.firm_views import logo_of
from vestibule.directory.links import link_to
from vestibule.directory.models import (
    Approval,
    ApprovalState,
    EmailChange,
    Firm,
    Grant,
    Invitation,
    PermissionSetItem,
    Place,
    User,
)
from vestibule.directory.wordbook import Words

LOGO_BOX = (240, 64)
"""How large the firm's picture stands in a mail at most, in pixels."""


def sending_firm(firm: Firm) -> mails.SendingFirm:
    """Return the firm as its mails show it."""
    logo = logo_of(firm.pk)
    size = mails.Logo(*logo.within(*LOGO_BOX)) if logo is not None else None
    return mails.SendingFirm(firm.name, firm.accent, firm.time_zone, size)


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
        from_firm=inviter is None or inviter.is_staff_member,
        to_team=user.is_staff_member,
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


def request_arrived_mail(decider: User, approval: Approval) -> mails.Message:
    """Return the mail that asks somebody who may decide to look at a request."""
    firm = Firm.objects.get(pk=approval.firm_id)
    person, email = _person_in(approval)
    return request_mails.request_arrived(
        request_mails.RequestArrived(
            firm=sending_firm(firm),
            recipient=recipient(decider),
            asker_name=approval.asked_by.full_name if approval.asked_by is not None else firm.name,
            person_name=person,
            person_email=email,
            companies=_companies_in(approval),
            link=link_to(firm, "request", approval.pk),
        )
    )


def request_decided_mail(approval: Approval) -> mails.Message:
    """Return the mail that tells whoever asked what became of the request.

    It says what he typed himself and nothing of the user whom it came to.
    """
    firm = Firm.objects.get(pk=approval.firm_id)
    if approval.asked_by is None:
        raise ValueError("nobody is left to be told")
    person, email = _person_in(approval)
    return request_mails.request_decided(
        request_mails.RequestDecided(
            firm=sending_firm(firm),
            recipient=recipient(approval.asked_by),
            person_name=person,
            person_email=email,
            companies=_companies_in(approval),
            is_approved=approval.state == ApprovalState.APPROVED,
            reason=approval.reason,
            link=link_to(firm, "my_requests"),
        )
    )


def access_added_mail(user: User, company_names: Sequence[str], asker_name: str) -> mails.Message:
    """Return the mail that tells a user which further companies are open, and who asked."""
    firm = Firm.objects.get(pk=user.firm_id)
    return request_mails.access_added(
        request_mails.AccessAdded(
            firm=sending_firm(firm),
            recipient=recipient(user),
            asker_name=asker_name,
            companies=tuple(company_names),
            link=link_to(firm, "home"),
        )
    )


def _person_in(approval: Approval) -> tuple[str, str]:
    """Return the name and the address of the person asked for, as typed."""
    typed = approval.arguments["identity"]
    name = f"{typed['first_name']} {typed['last_name']}".strip()
    return name or typed["email"], typed["email"]


def _companies_in(approval: Approval) -> tuple[str, ...]:
    places = Place.objects.filter(
        firm_id=approval.firm_id, pk__in=approval.arguments["companies"]
    ).order_by("sort_key", "pk")
    return tuple(places.values_list("name", flat=True))


def confirm_email_mail(change: EmailChange, secret: str) -> mails.Message:
    """Return the mail with the link that confirms a new address. `secret` goes nowhere else.

    It names nobody: whose mailbox it is has yet to be shown.
    """
    firm = Firm.objects.get(pk=change.firm_id)
    return address_mails.confirm_email(
        address_mails.ConfirmEmail(
            sending_firm(firm),
            mails.Recipient("", "", change.email, change.user.language),
            link_to(firm, "confirm_email", secret),
            change.expires_at,
        )
    )


def email_change_asked_mail(change: EmailChange) -> mails.Message:
    """Return the mail that tells the present address of a change asked for, and by whom."""
    firm = Firm.objects.get(pk=change.firm_id)
    by_somebody_else = change.asked_by is not None and change.asked_by_id != change.user_id
    return address_mails.email_change_asked(
        address_mails.EmailChangeAsked(
            firm=sending_firm(firm),
            recipient=recipient(change.user),
            new_email=change.email,
            asker_name=change.asked_by.full_name if by_somebody_else and change.asked_by else "",
            asked_at=change.created_at,
            expires_at=change.expires_at,
            link=link_to(firm, "forgotten"),
        )
    )


def email_changed_mail(user: User, old: str) -> mails.Message:
    """Return the mail that tells the old address that it is the user's no longer."""
    firm = Firm.objects.get(pk=user.firm_id)
    return address_mails.email_changed(
        address_mails.EmailChanged(
            sending_firm(firm),
            mails.Recipient(user.first_name, user.last_name, old, user.language),
            user.email,
            clock.now(),
        )
    )


def second_factor_mail(user: User, what: str, *, name: str = "", number: int = 0) -> mails.Message:
    """Return the mail that tells the owner what happened to the second factors of the access."""
    firm = Firm.objects.get(pk=user.firm_id)
    return sign_in_mails.second_factor_changed(
        sign_in_mails.SecondFactorChanged(
            firm=sending_firm(firm),
            recipient=recipient(user),
            what=what,
            changed_at=clock.now(),
            link=link_to(firm, "forgotten"),
            name=name,
            number=number,
        )
    )
