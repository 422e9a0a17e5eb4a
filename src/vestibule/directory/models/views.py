"""Saved views of lists."""

from django.db import models

from vestibule.directory.models.tenancy import (
    firm_key,
    inner_key,
    new_id,
    tenant_fk,
    unique_in_firm,
)
from vestibule.directory.querysets import SavedViewQuerySet


class SavedView(models.Model):
    """A list's filters, order and columns under a name of its owner's choosing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    owner = inner_key("User", on_delete=models.CASCADE)
    list = models.CharField(max_length=20)
    """users, companies or audit"""
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000)
    """what stands in the address bar after the question mark"""
    created_at = models.DateTimeField()

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_in_firm("savedview"),
            tenant_fk("savedview", "owner_id", "user", "CASCADE"),
            models.UniqueConstraint(
                fields=["firm", "owner", "list", "name"], name="savedview_name_once"
            ),
        ]
