"""The audit trail: append-only, hash-chained per firm, personal values erasable."""

from django.db import models

from vestibule.directory.models.tenancy import (
    firm_key,
    inner_key,
    new_id,
    tenant_fk,
    unique_in_firm,
)
from vestibule.directory.querysets import ChainCheckQuerySet, EventQuerySet


class Event(models.Model):
    """One thing that happened.

    `public` holds what is no personal data; the personal old and new values lie in
    EventValue and enter the chain only as a salted commitment. `hash` covers everything
    here and `previous_hash`.
    """

    firm = firm_key()
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    name = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=16)
    actor_user_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=60, blank=True, default="")
    """the duty of a worker or operator; people are named by their row"""
    door = models.CharField(max_length=16)
    on_behalf_of_id = models.UUIDField(null=True)
    object_type = models.CharField(max_length=30)
    object_id = models.CharField(max_length=64)
    place_id = models.UUIDField(null=True)
    public = models.JSONField(default=dict)
    commitment = models.CharField(max_length=64, blank=True, default="")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_in_firm("event"),
            models.UniqueConstraint(fields=["firm", "sequence"], name="event_sequence_once"),
        ]
        indexes = [
            models.Index(
                fields=["firm", "object_type", "object_id", "sequence"], name="event_of_object"
            ),
            models.Index(fields=["firm", "place_id", "sequence"], name="event_at_place"),
            models.Index(fields=["firm", "actor_user_id", "sequence"], name="event_by_actor"),
            models.Index(fields=["firm", "name", "sequence"], name="event_by_name"),
            models.Index(fields=["firm", "at"], name="event_by_time"),
        ]


class EventValue(models.Model):
    """The personal values of an event and their salt. Erasing the row leaves the chain whole."""

    firm = firm_key()
    event = inner_key("Event", related_name="values_rows", on_delete=models.CASCADE)
    user_id = models.UUIDField(null=True)
    """whose data they are, for erasure"""
    salt = models.CharField(max_length=64)
    values = models.JSONField()

    class Meta:
        constraints = [
            tenant_fk("eventvalue", "event_id", "event"),
            models.UniqueConstraint(fields=["firm", "event"], name="eventvalue_one_per_event"),
        ]
        indexes = [models.Index(fields=["firm", "user_id"], name="eventvalue_of_user")]


class EventHead(models.Model):
    """The end of a firm's chain; locked last in every act."""

    firm = models.OneToOneField(
        "directory.Firm", on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)


class ChainCheck(models.Model):
    """One verification of a firm's chain: how far it got and what it found."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    asked_by = inner_key("User", null=True)
    asked_at = models.DateTimeField()
    total = models.BigIntegerField()
    """events to check"""
    checked = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    broken_at = models.BigIntegerField(null=True)
    """the first event that does not fit; null: the chain is whole as far as it was checked"""
    fault = models.CharField(max_length=200, blank=True, default="")

    objects = ChainCheckQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_in_firm("chaincheck"),
            tenant_fk("chaincheck", "asked_by_id", "user"),
        ]
        indexes = [models.Index(fields=["firm", "asked_at"], name="chaincheck_list")]
