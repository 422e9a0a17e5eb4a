"""Places: create, rename, move, close, reopen; what each refuses and what it leaves alone."""

import threading
from typing import Any

import pytest
from django.db import connection

from tests.actions.doing import create, events, field_refusals, given
from tests.reading import changes_nothing
from tests.world import World
from vestibule import clock
from vestibule.authz.catalogue import reserved_bits
from vestibule.authz.reach import bits_at
from vestibule.directory.actions._action import bump_firm
from vestibule.directory.actions.client_users import deactivate_client_user
from vestibule.directory.actions.places import (
    GroupNotEmpty,
    TooDeep,
    close_place,
    create_place,
    move_place,
    rename_place,
    reopen_place,
)
from vestibule.directory.models import (
    EnabledApplication,
    Grant,
    Place,
    PlaceKind,
    PlaceOpenSpan,
    PlaceParentSpan,
    Role,
    User,
)
from vestibule.directory.policies.administrators import watch
from vestibule.refusals import (
    ChoiceUnknown,
    Denied,
    Invalid,
    LastAdministrator,
    NotFound,
    PlaceClosed,
    PlaceKindNotAllowed,
    PlaceUnderItself,
    SuccessorNeeded,
)


def applications_of(world: World, place: Place) -> set[str]:
    with world.scope():
        rows = EnabledApplication.objects.filter(company=place, until__isnull=True)
        return set(rows.values_list("application__name", flat=True))


def rights(world: World, name: str, place: str) -> int:
    """Return what somebody may do at a place now."""
    standing = world.actor(name).standing
    assert standing is not None
    return bits_at(standing, world.place(place).path, clock.now())


@pytest.fixture
def practitioner(world: World) -> Any:
    return world.actor("practitioner")


