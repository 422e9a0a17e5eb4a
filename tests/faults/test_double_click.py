"""A double click on Confirm: one user, and every answer leads to the receipt."""

from collections import Counter

import pytest

from tests.faults.children.visitor import Visitor
from tests.faults.conftest import Unguarded
from tests.faults.nurseries import Nursery
from tests.faults.racing import race
from tests.faults.walk import CONFIRMED, sign_in, to_the_summary
from tests.support.databases import Database
from tests.support.served import Serve, Served
from tests.world import World

pytestmark = pytest.mark.faults


def address(number: int) -> str:
    return f"nr{number}@people.example"


def made_of(database: Database, email: str) -> dict[str, int]:
    """Return how many users, invitations, mails and events there are for an address."""
    users = "SELECT id FROM directory_user WHERE email = ?"
    counts = {
        "users": f"SELECT count(*) FROM ({users}) found",
        "invitations": f"SELECT count(*) FROM directory_invitation WHERE user_id IN ({users})",
        "mails": f"SELECT count(*) FROM directory_outboxmessage WHERE user_id IN ({users})",
        "events": "SELECT count(*) FROM directory_eventvalue WHERE user_id IN"
        f" ({users}) AND event_id IN (SELECT id FROM directory_event WHERE name = 'client_user.created')",
    }
    return {what: database.rows(question, email)[0][0] for what, question in counts.items()}


ONCE = {"users": 1, "invitations": 1, "mails": 1, "events": 1}


def test_a_double_click_on_confirm_makes_one_user_and_every_answer_leads_to_the_receipt(
    world: World, nursery: Nursery, database: Database, serve: Serve
) -> None:
    served = serve(worker=False, env={"VESTIBULE_WORKERS": "2"})
    rounds = (2, 8, 2, 8)
    for number, clicks in enumerate(rounds):
        path, visitor = a_summary(served, world, address(number))

        answers = race(
            nursery, database, served, path, CONFIRMED, processes=clicks, cookies=visitor.cookies
        )

        assert Counter((answer["status"], answer["location"]) for answer in answers).keys() <= {
            (303, path.replace("summary", "receipt")),  # made it, or found it made
            (302, path.replace("summary", "receipt")),  # came when the draft was done already
        }
        assert made_of(database, address(number)) == ONCE
    print(
        f"Confirm, 2 and 8 clicks at once, twice each: {len(rounds)} users,"
        f" {sum(rounds)} of {sum(rounds)} answers lead to the receipt"
    )


def a_summary(served: Served, world: World, email: str) -> tuple[str, Visitor]:
    visitor = Visitor(served.port)
    visitor.get(f"/f/{world.morel.slug}/sign-in/")
    sign_in(visitor, world, "practitioner")
    visitor.get(f"/f/{world.morel.slug}/users/")
    return to_the_summary(visitor, world, email), visitor


def test_without_the_key_of_the_draft_a_double_click_is_refused_or_makes_two_users(
    world: World, nursery: Nursery, database: Database, unguarded: Unguarded
) -> None:
    """Two guards overlap: the draft's key, and the address that only one user of a firm may have."""
    served = unguarded.served
    stages: list[tuple[str, ...]] = [
        (),
        ("the key of the draft",),
        ("the key of the draft", "one user per address"),
    ]
    told = []
    for number, guards in enumerate(stages):
        path, visitor = a_summary(served, world, address(number))
        unguarded.without(*guards)
        answers = race(
            nursery, database, served, path, CONFIRMED, processes=4, cookies=visitor.cookies
        )
        unguarded.without()
        receipts = sum(str(answer["location"]).endswith("/receipt/") for answer in answers)
        told.append((made_of(database, address(number))["users"], receipts))

    (control, without_key, without_both) = told
    assert control == (1, 4)
    assert without_key[0] == 1
    assert without_key[1] < 4
    assert without_both[0] > 1
    print(
        f"Confirm, 4 clicks at once (users, receipts): without the key {without_key}, nor the address {without_both}"
    )
