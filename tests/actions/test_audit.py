"""The trail: its chain verifies, whoever alters it is found, personal values can be erased."""

from typing import Any

import pytest

from tests.actions.doing import create, events, personal_values
from tests.reading import changes_nothing
from tests.support.databases import Database
from tests.tampering import past_every_guard
from tests.world import World
from vestibule.directory import audit
from vestibule.directory.actions.client_users import deactivate_client_user
from vestibule.directory.models import Event, EventValue


def faults(world: World) -> tuple[str, ...]:
    with world.scope():
        return audit.verify(world.morel.id).faults


class TestTheChain:
    def test_it_verifies_for_everything_that_the_world_did(self, world: World) -> None:
        with world.scope():
            found = audit.verify(world.morel.id)

        assert found.faults == ()
        assert found.events == len(events(world)) > 20
        assert found.erased == 0

    def test_each_event_follows_the_one_before_without_a_gap(self, world: World) -> None:
        trail = events(world)

        assert [event.sequence for event in trail] == list(range(1, len(trail) + 1))
        assert [event.previous_hash for event in trail[1:]] == [event.hash for event in trail[:-1]]
        assert trail[0].previous_hash == audit.START

    def test_each_firm_has_its_own(self, world: World) -> None:
        before = events(world)
        create(world.rivage)

        assert [event.pk for event in events(world)] == [event.pk for event in before]
        with world.rivage.scope():
            assert audit.verify(world.rivage.id).faults == ()


class TestTampering:
    """Done past the guards, as a thief of the server would; each is found."""

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("name", "'user.promoted'"),
            ("actor_name", "'somebody'"),
            ("door", "'worker'"),
            ("object_id", "'0'"),
            ("at", "'2020-01-01 00:00:00+00:00'"),
            ("public", """'{"state": ["ready", "erased"]}'"""),
            ("commitment", "'0'"),
            ("actor_user_id", "NULL"),
        ],
    )
    def test_an_altered_event_is_named(
        self, world: World, database: Database, column: str, value: str
    ) -> None:
        target = events(world, name="client_user.created")[0]
        past_every_guard(
            database, f"UPDATE directory_event SET {column} = {value} WHERE id = {target.pk}"
        )

        assert f"event {target.sequence} was altered" in faults(world)

    def test_a_removed_event_is_missed(self, world: World, database: Database) -> None:
        target = events(world, name="client_user.deactivated")[0]
        past_every_guard(
            database,
            f"DELETE FROM directory_eventvalue WHERE event_id = {target.pk}",
            f"DELETE FROM directory_event WHERE id = {target.pk}",
        )

        assert f"event {target.sequence} is missing" in faults(world)

    def test_removed_last_events_are_missed(self, world: World, database: Database) -> None:
        last = events(world)[-1]
        past_every_guard(
            database,
            f"DELETE FROM directory_eventvalue WHERE event_id = {last.pk}",
            f"DELETE FROM directory_event WHERE id = {last.pk}",
        )

        assert faults(world) == ("the end of the chain is not where it was written",)

    def test_an_event_rehashed_by_the_thief_no_longer_fits_the_next(
        self, world: World, database: Database
    ) -> None:
        target = events(world, name="client_user.created")[0]
        target.name = "client_user.forged"
        past_every_guard(
            database,
            f"UPDATE directory_event SET name = '{target.name}', hash = '{audit.hash_of(target)}'"
            f" WHERE id = {target.pk}",
        )

        assert f"event {target.sequence + 1} does not follow the one before it" in faults(world)

    def test_altered_personal_values_are_found(self, world: World, database: Database) -> None:
        target = events(world, name="client_user.created")[0]
        database.rows(
            'UPDATE directory_eventvalue SET values = \'{"email": [null, "x@y.example"]}\''
            if database.vendor == "postgresql"
            else 'UPDATE directory_eventvalue SET "values" = \'{"email": [null, "x@y.example"]}\''
            f" WHERE event_id = {target.pk}"
        )

        assert f"the personal values of event {target.sequence} were altered" in faults(world)

    def test_a_forged_event_at_the_end_is_found(self, world: World) -> None:
        with world.scope():
            last = Event.objects.filter(firm_id=world.morel.id).order_by("-sequence")[0]
            last.pk, last.sequence = None, last.sequence + 1
            last.save(force_insert=True)

        assert faults(world)


class TestErasing:
    def test_personal_values_can_go_and_the_chain_still_verifies(self, world: World) -> None:
        user = create(world)
        with world.scope():
            EventValue.objects.filter(firm_id=world.morel.id, user_id=user.pk).delete()
            found = audit.verify(world.morel.id)

        assert found.faults == ()
        assert found.erased == 1

    def test_what_stays_says_nothing_of_the_person(self, world: World, database: Database) -> None:
        create(world, phone="06 12 34 56 78")
        for row in database.rows("SELECT * FROM directory_event"):
            said = str(row).lower()
            for personal in ("alice", "martin", "client.example", "612345678"):
                assert personal not in said

    def test_the_same_values_twice_have_different_commitments(self, world: World) -> None:
        """Salted: nobody finds out by guessing what was erased."""
        first = create(world)
        second = create(world.rivage)
        with world.rivage.scope():
            there = Event.objects.get(object_id=str(second.pk))

        (here,) = events(world, about=first)
        assert personal_values(world, here)["email"][1] == "alice.martin@client.example"
        assert here.commitment != there.commitment


@changes_nothing
class TestWhoReadsIt:
    def names(self, world: World, name: str) -> set[str]:
        with world.scope():
            return {event.name for event in Event.objects.visible_to(world.actor(name))}

    def test_the_firms_administrator_reads_all_of_it(self, world: World) -> None:
        with world.scope():
            seen = Event.objects.visible_to(world.actor("administrator")).count()
        assert seen == len(events(world))

    @pytest.mark.parametrize("name", ["practitioner", "director", "standard", "trainee"])
    def test_without_the_right_nobody_reads_any(self, world: World, name: str) -> None:
        assert self.names(world, name) == set()

    def test_the_history_of_a_person_is_for_whoever_sees_the_person(self, world: World) -> None:
        with world.scope():
            ready = world.user("ready")
            seen: dict[str, Any] = {
                name: Event.objects.all().about(ready, seen_by=world.actor(name)).count()
                for name in ("practitioner", "director", "co_director", "trainee")
            }
        assert seen == {"practitioner": 1, "director": 1, "co_director": 0, "trainee": 0}


def test_two_acts_at_once_never_share_a_number(world: World) -> None:
    """The head of the chain is locked last; see also tests/faults/test_invariants.py."""
    deactivate_client_user(world.actor("practitioner"), world.user("standard"))
    deactivate_client_user(world.actor("practitioner"), world.user("ready"))

    assert faults(world) == ()