class TestCreate:
    def test_a_company_gets_the_applications_that_the_firm_usually_gives(
        self, world: World, practitioner: Any
    ) -> None:
        place = create_place(
            practitioner,
            parent=world.place("group"),
            kind="company",
            name="Estran Nord",
            references={"siren": "356 000 000"},
            details={"town": "Lille", "address": "1 Grand Place", "postcode": "59000"},
        )

        assert place.company_id == place.pk
        assert place.path == world.place("group").path + place.pk.hex
        assert place.town == "Lille"
        assert applications_of(world, place) == {
            "payroll", "invoicing", "expenses", "documents", "messaging",
        }  # fmt: skip
        (event,) = events(world, about=place)
        assert event.name == "place.created"
        assert event.public["name"] == [None, "Estran Nord"]
        assert event.public["references"] == {"siren": "356000000"}

    def test_an_establishment_belongs_to_the_company_above_it(
        self, world: World, practitioner: Any
    ) -> None:
        place = create_place(
            practitioner, parent=world.place("a"), kind="establishment", name="Lyon"
        )

        assert place.company_id == world.place("a").pk
        assert not place.is_billable

    def test_whoever_has_the_company_reaches_its_new_establishment_at_once(
        self, world: World, practitioner: Any
    ) -> None:
        before = world.actor("standard")
        place = create_place(
            practitioner, parent=world.place("a"), kind="establishment", name="Lyon"
        )

        with world.scope():
            assert Place.objects.visible_to(before).filter(pk=place.pk).exists()

    def test_names_of_brothers_may_repeat(self, world: World, practitioner: Any) -> None:
        place = create_place(
            practitioner, parent=world.place("a"), kind="establishment", name="Nantes"
        )

        assert place.pk != world.place("nantes").pk

    @changes_nothing
    def test_a_number_identifies_and_may_not_repeat(self, world: World, practitioner: Any) -> None:
        with pytest.raises(Invalid) as refused:
            create_place(
                practitioner,
                parent=world.place("root"),
                kind="company",
                name="Another",
                references={"siren": "732829320"},
            )

        assert field_refusals(refused.value) == {"siren": ["place.reference_taken"]}

    def test_two_who_take_a_number_at_the_same_instant_do_not_both_get_it(
        self, world: World, practitioner: Any
    ) -> None:
        ready = threading.Barrier(2)
        told: list[Any] = []
        parents = [world.place("root"), world.place("group")]

        def take(parent: Place) -> None:
            ready.wait()
            try:
                place = create_place(
                    practitioner,
                    parent=parent,
                    kind="company",
                    name="Estran Nord",
                    references={"siren": "356000000"},
                )
                told.append(place.pk)
            except Invalid as refusal:
                told.append(field_refusals(refusal))
            finally:
                connection.close()

        threads = [threading.Thread(target=take, args=(parent,)) for parent in parents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        refused = [one for one in told if isinstance(one, dict)]
        assert refused == [{"siren": ["place.reference_taken"]}]
        assert len(told) == 2

    def test_another_firm_may_have_the_same_number(self, world: World) -> None:
        place = create_place(
            world.rivage.actor("administrator"),
            parent=world.rivage.place("root"),
            kind="company",
            name="Estran Services",
            references={"siren": "404833048"},
        )

        assert place.firm_id == world.rivage.id

    @changes_nothing
    @pytest.mark.parametrize("number", ["12345678", "1234567890", "ABCDEFGHI", "73282932\x00"])
    def test_an_incomplete_number_is_refused(
        self, world: World, practitioner: Any, number: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            create_place(
                practitioner,
                parent=world.place("root"),
                kind="company",
                name="Another",
                references={"siren": number},
            )

        assert list(refused.value.fields) == ["siren"]

    @changes_nothing
    @pytest.mark.parametrize(
        ("kind", "parent"),
        [
            ("establishment", "group"),
            ("establishment", "root"),
            ("group", "a"),
            ("company", "a"),
            ("company", "nantes"),
            ("group", "group"),
        ],
    )
    def test_each_kind_stands_only_under_its_own(
        self, world: World, practitioner: Any, kind: str, parent: str
    ) -> None:
        with pytest.raises(PlaceKindNotAllowed):
            create_place(practitioner, parent=world.place(parent), kind=kind, name="X")

    @changes_nothing
    @pytest.mark.parametrize("kind", ["firm", "planet", ""])
    def test_an_unknown_kind_is_refused(self, world: World, practitioner: Any, kind: str) -> None:
        with pytest.raises(ChoiceUnknown):
            create_place(practitioner, parent=world.place("root"), kind=kind, name="X")

    @changes_nothing
    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("", "field.missing"),
            ("  \t ", "field.missing"),
            ("x" * 201, "text.too_long"),
            ("x" * 5000, "text.too_long"),
            ("a\x00b", "text.control_characters"),
            ("a\u202eb", "text.control_characters"),
        ],
    )
    def test_a_name_that_cannot_be_used_is_refused_at_the_field(
        self, world: World, practitioner: Any, name: str, code: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            create_place(practitioner, parent=world.place("root"), kind="group", name=name)

        assert field_refusals(refused.value) == {"name": [code]}

    @changes_nothing
    def test_a_detail_that_places_do_not_have_is_refused(
        self, world: World, practitioner: Any
    ) -> None:
        with pytest.raises(Invalid) as refused:
            create_place(
                practitioner,
                parent=world.place("root"),
                kind="group",
                name="X",
                details={"path": "…"},
            )

        assert list(refused.value.fields) == ["path"]

    def test_nothing_is_made_under_a_closed_place(self, world: World, practitioner: Any) -> None:
        close_place(practitioner, world.place("a"), billed_to=world.place("b"))

        with pytest.raises(PlaceClosed):
            create_place(practitioner, parent=world.place("a"), kind="establishment", name="X")

    def test_the_tree_has_a_bottom(self, world: World, practitioner: Any) -> None:
        with world.scope():
            PlaceKind.objects.filter(firm_id=world.morel.id, code="group").update(
                parents=["firm", "group"]
            )
        parent = world.place("root")
        for level in range(11):
            parent = create_place(practitioner, parent=parent, kind="group", name=f"L{level}")

        with pytest.raises(TooDeep):
            create_place(practitioner, parent=parent, kind="group", name="one more")

    @changes_nothing
    @pytest.mark.parametrize("name", ["director", "standard", "trainee"])
    def test_clients_and_trainees_create_no_places(self, world: World, name: str) -> None:
        with pytest.raises(Denied):
            create_place(world.actor(name), parent=world.place("a"), kind="establishment", name="X")

    def test_its_history_begins(self, world: World, practitioner: Any) -> None:
        place = create_place(practitioner, parent=world.place("a"), kind="establishment", name="L")

        with world.scope():
            assert PlaceOpenSpan.objects.get(place=place).until is None
            assert PlaceParentSpan.objects.get(place=place).parent_id == world.place("a").pk


class TestRename:
    def test_the_name_changes_and_nobodys_access(self, world: World, practitioner: Any) -> None:
        before = given(world.user("standard"))
        place = rename_place(practitioner, world.place("a"), name="Estran Conseil & Associés")

        assert place.name == "Estran Conseil & Associés"
        assert given(world.user("standard")) == before
        (event,) = events(world, about=place, name="place.renamed")
        assert event.public["name"] == ["ESTRAN CONSEIL", "Estran Conseil & Associés"]

    def test_it_is_found_by_its_new_name_and_still_by_its_number(
        self, world: World, practitioner: Any
    ) -> None:
        rename_place(practitioner, world.place("a"), name="Grève")

        with world.scope():
            companies = Place.objects.visible_to(practitioner).companies()
            for text in ("greve", "732829320", "estran greve"):
                assert [place.name for place in companies.matching(text)] == ["Grève"]
            assert not companies.matching("conseil").exists()

    def test_companies_are_found_by_the_new_name_of_their_group(
        self, world: World, practitioner: Any
    ) -> None:
        rename_place(practitioner, world.place("group"), name="Groupe Marée")

        with world.scope():
            companies = Place.objects.visible_to(practitioner).companies()
            assert companies.matching("maree").count() == 2

    @changes_nothing
    def test_the_same_name_again_changes_nothing(self, world: World, practitioner: Any) -> None:
        rename_place(practitioner, world.place("a"), name=" ESTRAN  CONSEIL ")

        assert not events(world, name="place.renamed")

    @changes_nothing
    def test_the_firm_itself_is_no_place_to_rename(self, world: World, practitioner: Any) -> None:
        with pytest.raises(NotFound):
            rename_place(practitioner, world.place("root"), name="X")

    @changes_nothing
    def test_a_name_that_cannot_be_used_is_refused(self, world: World, practitioner: Any) -> None:
        with pytest.raises(Invalid) as refused:
            rename_place(practitioner, world.place("a"), name="")

        assert field_refusals(refused.value) == {"name": ["field.missing"]}

    @changes_nothing
    def test_a_client_administrator_renames_nothing(self, world: World) -> None:
        with pytest.raises(Denied):
            rename_place(world.actor("director"), world.place("a"), name="X")

    def test_markup_is_a_name_like_any_other(self, world: World, practitioner: Any) -> None:
        place = rename_place(practitioner, world.place("a"), name="<script>alert(1)</script>")

        assert place.name == "<script>alert(1)</script>"


class TestMove:
    def test_everything_below_moves_with_it(self, world: World, practitioner: Any) -> None:
        place = move_place(practitioner, world.place("a"), parent=world.place("root"))

        assert place.parent_id == world.place("root").pk
        for name in ("nantes", "brest"):
            assert world.place(name).path == place.path + world.place(name).pk.hex
            assert world.place(name).company_id == place.pk
        (event,) = events(world, about=place, name="place.moved")
        assert event.public["parent"] == [
            str(world.place("group").pk),
            str(world.place("root").pk),
        ]

    def test_an_establishment_changes_its_company(self, world: World, practitioner: Any) -> None:
        place = move_place(practitioner, world.place("nantes"), parent=world.place("b"))

        assert place.company_id == world.place("b").pk

    def test_where_it_stood_before_is_kept(self, world: World, practitioner: Any) -> None:
        move_place(practitioner, world.place("nantes"), parent=world.place("b"))

        with world.scope():
            spans = list(
                PlaceParentSpan.objects.filter(place=world.place("nantes")).order_by("since")
            )
        assert [span.parent_id for span in spans] == [world.place("a").pk, world.place("b").pk]
        assert spans[0].until == spans[1].since

    def test_its_grants_hold_there_at_the_very_next_decision(
        self, world: World, practitioner: Any
    ) -> None:
        assert not rights(world, "co_director", "nantes")
        move_place(practitioner, world.place("nantes"), parent=world.place("b"))

        assert rights(world, "co_director", "nantes") & reserved_bits("vestibule.users.read")

    @changes_nothing
    def test_the_same_parent_again_changes_nothing(self, world: World, practitioner: Any) -> None:
        move_place(practitioner, world.place("a"), parent=world.place("group"))

        assert not events(world, name="place.moved")

    @changes_nothing
    def test_nothing_moves_under_itself_or_under_a_place_of_its_own(
        self, world: World, practitioner: Any
    ) -> None:
        for parent in ("a", "nantes"):
            with pytest.raises(PlaceUnderItself):
                move_place(practitioner, world.place("a"), parent=world.place(parent))

    @changes_nothing
    @pytest.mark.parametrize(
        ("name", "parent"), [("nantes", "group"), ("a", "port"), ("group", "a")]
    )
    def test_nor_where_its_kind_does_not_stand(
        self, world: World, practitioner: Any, name: str, parent: str
    ) -> None:
        with pytest.raises(Invalid):
            move_place(practitioner, world.place(name), parent=world.place(parent))

    def test_nor_under_a_closed_place(self, world: World, practitioner: Any) -> None:
        close_place(practitioner, world.place("port"))

        with pytest.raises(PlaceClosed):
            move_place(practitioner, world.place("nantes"), parent=world.place("port"))

    @changes_nothing
    def test_nor_to_another_firm(self, world: World) -> None:
        with pytest.raises(Denied):
            move_place(
                world.actor("administrator"), world.place("a"), parent=world.rivage.place("root")
            )

    @changes_nothing
    def test_the_firm_itself_does_not_move(self, world: World, practitioner: Any) -> None:
        with pytest.raises(NotFound):
            move_place(practitioner, world.place("root"), parent=world.place("group"))

    def test_whoever_may_not_give_client_rights_moves_nothing(self, world: World) -> None:
        """A move gives what stands here to whoever has a grant above there."""
        with world.scope():
            role = Role.objects.get(firm_id=world.morel.id, code="practitioner")
            role.contents.filter(permission="vestibule.grants.give_client_rights").update(
                until=clock.now()
            )
            bump_firm(world.morel.id)

        with pytest.raises(Denied):
            move_place(world.actor("practitioner"), world.place("nantes"), parent=world.place("b"))

    def test_a_company_keeps_the_administrator_that_it_has_through_its_group(
        self, world: World, practitioner: Any
    ) -> None:
        """Law 5: also a move may not take the last one away."""
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

        with pytest.raises(LastAdministrator):
            move_place(practitioner, world.place("a"), parent=world.place("root"))
        assert world.place("a").parent_id == world.place("group").pk


class TestClose:
    """Law 8."""

    def test_the_rights_of_its_clients_stop_at_once_and_nobody_elses(
        self, world: World, practitioner: Any
    ) -> None:
        page_open_since_before = world.actor("director")
        elsewhere = rights(world, "director", "b")
        close_place(practitioner, world.place("a"), billed_to=world.place("b"))

        assert rights(world, "director", "a") == rights(world, "director", "nantes") == 0
        assert rights(world, "director", "b") == elsewhere
        with pytest.raises(Denied):
            create(world, page_open_since_before, at=("a",))

    def test_reopening_restores_them(self, world: World, practitioner: Any) -> None:
        before = {
            (name, place): rights(world, name, place)
            for name in ("director", "standard")
            for place in ("a", "nantes", "b")
        }
        close_place(practitioner, world.place("a"), billed_to=world.place("b"))
        place = reopen_place(practitioner, world.place("a"))

        assert place.is_open
        for (name, where), held in before.items():
            assert rights(world, name, where) == held
        assert len(events(world, about=place, name="place.reopened")) == 1

    @changes_nothing
    def test_it_asks_where_its_users_are_billed_from_now_on(
        self, world: World, practitioner: Any
    ) -> None:
        with pytest.raises(SuccessorNeeded) as refused:
            close_place(practitioner, world.place("a"))

        assert list(refused.value.fields) == ["billed_to"]
        assert "5 users are billed to ESTRAN CONSEIL" in str(refused.value)
        assert world.place("a").is_open

    def test_and_bills_them_there_and_moves_nothing_else(
        self, world: World, practitioner: Any
    ) -> None:
        before = given(world.user("director"))
        place = close_place(practitioner, world.place("a"), billed_to=world.place("port"))

        assert world.user("director").billable_company_id == world.place("port").pk
        assert given(world.user("director")) == before
        (event,) = events(world, about=place, name="place.closed")
        assert event.public["users_billed"] == 5
        assert event.public["billed_to"] == str(world.place("port").pk)

    def test_deactivated_users_ask_for_nothing(self, world: World, practitioner: Any) -> None:
        user = create(world, at=("port",), user_type="administrator")
        deactivate_client_user(practitioner, user)

        assert not close_place(practitioner, world.place("port")).is_open

    @changes_nothing
    @pytest.mark.parametrize("name", ["a", "nantes", "group"])
    def test_the_successor_is_another_open_company(
        self, world: World, practitioner: Any, name: str
    ) -> None:
        with pytest.raises(ChoiceUnknown):
            close_place(practitioner, world.place("a"), billed_to=world.place(name))

    def test_a_closed_company_succeeds_nobody(self, world: World, practitioner: Any) -> None:
        close_place(practitioner, world.place("port"))

        with pytest.raises(ChoiceUnknown):
            close_place(practitioner, world.place("a"), billed_to=world.place("port"))

    @changes_nothing
    def test_nor_does_another_firms(self, world: World, practitioner: Any) -> None:
        with pytest.raises(Denied):
            close_place(practitioner, world.place("a"), billed_to=world.rivage.place("a"))

    @changes_nothing
    def test_a_group_with_open_companies_stays(self, world: World, practitioner: Any) -> None:
        with pytest.raises(GroupNotEmpty):
            close_place(practitioner, world.place("group"))

    def test_a_second_time_is_refused(self, world: World, practitioner: Any) -> None:
        close_place(practitioner, world.place("port"))

        with pytest.raises(PlaceClosed):
            close_place(practitioner, world.place("port"))

    def test_closing_is_no_demotion_of_its_last_administrator(
        self, world: World, practitioner: Any
    ) -> None:
        """Law 5 names it as its exception."""
        close_place(practitioner, world.place("a"), billed_to=world.place("b"))

        with world.scope():
            assert watch(world.place("a")).now == 2

    @changes_nothing
    def test_the_firm_itself_is_not_closed(self, world: World, practitioner: Any) -> None:
        with pytest.raises(NotFound):
            close_place(practitioner, world.place("root"))

    @changes_nothing
    def test_a_client_administrator_closes_nothing(self, world: World) -> None:
        with pytest.raises(Denied):
            close_place(world.actor("director"), world.place("a"), billed_to=world.place("b"))

    def test_its_open_time_is_kept(self, world: World, practitioner: Any) -> None:
        close_place(practitioner, world.place("port"))
        reopen_place(practitioner, world.place("port"))

        with world.scope():
            spans = list(PlaceOpenSpan.objects.filter(place=world.place("port")).order_by("since"))
        assert [span.until is None for span in spans] == [False, True]


class TestReopen:
    @changes_nothing
    def test_an_open_place_is_left_alone(self, world: World, practitioner: Any) -> None:
        reopen_place(practitioner, world.place("a"))

        assert not events(world, name="place.reopened")

    def test_a_company_of_a_closed_group_waits_for_the_group(
        self, world: World, practitioner: Any
    ) -> None:
        close_place(practitioner, world.place("a"), billed_to=world.place("port"))
        close_place(practitioner, world.place("b"), billed_to=world.place("port"))
        close_place(practitioner, world.place("group"))

        with pytest.raises(PlaceClosed):
            reopen_place(practitioner, world.place("a"))

    def test_not_without_the_right(self, world: World, practitioner: Any) -> None:
        close_place(practitioner, world.place("port"))

        with pytest.raises(Denied):
            reopen_place(world.actor("trainee"), world.place("port"))


@changes_nothing
class TestWhoSeesWhat:
    def names(self, world: World, name: str) -> set[str]:
        with world.scope():
            return {place.name for place in Place.objects.visible_to(world.actor(name))}

    def test_staff_see_every_place_but_the_root(self, world: World) -> None:
        assert len(self.names(world, "practitioner")) == len(world.morel.places)

    def test_a_client_sees_the_places_of_his_grants_and_nothing_above_or_beside(
        self, world: World
    ) -> None:
        assert self.names(world, "co_director") == {"ESTRAN SERVICES", "Rennes"}

    def test_without_a_right_or_grant_nobody_sees_any(self, world: World) -> None:
        assert self.names(world, "trainee") == set()
        with world.scope():
            assert not Place.objects.visible_to(world.morel.nobody()).exists()

    def test_a_place_that_cannot_be_seen_is_as_absent_as_one_that_never_was(
        self, world: World
    ) -> None:
        for place_id in (world.place("a").pk, world.rivage.place("a").pk, User().pk, "nonsense"):
            with world.scope(), pytest.raises(NotFound):
                Place.objects.visible_to(world.actor("co_director")).one(pk=place_id)

    @pytest.mark.parametrize("text", ["a\x00%", "%", "_", "'", "x" * 5000])
    def test_whatever_is_searched_for_is_only_text(self, world: World, text: str) -> None:
        with world.scope():
            visible = Place.objects.visible_to(world.actor("practitioner"))
            assert list(visible.matching(text)) == []
