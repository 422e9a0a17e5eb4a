"""The firm's own part of the catalogue, as rows. The reserved part is in `authz.catalogue`."""

from django.db import models

from vestibule.authz.levels import LevelSet
from vestibule.directory.models.tenancy import (
    firm_key,
    inner_key,
    new_id,
    tenant_fk,
    unique_in_firm,
)
from vestibule.directory.querysets import PermissionQuerySet


class Permission(models.Model):
    """A node of the firm's catalogue. A leaf has `first_bit`; its ordinal is never reused."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)
    parent = inner_key("Permission", null=True)
    level_set = models.CharField(
        max_length=24, choices=[(item.value, item.value) for item in LevelSet]
    )
    audience = models.CharField(max_length=10, default="client")
    first_bit = models.PositiveIntegerField(null=True)
    ordinal = models.PositiveIntegerField()
    icon = models.CharField(max_length=60, blank=True, default="")

    objects = PermissionQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_in_firm("permission"),
            tenant_fk("permission", "parent_id", "permission"),
            models.UniqueConstraint(fields=["firm", "name"], name="permission_name_once"),
            models.UniqueConstraint(fields=["firm", "first_bit"], name="permission_bit_once"),
        ]

    def __str__(self) -> str:
        return self.name
