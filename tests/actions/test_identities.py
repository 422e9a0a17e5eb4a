"""Correcting what is known of a client user: by whom, what is refused, what is kept of before."""

from typing import Any

import pytest

from tests.actions.doing import (
    create,
    events,
    field_refusals,
    fresh,
    personal_values,
    tokens,
)
from tests.world import World
from vestibule.directory.actions import identities, own_account
from vestibule.directory.actions._identity import PersonalData
from vestibule.directory.actions.client_users import deactivate_client_user
from vestibule.directory.models import Position, User
from vestibule.refusals import Denied, Invalid, NotFound

pytestmark = pytest.mark.usefixtures("database")


def correct(world: World, by: str, who: User, *, position: str | None = None, **typed: str) -> User:
    """Correct somebody as somebody; what is not named stays."""
    data = {
        "last_name": who.last_name,
        "first_name": who.first_name,
        "phone": who.phone,
        "language": who.language,
    }
    with world.scope():
        held = who.position.code if who.position else ""
    return identities.correct_client_user(
        world.actor(by),
        who,
        data=PersonalData(**{**data, **typed}),
        position=held if position is None else position,
    )


def with_positions(world: World, *codes: str, retired: str = "") -> None:
    with world.scope():
        for number, code in enumerate(codes):
            position = Position.objects.create(firm_id=world.morel.id, code=code, ordinal=number)
            if code == retired:
                Position.objects.filter(pk=position.pk).update(
                    retired_at=world.user("standard").created_at
                )


class TestWhoMay:
    @pytest.mark.parametrize("by", ["administrator", "practitioner", "director"])
    def test_staff_and_a_client_administrator_of_all_the_persons_companies(
        self, world: World, by: str
    ) -> None:
        correct(world, by, world.user("standard"), last_name="Webern")

        assert world.user("standard").last_name == "Webern"

    def test_an_administrator_of_only_some_of_them_is_refused(self, world: World) -> None:
        """Law 4: he is billed at company B, which is all the administrator has, and at A too."""
        person = create(world, at=("b", "a"), billed_to="b")

        with pytest.raises(Denied):
            correct(world, "co_director", person, last_name="Webern")

        assert fresh(person).last_name == person.last_name

    @pytest.mark.parametrize("by", ["trainee", "standard", "ready"])
    def test_whoever_has_no_right_is_refused(self, world: World, by: str) -> None:
        with pytest.raises(Denied):
            correct(world, by, world.user("invited"), last_name="Other")

        assert world.user("invited").last_name == "Girard"

    def test_somebody_with_more_power_than_the_actor_may_give_is_out_of_reach(
        self, world: World
    ) -> None:
        """The director cannot give `bank`, which the person has at his own company B."""
        person = create(world, at=("b",), applications=("bank",))

        with pytest.raises(Denied):
            correct(world, "director", person, last_name="Other")

    def test_members_of_staff_are_not_corrected_here(self, world: World) -> None:
        with pytest.raises(Denied):
            correct(world, "administrator", world.user("practitioner"), last_name="Other")

    def test_another_firms_people_are_not_there(self, world: World) -> None:
        with pytest.raises(NotFound):
            identities.correct_client_user(
                world.rivage.actor("administrator"),
                world.user("standard"),
                data=PersonalData(last_name="X", first_name="Y", phone="", language="en"),
            )


