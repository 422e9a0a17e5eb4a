"""Never and always, from several processes at once; and each time once without the guard.

A test of an invariant states it, lets racers try to break it, keeps what each was told and looks
at the database past every guard. Run with the one protection taken away the violation itself
must appear: else the test could not have seen it.
"""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests.actions.doing import ask, change_back, create
from tests.faults.nurseries import Nursery
from tests.support.databases import Database
from tests.world import World, secret_mailed_to, token_of
from vestibule.directory import audit, scope
from vestibule.directory.actions import jobs, passwords, requests
from vestibule.directory.database import declared, present
from vestibule.directory.models import Approval, User
from vestibule.directory.scope import OutsideScope

pytestmark = pytest.mark.faults

RACERS = 8


def race(
    nursery: Nursery,
    database: Database,
    world: World,
    deeds: list[dict[str, Any]],
    *,
    without: str = "",
    meet: Path | None = None,
) -> list[dict[str, Any]]:
    """Let every deed happen in a process of its own at one moment; return what each was told."""
    firm = str(world.morel.id)
    nursery.rehearse("invariants", database, deed="warm up", firm=firm, starts_at=0)
    starts_at = time.monotonic() + 0.3 + len(deeds) * 0.05
    pids = [
        nursery.start(
            "invariants",
            database,
            firm=firm,
            starts_at=starts_at,
            without=without,
            meet=str(meet or ""),
            racers=len(deeds),
            **deed,
        )
        for deed in deeds
    ]
    said = []
    for pid in pids:
        ended = nursery.wait(pid)
        assert ended.code == 0, nursery.log.read_text(errors="replace")[-6000:]
        said.append(ended.said)
    return said


def verifies(world: World) -> bool:
    with world.scope():
        return audit.verify(world.morel.id).faults == ()


class TestACompanyKeepsAnAdministrator:
    """S0-10, law 5."""

    def demotions(self, world: World, count: int) -> list[dict[str, Any]]:
        people = [world.morel.people[name] for name in ("director", "co_director")]
        return [
            {
                "deed": "demote",
                "by": str(world.morel.people["practitioner"]),
                "user": str(people[number % 2]),
                "company": str(world.morel.places["b"]),
            }
            for number in range(count)
        ]

    def administrators(self, database: Database, world: World) -> int:
        """Count them past every guard and without the product's own code."""
        key = world.morel.places["b"]
        ((count,),) = database.rows(
            "SELECT count(*) FROM directory_grant g"
            " JOIN directory_role r ON r.id = g.role_id JOIN directory_user u ON u.id = g.user_id"
            " WHERE g.place_id = ? AND g.until IS NULL"
            " AND r.code = 'administrator' AND u.state = 'active'",
            key if database.vendor == "postgresql" else key.hex,
        )
        return int(count)

    def test_whatever_eight_concurrent_demotions_of_the_last_two_do(
        self, world: World, nursery: Nursery, database: Database
    ) -> None:
        told: Counter[str] = Counter()
        rounds = 3
        for _ in range(rounds):
            assert self.administrators(database, world) == 2
            answers = race(nursery, database, world, self.demotions(world, RACERS))

            assert self.administrators(database, world) == 1
            told += Counter(answer.get("refused", "done") for answer in answers)
            change_back(world, "b", "director", "co_director")
        assert told["administrator.last"] == rounds * RACERS / 2
        assert told["done"] == rounds * RACERS / 2  # one of each four did it, three found it done
        assert verifies(world)
        print(f"last administrator: {rounds} rounds of {RACERS}: 0 breaches, {dict(told)}")

    @pytest.mark.parametrize("guard", ["the lock on the company", "judging inside the act"])
    def test_without_the_guard_two_demotions_leave_none(
        self, world: World, nursery: Nursery, database: Database, guard: str, tmp_path: Path
    ) -> None:
        if guard == "the lock on the company" and database.vendor == "sqlite":
            pytest.skip("there the lock is the whole database's: an act begins as its only writer")

        answers = race(
            nursery, database, world, self.demotions(world, 2), without=guard, meet=tmp_path
        )

        assert [set(answer) for answer in answers] == [{"result"}, {"result"}]
        assert self.administrators(database, world) == 0
        print(f"last administrator without {guard}: 1 breach of 1")


