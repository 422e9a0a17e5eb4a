"""What exists for whom: inside a firm too, absent and invisible are the same answer."""

from dataclasses import replace
from typing import Any

import pytest

from tests.actions.doing import create
from tests.reading import changes_nothing
from tests.world import World
from vestibule.directory.actions.drafts import begin_draft
from vestibule.directory.models import Draft, Grant, Invitation, OutboxMessage, Place, Session, User
from vestibule.refusals import NotFound

EVERYBODY = {
    "administrator", "practitioner", "trainee", "director", "co_director", "standard",
    "waiting", "ready", "invited", "deactivated",
}  # fmt: skip


def names(world: World, rows: Any) -> set[str]:
    by_id = {pk: name for name, pk in world.morel.people.items()}
    return {by_id[row.pk] for row in rows}


@changes_nothing
class TestPeople:
    @pytest.mark.parametrize(
        ("name", "seen"),
        [
            ("administrator", EVERYBODY),
            ("practitioner", EVERYBODY),
            ("trainee", {"trainee"}),
            (
                "director",
                EVERYBODY - {"administrator", "practitioner", "trainee"},
            ),
            ("co_director", {"director", "co_director", "standard", "deactivated"}),
            ("standard", {"standard"}),
        ],
    )
    def test_each_sees_whom_his_grants_show(self, world: World, name: str, seen: set[str]) -> None:
        with world.scope():
            assert names(world, User.objects.visible_to(world.actor(name))) == seen

    def test_nobody_and_machines_see_no_one(self, world: World) -> None:
        with world.scope():
            for actor in (world.morel.nobody(), world.morel.operator(), world.morel.system()):
                assert not User.objects.visible_to(actor).exists()

    def test_the_other_firms_administrator_sees_no_one(self, world: World) -> None:
        with world.scope():
            powerful = replace(
                world.actor("administrator"),
                firm_id=world.rivage.id,
                user_id=world.rivage.people["administrator"],
            )
            seen = User.objects.visible_to(powerful)
            assert not seen.filter(firm_id=world.morel.id).exists()

    @pytest.mark.parametrize("which", ["foreign", "invisible", "unknown", "nonsense"])
    def test_foreign_invisible_unknown_and_nonsense_are_one_answer(
        self, world: World, which: str
    ) -> None:
        ids = {
            "foreign": world.rivage.people["director"],
            "invisible": world.morel.people["ready"],
            "unknown": "01900000-0000-7000-8000-000000000000",
            "nonsense": "1 OR 1=1",
        }
        with world.scope(), pytest.raises(NotFound) as refused:
            User.objects.visible_to(world.actor("co_director")).one(pk=ids[which])
        assert str(refused.value) == "There is nothing here for you to see."
        assert refused.value.params == {}


@changes_nothing
class TestSearchTellsNothingOfOtherCompanies:
    """Law 4: companies that are not the actor's stay invisible."""

    def test_a_practitioner_finds_people_by_any_of_their_companies(self, world: World) -> None:
        with world.scope():
            practitioner = world.actor("practitioner")
            found = search(practitioner, "estran conseil")
            assert "standard" in names(world, found)

    def test_a_client_administrator_finds_them_by_his_own_only(self, world: World) -> None:
        with world.scope():
            co_director = world.actor("co_director")
            assert "standard" in names(world, search(co_director, "estran services"))
            assert names(world, search(co_director, "estran conseil")) == set()


def search(actor: Any, text: str) -> Any:
    return User.objects.visible_to(actor).matching(text)


class TestWhatHangsFromPeople:
    def test_grants_elsewhere_are_invisible(self, world: World) -> None:
        with world.scope():
            seen = Grant.objects.visible_to(world.actor("co_director"))
            places = set(
                seen.filter(user=world.user("standard")).values_list("place_id", flat=True)
            )
        assert places == {world.place("b").pk}

    def test_invitations_and_mails_of_people_one_does_not_see_are_invisible(
        self, world: World
    ) -> None:
        with world.scope():
            for rows in (Invitation.objects, OutboxMessage.objects):
                seen = rows.visible_to(world.actor("co_director"))
                assert world.morel.people["invited"] not in set(
                    seen.values_list("user_id", flat=True)
                )
                assert not rows.visible_to(world.morel.nobody()).exists()

    def test_sessions_and_drafts_are_their_owners_alone(self, world: World) -> None:
        with world.scope():
            draft = begin_draft(world.actor("practitioner"), wizard="x", data={})
            assert Draft.objects.visible_to(world.actor("practitioner")).get().pk == draft.pk
            for other in ("administrator", "director"):
                assert not Draft.objects.visible_to(world.actor(other)).exists()
            assert not Draft.objects.visible_to(world.morel.nobody()).exists()
            assert not Session.objects.visible_to(world.morel.nobody()).exists()


class TestPages:
    """Keyset paging: no row twice, none left out, and a cursor is only a position."""

    def test_forward_and_backward_meet_the_same_rows(self, world: World) -> None:
        for number in range(7):
            create(world, email=f"p{number}@client.example", key=str(number))
        with world.scope():
            rows = User.objects.visible_to(world.actor("practitioner"))
            whole = [row.pk for row in rows.order_by("sort_key", "pk")]
            walked: list[Any] = []
            after, cursors = "", []
            while True:
                page = rows.page(size=4, after=after)
                walked += [row.pk for row in page.rows]
                cursors.append(page.previous)
                if not page.next:
                    break
                after = page.next
            back = rows.page(size=4, before=cursors[-1])
        assert walked == whole
        assert [row.pk for row in back.rows] == whole[-(len(whole) % 4 or 4) - 4 :][:4]

    @pytest.mark.parametrize("cursor", ["x", "!!!", "W10", "WyJhIiwgMV0", "\x00", "é", "A" * 5000])
    def test_a_forged_cursor_is_the_first_page(self, world: World, cursor: str) -> None:
        with world.scope():
            rows = User.objects.visible_to(world.actor("practitioner"))
            assert rows.page(size=3, after=cursor).rows == rows.page(size=3).rows

    def test_a_page_has_at_most_two_hundred_rows(self, world: World) -> None:
        with world.scope():
            page = Place.objects.visible_to(world.actor("practitioner")).page(size=10_000)
            assert len(page.rows) == len(world.morel.places)


class TestTheNameOfAGroup:
    """To which group a client belongs is not his to know: neither as a name nor by searching."""

    def found(self, world: World, name: str, text: str) -> set[str]:
        actor = world.actor(name)
        with world.scope():
            return set(
                Place.objects.visible_to(actor)
                .companies()
                .matching(text)
                .values_list("name", flat=True)
            )

    @pytest.mark.parametrize("text", ["groupe", "rou", "conseil groupe"])
    def test_finds_its_companies_for_staff_alone(self, world: World, text: str) -> None:
        assert "ESTRAN CONSEIL" in self.found(world, "practitioner", text)
        assert self.found(world, "director", text) == set()

    def test_what_the_company_is_called_itself_is_found_by_both(self, world: World) -> None:
        for name in ("practitioner", "director"):
            assert "ESTRAN CONSEIL" in self.found(world, name, "conseil")

    def test_nor_are_their_users_found_by_it(self, world: World) -> None:
        director, practitioner = world.actor("director"), world.actor("practitioner")
        with world.scope():
            assert not User.objects.visible_to(director).matching("groupe").exists()
            assert User.objects.visible_to(practitioner).matching("groupe").exists()
