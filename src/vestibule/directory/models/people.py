"""Users, their states, positions and sessions."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

from vestibule.directory.models.tenancy import (
    firm_key,
    inner_key,
    new_id,
    span_order,
    tenant_fk,
    unique_in_firm,
)
from vestibule.directory.querysets import SessionQuerySet, UserManager


class UserState(models.TextChoices):
    """The life of a user (product.md). Assigned in one function only."""

    AWAITING_VALIDATION = "awaiting_validation"
    REFUSED = "refused"
    READY = "ready"
    INVITED = "invited"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    ERASED = "erased"


class UserKind(models.TextChoices):
    STAFF = "staff"
    CLIENT = "client"


class Position(models.Model):
    """What somebody is in his company. A label, never a right."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    code = models.SlugField(max_length=60)
    ordinal = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            unique_in_firm("position"),
            models.UniqueConstraint(fields=["firm", "code"], name="position_code_once"),
        ]


class User(AbstractBaseUser):
    """One person's sign-in in one firm.

    `email` is as typed; `canonical_email` decides sameness inside the firm; `login_key`
    (firm and canonical address) is what Django and allauth take for a user name. `epoch`
    is bumped in the transaction of every change of access or state.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = firm_key()
    email = models.CharField(max_length=254)
    canonical_email = models.CharField(max_length=254)
    login_key = models.CharField(max_length=320, unique=True)
    kind = models.CharField(max_length=10, choices=UserKind)
    first_name = models.CharField(max_length=100, blank=True, default="")
    last_name = models.CharField(max_length=100, blank=True, default="")
    language = models.CharField(max_length=8, default="en")
    phone = models.CharField(max_length=20, blank=True, default="")
    position = inner_key("Position", null=True)
    billable_company = inner_key("Place", null=True)
    state = models.CharField(max_length=24, choices=UserState)
    state_reason = models.CharField(max_length=500, blank=True, default="")
    state_before_deactivation = models.CharField(max_length=24, blank=True, default="")
    state_since = models.DateTimeField()
    epoch = models.BigIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)
    search_text = models.TextField(default="")
    sort_key = models.CharField(max_length=460, default="")
    last_sign_in_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = inner_key("User", null=True)

    USERNAME_FIELD = "login_key"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []  # type: ignore[misc]
    last_login = None

    objects = UserManager()

    class Meta:
        constraints = [
            unique_in_firm("user"),
            tenant_fk("user", "position_id", "position"),
            tenant_fk("user", "billable_company_id", "place"),
            tenant_fk("user", "created_by_id", "user"),
            models.UniqueConstraint(
                fields=["firm", "canonical_email"], name="user_one_address_per_firm"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=UserState.values), name="user_state"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=UserKind.values), name="user_kind"),
        ]
        indexes = [
            models.Index(fields=["firm", "sort_key", "id"], name="user_list"),
            models.Index(fields=["firm", "state", "sort_key", "id"], name="user_list_by_state"),
            models.Index(fields=["firm", "kind", "state", "id"], name="user_count_by_state"),
            models.Index(fields=["firm", "billable_company"], name="user_billed"),
            models.Index(fields=["firm", "last_sign_in_at", "id"], name="user_list_by_sign_in"),
            models.Index(fields=["firm", "created_at", "id"], name="user_list_by_age"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """The name as people say it; the address while no name is known."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def is_staff_member(self) -> bool:
        return self.kind == UserKind.STAFF

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Django's question; the gate asks the same of the state."""
        return self.state == UserState.ACTIVE


class UserStateSpan(models.Model):
    """In which state a user was, and when."""

    firm = firm_key()
    user = inner_key("User", related_name="state_spans", on_delete=models.CASCADE)
    state = models.CharField(max_length=24, choices=UserState)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            tenant_fk("userstatespan", "user_id", "user", "CASCADE"),
            models.UniqueConstraint(
                fields=["firm", "user"],
                condition=models.Q(until__isnull=True),
                name="userstatespan_one_open",
            ),
            span_order("userstatespan"),
        ]


class Session(models.Model):
    """A browser's session in one firm. Only the hash of its key is stored."""

    session_key_hash = models.CharField(max_length=64, primary_key=True)
    firm = firm_key()
    user = inner_key("User", null=True, on_delete=models.CASCADE)
    data = models.TextField()
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    user_agent = models.CharField(max_length=300, blank=True, default="")
    ip = models.CharField(max_length=45, blank=True, default="")

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [tenant_fk("session", "user_id", "user", "CASCADE")]
        indexes = [
            models.Index(fields=["firm", "user"], name="session_of_user"),
            models.Index(fields=["expires_at"], name="session_expiry"),
        ]


def session_is_over(session: Session, at: datetime) -> bool:
    """Return whether the session has passed its end at `at`."""
    return session.expires_at <= at
