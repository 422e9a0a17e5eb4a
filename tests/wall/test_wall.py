"""No statement of one firm's work reaches another firm's rows, whatever forgot its filter."""

import asyncio
import uuid
from threading import Thread
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.utils import IntegrityError

from tests.actions.doing import create
from tests.support import loops
from tests.support.databases import Database
from tests.world import World
from vestibule import clock
from vestibule.directory import database as declared_database
from vestibule.directory.actions.places import rename_place
from vestibule.directory.models import (
    Firm,
    Grant,
    Place,
    PlaceReference,
    Role,
    User,
    WorkItem,
)
from vestibule.directory.scope import (
    THIRD_PARTY_TABLES,
    ForeignScope,
    OutsideScope,
    _firm,
    current_firm_id,
    firm_scope,
    tenant_tables,
)

pytestmark = pytest.mark.usefixtures("database")

INSTALLED = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
TABLES = sorted({*tenant_tables(), *THIRD_PARTY_TABLES} & INSTALLED)

STATEMENTS = (
    "SELECT count(*) FROM {}",
    'SELECT * FROM "{}"',
    "select 1 from [{}]",
    "DELETE FROM `{}`",
    "UPDATE {} SET firm_id = NULL",
    "INSERT INTO {} DEFAULT VALUES",
    "WITH x AS (SELECT * FROM {}) SELECT 1 FROM x",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM /* x */ {})",
    "DROP TABLE {}",
)


@pytest.fixture
def on_sqlite(database: Database) -> None:
    if database.vendor != "sqlite":
        pytest.skip("SQLite's wall: it refuses")


@pytest.fixture
def on_postgresql(database: Database) -> None:
    if database.vendor != "postgresql":
        pytest.skip("PostgreSQL's wall: it filters")


def run(sql: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall()) if cursor.description else []


@pytest.mark.usefixtures("on_sqlite")
class TestOnSqliteAStatementOutsideAScopeIsRefused:
    def test_whatever_it_is_and_however_it_is_spelled(self) -> None:
        for table in TABLES:
            for spelled in (table, table.upper(), table.title()):
                for statement in STATEMENTS:
                    with pytest.raises(OutsideScope):
                        run(statement.format(spelled))

    def test_many_at_once_too(self) -> None:
        with connection.cursor() as cursor, pytest.raises(OutsideScope):
            cursor.executemany("DELETE FROM directory_user WHERE id = %s", [["1"], ["2"]])

    def test_also_through_the_models(self) -> None:
        with pytest.raises(OutsideScope):
            User.objects.count()

    def test_also_on_a_connection_that_opens_later(self) -> None:
        connection.close()
        with pytest.raises(OutsideScope):
            User.objects.count()

    def test_also_in_another_thread_of_a_scope(self, world: World) -> None:
        """A scope belongs to one piece of work and not to the process."""
        refused: list[bool] = []

        def elsewhere() -> None:
            try:
                User.objects.count()
            except OutsideScope:
                refused.append(True)
            finally:
                connection.close()

        with world.scope():
            thread = Thread(target=elsewhere)
            thread.start()
            thread.join()
        assert refused == [True]

    def test_the_tables_outside_are_read_freely(self, world: World) -> None:
        assert Firm.objects.count() == 2
        assert WorkItem.objects.filter(state="queued").count() == 0

    def test_inside_a_scope_it_runs(self, world: World) -> None:
        with world.scope():
            assert User.objects.filter(firm_id=world.morel.id).count() == len(world.morel.people)