class TestWhatIsCorrected:
    def test_lists_find_the_person_by_the_new_name_and_no_longer_by_the_old(
        self, world: World
    ) -> None:
        correct(world, "practitioner", world.user("standard"), last_name="Zimmermann")

        with world.scope():
            seen = User.objects.visible_to(world.actor("practitioner"))
            assert [user.last_name for user in seen.matching("zimmermann")] == ["Zimmermann"]
            assert not seen.matching("weber").exists()
        assert world.user("standard").sort_key.startswith("zimmermann jonas")

    def test_every_fault_is_said_at_once_and_nothing_is_kept(self, world: World) -> None:
        before = world.user("standard")

        with pytest.raises(Invalid) as refused:
            correct(
                world,
                "practitioner",
                before,
                last_name=" ",
                first_name="x" * 101,
                phone="12",
                language="xx",
                position="king",
            )

        assert field_refusals(refused.value) == {
            "last_name": ["field.missing"],
            "first_name": ["text.too_long"],
            "phone": ["phone.invalid"],
            "language": ["choice.unknown"],
            "position": ["choice.unknown"],
        }
        assert world.user("standard").last_name == before.last_name

    def test_old_and_new_values_are_recorded_of_what_changed_only(self, world: World) -> None:
        who = world.user("standard")

        correct(world, "director", who, last_name="Webern", phone="06 12 34 56 78")

        [event] = events(world, about=who, name="client_user.corrected")
        assert personal_values(world, event) == {
            "last_name": ["Weber", "Webern"],
            "phone": ["", "+33612345678"],
        }
        assert event.public == {}
        assert event.actor_user_id == world.morel.people["director"]

    def test_saving_what_is_there_already_records_nothing(self, world: World) -> None:
        who = world.user("standard")

        correct(world, "practitioner", who)

        assert events(world, about=who, name="client_user.corrected") == []

    def test_a_position_of_the_firm_can_be_given_and_taken(self, world: World) -> None:
        with_positions(world, "manager", "accountant")
        who = world.user("standard")

        correct(world, "practitioner", who, position="manager")
        assert _position(world) == "manager"
        correct(world, "practitioner", world.user("standard"), position="")
        assert _position(world) == ""

        first, second = events(world, about=who, name="client_user.corrected")
        assert personal_values(world, first) == {"position": ["", "manager"]}
        assert personal_values(world, second) == {"position": ["manager", ""]}

    def test_one_that_is_retired_is_given_to_nobody_else(self, world: World) -> None:
        with_positions(world, "manager", "porter", retired="porter")

        with pytest.raises(Invalid) as refused:
            correct(world, "practitioner", world.user("standard"), position="porter")

        assert field_refusals(refused.value) == {"position": ["choice.unknown"]}

    def test_whoever_has_one_that_is_retired_keeps_it(self, world: World) -> None:
        with_positions(world, "manager")
        correct(world, "practitioner", world.user("standard"), position="manager")
        with world.scope():
            Position.objects.update(retired_at=world.user("standard").created_at)

        correct(world, "practitioner", world.user("standard"), last_name="Webern")

        assert _position(world) == "manager"
        with world.scope():
            assert identities.positions_for(world.morel.id, "manager") == ["manager"]
            assert identities.positions_for(world.morel.id) == []

    def test_an_open_invitation_stays_open_and_shows_the_new_name(self, world: World) -> None:
        who = world.user("invited")
        assert tokens(who) == 1

        correct(world, "practitioner", who, last_name="Gérard")

        assert tokens(who) == 1
        assert fresh(who).version == who.version

    def test_somebody_deactivated_can_still_be_corrected(self, world: World) -> None:
        deactivate_client_user(world.actor("practitioner"), world.user("standard"))

        correct(world, "practitioner", world.user("standard"), last_name="Webern")

        assert world.user("standard").last_name == "Webern"


def test_ones_own_data_are_read_by_the_same_rules(world: World) -> None:
    """What staff may not write about somebody, he may not write about himself."""
    own: Any = own_account.correct_own_data
    who = world.user("standard")

    with pytest.raises(Invalid) as refused:
        own(world.actor("standard"), who, last_name="", first_name="a\x00b", phone="12")

    assert field_refusals(refused.value) == {
        "last_name": ["field.missing"],
        "first_name": ["text.control_characters"],
        "phone": ["phone.invalid"],
    }


def _position(world: World) -> str:
    with world.scope():
        position = world.user("standard").position
        return position.code if position else ""
