"""The firm keeps an administrator, whatever several of them do to each other at one moment."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.actions.doing import accept, identity
from tests.faults.nurseries import Nursery
from tests.faults.test_invariants import race, verifies
from tests.support.databases import Database
from tests.world import World, secret_mailed_to, token_of
from vestibule.directory.actions import staff
from vestibule.directory.models import User

pytestmark = pytest.mark.faults

RACERS = 8


@pytest.fixture
def second(world: World) -> User:
    """A second administrator of the firm, who is in."""
    made = staff.create_staff_user(
        world.actor("administrator"),
        identity=identity(email="second@people.example"),
        role="firm_administrator",
    )
    return accept(token_of(made.firm_id, secret_mailed_to(made)))


def each_other(world: World, second: User, count: int) -> list[dict[str, Any]]:
    """Return deeds by which the two administrators demote each other."""
    first, other = str(world.morel.people["administrator"]), str(second.pk)
    pairs = [(first, other), (other, first)]
    return [
        {"deed": "demote staff", "by": pairs[number % 2][0], "user": pairs[number % 2][1]}
        for number in range(count)
    ]


def administrators(database: Database) -> int:
    """Count them past every guard and without the product's own code."""
    ((count,),) = database.rows(
        "SELECT count(*) FROM directory_grant g"
        " JOIN directory_role r ON r.id = g.role_id JOIN directory_user u ON u.id = g.user_id"
        " JOIN directory_firm f ON f.id = g.firm_id"
        " WHERE f.slug = 'morel' AND g.until IS NULL"
        " AND r.code = 'firm_administrator' AND u.state = 'active'"
    )
    return int(count)


def test_of_eight_concurrent_demotions_of_the_last_two_one_administrator_is_left(
    world: World, nursery: Nursery, database: Database, second: User
) -> None:
    assert administrators(database) == 2

    answers = race(nursery, database, world, each_other(world, second, RACERS))

    assert administrators(database) == 1
    told = Counter(answer.get("refused", "done") for answer in answers)
    assert told["done"] == RACERS / 2  # one of each four did it, three found it done
    assert told["administrator.last_of_firm"] + told["denied"] == RACERS / 2
    assert verifies(world)


@pytest.mark.parametrize("guard", ["the lock on the firm", "judging the firm"])
def test_without_the_guard_two_demotions_leave_none(
    world: World,
    nursery: Nursery,
    database: Database,
    second: User,
    guard: str,
    tmp_path: Path,
) -> None:
    if database.vendor == "sqlite":
        pytest.skip("there an act begins as the only writer: the second asks after the first")

    answers = race(
        nursery, database, world, each_other(world, second, 2), without=guard, meet=tmp_path
    )

    assert [set(answer) for answer in answers] == [{"result"}, {"result"}]
    assert administrators(database) == 0
