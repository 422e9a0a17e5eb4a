"""Roles, own permission sets and grants: who holds what where, as intervals."""

from django.db import models

from vestibule.directory.models.tenancy import (
    firm_key,
    inner_key,
    new_id,
    span_order,
    tenant_fk,
    unique_in_firm,
)
from vestibule.directory.querysets import GrantQuerySet


class Role(models.Model):
    """A named set of permissions, the firm's or one company's. Live: an edit reaches holders."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    code = models.SlugField(max_length=60)
    owner = inner_key("Place", null=True)
    """the company it belongs to; null: the firm's"""
    audience = models.CharField(max_length=10, choices=[("staff", "staff"), ("client", "client")])
    name = models.CharField(max_length=120, blank=True, default="")
    """empty: the firm's word `role.<code>`"""
    is_built_in = models.BooleanField(default=False)
    ordinal = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            unique_in_firm("role"),
            tenant_fk("role", "owner_id", "place"),
            models.UniqueConstraint(
                fields=["firm", "code"],
                condition=models.Q(owner__isnull=True),
                name="role_code_once_in_firm",
            ),
            models.UniqueConstraint(
                fields=["firm", "owner", "code"],
                condition=models.Q(owner__isnull=False),
                name="role_code_once_in_company",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.code


class RolePermission(models.Model):
    """One leaf in a role, at a level, and when. `permission` is a name: reserved or own."""

    firm = firm_key()
    role = inner_key("Role", related_name="contents")
    permission = models.CharField(max_length=120)
    level = models.CharField(max_length=24)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            tenant_fk("rolepermission", "role_id", "role"),
            models.UniqueConstraint(
                fields=["firm", "role", "permission"],
                condition=models.Q(until__isnull=True),
                name="rolepermission_one_open",
            ),
            span_order("rolepermission"),
        ]


class PermissionSet(models.Model):
    """An own set of permissions, given to one person. Never edited: a new one replaces it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [unique_in_firm("permissionset")]


class PermissionSetItem(models.Model):
    """One leaf in an own set, at a level."""

    firm = firm_key()
    permission_set = inner_key("PermissionSet", related_name="items", on_delete=models.CASCADE)
    permission = models.CharField(max_length=120)
    level = models.CharField(max_length=24)

    class Meta:
        constraints = [
            tenant_fk("permissionsetitem", "permission_set_id", "permissionset", "CASCADE"),
            models.UniqueConstraint(
                fields=["firm", "permission_set", "permission"], name="permissionsetitem_once"
            ),
        ]


class Grant(models.Model):
    """User × place × a role or an own set, from `since` to `until`.

    Ended and written anew, never edited: after its insert only `until` and `ended_by` are
    ever written, and once, when somebody approves what was asked for, `approved_by`.
    """

    firm = firm_key()
    user = inner_key("User", related_name="grants", on_delete=models.CASCADE)
    place = inner_key("Place")
    role = inner_key("Role", null=True)
    permission_set = inner_key("PermissionSet", null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    granted_by = inner_key("User", null=True)
    approved_by = inner_key("User", null=True)
    ended_by = inner_key("User", null=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_in_firm("grant"),
            tenant_fk("grant", "user_id", "user", "CASCADE"),
            tenant_fk("grant", "place_id", "place"),
            tenant_fk("grant", "role_id", "role"),
            tenant_fk("grant", "permission_set_id", "permissionset"),
            tenant_fk("grant", "granted_by_id", "user"),
            tenant_fk("grant", "approved_by_id", "user"),
            tenant_fk("grant", "ended_by_id", "user"),
            models.CheckConstraint(
                condition=models.Q(role__isnull=False, permission_set__isnull=True)
                | models.Q(role__isnull=True, permission_set__isnull=False),
                name="grant_role_or_set",
            ),
            models.UniqueConstraint(
                fields=["firm", "user", "place", "role"],
                condition=models.Q(until__isnull=True, role__isnull=False),
                name="grant_role_open_once",
            ),
            span_order("grant"),
        ]
        indexes = [
            models.Index(fields=["firm", "user", "until"], name="grant_of_user"),
            models.Index(fields=["firm", "place", "until"], name="grant_at_place"),
            models.Index(fields=["firm", "role", "user"], name="grant_of_role"),
        ]