@pytest.mark.usefixtures("on_postgresql")
class TestOnPostgresqlARawStatementSeesOnlyItsFirm:
    def test_without_a_firm_there_are_no_rows_in_any_table(self, world: World) -> None:
        seen = {table: run(f"SELECT count(*) FROM {table}") for table in TABLES}
        assert {table for table, count in seen.items() if count != [(0,)]} == set()

    def test_with_a_firm_there_are_none_of_another(self, world: World, database: Database) -> None:
        for table in TABLES:
            column = THIRD_PARTY_TABLES.get(table)
            own = (
                f"SELECT count(*) FROM {table} WHERE firm_id = ?"
                if column is None
                else f"SELECT count(*) FROM {table} t JOIN directory_user u ON u.id = t.{column}"
                " WHERE u.firm_id = ?"
            )
            with world.scope():
                seen = run(f"SELECT count(*) FROM {table}")
            assert seen == database.rows(own, world.morel.id), table

    def test_an_update_without_a_filter_touches_only_its_firm(
        self, world: World, database: Database
    ) -> None:
        with world.scope():
            run("UPDATE directory_user SET phone = '+33600000000'")

        phones = database.rows(
            "SELECT DISTINCT phone FROM directory_user WHERE firm_id = ?", world.rivage.id
        )
        assert phones == [("",)]

    def test_a_delete_without_a_filter_touches_only_its_firm(
        self, world: World, database: Database
    ) -> None:
        with world.scope():
            run("DELETE FROM directory_idempotencykey")

        rest = database.rows("SELECT DISTINCT firm_id FROM directory_idempotencykey")
        assert rest == [(world.rivage.id,)]

    @pytest.mark.parametrize("foreign", ["rivage", "an unknown firm", "no firm"])
    def test_a_row_of_a_foreign_firm_cannot_be_written(self, world: World, foreign: str) -> None:
        firm_id = {"rivage": world.rivage.id, "an unknown firm": uuid.uuid4(), "no firm": None}
        with pytest.raises(DatabaseError), world.scope():
            run(
                "INSERT INTO directory_idempotencykey"
                " (firm_id, actor_user_id, action, key, result_type, result_id, created_at)"
                " VALUES (%s, %s, 'x', 'x', '', '', now())",
                firm_id[foreign],
                uuid.uuid4(),
            )

    def test_a_row_cannot_be_pushed_over_the_wall(self, world: World) -> None:
        with pytest.raises(DatabaseError, match="row-level security"), world.scope():
            run("UPDATE directory_idempotencykey SET firm_id = %s", world.rivage.id)

    @pytest.mark.parametrize("nonsense", ["", "not-a-uuid", "' OR true --"])
    def test_a_nonsensical_firm_opens_nothing(self, world: World, nonsense: str) -> None:
        with transaction.atomic():
            run("SELECT set_config('app.firm_id', %s, true)", nonsense)
            try:
                with transaction.atomic():
                    assert run("SELECT count(*) FROM directory_user") == [(0,)]
            except DatabaseError:
                assert nonsense

    def test_after_the_scope_the_connection_knows_no_firm(self, world: World) -> None:
        with world.scope():
            assert User.objects.exists()
        assert run("SELECT count(*) FROM directory_user") == [(0,)]

    def test_nor_after_a_scope_that_failed(self, world: World) -> None:
        with pytest.raises(ZeroDivisionError), world.scope():
            raise ZeroDivisionError
        assert run("SELECT count(*) FROM directory_user") == [(0,)]

    def test_the_role_that_serves_is_neither_owner_nor_superuser_nor_exempt(
        self, database: Database
    ) -> None:
        assert run("SELECT current_user") == [(declared_database.APP_ROLE,)]
        assert declared_database.app_role_fault(connection) == ""
        assert database.rows(
            "SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = ?",
            declared_database.APP_ROLE,
        ) == [(False, False, False)]
        assert not database.rows(
            "SELECT tablename FROM pg_tables WHERE tableowner = ?", declared_database.APP_ROLE
        )

    @pytest.mark.parametrize(
        "statement",
        [
            "ALTER TABLE directory_user DISABLE ROW LEVEL SECURITY",
            "DROP POLICY of_firm ON directory_user",
            "ALTER TABLE directory_event DISABLE TRIGGER ALL",
            "TRUNCATE directory_user CASCADE",
            "CREATE TABLE elsewhere (n integer)",
            "ALTER ROLE vestibule_app BYPASSRLS",
            "SET ROLE postgres",
        ],
    )
    def test_it_cannot_take_the_wall_down(self, statement: str) -> None:
        with pytest.raises(DatabaseError):
            run(statement)

    def test_the_owner_under_force_silently_sees_nothing_until_it_enters_a_firm(
        self, world: World, database: Database
    ) -> None:
        """What a data migration must know: without `firm_scope` it updates 0 rows."""
        assert database.cluster is not None
        owner = database.cluster.connect(database.name, user="vestibule_owner")
        try:
            update = "UPDATE directory_user SET phone = ''"
            assert owner.execute(update).rowcount == 0

            with owner.transaction():
                owner.execute("SELECT set_config('app.firm_id', %s, true)", [str(world.morel.id)])
                assert owner.execute(update).rowcount == len(world.morel.people)
        finally:
            owner.close()


