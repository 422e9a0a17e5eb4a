"""Invitations and one-time tokens."""

from django.db import models

from vestibule.directory.models.tenancy import (
    firm_key,
    inner_key,
    new_id,
    tenant_fk,
    unique_in_firm,
)
from vestibule.directory.querysets import EmailChangeQuerySet, InvitationQuerySet


class InvitationState(models.TextChoices):
    PENDING = "pending"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REPLACED = "replaced"


class Invitation(models.Model):
    """An offer to one user. The row is the offer: what acceptance gives is read from here."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    user = inner_key("User", related_name="invitations", on_delete=models.CASCADE)
    invited_by = inner_key("User", null=True)
    email = models.CharField(max_length=254)
    user_version = models.PositiveIntegerField()
    """the user's version offered; a change of address or rights bumps it: older links die"""
    state = models.CharField(
        max_length=12, choices=InvitationState, default=InvitationState.PENDING
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    page_seen_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_in_firm("invitation"),
            tenant_fk("invitation", "user_id", "user", "CASCADE"),
            tenant_fk("invitation", "invited_by_id", "user"),
            models.UniqueConstraint(
                fields=["firm", "user"],
                condition=models.Q(state="pending"),
                name="invitation_one_pending",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=InvitationState.values), name="invitation_state"
            ),
        ]
        indexes = [
            models.Index(fields=["firm", "state", "expires_at"], name="invitation_due"),
            models.Index(fields=["firm", "user", "created_at"], name="invitation_of_user"),
        ]


class TokenPurpose(models.TextChoices):
    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"
    ONE_TIME_PASSWORD = "one_time_password"
    EMAIL_CHANGE = "email_change"


class Token(models.Model):
    """A one-time secret, stored as its hash. One conditional UPDATE consumes it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    user = inner_key("User", on_delete=models.CASCADE)
    invitation = inner_key("Invitation", null=True, on_delete=models.CASCADE)
    purpose = models.CharField(max_length=20, choices=TokenPurpose)
    secret_hash = models.CharField(max_length=64, unique=True)
    email = models.CharField(max_length=254)
    user_version = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            unique_in_firm("token"),
            tenant_fk("token", "user_id", "user", "CASCADE"),
            tenant_fk("token", "invitation_id", "invitation", "CASCADE"),
            models.CheckConstraint(
                condition=models.Q(purpose__in=TokenPurpose.values), name="token_purpose"
            ),
        ]
        indexes = [models.Index(fields=["firm", "user", "purpose"], name="token_of_user")]


class EmailChangeState(models.TextChoices):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class EmailChange(models.Model):
    """A new address that waits until a mail to it is confirmed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    user = inner_key("User", related_name="email_changes", on_delete=models.CASCADE)
    token = inner_key("Token", null=True, on_delete=models.CASCADE)
    """null: the address is somebody else's, so no link went to it and nobody was told"""
    email = models.CharField(max_length=254)
    canonical_email = models.CharField(max_length=254)
    asked_by = inner_key("User", null=True)
    state = models.CharField(
        max_length=12, choices=EmailChangeState, default=EmailChangeState.PENDING
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = EmailChangeQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_in_firm("emailchange"),
            tenant_fk("emailchange", "user_id", "user", "CASCADE"),
            tenant_fk("emailchange", "token_id", "token", "CASCADE"),
            tenant_fk("emailchange", "asked_by_id", "user"),
            models.UniqueConstraint(
                fields=["firm", "user"],
                condition=models.Q(state="pending"),
                name="emailchange_one_pending",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=EmailChangeState.values), name="emailchange_state"
            ),
        ]
