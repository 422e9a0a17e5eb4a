"""The hand-over of a company (law 5's exception)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.actions.doing import create, events, given, grants
from tests.reading import changes_nothing
from tests.world import World
from vestibule.directory.actions.client_users import deactivate_client_user
from vestibule.directory.actions.hand_overs import hand_over
from vestibule.directory.actions.places import close_place
from vestibule.refusals import ChoiceUnknown, Denied, LastAdministrator, NotFound, PlaceClosed


def roles(world: World, name: str, place: str) -> set[str]:
    found = grants(world.user(name), place=world.place(place))
    return {grant.role.code for grant in found if grant.role is not None}


def test_the_successor_comes_and_the_other_becomes_a_standard_client(world: World) -> None:
    before = given(world.user("director"))[world.place("a").pk][1]
    hand_over(
        world.actor("administrator"),
        world.user("director"),
        company=world.place("a"),
        successor=world.user("standard"),
    )

    assert roles(world, "director", "a") == {"standard"}
    assert roles(world, "standard", "a") == {"administrator"}
    assert roles(world, "director", "b") == {"administrator"}
    assert given(world.user("director"))[world.place("a").pk][1] == before
    (event,) = events(world, name="administration.handed_over")
    assert event.public["administrator"] == [
        str(world.morel.people["director"]),
        str(world.morel.people["standard"]),
    ]


def test_the_successor_may_still_be_on_the_way_in(world: World) -> None:
    """Which no other act allows: the company's rank goes from 2 to 1."""
    hand_over(
        world.actor("administrator"),
        world.user("director"),
        company=world.place("a"),
        successor=world.user("invited"),
    )

    assert roles(world, "invited", "a") == {"administrator"}


def test_after_it_whoever_left_can_be_deactivated(world: World) -> None:
    with pytest.raises(LastAdministrator):
        deactivate_client_user(world.actor("administrator"), world.user("director"))
    hand_over(
        world.actor("administrator"),
        world.user("director"),
        company=world.place("a"),
        successor=world.user("standard"),
    )
    deactivate_client_user(world.actor("administrator"), world.user("director"))

    assert world.user("director").state == "deactivated"


@changes_nothing
@pytest.mark.parametrize("name", ["practitioner", "director", "trainee", "standard"])
def test_it_is_the_firms_administrators_alone(world: World, name: str) -> None:
    with pytest.raises(Denied):
        hand_over(
            world.actor(name),
            world.user("director"),
            company=world.place("a"),
            successor=world.user("standard"),
        )


OTHERS: dict[str, Callable[[World], object]] = {
    "nobody": lambda world: None,
    "himself": lambda world: world.user("director"),
    "somebody of another company": lambda world: world.user("co_director"),
    "a member of staff": lambda world: world.user("practitioner"),
    "the other firm's": lambda world: world.rivage.user("director"),
}


@changes_nothing
@pytest.mark.parametrize("other", sorted(OTHERS))
def test_the_successor_is_one_of_the_companys_other_users(world: World, other: str) -> None:
    with pytest.raises(ChoiceUnknown):
        hand_over(
            world.actor("administrator"),
            world.user("director"),
            company=world.place("a"),
            successor=OTHERS[other](world),  # type: ignore[arg-type]
        )


def test_nobody_who_was_deactivated_takes_over(world: World) -> None:
    user = create(world, at=("a",))
    deactivate_client_user(world.actor("administrator"), user)

    with pytest.raises(ChoiceUnknown):
        hand_over(
            world.actor("administrator"),
            world.user("director"),
            company=world.place("a"),
            successor=user,
        )


@changes_nothing
def test_only_an_administrator_hands_over(world: World) -> None:
    with pytest.raises(NotFound):
        hand_over(
            world.actor("administrator"),
            world.user("standard"),
            company=world.place("a"),
            successor=world.user("ready"),
        )


def test_a_closed_company_is_handed_over_to_nobody(world: World) -> None:
    close_place(world.actor("administrator"), world.place("a"), billed_to=world.place("b"))

    with pytest.raises(PlaceClosed):
        hand_over(
            world.actor("administrator"),
            world.user("director"),
            company=world.place("a"),
            successor=world.user("standard"),
        )
