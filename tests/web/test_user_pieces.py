"""Pieces of a row of users that are fetched when somebody wants them: its menu, its invitation's way."""

from __future__ import annotations

import pytest

from tests.web.pages import PREFIX, signed_in, text_of
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")


def piece(world: World, name: str, what: str) -> str:
    return f"{PREFIX}/users/{world.morel.people[name]}/{what}/"


def test_the_menu_holds_what_fits_the_state_at_this_moment(world: World) -> None:
    menu = text_of(signed_in(world, "practitioner").get(piece(world, "invited", "menu")))

    assert "Send the invitation again" in menu
    assert "Cancel the invitation" in menu
    assert "Reactivate" not in menu
    assert "Validate" not in menu


def test_the_way_of_an_invitation_is_told_step_by_step(world: World) -> None:
    way = text_of(signed_in(world, "practitioner").get(piece(world, "invited", "way")))

    assert "Mail written" in way
    assert "Accepted by the mail server" in way


@pytest.mark.parametrize("what", ["menu", "way"])
def test_a_piece_of_somebody_whom_one_does_not_see_is_absent(world: World, what: str) -> None:
    director = signed_in(world, "co_director")

    assert director.get(piece(world, "ready", what)).status_code == 404
    assert director.get(piece(world, "standard", what)).status_code == 200
    assert signed_in(world, "standard").get(piece(world, "standard", what)).status_code == 403
    assert signed_in(world, "practitioner").post(piece(world, "ready", what)).status_code == 405
