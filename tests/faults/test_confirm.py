"""Confirm, the deed of the wizard: all of it or nothing, and once."""

from collections import Counter

import pytest

from tests.faults.children import steps
from tests.faults.nurseries import Nursery
from tests.faults.pictures import added, changed, picture_of
from tests.faults.walk import CONFIRMED, Inside, sign_in, to_the_summary
from tests.support.databases import Database
from tests.world import World
from vestibule.directory.actions.drafts import begin_draft
from vestibule.directory.audit import verify
from vestibule.directory.models import Draft

pytestmark = pytest.mark.faults

ONE_USER = {
    "directory_user": 1,
    "directory_userstatespan": 2,  # ready, invited
    "directory_grant": 4,  # type and applications, at two companies
    "directory_permissionset": 1,
    "directory_permissionsetitem": 2,
    "directory_invitation": 1,
    "directory_token": 1,
    "directory_outboxmessage": 1,
    "directory_workitem": 1,
    "directory_event": 1,
    "directory_eventvalue": 1,
    "directory_idempotencykey": 1,
}
"""What one Confirm for two companies with an invitation writes: rows by table."""


def one_user(database: Database) -> dict[str, int]:
    """Return what one Confirm writes on this database: SQLite numbers whom it searches."""
    numbered = {"directory_user_numbered": 1} if database.vendor == "sqlite" else {}
    return ONE_USER | numbered


class Confirming:
    """The practitioner with drafts that are ready to be confirmed, all alike but for the address."""

    def __init__(self, world: World, nursery: Nursery, database: Database) -> None:
        self.world, self.nursery, self.database = world, nursery, database
        self.visitor = Inside()
        sign_in(self.visitor, world, "practitioner")
        self.first = to_the_summary(self.visitor, world, "anne@people.example")
        with world.scope():
            self.data = Draft.objects.get(firm_id=world.morel.id).data

    def another(self, number: int) -> str:
        """Return the address of the summary of one more draft."""
        data = {**self.data, "identity": {**self.data["identity"], "email": address(number)}}
        with self.world.scope():
            actor = self.world.actor("practitioner")
            draft = begin_draft(actor, wizard="client_user", data=data)
        return f"/f/{self.world.morel.slug}/users/new/{draft.pk}/summary/"

    def order(
        self, *paths: str, end_before: int | None = None, without: str = ""
    ) -> dict[str, object]:
        return {
            "cookies": self.visitor.cookies,
            "paths": paths,
            "posted": CONFIRMED,
            "end_before": end_before,
            "without": without,
        }


def address(number: int) -> str:
    return f"nr{number}@people.example"


@pytest.fixture
def confirming(world: World, nursery: Nursery, database: Database) -> Confirming:
    return Confirming(world, nursery, database)


def test_a_process_that_dies_at_any_statement_of_confirm_leaves_nothing_or_everything(
    confirming: Confirming, world: World, nursery: Nursery, database: Database
) -> None:
    before = picture_of(database)
    whole = nursery.rehearse("confirm", database, **confirming.order(confirming.first))
    assert whole["led_to"] == [confirming.first.replace("summary", "receipt")]
    assert added(before, picture_of(database)) == one_user(database)
    all_steps = range(1, len(whole["steps"]) + 2)  # the last: after every step, before the answer
    drafts = {k: confirming.another(k) for k in all_steps}

    left: Counter[str] = Counter()
    tried_again = []
    first = before = picture_of(database)
    for k in all_steps:
        ended = nursery.do("confirm", database, **confirming.order(drafts[k], end_before=k))
        assert ended.code == steps.ENDED
        after = picture_of(database)
        if changed(before, after):
            assert added(before, after) == one_user(database), f"at step {k} of {whole['steps']}"
            tried_again.append(drafts[k])
        elif k % 4 == 0:  # the others would begin from the very same rows
            tried_again.append(drafts[k])
        left["everything" if changed(before, after) else "nothing"] += 1
        before = after

    again = nursery.rehearse("confirm", database, **confirming.order(*tried_again))
    assert again["led_to"] == [path.replace("summary", "receipt") for path in tried_again]
    users = database.rows("SELECT email FROM directory_user WHERE email LIKE 'nr%'")
    assert sorted(users) == sorted(
        (address(k),) for k, path in drafts.items() if path in tried_again
    )
    assert added(first, picture_of(database)) == {
        table: rows * len(tried_again) for table, rows in one_user(database).items()
    }
    with world.scope():
        chain = verify(world.morel.id)
    assert chain.faults == ()
    assert left["nothing"] > 40
    assert left["everything"] >= 1
    print(
        f"Confirm, ended at each of {left.total()} points: {left['nothing']} times nothing,"
        f" {left['everything']} times everything, 0 times a part; {len(tried_again)} retries made 1 user each;"
        f" {chain.events} events in one chain"
    )


def test_without_the_transaction_of_the_action_a_death_leaves_a_part(
    confirming: Confirming, nursery: Nursery, database: Database
) -> None:
    before = picture_of(database)
    order = confirming.order(confirming.first, without="transaction")
    parts = []
    whole = nursery.done("confirm", database, **order)
    assert added(before, picture_of(database)) == one_user(database)
    of_the_user = [
        k for k, sql in enumerate(whole["steps"], 1) if sql.startswith('INSERT INTO "directory_')
    ]
    for k in of_the_user[1::4]:
        path = confirming.another(k)
        before = picture_of(database)
        ended = nursery.do(
            "confirm", database, **confirming.order(path, end_before=k, without="transaction")
        )
        assert ended.code == steps.ENDED
        rows = added(before, picture_of(database))
        if rows not in ({}, one_user(database)):
            parts.append(k)

    assert parts
    print(
        f"Confirm without its transaction: a part is left at {len(parts)} of {len(of_the_user[1::4])} steps"
    )
