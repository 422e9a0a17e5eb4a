"""Importing a client list: what would happen, then all of it or nothing."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.actions.doing import events, given
from tests.reading import changes_nothing
from tests.world import PORTFOLIO, World
from vestibule import clock
from vestibule.directory.actions.imports import import_places
from vestibule.directory.actions.places import close_place
from vestibule.directory.models import Grant, Place, Role
from vestibule.refusals import Denied, FileUnreadable, LastAdministrator, Refusal

HEAD = "Entreprise;Groupe;SIREN;Établissement;SIRET;Adresse;Code postal;Ville\n"
NEW = "GROUPE ESTRAN;ESTRAN NORD;356000000;Lille;35600000000048;1 GRAND PLACE;59000;Lille\n"


@pytest.fixture
def practitioner(world: World) -> Any:
    return world.actor("practitioner")


def tree(world: World) -> dict[Any, tuple[Any, ...]]:
    """Return every place with all that an import may change."""
    with world.scope():
        return {
            place.pk: (place.name, place.parent_id, place.path, place.company_id, place.town)
            for place in Place.objects.filter(firm_id=world.morel.id)
        }


class TestADryRun:
    @changes_nothing
    def test_it_tells_what_would_be_made_changed_and_left_alone(
        self, world: World, practitioner: Any
    ) -> None:
        changed = PORTFOLIO.replace("ESTRAN SERVICES", "ESTRAN PAIE")
        plan = import_places(practitioner, (changed + NEW).encode(), dry_run=True)

        assert [(change.kind, change.name) for change in plan.created] == [
            ("company", "ESTRAN NORD"),
            ("establishment", "Lille"),
        ]
        assert [change.changes for change in plan.changed] == [
            {"name": ("ESTRAN SERVICES", "ESTRAN PAIE")}
        ]
        assert plan.unchanged == 7
        assert not plan.applied

    @changes_nothing
    def test_and_changes_nothing(self, world: World, practitioner: Any) -> None:
        before, recorded = tree(world), len(events(world))
        import_places(practitioner, (PORTFOLIO + NEW).encode(), dry_run=True)

        assert tree(world) == before
        assert len(events(world)) == recorded

    def test_it_promises_nothing_that_is_then_refused(
        self, world: World, practitioner: Any
    ) -> None:
        close_place(practitioner, world.place("port"))
        under_closed = (
            PORTFOLIO + ";ATELIER DU PORT;552100554;Vannes;55210055400021;;56000;Vannes\n"
        )

        with pytest.raises(Refusal) as refused:
            import_places(practitioner, under_closed.encode())
        with pytest.raises(type(refused.value)):
            import_places(practitioner, under_closed.encode(), dry_run=True)


class TestForReal:
    @changes_nothing
    def test_the_same_file_twice_changes_nothing(self, world: World, practitioner: Any) -> None:
        before, recorded = tree(world), len(events(world))
        plan = import_places(practitioner, PORTFOLIO.encode())

        assert (plan.created, plan.changed, plan.applied) == ([], [], False)
        assert plan.unchanged == 8
        assert tree(world) == before
        assert len(events(world)) == recorded

    def test_one_event_says_what_was_done(self, world: World, practitioner: Any) -> None:
        plan = import_places(practitioner, (PORTFOLIO + NEW).encode())

        assert plan.applied
        (event,) = events(world, name="places.imported")[1:]
        assert event.actor_user_id == world.morel.people["practitioner"]
        assert event.public["created"] == [["company", "ESTRAN NORD"], ["establishment", "Lille"]]

    def test_a_register_number_finds_a_place_whatever_it_is_called_now(
        self, world: World, practitioner: Any
    ) -> None:
        renamed = PORTFOLIO.replace("ESTRAN SERVICES", "ESTRAN PAIE")
        import_places(practitioner, renamed.encode())

        assert world.place("b").name == "ESTRAN PAIE"

    def test_the_file_moves_a_company_and_what_stands_below_goes_with_it(
        self, world: World, practitioner: Any
    ) -> None:
        moved = PORTFOLIO.replace("GROUPE ESTRAN;ESTRAN SERVICES", ";ESTRAN SERVICES")
        import_places(practitioner, moved.encode())

        assert world.place("b").parent_id == world.place("root").pk
        assert world.place("rennes").path.startswith(world.place("b").path)

    def test_it_renames_and_moves_the_same_company_in_one_go(
        self, world: World, practitioner: Any
    ) -> None:
        both = PORTFOLIO.replace("GROUPE ESTRAN;ESTRAN SERVICES", "GROUPE LARGE;ESTRAN PAIE")
        plan = import_places(practitioner, both.encode())

        place = world.place("b")
        assert place.name == "ESTRAN PAIE"
        with world.scope():
            assert Place.objects.get(pk=place.parent_id).name == "GROUPE LARGE"
        assert [set(change.changes) for change in plan.changed] == [{"name", "parent"}]

    def test_a_new_establishment_of_a_company_that_moves_lands_with_it(
        self, world: World, practitioner: Any
    ) -> None:
        moved = PORTFOLIO.replace("GROUPE ESTRAN;ESTRAN SERVICES", ";ESTRAN SERVICES")
        moved += ";ESTRAN SERVICES;404833048;Vitré;40483304800030;;35500;Vitré\n"
        import_places(practitioner, moved.encode())

        with world.scope():
            place = Place.objects.get(name="Vitré")
        assert place.path == world.place("b").path + place.pk.hex

    def test_what_the_file_does_not_name_stays(self, world: World, practitioner: Any) -> None:
        before = tree(world)
        import_places(practitioner, (HEAD + NEW).encode())

        assert {key: row for key, row in tree(world).items() if key in before} == before

    def test_nobodys_grants_change(self, world: World, practitioner: Any) -> None:
        before = given(world.user("director"))
        import_places(practitioner, (PORTFOLIO + NEW).encode())

        assert given(world.user("director")) == before

    def test_a_second_run_over_the_real_size_reads_no_row_one_by_one(
        self, world: World, practitioner: Any
    ) -> None:
        with world.scope(), CaptureQueriesContext(connection) as statements:
            import_places(practitioner, PORTFOLIO.encode())

        kinds = [one["sql"] for one in statements if 'FROM "directory_placekind"' in one["sql"]]
        assert len(kinds) <= 2


class TestAllOrNothing:
    @changes_nothing
    @pytest.mark.parametrize(
        "bad_line",
        [
            ";;;;;;;\n" + ";NAMELESS NUMBER;12;;;;;\n",
            ";\x00NUL;552100554;;;;;\n",
            ";" + "x" * 5000 + ";123456789;;;;;\n",
        ],
    )
    def test_one_bad_line_and_nothing_is_written(
        self, world: World, practitioner: Any, bad_line: str
    ) -> None:
        before = tree(world)
        with pytest.raises(FileUnreadable) as refused:
            import_places(practitioner, (PORTFOLIO + NEW + bad_line).encode())

        assert refused.value.problems
        assert tree(world) == before

    @changes_nothing
    @pytest.mark.parametrize("data", [b"", b"\x00\x01\x02", b"A;B;C\n1;2;3\n", b"PK\x03\x04zip"])
    def test_what_is_no_client_list_is_refused(
        self, world: World, practitioner: Any, data: bytes
    ) -> None:
        with pytest.raises(FileUnreadable):
            import_places(practitioner, data)

    def test_a_move_that_takes_a_companys_last_administrator_takes_the_whole_file_back(
        self, world: World, practitioner: Any
    ) -> None:
        """Law 5."""

        with world.scope():
            head = world.user("director")
            Grant.objects.filter(user=head, role__isnull=False).delete()
            Grant.objects.create(
                firm_id=world.morel.id,
                user=head,
                place=world.place("group"),
                role=Role.objects.get(firm_id=world.morel.id, code="administrator"),
                since=clock.now(),
            )
        before = tree(world)
        moved = PORTFOLIO.replace("GROUPE ESTRAN;ESTRAN CONSEIL", ";ESTRAN CONSEIL")

        with pytest.raises(LastAdministrator):
            import_places(practitioner, (moved + NEW).encode())
        assert tree(world) == before


@changes_nothing
@pytest.mark.parametrize("name", ["director", "standard", "trainee"])
def test_clients_and_trainees_import_nothing(world: World, name: str) -> None:
    with pytest.raises(Denied):
        import_places(world.actor(name), PORTFOLIO.encode())


@changes_nothing
def test_a_number_of_another_firm_is_a_new_place_here(world: World) -> None:
    """`rivage` has the SIREN of company A as its own company."""
    plan = import_places(world.rivage.actor("administrator"), PORTFOLIO.encode(), dry_run=True)

    assert "ESTRAN CONSEIL" not in [change.name for change in plan.created]
    assert plan.created_of("company") == 2
