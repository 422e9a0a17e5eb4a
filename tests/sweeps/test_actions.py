"""Every action, walked: who must be refused is, and what is done is recorded exactly once."""

import ast
import copy
import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

import vestibule.directory.actions
from tests.actions.doing import personal_values
from tests.specimens import SPECIMENS, Call, Specimen
from tests.support import loops
from tests.support.databases import Database, Template
from tests.world import World
from vestibule.authz.catalogue import FIXED, RESERVED_NAMES, UnknownPermission
from vestibule.directory import audit
from vestibule.directory.actions._action import ACTIONS, Careless, action, authorize, record
from vestibule.directory.models import Event, Firm
from vestibule.directory.scope import firm_scope, tenant_tables
from vestibule.refusals import Refusal

for module in pkgutil.iter_modules(vestibule.directory.actions.__path__):
    importlib.import_module(f"vestibule.directory.actions.{module.name}")

every_action = pytest.mark.parametrize("name", sorted(ACTIONS))


def specimen(name: str) -> Specimen:
    found = SPECIMENS.get(name)
    assert found is not None, f"{name} is new: give it a specimen in tests/specimens.py"
    return found


def contents(database: Database, firm_id: Any) -> dict[str, Counter[str]]:
    """Return every row of a firm, table by table, past every guard."""
    key = firm_id if database.vendor == "postgresql" else firm_id.hex
    mark = "%s" if database.vendor == "postgresql" else "?"
    connection = database.connect()
    try:
        return {
            table: Counter(
                repr(row)
                for row in connection.execute(
                    f"SELECT * FROM {table} WHERE firm_id = {mark}", (key,)
                ).fetchall()
            )
            for table in tenant_tables()
        }
    finally:
        connection.close()


def test_every_specimen_is_of_an_action_that_exists() -> None:
    assert set(SPECIMENS) == set(ACTIONS)