class TestScopes:
    def test_another_firms_scope_inside_one_is_an_error(self, world: World) -> None:
        with world.scope():
            with pytest.raises(ForeignScope), world.rivage.scope():
                pytest.fail("two firms at once")
            assert current_firm_id() == world.morel.id

    def test_the_same_firms_scope_inside_is_joined(self, world: World) -> None:
        with world.scope():
            with world.scope():
                pass
            assert User.objects.filter(firm_id=world.morel.id).exists()
        assert current_firm_id() is None

    def test_an_action_of_another_firm_inside_a_scope_is_an_error(self, world: World) -> None:
        practitioner = world.rivage.actor("practitioner")
        place = world.rivage.place("a")
        with world.scope(), pytest.raises(ForeignScope):
            rename_place(practitioner, place, name="X")

    def test_after_a_failure_the_scope_is_closed(self, world: World) -> None:
        with pytest.raises(ZeroDivisionError), world.scope():
            raise ZeroDivisionError
        assert current_firm_id() is None

    @pytest.mark.usefixtures("on_postgresql")
    def test_a_scope_cannot_be_opened_inside_a_transaction(self, world: World) -> None:
        with transaction.atomic(), pytest.raises(ForeignScope):
            world.scope().__enter__()

    def test_two_pieces_of_work_at_once_do_not_share_one(self, world: World) -> None:
        async def see(firm_id: Any, others: asyncio.Event, mine: asyncio.Event) -> Any:
            token = _firm.set(firm_id)
            mine.set()
            await others.wait()
            seen = current_firm_id()
            _firm.reset(token)
            return seen

        async def both() -> tuple[Any, Any]:
            first, second = asyncio.Event(), asyncio.Event()
            return await asyncio.gather(
                asyncio.create_task(see(world.morel.id, second, first)),
                asyncio.create_task(see(world.rivage.id, first, second)),
            )

        assert tuple(loops.run(both())) == (world.morel.id, world.rivage.id)


class TestCompositeKeys:
    """A foreign firm's row cannot even be stored as a target, on either database."""

    @pytest.fixture
    def foreign(self, world: World) -> dict[str, Any]:
        with world.rivage.scope():
            return {
                "user": User.objects.filter(firm_id=world.rivage.id)[0].pk,
                "place": world.rivage.place("a").pk,
                "role": Role.objects.filter(firm_id=world.rivage.id, code="administrator")[0].pk,
            }

    @pytest.mark.parametrize("column", ["user", "place", "role"])
    def test_a_grant_to_a_foreign_target_cannot_be_stored(
        self, world: World, foreign: dict[str, Any], column: str
    ) -> None:
        with world.scope():
            row: dict[str, Any] = {
                "user_id": world.morel.people["standard"],
                "place_id": world.place("port").pk,
                "role_id": Role.objects.get(firm_id=world.morel.id, code="administrator").pk,
            }
        row[f"{column}_id"] = foreign[column]

        with pytest.raises(IntegrityError), world.scope(), transaction.atomic():
            Grant.objects.create(firm_id=world.morel.id, since=clock.now(), **row)

    def test_a_place_under_a_foreign_parent_cannot_be_stored(
        self, world: World, foreign: dict[str, Any]
    ) -> None:
        with pytest.raises(IntegrityError), world.scope(), transaction.atomic():
            Place.objects.filter(pk=world.place("a").pk).update(parent_id=foreign["place"])

    def test_a_user_billed_to_a_foreign_company_cannot_be_stored(
        self, world: World, foreign: dict[str, Any]
    ) -> None:
        with pytest.raises(IntegrityError), world.scope(), transaction.atomic():
            User.objects.filter(pk=world.morel.people["standard"]).update(
                billable_company_id=foreign["place"]
            )

    def test_one_to_a_row_of_the_same_firm_can(self, world: World) -> None:
        with world.scope(), transaction.atomic():
            User.objects.filter(pk=world.morel.people["standard"]).update(
                billable_company_id=world.place("port").pk
            )

    def test_what_hangs_from_a_user_goes_with_him(self, world: World) -> None:
        user = create(world, at=("a",), send_email=True)
        with world.scope():
            run("DELETE FROM directory_user WHERE id = %s", _key(user.pk))
            assert not Grant.objects.filter(user_id=user.pk).exists()


