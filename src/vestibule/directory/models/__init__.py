"""The tables: facts, constraints, small derived properties of one row. No deeds, no rules."""

from vestibule.directory.models.access import (
    Grant,
    PermissionSet,
    PermissionSetItem,
    Role,
    RolePermission,
)
from vestibule.directory.models.approvals import Approval, ApprovalAct, ApprovalState
from vestibule.directory.models.catalogue import Permission
from vestibule.directory.models.drafts import Draft, IdempotencyKey
from vestibule.directory.models.events import ChainCheck, Event, EventHead, EventValue
from vestibule.directory.models.firms import (
    Firm,
    FirmHost,
    FirmLogo,
    FirmPlan,
    FirmPolicy,
    FirmWord,
)
from vestibule.directory.models.invitations import (
    EmailChange,
    EmailChangeState,
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
from vestibule.directory.models.views import SavedView

__all__ = [
    "ActsAs",
    "Approval",
    "ApprovalAct",
    "ApprovalState",
    "ChainCheck",
    "Draft",
    "EmailChange",
    "EmailChangeState",
    "EnabledApplication",
    "Event",
    "EventHead",
    "EventValue",
    "Firm",
    "FirmHost",
    "FirmLogo",
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
    "SavedView",
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
