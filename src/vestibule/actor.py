"""Who acts, and through which door. An actor is never `None`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from vestibule.authz.standing import Standing


class Door(StrEnum):
    """The ways in. Every event names the one it came through."""

    PAGE = "page"
    LINK = "link"
    CLI = "cli"
    WORKER = "worker"


class ActorKind(StrEnum):
    USER = "user"
    NOBODY = "nobody"
    LINK_BEARER = "link_bearer"
    OPERATOR = "operator"
    SYSTEM = "system"


OPERATOR_RIGHTS = frozenset(
    {"vestibule.firm.create", "vestibule.staff.create", "vestibule.audit.verify"}
)
"""What the command line on the server may do without being a user of the firm."""

SYSTEM_RIGHTS = frozenset(
    {
        "vestibule.mail.deliver",
        "vestibule.invitations.expire",
        "vestibule.link.answer",
        "vestibule.audit.verify",
    }
)
"""What the worker may do."""

NOBODY_RIGHTS = frozenset({"vestibule.link.ask", "vestibule.session.open"})
"""What a person who has not signed in may do: ask for a fresh link to a stored address, and
come in through the gate."""

OWN_RIGHTS = frozenset({"vestibule.own.edit"})
"""What every person who is let in may do to his own data."""

LINK_RIGHTS = frozenset({"vestibule.link.use"})
"""What the bearer of a one-time link may do: the one act its row offers."""


NO_FIRM = UUID(int=0)
"""The firm of whoever acts before a firm is known: none has this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One acting party of one firm.

    `standing` is only there for people; the others have the listed rights of their kind
    and no place. `name` is what the audit trail shows.
    """

    kind: ActorKind
    door: Door
    firm_id: UUID
    user_id: UUID | None = None
    token_id: UUID | None = None
    name: str = ""
    standing: Standing | None = None

    @property
    def is_person(self) -> bool:
        return self.kind is ActorKind.USER

    @property
    def fixed_rights(self) -> frozenset[str]:
        return _FIXED_RIGHTS.get(self.kind, frozenset())


_FIXED_RIGHTS: dict[ActorKind, frozenset[str]] = {
    ActorKind.USER: OWN_RIGHTS,
    ActorKind.OPERATOR: OPERATOR_RIGHTS,
    ActorKind.SYSTEM: SYSTEM_RIGHTS,
    ActorKind.NOBODY: NOBODY_RIGHTS,
    ActorKind.LINK_BEARER: LINK_RIGHTS,
}


def nobody(firm_id: UUID | None, door: Door = Door.PAGE) -> Actor:
    """Return the actor who has not signed in."""
    return Actor(kind=ActorKind.NOBODY, door=door, firm_id=firm_id or NO_FIRM)


def operator(firm_id: UUID | None = None, name: str = "operator") -> Actor:
    """Return the person at the server's command line."""
    return Actor(kind=ActorKind.OPERATOR, door=Door.CLI, firm_id=firm_id or NO_FIRM, name=name)


def system(firm_id: UUID, name: str) -> Actor:
    """Return the worker, acting under the name of one of its duties."""
    return Actor(kind=ActorKind.SYSTEM, door=Door.WORKER, firm_id=firm_id, name=name)


def link_bearer(firm_id: UUID, user_id: UUID, token_id: UUID) -> Actor:
    """Return whoever holds a one-time link: he may do that token's one act."""
    return Actor(
        kind=ActorKind.LINK_BEARER,
        door=Door.LINK,
        firm_id=firm_id,
        user_id=user_id,
        token_id=token_id,
    )