class TestWhatTheDatabaseItselfRefuses:
    @pytest.mark.parametrize(
        "statement",
        ["UPDATE directory_event SET name = 'x'", "DELETE FROM directory_event"],
    )
    def test_events_are_never_altered_or_removed(self, world: World, statement: str) -> None:
        with pytest.raises(DatabaseError), world.scope(), transaction.atomic():
            run(statement)

    def test_not_even_by_the_tables_owner(self, world: World, database: Database) -> None:
        connected = (
            database.cluster.connect(database.name, user="postgres")
            if database.cluster
            else database.connect()
        )
        statements = ["UPDATE directory_event SET name = 'x'", "DELETE FROM directory_event"]
        if database.cluster:
            statements.append("TRUNCATE directory_event CASCADE")
        try:
            for statement in statements:
                with pytest.raises(Exception, match="append-only"):
                    connected.execute(statement)
        finally:
            connected.close()

    def test_one_address_is_one_user_of_a_firm(self, world: World) -> None:
        with pytest.raises(IntegrityError), world.scope(), transaction.atomic():
            User.objects.filter(pk=world.morel.people["standard"]).update(
                canonical_email=world.morel.emails["director"]
            )

    def test_a_state_that_does_not_exist_cannot_be_stored(self, world: World) -> None:
        with pytest.raises(IntegrityError), world.scope(), transaction.atomic():
            User.objects.filter(pk=world.morel.people["standard"]).update(state="super")

    def test_a_number_of_a_register_identifies_one_place(self, world: World) -> None:
        with pytest.raises(IntegrityError), world.scope(), transaction.atomic():
            PlaceReference.objects.create(
                firm_id=world.morel.id,
                place=world.place("b"),
                scheme="siret",
                value="73282932000074",
            )

    def test_a_span_does_not_end_before_it_begins(self, world: World) -> None:
        with pytest.raises(IntegrityError), world.scope(), transaction.atomic():
            run("UPDATE directory_grant SET until = '2001-01-01 00:00:00+00:00'")

    def test_everything_declared_is_there_and_nothing_else(self) -> None:
        assert declared_database.present(connection) == declared_database.declared(connection)


class TestThirdPartyTablesThatHoldPeople:
    """MFA secrets get their firm through their user."""

    @pytest.fixture
    def secrets(self, world: World, database: Database) -> dict[str, Any]:
        people = {
            "morel": world.morel.people["director"],
            "rivage": world.rivage.people["director"],
        }
        for number, user_id in enumerate(people.values()):
            database.rows(
                "INSERT INTO mfa_authenticator (id, type, data, user_id, created_at, last_used_at)"
                " VALUES (?, 'totp', '{}', ?, '2025-01-01 00:00:00+00:00', NULL)",
                900 + number,
                user_id if database.vendor == "postgresql" else user_id.hex,
            )
        return people

    def test_mfa_secrets_are_behind_the_wall(
        self, world: World, database: Database, secrets: dict[str, Any]
    ) -> None:
        if database.vendor == "sqlite":
            with pytest.raises(OutsideScope):
                Authenticator.objects.count()
        else:
            assert Authenticator.objects.count() == 0
            with world.scope():
                assert [row.user_id for row in Authenticator.objects.all()] == [secrets["morel"]]
        with world.scope():
            own = Authenticator.objects.filter(user_id=secrets["morel"])
            assert own.count() == 1

    @pytest.mark.usefixtures("on_postgresql")
    def test_nobody_gets_a_second_factor_of_another_firm(
        self, world: World, secrets: dict[str, Any]
    ) -> None:
        with pytest.raises(DatabaseError, match="row-level security"), world.scope():
            run("UPDATE mfa_authenticator SET user_id = %s", secrets["rivage"])


def _key(value: uuid.UUID) -> Any:
    return value if connection.vendor == "postgresql" else value.hex


def test_firm_scope_takes_a_firm_or_its_id(world: World) -> None:
    firm = Firm.objects.get(pk=world.morel.id)
    with firm_scope(firm), firm_scope(firm.pk):
        assert current_firm_id() == firm.pk
