"""The world of the tests is what its docstring says, and can be copied."""

import copy
import pickle
from typing import Any

from tests.world import World


def test_everybody_is_in_the_state_of_his_name(world: World) -> None:
    states = {name: world.user(name).state for name in world.morel.people}

    assert states == {
        "administrator": "active",
        "practitioner": "active",
        "trainee": "active",
        "director": "active",
        "co_director": "active",
        "standard": "active",
        "waiting": "awaiting_validation",
        "ready": "ready",
        "invited": "invited",
        "deactivated": "deactivated",
    }


def test_both_firms_have_people_with_the_same_addresses(world: World) -> None:
    for name in ("administrator", "director"):
        assert world.user(name).email == world.rivage.user(name).email
        assert world.user(name).pk != world.rivage.user(name).pk


def test_the_world_can_be_copied_and_pickled(world: World) -> None:
    assert copy.deepcopy(world) == world
    assert pickle.loads(pickle.dumps(world)) == world  # noqa: S301


def test_no_mail_waits(world: World, database: Any) -> None:
    assert database.rows("SELECT id FROM directory_workitem WHERE state = 'queued'") == []
    assert database.rows("SELECT id FROM directory_outboxmessage WHERE sealed IS NOT NULL") == []