class TestARequestIsDecidedOnce:
    """S4-08, security.md, property 6: by one person, one way."""

    def decisions(self, world: World) -> list[dict[str, Any]]:
        """Let four approve and four refuse that somebody known gets a further company."""
        ask(world, "co_director", at=("b",), email=world.morel.emails["ready"])
        with world.scope():
            approval = Approval.objects.get(needs_second_person=True, state="waiting")
            seen = requests.seen_of(approval)
        return [
            {
                "deed": "decide",
                "by": str(world.morel.people["practitioner" if number % 2 else "administrator"]),
                "request": str(approval.pk),
                "seen": seen,
                "say": "yes" if number % 4 < 2 else "no",
            }
            for number in range(RACERS)
        ]

    def recorded(self, database: Database) -> int:
        ((count,),) = database.rows(
            "SELECT count(*) FROM directory_event"
            " WHERE name IN ('request.approved', 'request.refused')"
        )
        return int(count)

    def test_of_eight_who_decide_one_does(
        self, world: World, nursery: Nursery, database: Database
    ) -> None:
        answers = race(nursery, database, world, self.decisions(world))

        told = Counter(answer.get("refused", "done") for answer in answers)
        assert told == {"done": 1, "request.decided": RACERS - 1}
        assert self.recorded(database) == 1
        assert verifies(world)
        print(f"one request, {RACERS} deciders: {dict(told)}")

    def test_without_asking_whether_it_still_waits_several_do(
        self, world: World, nursery: Nursery, database: Database
    ) -> None:
        answers = race(
            nursery,
            database,
            world,
            self.decisions(world),
            without="asking whether it still waits",
        )

        told = Counter(answer.get("refused", "done") for answer in answers)
        assert told["done"] > 1
        assert self.recorded(database) > 1
        print(f"one request without its guards, {RACERS} deciders: {dict(told)}")


class TestALinkIsUsedOnce:
    """security.md, property 1."""

    def uses(self, world: World) -> list[dict[str, Any]]:
        passwords.ask_password_reset(world.morel.nobody(), email=world.morel.emails["standard"])
        jobs.do_due("worker of the tests")
        secret = secret_mailed_to(world.user("standard"), "password_reset")
        token = token_of(world.morel.id, secret)
        return [{"deed": "reset", "token": str(token.pk)}] * RACERS

    def recorded(self, database: Database) -> int:
        ((count,),) = database.rows(
            "SELECT count(*) FROM directory_event WHERE name = 'password.reset'"
        )
        return int(count)

    def test_by_exactly_one_of_eight(
        self, world: World, nursery: Nursery, database: Database
    ) -> None:
        answers = race(nursery, database, world, self.uses(world))

        told = Counter(answer.get("refused", "done") for answer in answers)
        assert told == {"done": 1, "link.dead": RACERS - 1}
        assert self.recorded(database) == 1
        assert verifies(world)
        print(f"one link, {RACERS} racers: {dict(told)}")

    def test_without_the_condition_of_its_one_update_by_all(
        self, world: World, nursery: Nursery, database: Database
    ) -> None:
        answers = race(
            nursery,
            database,
            world,
            self.uses(world),
            without="the condition of the one UPDATE",
        )

        told = Counter(answer.get("refused", "done") for answer in answers)
        assert told["done"] > 1
        assert self.recorded(database) > 1
        print(f"one link without its condition, {RACERS} racers: {dict(told)}")


class TestARetryIsNoSecondWish:
    def confirms(self, world: World) -> list[dict[str, Any]]:
        return [
            {
                "deed": "create",
                "by": str(world.morel.people["practitioner"]),
                "company": str(world.morel.places["a"]),
                "key": "the same",
            }
        ] * RACERS

    def test_eight_with_one_key_get_one_user_and_one_answer(
        self, world: World, nursery: Nursery, database: Database
    ) -> None:
        answers = race(nursery, database, world, self.confirms(world))

        assert len({answer.get("result") for answer in answers}) == 1
        (mails,) = database.rows(
            "SELECT count(*) FROM directory_outboxmessage WHERE state = 'queued'"
        )
        assert mails == (1,)
        assert verifies(world)

    def test_without_the_key_they_get_different_answers(
        self, world: World, nursery: Nursery, database: Database
    ) -> None:
        answers = race(
            nursery, database, world, self.confirms(world), without="the idempotency key"
        )

        told = Counter(answer.get("refused", "done") for answer in answers)
        assert told == {"done": 1, "invalid": RACERS - 1}


