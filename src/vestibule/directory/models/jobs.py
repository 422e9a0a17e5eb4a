"""Work to do after the commit: what the worker claims, mails and scheduled acts."""

from django.db import models

from vestibule.directory.models.tenancy import (
    firm_key,
    inner_key,
    new_id,
    tenant_fk,
    unique_in_firm,
)
from vestibule.directory.querysets import MailQuerySet


class WorkState(models.TextChoices):
    QUEUED = "queued"
    DONE = "done"
    DEAD = "dead"


class WorkItem(models.Model):
    """What is due, outside the wall and without personal data: the worker claims (firm, id)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = models.ForeignKey("directory.Firm", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=[("mail", "mail"), ("job", "job")])
    state = models.CharField(max_length=10, choices=WorkState, default=WorkState.QUEUED)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    leased_by = models.CharField(max_length=64, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=WorkState.values), name="workitem_state"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="queued"), name="workitem_due")
        ]


class MailState(models.TextChoices):
    """What is known of a mail's way."""

    QUEUED = "queued"
    HANDED_OVER = "handed_over"
    REFUSED = "refused"
    DEAD = "dead"
    WITHDRAWN = "withdrawn"


class OutboxMessage(models.Model):
    """A mail written in the transaction of its act. Its id is its WorkItem's.

    `sealed` is the whole message, encrypted; wiped as soon as it was handed over, and
    when it is given up or withdrawn.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    firm = firm_key()
    user = inner_key("User", null=True, on_delete=models.CASCADE)
    invitation = inner_key("Invitation", null=True, on_delete=models.CASCADE)
    kind = models.CharField(max_length=40)
    message_id = models.CharField(max_length=200, unique=True)
    sealed = models.BinaryField(null=True)
    state = models.CharField(max_length=12, choices=MailState, default=MailState.QUEUED)
    created_at = models.DateTimeField()
    handed_over_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)

    objects = MailQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_in_firm("outboxmessage"),
            tenant_fk("outboxmessage", "user_id", "user", "CASCADE"),
            tenant_fk("outboxmessage", "invitation_id", "invitation", "CASCADE"),
            models.CheckConstraint(
                condition=models.Q(state__in=MailState.values), name="outboxmessage_state"
            ),
        ]
        indexes = [
            models.Index(fields=["firm", "user", "created_at"], name="outbox_of_user"),
            models.Index(fields=["firm", "state", "user"], name="outbox_by_state"),
        ]


class Job(models.Model):
    """A scheduled act. Its id is its WorkItem's; `unique_key` keeps one per tick."""

    id = models.UUIDField(primary_key=True, editable=False)
    firm = firm_key()
    name = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict)
    unique_key = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    last_error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            unique_in_firm("job"),
            models.UniqueConstraint(fields=["firm", "unique_key"], name="job_once_per_tick"),
        ]
