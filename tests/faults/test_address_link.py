"""One link that confirms a new address, many who use it; one new address, two who want it."""

import time
from collections import Counter
from typing import Any

import pytest

from tests.actions.doing import let_the_worker_answer
from tests.faults.nurseries import Nursery
from tests.faults.racing import race
from tests.support.databases import Database
from tests.support.served import Serve
from tests.world import World, secret_mailed_to
from vestibule.directory.actions.email_changes import ask_email_change
from vestibule.directory.models import User

pytestmark = pytest.mark.faults

NEW = "new.address@people.example"


def link_for(world: World, name: str, email: str = NEW) -> str:
    """Return the path that confirms another address of somebody."""
    with world.scope():
        ask_email_change(world.actor("practitioner"), world.user(name), email=email)
    let_the_worker_answer()
    secret = secret_mailed_to(world.user(name), "email_confirm")
    return f"/f/{world.morel.slug}/confirm-address/{secret}/"


def changes(database: Database, user: User) -> int:
    """Return how many events say that this user's address was changed."""
    rows = database.rows("SELECT object_id FROM directory_event WHERE name = 'user.email_changed'")
    return sum(object_id == str(user.pk) for (object_id,) in rows)


def test_of_200_who_confirm_with_one_link_exactly_one_does(
    world: World, nursery: Nursery, database: Database, serve: Serve
) -> None:
    served = serve(worker=False, env={"VESTIBULE_WORKERS": "4"})
    path = link_for(world, "standard")

    answers = race(nursery, database, served, path, {}, processes=8, each=25)

    statuses = Counter(answer["status"] for answer in answers)
    assert statuses == {303: 1, 410: 199}
    assert changes(database, world.user("standard")) == 1
    assert world.user("standard").email == NEW
    print(f"200 confirmations through 8 processes of one link: {dict(statuses)}, 1 event, 0 of 5xx")


def test_of_two_people_who_confirm_one_address_at_one_moment_one_gets_it(
    world: World, nursery: Nursery, database: Database, serve: Serve
) -> None:
    served = serve(worker=False, env={"VESTIBULE_WORKERS": "2"})
    found: list[Any] = []
    for number in range(4):
        email = f"nr{number}@people.example"
        names = ("standard", "director")
        paths = [link_for(world, name, email) for name in names]
        starts_at = time.monotonic() + 0.8
        pids = [
            nursery.start(
                "racers",
                database,
                port=served.port,
                path=path,
                posted={},
                cookies={},
                requests=1,
                starts_at=starts_at,
            )
            for path in paths
        ]
        statuses = sorted(nursery.wait(pid).said[0]["status"] for pid in pids)
        have_it = [name for name in names if world.user(name).email == email]
        found.append((statuses, len(have_it)))

    assert found == [([303, 409], 1)] * 4
    print(f"4 races of two people for one address: {found[0][0]} each time, 0 of 5xx")