class TestTheWall:
    """security.md, property 9. With it, see tests/wall."""

    def test_without_the_wrapper_of_sqlite_a_statement_outside_a_scope_runs(
        self, world: World, database: Database
    ) -> None:
        if database.vendor != "sqlite":
            pytest.skip("SQLite's wall")
        with pytest.raises(OutsideScope):
            User.objects.count()

        connection.execute_wrappers.remove(scope._wall)
        assert User.objects.count() == len(world.morel.people) + len(world.rivage.people)
        connection.close()  # the next one opens with its wall

    def test_without_the_policy_of_postgresql_foreign_rows_are_seen(
        self, world: World, database: Database
    ) -> None:
        if database.vendor != "postgresql":
            pytest.skip("PostgreSQL's wall")
        with world.scope():
            assert User.objects.count() == len(world.morel.people)

        database.rows("ALTER TABLE directory_user DISABLE ROW LEVEL SECURITY")
        with world.scope():
            assert User.objects.count() == len(world.morel.people) + len(world.rivage.people)

    def test_without_the_policy_its_absence_is_noticed(
        self, world: World, database: Database
    ) -> None:
        what = (
            "DROP POLICY of_firm ON directory_user"
            if database.vendor == "postgresql"
            else "DROP TRIGGER directory_event_no_delete"
        )
        assert present(connection) == declared(connection)
        database.rows(what)
        assert present(connection) != declared(connection)

    def test_without_the_composite_key_a_foreign_target_is_stored(
        self, world: World, database: Database
    ) -> None:
        if database.vendor != "postgresql":
            pytest.skip("SQLite cannot drop a constraint; its keys are in tests/wall")
        foreign = world.rivage.place("a").pk
        person = world.morel.people["standard"]

        def bill_elsewhere() -> None:
            with world.scope(), transaction.atomic():
                User.objects.filter(pk=person).update(billable_company_id=foreign)

        with pytest.raises(DatabaseError):
            bill_elsewhere()
        database.rows("ALTER TABLE directory_user DROP CONSTRAINT user_billable_company_id_of_firm")
        bill_elsewhere()
        stored = database.rows(
            "SELECT billable_company_id FROM directory_user WHERE id = ?", person
        )
        assert stored == [(foreign,)]


class TestTheTrail:
    """security.md, property 14."""

    def alter(self, world: World) -> None:
        with world.scope(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE directory_event SET name = 'nothing.happened'")

    def test_without_the_trigger_it_can_be_altered_and_the_chain_says_so(
        self, world: World, database: Database
    ) -> None:
        with pytest.raises(DatabaseError):
            self.alter(world)
        assert verifies(world)

        if database.vendor == "postgresql":
            database.rows("ALTER TABLE directory_event DISABLE TRIGGER USER")
            with pytest.raises(DatabaseError, match="permission denied"):
                self.alter(world)
            database.rows("GRANT UPDATE ON directory_event TO vestibule_app")
        else:
            database.rows("DROP TRIGGER directory_event_no_update")
        self.alter(world)
        assert not verifies(world)

    def test_without_the_chain_an_alteration_is_not_seen(
        self, world: World, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The thief's alteration, with the comparison of hashes taken out of the check."""
        create(world)
        database.rows(
            "ALTER TABLE directory_event DISABLE TRIGGER USER"
            if database.vendor == "postgresql"
            else "DROP TRIGGER directory_event_no_update"
        )
        database.rows("UPDATE directory_event SET name = 'x' WHERE name = 'client_user.created'")
        assert not verifies(world)

        monkeypatch.setattr(audit, "hash_of", lambda event: event.hash)
        assert verifies(world)
