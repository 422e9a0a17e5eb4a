"""Verifying the chain by the worker: in slices, told on the way, gone on with after a kill."""

from typing import Any

import pytest

from tests.actions.doing import create, events
from tests.support.databases import Database
from tests.tampering import past_every_guard
from tests.world import World
from vestibule.directory import audit
from vestibule.directory.actions import chain_checks, jobs, outbox
from vestibule.directory.models import ChainCheck, Event, Job, WorkItem
from vestibule.refusals import Denied


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "STRETCH", 10)


def ask(world: World) -> ChainCheck:
    return chain_checks.ask_chain_check(world.actor("administrator"))


def now(world: World, check: ChainCheck) -> ChainCheck:
    with world.scope():
        found = ChainCheck.objects.get(pk=check.pk)
        assert isinstance(found, ChainCheck)
        return found


def let_the_worker_finish() -> int:
    slices = 0
    while done := jobs.do_due("worker of the tests"):
        slices += done
    return slices


@pytest.mark.req("X-03")
@pytest.mark.usefixtures("small_slices")
class TestAWholeChain:
    def test_is_verified_slice_by_slice_and_said_to_be_whole(self, world: World) -> None:
        check = ask(world)
        total = len(events(world))
        assert (now(world, check).total, now(world, check).checked) == (total - 1, 0)

        slices = let_the_worker_finish()

        done = now(world, check)
        assert slices == -(-total // 10)
        assert (done.checked, done.broken_at, done.fault) == (total, None, "")
        assert done.finished_at is not None
        [said] = events(world, name="audit.checked")
        assert said.public == {"events": total, "broken_at": None, "fault": ""}
        with world.scope():
            assert not Job.objects.exists()

    def test_each_slice_leaves_how_far_it_got_and_gives_the_others_their_turn(
        self, world: World
    ) -> None:
        check = ask(world)

        assert jobs.do_due("first") == 1
        assert now(world, check).checked == 10
        assert WorkItem.objects.get(kind="job").leased_until is None
        assert jobs.do_due("second") == 1
        assert now(world, check).checked == 20

    def test_what_is_added_meanwhile_is_verified_too(self, world: World) -> None:
        check = ask(world)
        jobs.do_due("first")
        create(world)

        let_the_worker_finish()

        assert now(world, check).checked == len(events(world)) - 1  # all but its own end
        assert now(world, check).total == now(world, check).checked
        assert now(world, check).fault == ""

    def test_a_worker_killed_in_a_slice_is_followed_by_one_that_goes_on_there(
        self, world: World, monkeypatch: pytest.MonkeyPatch, freeze: Any
    ) -> None:
        check = ask(world)
        jobs.do_due("first")

        def killed(*args: Any, **kwargs: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(audit, "read_stretch", killed)
            with pytest.raises(KeyboardInterrupt):
                jobs.do_due("killed")
        assert now(world, check).checked == 10
        assert jobs.do_due("another") == 0  # until the lease of the killed one has passed

        freeze.forward(seconds=outbox.LEASE.total_seconds() + 1)
        read: list[int] = []
        real = audit.read_stretch

        def noted(*args: Any, **kwargs: Any) -> Any:
            read.append(kwargs["after"])
            return real(*args, **kwargs)

        monkeypatch.setattr(audit, "read_stretch", noted)
        let_the_worker_finish()

        assert read[0] == 10
        assert now(world, check).finished_at is not None
        assert now(world, check).fault == ""


class TestATamperedChain:
    @pytest.mark.parametrize(
        ("fault", "statement"),
        [
            ("altered", "UPDATE directory_event SET name = 'user.promoted' WHERE id = {id}"),
            ("altered", "UPDATE directory_event SET door = 'worker' WHERE id = {id}"),
            ("missing", "DELETE FROM directory_event WHERE id = {id}"),
        ],
    )
    @pytest.mark.usefixtures("small_slices")
    def test_names_the_first_event_that_does_not_fit(
        self, world: World, database: Database, fault: str, statement: str
    ) -> None:
        target = events(world, name="client_user.deactivated")[0]
        past_every_guard(
            database,
            f"DELETE FROM directory_eventvalue WHERE event_id = {target.pk}",
            statement.format(id=target.pk),
        )
        check = ask(world)

        let_the_worker_finish()

        done = now(world, check)
        assert (done.broken_at, done.fault) == (target.sequence, fault)
        assert done.finished_at is not None
        [said] = events(world, name="audit.checked")
        assert said.public["broken_at"] == target.sequence

    def test_a_removed_end_is_noticed(self, world: World, database: Database) -> None:
        last = events(world)[-1]
        past_every_guard(
            database,
            f"DELETE FROM directory_eventvalue WHERE event_id = {last.pk}",
            f"DELETE FROM directory_event WHERE id = {last.pk}",
        )
        with world.scope():
            chain_checks.note_check(world.morel.operator(), audit.verify(world.morel.id))
            [noted] = ChainCheck.objects.filter(firm_id=world.morel.id)
        assert (noted.broken_at, noted.fault) == (last.sequence, "end")

    @pytest.mark.usefixtures("small_slices")
    def test_an_event_removed_behind_the_reader_between_two_slices_is_noticed(
        self, world: World, database: Database
    ) -> None:
        check = ask(world)
        jobs.do_due("first")
        with world.scope():
            tenth = Event.objects.get(firm_id=world.morel.id, sequence=10)
        past_every_guard(
            database,
            f"DELETE FROM directory_eventvalue WHERE event_id = {tenth.pk}",
            f"DELETE FROM directory_event WHERE id = {tenth.pk}",
        )

        let_the_worker_finish()

        assert (now(world, check).broken_at, now(world, check).fault) == (10, "missing")


class TestAsking:
    def test_while_one_is_under_way_it_is_the_answer(self, world: World) -> None:
        first = ask(world)

        assert ask(world).pk == first.pk
        assert len(events(world, name="audit.check_asked")) == 1

    def test_after_it_another_may_be_asked_for(self, world: World) -> None:
        first = ask(world)
        let_the_worker_finish()

        assert ask(world).pk != first.pk

    def test_one_that_the_worker_gave_up_does_not_stand_in_the_way(
        self, world: World, monkeypatch: pytest.MonkeyPatch, freeze: Any
    ) -> None:
        def broken(*args: Any, **kwargs: Any) -> None:
            raise ZeroDivisionError

        first = ask(world)
        with monkeypatch.context() as patch:
            patch.setitem(jobs.DEEDS, "chain_check", broken)
            for _ in range(60):
                jobs.do_due("worker")
                freeze.forward(hours=1)
        assert WorkItem.objects.get(kind="job").state == "dead"

        second = ask(world)
        let_the_worker_finish()

        assert now(world, first).fault == "stopped"
        assert now(world, second).fault == ""
        assert now(world, second).finished_at is not None

    @pytest.mark.parametrize("name", ["practitioner", "director", "standard", "trainee"])
    def test_it_is_for_whoever_reads_the_whole_trail(self, world: World, name: str) -> None:
        with pytest.raises(Denied):
            chain_checks.ask_chain_check(world.actor(name))
        with world.scope():
            assert not ChainCheck.objects.exists()


def test_a_job_that_another_worker_is_doing_is_left_to_it(world: World, database: Database) -> None:
    """Marked as done by the second, a long job would be lost after the first one's slice."""
    if database.vendor != "postgresql":
        pytest.skip("there a worker in a transaction is the only writer")
    ask(world)
    holder = database.connect()
    try:
        holder.execute("BEGIN")
        holder.execute("SELECT 1 FROM directory_job FOR UPDATE")
        jobs.do_due("second")
    finally:
        holder.close()

    assert WorkItem.objects.get(kind="job").state == "queued"
