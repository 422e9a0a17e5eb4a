"""Several administrators save the firm's settings at one moment: one is taken, the others are told."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.faults.children.visitor import Answer, Visitor
from tests.faults.walk import sign_in
from tests.support.databases import Database
from tests.support.served import Serve
from tests.world import World

pytestmark = pytest.mark.faults

RACERS = 6
ROUNDS = 5


def test_of_several_accents_saved_at_one_moment_one_is_taken_and_nobody_overwrites_it_unseen(
    world: World, database: Database, serve: Serve
) -> None:
    served = serve(worker=False, env={"VESTIBULE_WORKERS": "2"})
    visitor = Visitor(served.port)
    visitor.get("/f/morel/sign-in/")
    sign_in(visitor, world, "administrator")
    accents = "SELECT accent FROM directory_firm WHERE slug = 'morel'"
    events = "SELECT count(*) FROM directory_event WHERE name = 'firm.accent_changed'"

    for number in range(ROUNDS):
        page = visitor.get("/f/morel/settings/look/").text
        found = re.search(r'name="seen" value="(\w+)"', page)
        assert found
        start = Barrier(RACERS)

        def save(
            racer: int, seen: str = found[1], at: Barrier = start, turn: int = number
        ) -> tuple[str, Answer]:
            accent = f"#{turn}{racer}3333"
            own = Visitor(served.port, dict(visitor.cookies))
            at.wait()
            return accent, own.post("/f/morel/settings/look/", {"accent": accent, "seen": seen})

        with ThreadPoolExecutor(RACERS) as pool:
            told = list(pool.map(save, range(RACERS)))

        assert Counter(answer.status for _, answer in told) == {303: 1, 409: RACERS - 1}
        [taken] = [accent for accent, answer in told if answer.status == 303]
        assert database.rows(accents)[0][0] == taken
        assert database.rows(events)[0][0] == number + 1
    print(f"{ROUNDS} times {RACERS} accents at one moment: {ROUNDS} taken, all others told")
