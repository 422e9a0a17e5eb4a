"""The tables: facts, constraints, small derived properties of one row. No deeds, no rules."""

from vestibule.directory.models.access import (
    Grant,
    PermissionSet,
    PermissionSetItem,
    Role,
    RolePermission,
)
from vestibule.directory.models.catalogue import Permission
from vestibule.directory.models.drafts import Draft, IdempotencyKey
from vestibule.directory.models.events import Event, EventHead, EventValue
from vestibule.directory.models.firms import Firm, FirmHost, FirmPlan, FirmPolicy, FirmWord
from vestibule.directory.models.invitations import (
    Invitation,
    InvitationState,
    Token,
    TokenPurpose,
)
from vestibule.directory.models.jobs import Job, MailState, OutboxMessage, WorkItem, WorkState
from vestibule.directory.models.people import (
    Position,
    Session,
    User,
    UserKind,
    UserState,
    UserStateSpan,
)
from vestibule.directory.models.places import (
    ActsAs,
    EnabledApplication,
    Place,
    PlaceKind,
    PlaceOpenSpan,
    PlaceParentSpan,
    PlaceReference,
)

__all__ = [
    "ActsAs",
    "Draft",
    "EnabledApplication",
    "Event",
    "EventHead",
    "EventValue",
    "Firm",
    "FirmHost",
    "FirmPlan",
    "FirmPolicy",
    "FirmWord",
    "Grant",
    "IdempotencyKey",
    "Invitation",
    "InvitationState",
    "Job",
    "MailState",
    "OutboxMessage",
    "Permission",
    "PermissionSet",
    "PermissionSetItem",
    "Place",
    "PlaceKind",
    "PlaceOpenSpan",
    "PlaceParentSpan",
    "PlaceReference",
    "Position",
    "Role",
    "RolePermission",
    "Session",
    "Token",
    "TokenPurpose",
    "User",
    "UserKind",
    "UserState",
    "UserStateSpan",
    "WorkItem",
    "WorkState",
]
