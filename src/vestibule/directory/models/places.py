"""The firm's tree of places and its history."""

from django.db import models

from vestibule.directory.models.tenancy import (
    firm_key,
    inner_key,
    new_id,
    span_order,
    tenant_fk,
    unique_in_firm,
)
from vestibule.directory.querysets import PlaceQuerySet


class ActsAs(models.TextChoices):
    """What a kind of place stands for, whatever the firm calls it."""

    FIRM = "firm"
    GROUP = "group"
    COMPANY = "company"
    ESTABLISHMENT = "establishment"


class PlaceKind(models.Model):
    """A kind of place of this firm, in the order of its blueprint."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    code = models.SlugField(max_length=60)
    acts_as = models.CharField(max_length=20, choices=ActsAs)
    ordinal = models.PositiveSmallIntegerField()
    parents = models.JSONField(default=list)
    """codes of the kinds it may stand under; an empty list: directly under the firm"""

    class Meta:
        constraints = [
            unique_in_firm("placekind"),
            models.UniqueConstraint(fields=["firm", "code"], name="placekind_code_once"),
            models.CheckConstraint(
                condition=models.Q(acts_as__in=ActsAs.values), name="placekind_acts_as"
            ),
        ]


class Place(models.Model):
    """A node of the tree.

    `path` is the ids from the firm's root to here, each as 32 hexadecimal digits: fixed
    width, so a prefix is an ancestor and a range scan finds everything below whatever
    the database's collation. The columns `parent`, `path`, `company` and `is_open` are
    the present; the span tables below are the history they follow.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    kind = inner_key("PlaceKind")
    parent = inner_key("Place", null=True, related_name="children", db_index=True)
    company = inner_key("Place", null=True)
    """the nearest place that acts as a company, at or above; null above companies"""
    acts_as = models.CharField(max_length=20, choices=ActsAs)
    path = models.CharField(max_length=512)
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=300, blank=True, default="")
    postcode = models.CharField(max_length=20, blank=True, default="")
    town = models.CharField(max_length=120, blank=True, default="")
    activity_code = models.CharField(max_length=20, blank=True, default="")
    is_head_office = models.BooleanField(default=False)
    is_open = models.BooleanField(default=True)
    is_billable = models.BooleanField(default=False)
    search_text = models.TextField(default="")
    sort_key = models.CharField(max_length=260, default="")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = PlaceQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_in_firm("place"),
            tenant_fk("place", "kind_id", "placekind"),
            tenant_fk("place", "parent_id", "place"),
            tenant_fk("place", "company_id", "place"),
            models.UniqueConstraint(fields=["firm", "path"], name="place_path_once"),
            models.CheckConstraint(
                condition=models.Q(acts_as__in=ActsAs.values), name="place_acts_as"
            ),
            models.CheckConstraint(
                condition=models.Q(acts_as="firm", parent__isnull=True)
                | (~models.Q(acts_as="firm") & models.Q(parent__isnull=False)),
                name="place_only_root_without_parent",
            ),
        ]
        indexes = [
            models.Index(fields=["firm", "acts_as", "sort_key", "id"], name="place_list"),
            models.Index(fields=["firm", "company"], name="place_company"),
        ]

    def __str__(self) -> str:
        return self.name


class PlaceReference(models.Model):
    """What identifies a place outside: SIREN, SIRET, a code. Names may repeat, these not."""

    firm = firm_key()
    place = inner_key("Place", related_name="references", on_delete=models.CASCADE)
    scheme = models.CharField(max_length=30)
    value = models.CharField(max_length=60)

    class Meta:
        constraints = [
            tenant_fk("placereference", "place_id", "place", "CASCADE"),
            models.UniqueConstraint(
                fields=["firm", "scheme", "value"], name="placereference_identifies"
            ),
            models.UniqueConstraint(
                fields=["firm", "place", "scheme"], name="placereference_one_of_a_scheme"
            ),
        ]


class PlaceParentSpan(models.Model):
    """Under which parent a place stood, and when."""

    firm = firm_key()
    place = inner_key("Place")
    parent = inner_key("Place", null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            tenant_fk("placeparentspan", "place_id", "place"),
            tenant_fk("placeparentspan", "parent_id", "place"),
            models.UniqueConstraint(
                fields=["firm", "place"],
                condition=models.Q(until__isnull=True),
                name="placeparentspan_one_open",
            ),
            span_order("placeparentspan"),
        ]


class PlaceOpenSpan(models.Model):
    """When a place was open. A closed place has no open span."""

    firm = firm_key()
    place = inner_key("Place", related_name="open_spans", db_index=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            tenant_fk("placeopenspan", "place_id", "place"),
            models.UniqueConstraint(
                fields=["firm", "place"],
                condition=models.Q(until__isnull=True),
                name="placeopenspan_one_open",
            ),
            span_order("placeopenspan"),
        ]


class EnabledApplication(models.Model):
    """An application that a company has, and when."""

    firm = firm_key()
    company = inner_key("Place")
    application = inner_key("Permission")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            tenant_fk("enabledapplication", "company_id", "place"),
            tenant_fk("enabledapplication", "application_id", "permission"),
            models.UniqueConstraint(
                fields=["firm", "company", "application"],
                condition=models.Q(until__isnull=True),
                name="enabledapplication_one_open",
            ),
            span_order("enabledapplication"),
        ]
