"""The permissions of a firm as data: a tree of names, each leaf with its bits.

The reserved part `vestibule.*` belongs to the code; the rest comes from the firm's
blueprint. Only leaves carry bits. A bit's ordinal is never used again, so the ordinals
of the firm's own leaves are stored with them; the reserved ones are fixed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from vestibule.authz.levels import LevelSet, bits_of, levels_of, width


class Audience(StrEnum):
    """Who a permission or a role is meant for."""

    STAFF = "staff"
    CLIENT = "client"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Reserved:
    """A permission that the code itself asks for."""

    name: str
    bit: int
    audience: Audience
    sentence: str


RESERVED: tuple[Reserved, ...] = (
    Reserved("vestibule.firm.administer", 0, Audience.STAFF, "Administer the firm"),
    Reserved("vestibule.company.administer", 1, Audience.CLIENT, "Administer a company"),
    Reserved("vestibule.users.read", 2, Audience.BOTH, "See users"),
    Reserved("vestibule.users.create", 3, Audience.BOTH, "Create client users"),
    Reserved("vestibule.users.edit", 4, Audience.BOTH, "Correct users’ data"),
    Reserved("vestibule.users.invite", 5, Audience.BOTH, "Send invitations"),
    Reserved("vestibule.users.validate", 6, Audience.BOTH, "Validate users"),
    Reserved("vestibule.users.deactivate", 7, Audience.BOTH, "Deactivate users"),
    Reserved("vestibule.grants.change", 8, Audience.BOTH, "Change access"),
    Reserved("vestibule.grants.give_client_rights", 9, Audience.STAFF, "Give any client right"),
    Reserved("vestibule.places.read", 10, Audience.BOTH, "See companies"),
    Reserved("vestibule.places.create", 11, Audience.STAFF, "Create places"),
    Reserved("vestibule.places.rename", 12, Audience.STAFF, "Rename places"),
    Reserved("vestibule.places.move", 13, Audience.STAFF, "Move places"),
    Reserved("vestibule.places.close", 14, Audience.STAFF, "Close places"),
    Reserved("vestibule.places.import", 15, Audience.STAFF, "Import places"),
    Reserved("vestibule.audit.read", 16, Audience.STAFF, "Read the audit trail"),
    Reserved("vestibule.staff.read", 17, Audience.STAFF, "See the team"),
    Reserved("vestibule.staff.create", 18, Audience.STAFF, "Invite members of the team"),
    Reserved("vestibule.staff.change", 19, Audience.STAFF, "Change and end the team’s access"),
    Reserved("vestibule.settings.change", 20, Audience.STAFF, "Change the firm’s settings"),
    Reserved("vestibule.users.export", 21, Audience.BOTH, "Export lists of users"),
)
FIRST_OWN_BIT = 64
"""The firm's own leaves start here, so that the code can reserve more names later."""

FIXED: frozenset[str] = frozenset(
    {
        "vestibule.firm.create",
        "vestibule.mail.deliver",
        "vestibule.invitations.expire",
        "vestibule.audit.verify",
        "vestibule.link.ask",
        "vestibule.link.answer",
        "vestibule.link.use",
        "vestibule.session.open",
        "vestibule.own.edit",
    }
)
"""Rights of actors who are not people. They can't be granted to anybody."""

RESERVED_NAMES: frozenset[str] = frozenset(item.name for item in RESERVED)


class UnknownPermission(LookupError):
    """A name that is in no catalogue: a bug or a bad file, never a mere no (law 7)."""


@dataclass(frozen=True, slots=True)
class Node:
    """One row of the tree. `first_bit` is None on a node that is not a leaf."""

    name: str
    parent: str | None
    level_set: LevelSet
    audience: Audience
    first_bit: int | None
    application: str | None
    """The application this node belongs to (its own name for an application)."""

    @property
    def mask(self) -> int:
        if self.first_bit is None:
            return 0
        return ((1 << width(self.level_set)) - 1) << self.first_bit


class Catalogue:
    """All permissions of one firm, asked by name."""

    def __init__(self, own: Iterable[Node]) -> None:
        nodes = [
            Node(item.name, None, LevelSet.SWITCH, item.audience, item.bit, None)
            for item in RESERVED
        ]
        nodes.extend(own)
        self._nodes: dict[str, Node] = {}
        taken = 0
        for node in nodes:
            if node.name in self._nodes:
                raise ValueError(f"permission {node.name} is declared twice")
            if node.mask & taken:
                raise ValueError(f"permission {node.name} uses a bit of another")
            taken |= node.mask
            self._nodes[node.name] = node
        for node in nodes:
            if node.parent is not None and node.parent not in self._nodes:
                raise UnknownPermission(f"{node.name} stands under unknown {node.parent}")
        self._masks: dict[str, int] = {}
        self.client_mask = 0
        self.application_mask: dict[str, int] = {}
        for node in nodes:
            self._masks[node.name] = node.mask
        for node in nodes:
            if node.audience is not Audience.STAFF:
                self.client_mask |= node.mask
            if node.application is not None:
                before = self.application_mask.get(node.application, 0)
                self.application_mask[node.application] = before | node.mask

    def node(self, name: str) -> Node:
        """Return the node called `name`.

        Raises:
            UnknownPermission: nobody declared it.
        """
        try:
            return self._nodes[name]
        except KeyError:
            raise UnknownPermission(name) from None

    def nodes(self) -> Iterable[Node]:
        """Return every node, reserved ones first, in the order of declaration."""
        return self._nodes.values()

    def bits(self, name: str, level: str | None = None) -> int:
        """Return the mask that means "at least `level`"; without a level, the lowest yes.

        Raises:
            UnknownPermission: no such name, or it is no leaf.
            UnknownLevel: no such level on its scale.
        """
        node = self.node(name)
        if node.first_bit is None:
            raise UnknownPermission(f"{name} is not a leaf")
        wanted = level if level is not None else levels_of(node.level_set)[1]
        return bits_of(node.level_set, wanted, node.first_bit)

    def leaves_under(self, name: str) -> tuple[Node, ...]:
        """Return the leaves that the switch of `name` governs, itself included."""
        self.node(name)
        return tuple(
            node
            for node in self._nodes.values()
            if node.first_bit is not None and name in self._line(node)
        )

    def names_in(self, mask: int) -> tuple[str, ...]:
        """Return the leaves of which any level is in `mask`."""
        return tuple(node.name for node in self._nodes.values() if node.mask & mask)

    def _line(self, node: Node) -> list[str]:
        line = [node.name]
        while node.parent is not None:
            node = self._nodes[node.parent]
            line.append(node.name)
        return line


_RESERVED_BITS = {item.name: 1 << item.bit for item in RESERVED}


def reserved_bits(name: str) -> int:
    """Return the mask of a reserved permission, without any firm's catalogue.

    Raises:
        UnknownPermission: no such reserved name.
    """
    try:
        return _RESERVED_BITS[name]
    except KeyError:
        raise UnknownPermission(name) from None
