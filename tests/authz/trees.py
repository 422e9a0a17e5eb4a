"""Small trees of places and standings on them, for the engine's tests. No database, no Django."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from vestibule.authz.standing import CompanyFact, GrantFact, Span, Standing

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ALWAYS = Span(NOW - 1000 * DAY)

READ, EDIT, INVITE = 1, 2, 4
PAYROLL, BANK = 1 << 64, 1 << 65
GATED = PAYROLL | BANK


@dataclass(frozen=True)
class Node:
    """A place: its number, the number of its parent, what it stands for."""

    number: int
    parent: int | None
    acts_as: str
    open: tuple[Span, ...] = (ALWAYS,)
    enabled: tuple[tuple[int, Span], ...] = ()

    @property
    def id(self) -> UUID:
        return UUID(int=self.number)


@dataclass(frozen=True)
class Tree:
    """Places by number; `0` is the firm."""

    nodes: dict[int, Node] = field(default_factory=dict)

    def add(self, number: int, parent: int | None, acts_as: str, **options: object) -> Tree:
        node = Node(number, parent, acts_as, **options)  # type: ignore[arg-type]
        return Tree({**self.nodes, number: node})

    def line(self, number: int) -> list[Node]:
        """Return the place and everything above it, upwards, by walking parents."""
        found = [self.nodes[number]]
        while found[-1].parent is not None:
            found.append(self.nodes[found[-1].parent])
        return found

    def path(self, number: int) -> str:
        return "".join(node.id.hex for node in reversed(self.line(number)))

    def companies(self) -> tuple[CompanyFact, ...]:
        """Return the facts as `facts.py` gives them: companies, and whatever is not open."""
        return tuple(
            fact(self, node)
            for node in self.nodes.values()
            if node.acts_as == "company" or not any(span.holds(NOW) for span in node.open)
        )


def fact(tree: Tree, node: Node) -> CompanyFact:
    return CompanyFact(
        place_id=node.id,
        path=tree.path(node.number),
        gates=node.acts_as == "company",
        open=node.open,
        enabled=node.enabled,
    )


def office() -> Tree:
    """Firm 0; group 1 with companies 2 (payroll; establishment 3) and 4 (nothing); company 5."""
    return (
        Tree()
        .add(0, None, "firm")
        .add(1, 0, "group")
        .add(2, 1, "company", enabled=((PAYROLL, ALWAYS),))
        .add(3, 2, "establishment")
        .add(4, 1, "company")
        .add(5, 0, "company", enabled=((PAYROLL, ALWAYS), (BANK, ALWAYS)))
    )


def standing(
    tree: Tree,
    *grants: tuple[int, int] | tuple[int, int, Span],
    is_staff: bool = False,
    active: tuple[Span, ...] = (ALWAYS,),
    user: int = 99,
) -> Standing:
    """Return the standing of somebody with `grants`: (place, bits) or (place, bits, when)."""
    facts = tuple(
        GrantFact(
            number,
            tree.nodes[grant[0]].id,
            tree.path(grant[0]),
            grant[1],
            grant[2] if len(grant) == 3 else ALWAYS,
        )
        for number, grant in enumerate(grants, start=1)
    )
    return Standing(
        user_id=UUID(int=user),
        firm_id=UUID(int=1),
        epoch=(1, 1),
        is_staff=is_staff,
        active=active,
        grants=facts,
        companies=tree.companies(),
        gated=GATED,
    )
