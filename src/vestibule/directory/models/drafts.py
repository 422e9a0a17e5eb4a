"""Wizard drafts, and what keeps a retry from doing a thing twice."""

from django.db import models

from vestibule.directory.models.tenancy import (
    firm_key,
    inner_key,
    new_id,
    tenant_fk,
    unique_in_firm,
)
from vestibule.directory.querysets import DraftQuerySet


class Draft(models.Model):
    """What somebody has typed into a wizard so far. Nothing of it exists before Confirm."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    owner = inner_key("User", on_delete=models.CASCADE)
    wizard = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    result_id = models.UUIDField(null=True)
    """what Confirm created; the draft then only shows the receipt"""

    objects = DraftQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_in_firm("draft"),
            tenant_fk("draft", "owner_id", "user", "CASCADE"),
        ]
        indexes = [models.Index(fields=["firm", "owner", "updated_at"], name="draft_of_owner")]


class IdempotencyKey(models.Model):
    """The same key from the same actor for the same act gives the first answer again."""

    firm = firm_key()
    actor_user_id = models.UUIDField()
    action = models.CharField(max_length=80)
    key = models.CharField(max_length=80)
    result_type = models.CharField(max_length=30, default="")
    result_id = models.CharField(max_length=64, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["firm", "actor_user_id", "action", "key"], name="idempotencykey_once"
            )
        ]
