"""Jobs: what strangers asked for, done once by the worker and wiped; never seen at rest."""

from typing import Any

import pytest

from tests.actions.doing import let_the_worker_answer
from tests.support.databases import Database
from tests.world import World
from vestibule.directory.actions import jobs, outbox
from vestibule.directory.actions.invitations import ask_fresh_link
from vestibule.directory.models import Job, OutboxMessage, WorkItem


def ask(world: World, email: str = "") -> None:
    ask_fresh_link(world.morel.nobody(), email=email or world.morel.emails["invited"])


def mails(world: World) -> int:
    with world.scope():
        return OutboxMessage.objects.filter(state="queued").count()


def test_it_is_done_once_and_nothing_of_it_is_left(world: World) -> None:
    ask(world)
    assert jobs.do_due("first") == 1
    assert jobs.do_due("second") == 0

    assert mails(world) == 1
    with world.scope():
        assert not Job.objects.exists()
    assert WorkItem.objects.filter(kind="job", state="done").count() == 1


def test_at_rest_nobody_can_read_who_was_asked_for(world: World, database: Database) -> None:
    ask(world)
    ask(world, "somebody-else@client.example")

    rows = database.rows("SELECT * FROM directory_job")
    assert len(rows) == 2
    for row in rows:
        assert "example" not in str(row)
    lengths = {len(str(row[0])) for row in database.rows("SELECT arguments FROM directory_job")}
    assert len(lengths) == 1  # its length tells nothing either


@pytest.mark.parametrize(
    "email", ["", "no address", "x" * 5000, "a\x00b@client.example", "é@client.example", "\u202e"]
)
def test_whatever_is_asked_for_is_answered_without_an_error(world: World, email: str) -> None:
    ask_fresh_link(world.morel.nobody(), email=email)
    let_the_worker_answer()

    assert mails(world) == 0
    assert WorkItem.objects.filter(kind="job", state="done").count() == 1


def test_a_worker_that_was_killed_while_doing_it_leaves_it_to_another(
    world: World, freeze: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(world)

    def killed(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(jobs.DEEDS, "fresh_link", killed)
        with pytest.raises(KeyboardInterrupt):
            jobs.do_due("killed")
    assert jobs.do_due("another") == 0

    freeze.forward(seconds=outbox.LEASE.total_seconds() + 1)
    assert jobs.do_due("another") == 1
    assert mails(world) == 1


def test_one_that_fails_is_tried_again_later_and_given_up_in_the_end(
    world: World, freeze: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(world)

    def broken(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(jobs.DEEDS, "fresh_link", broken)
    tried = 0
    for _ in range(200):
        tried += jobs.do_due("worker")
        freeze.forward(hours=1)

    assert tried == len(outbox.TRY_AGAIN_AFTER) + 1
    assert WorkItem.objects.get(kind="job").state == "dead"
    assert mails(world) == 0


def test_one_bad_job_does_not_hold_up_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.rivage.scope():
        ask_fresh_link(world.rivage.nobody(), email="x@client.example")
    ask(world)
    real = jobs.DEEDS["fresh_link"]

    def broken_for_one_firm(actor: Any, **kwargs: Any) -> Any:
        if actor.firm_id == world.rivage.id:
            raise ZeroDivisionError
        return real(actor, **kwargs)

    monkeypatch.setitem(jobs.DEEDS, "fresh_link", broken_for_one_firm)
    assert jobs.do_due("worker") == 2
    assert mails(world) == 1
