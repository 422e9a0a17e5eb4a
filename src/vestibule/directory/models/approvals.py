"""Approvals: acts asked for by somebody who may only ask, and what was decided."""

from django.db import models

from vestibule.directory.models.tenancy import (
    firm_key,
    inner_key,
    new_id,
    tenant_fk,
    unique_in_firm,
)
from vestibule.directory.querysets import ApprovalQuerySet


class ApprovalState(models.TextChoices):
    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ApprovalAct(models.TextChoices):
    """What is done when somebody approves."""

    LET_IN = "let_in"
    """let in a new client user who waits, and invite him if that was asked for"""
    OPEN_ACCESS = "open_access"
    """give companies to somebody who is already a user of the firm (law 4)"""


class Approval(models.Model):
    """An act asked for: its arguments in canonical form, their hash, the version seen.

    Whoever asked sees the arguments he typed himself and the state, never `user`: with
    OPEN_ACCESS that is somebody of whom he may not even know.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    act = models.CharField(max_length=20, choices=ApprovalAct)
    user = inner_key("User", on_delete=models.CASCADE)
    place = inner_key("Place", null=True)
    """the company it was asked at"""
    arguments = models.JSONField(default=dict)
    arguments_hash = models.CharField(max_length=64)
    user_version = models.PositiveIntegerField()
    """the user's version when it was asked"""
    asked_by = inner_key("User", null=True)
    asked_at = models.DateTimeField()
    needs_second_person = models.BooleanField()
    """whether whoever asked is barred from deciding"""
    state = models.CharField(max_length=12, choices=ApprovalState, default=ApprovalState.WAITING)
    decided_by = inner_key("User", null=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True, default="")
    replaces = inner_key("Approval", null=True)
    """the refused one that this one asks again, corrected"""

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_in_firm("approval"),
            tenant_fk("approval", "user_id", "user", "CASCADE"),
            tenant_fk("approval", "place_id", "place"),
            tenant_fk("approval", "asked_by_id", "user"),
            tenant_fk("approval", "decided_by_id", "user"),
            tenant_fk("approval", "replaces_id", "approval"),
            models.UniqueConstraint(
                fields=["firm", "user"],
                condition=models.Q(state="waiting", act="let_in"),
                name="approval_one_waiting",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ApprovalState.values), name="approval_state"
            ),
            models.CheckConstraint(
                condition=models.Q(act__in=ApprovalAct.values), name="approval_act"
            ),
        ]
        indexes = [
            models.Index(fields=["firm", "state", "asked_at", "id"], name="approval_list"),
            models.Index(fields=["firm", "asked_by", "asked_at"], name="approval_of_asker"),
            models.Index(fields=["firm", "user", "asked_at"], name="approval_of_user"),
        ]