def test_every_function_decorated_as_an_action_is_in_the_walk() -> None:
    """So none can hide in a module that nobody imports."""
    folder = Path(vestibule.directory.actions.__path__[0])
    decorated = {
        f"{path.stem}.{node.name}"
        for path in folder.glob("*.py")
        for node in ast.walk(loops.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        and any(
            isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "action"
            for one in node.decorator_list
        )
    }
    assert decorated == set(ACTIONS)


@dataclass(frozen=True)
class Stage:
    """One action just before it is called, in a database of its own, and what is there."""

    specimen: Specimen
    call: Call
    world: World
    database: Database
    before: list[dict[str, Counter[str]]]

    def content(self) -> list[dict[str, Counter[str]]]:
        return [contents(self.database, firm.id) for firm in (self.world.morel, self.world.rivage)]


@pytest.fixture(scope="module", params=sorted(ACTIONS))
def stage(
    request: pytest.FixtureRequest, template: Template, django_db_blocker: DjangoDbBlocker
) -> Iterator[Stage]:
    """Prepare one action for all who will be refused."""
    own, world = template.database.copy(), copy.deepcopy(template.world)
    own.point_django_here()
    with django_db_blocker.unblock():
        one = specimen(request.param)
        ready = Stage(one, one.prepare(world), world, own, [])
        ready.before.extend(ready.content())
    yield ready
    template.database.point_django_here()
    own.drop()


@pytest.fixture
def unchanged(
    stage: Stage, template: Template, django_db_blocker: DjangoDbBlocker
) -> Iterator[Stage]:
    """Give the action to a test after which nothing may have changed, in either firm."""
    stage.database.point_django_here()
    try:
        with django_db_blocker.unblock():
            yield stage
        assert stage.content() == stage.before
    finally:
        template.database.point_django_here()


def test_staff_without_a_right_are_refused_and_nothing_changes(unchanged: Stage) -> None:
    with pytest.raises(Refusal):
        unchanged.call(unchanged.world.actor("trainee"))


@pytest.mark.parametrize("name", ["ready", "standard"])
def test_clients_without_a_right_are_refused_and_nothing_changes(
    unchanged: Stage, name: str
) -> None:
    with pytest.raises(Refusal):
        unchanged.call(unchanged.world.actor(name))


def test_nobody_is_refused_save_where_it_is_his_right(unchanged: Stage) -> None:
    if "nobody" in unchanged.specimen.others:
        return  # what he does there is looked at below
    with pytest.raises(Refusal):
        unchanged.call(unchanged.world.morel.nobody())


def test_the_other_firms_people_and_machines_change_nothing_here(unchanged: Stage) -> None:
    if unchanged.specimen.own_firm_only:
        assert "takes no row of another" in unchanged.specimen.own_firm_only
        return
    other = unchanged.world.rivage

    with pytest.raises(Refusal):
        unchanged.call(other.actor("administrator"))
    for machine in (other.system(), other.operator(), other.nobody()):
        with suppress(Refusal):
            unchanged.call(machine)


def test_an_action_that_failed_halfway_leaves_nothing_behind(
    unchanged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event is the last row of every act: without it there is no act."""
    actor = unchanged.specimen.by(unchanged.world)
    if not unchanged.specimen.records:
        assert unchanged.specimen.why
        return

    def broken(*args: Any) -> None:
        raise RuntimeError("the power fails here")

    monkeypatch.setattr("vestibule.directory.actions._action._append", broken)
    with pytest.raises(RuntimeError, match="power"):
        unchanged.call(actor)


@every_action
def test_what_is_done_is_recorded_once_with_who_how_what_and_the_values(
    name: str, world: World
) -> None:
    """X-03."""
    one = specimen(name)
    call = one.prepare(world)
    actor = one.by(world)
    firm_id = actor.firm_id

    def trail() -> list[Event]:
        if not Firm.objects.filter(pk=firm_id).exists():
            return []
        with firm_scope(firm_id):
            return list(Event.objects.filter(firm_id=firm_id).order_by("sequence"))

    before = trail()
    call(actor)
    new = trail()[len(before) :]

    if not one.records:
        assert one.why
        assert new == []
        return
    assert [event.name for event in new] == [one.records]
    (event,) = new
    assert event.door == one.door
    assert event.actor_kind == actor.kind.value
    assert event.actor_user_id == actor.user_id
    assert event.object_type
    assert event.object_id
    values = {**event.public}
    if event.commitment:
        values |= personal_values(world, event) if firm_id == world.morel.id else {}
    pairs = {key for key, value in values.items() if isinstance(value, list) and len(value) == 2}
    assert one.says <= pairs
    if firm_id == world.morel.id:
        with world.scope():
            assert audit.verify(firm_id).faults == ()


@every_action
def test_the_right_that_it_asks_for_is_known(name: str) -> None:
    assert ACTIONS[name].permission in RESERVED_NAMES | FIXED  # type: ignore[attr-defined]


class TestACarelessAction:
    """Written badly on purpose, and caught by the decorator itself."""

    @pytest.fixture(autouse=True)
    def _forget_it(self) -> Any:
        known = dict(ACTIONS)
        yield
        ACTIONS.clear()
        ACTIONS.update(known)

    def test_one_that_does_not_ask_is_a_bug(self, world: World) -> None:
        @action("vestibule.places.rename")
        def forgot_to_ask(actor: Any) -> None:
            record(actor, "place.renamed", Firm.objects.get(pk=world.morel.id))

        with pytest.raises(Careless, match="did not ask"):
            forgot_to_ask(world.actor("practitioner"))

    def test_one_that_records_nothing_is_a_bug(self, world: World) -> None:
        @action("vestibule.places.rename")
        def forgot_to_record(actor: Any) -> None:
            authorize(actor, at=None)

        with pytest.raises(Careless, match="recorded nothing"):
            forgot_to_record(world.actor("practitioner"))

    def test_and_neither_leaves_anything_behind(self, world: World, database: Database) -> None:
        @action("vestibule.places.rename")
        def half_done(actor: Any) -> None:
            authorize(actor, at=None)
            place = world.place("a")
            place.name = "changed"
            place.save()

        with pytest.raises(Careless):
            half_done(world.actor("practitioner"))
        assert world.place("a").name == "ESTRAN CONSEIL"

    def test_an_unknown_permission_is_an_error_at_import(self) -> None:
        with pytest.raises(UnknownPermission):
            action("vestibule.users.crate")
