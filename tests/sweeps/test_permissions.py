"""Every reserved permission is asked for by somebody, and every blueprint's role gives known ones."""

import ast
from pathlib import Path

import pytest

import vestibule
from tests.support import loops
from vestibule.actor import LINK_RIGHTS, NOBODY_RIGHTS, OPERATOR_RIGHTS, OWN_RIGHTS, SYSTEM_RIGHTS
from vestibule.authz.catalogue import FIXED, RESERVED, RESERVED_NAMES, Audience
from vestibule.blueprints import parse as blueprints
from vestibule.directory.actions._action import ACTIONS

SOURCES = Path(vestibule.__path__[0])
DECLARES = {"authz/catalogue.py", "actor.py"}
ONLY_MEASURED: dict[str, str] = {}


def asked_for() -> set[str]:
    """Return every name of a permission that the code names outside its declaration."""
    return {
        node.value
        for path in SOURCES.rglob("*.py")
        if path.relative_to(SOURCES).as_posix() not in DECLARES
        for node in ast.walk(loops.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("vestibule.")
    }


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES | FIXED))
def test_it_is_asked_for_somewhere(name: str) -> None:
    assert name in asked_for() | set(ONLY_MEASURED), f"{name} is given and never asked for"


def test_each_fixed_right_belongs_to_some_kind_of_actor() -> None:
    everybodys = OPERATOR_RIGHTS | SYSTEM_RIGHTS | NOBODY_RIGHTS | LINK_RIGHTS | OWN_RIGHTS
    assert everybodys >= FIXED
    # The operator founds firms and invites their first staff; people may be given that right too.
    assert everybodys - FIXED == {"vestibule.staff.create"} <= RESERVED_NAMES


def test_no_fixed_right_can_be_granted() -> None:
    assert not FIXED & RESERVED_NAMES


def test_every_action_asks_for_a_declared_right() -> None:
    names = {act.permission for act in ACTIONS.values()}  # type: ignore[attr-defined]
    assert names <= RESERVED_NAMES | FIXED


@pytest.mark.parametrize("shipped", blueprints.shipped())
def test_a_shipped_role_gives_nothing_that_is_for_others(shipped: str) -> None:
    blueprint = blueprints.load(shipped, reserved=RESERVED_NAMES)
    audience = {item.name: item.audience for item in RESERVED}
    for role in blueprint.roles:
        for item in role.permissions:
            meant_for = audience.get(item.name)
            assert meant_for in (None, Audience.BOTH, Audience(role.audience.value))


@pytest.mark.parametrize("shipped", blueprints.shipped())
def test_somebody_in_every_blueprint_may_do_each_of_the_firms_acts(shipped: str) -> None:
    blueprint = blueprints.load(shipped, reserved=RESERVED_NAMES)
    given = {item.name for role in blueprint.roles for item in role.permissions}

    assert given >= RESERVED_NAMES
