"""The firm, what is known of it before sign-in, and its own settings."""

from django.db import models

from vestibule.directory.models.tenancy import firm_key, new_id, span_order, unique_in_firm


class Firm(models.Model):
    """The tenant. Outside the wall: it must be found before a firm is known.

    `epoch` is bumped by every change that can alter many standings at once (places,
    roles, applications).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    blueprint = models.CharField(max_length=60)
    default_language = models.CharField(max_length=8, default="en")
    time_zone = models.CharField(max_length=60, default="Europe/Paris")
    accent = models.CharField(max_length=7, default="#2450c8")
    epoch = models.BigIntegerField(default=1)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class FirmHost(models.Model):
    """A host name that leads to a firm. Outside the wall."""

    host = models.CharField(max_length=253, primary_key=True)
    firm = models.ForeignKey(Firm, on_delete=models.CASCADE, related_name="hosts")


class FirmPolicy(models.Model):
    """One rule of the firm's own, as an interval: `value` is JSON of the policy's type."""

    firm = firm_key()
    name = models.CharField(max_length=60)
    value = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            unique_in_firm("firmpolicy"),
            models.UniqueConstraint(
                fields=["firm", "name"],
                condition=models.Q(until__isnull=True),
                name="firmpolicy_one_open",
            ),
            span_order("firmpolicy"),
        ]


class FirmPlan(models.Model):
    """The plan a firm is on, as an interval."""

    firm = firm_key()
    plan = models.CharField(max_length=60)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["firm"], condition=models.Q(until__isnull=True), name="firmplan_one_open"
            ),
            span_order("firmplan"),
        ]


class FirmWord(models.Model):
    """A word of the firm's own, per language: what it calls a company, a role, an application."""

    firm = firm_key()
    key = models.CharField(max_length=120)
    language = models.CharField(max_length=8)
    text = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["firm", "key", "language"], name="firmword_once")
        ]


class FirmLogo(models.Model):
    """The firm's picture on pages and in mails, re-encoded by us."""

    firm = models.OneToOneField(
        "directory.Firm", on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    png = models.BinaryField()
    width = models.PositiveIntegerField()
    """pixels"""
    height = models.PositiveIntegerField()
    """pixels"""
    sha256 = models.CharField(max_length=64)
    changed_at = models.DateTimeField()
