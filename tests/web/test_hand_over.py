"""The page that hands a company over to another administrator."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.web.pages import PREFIX, signed_in, text_of
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")


def address(world: World, user: str = "director", place: str = "a") -> str:
    return f"{PREFIX}/users/{world.morel.people[user]}/hand-over/{world.morel.places[place]}/"


def page_of(world: World, name: str) -> str:
    return f"{PREFIX}/users/{world.morel.people[name]}/"


@pytest.fixture
def administrator(world: World) -> Client:
    return signed_in(world, "administrator")


def test_the_last_administrators_page_leads_there(world: World, administrator: Client) -> None:
    shown = administrator.get(page_of(world, "director"))

    assert address(world) in shown.content.decode()
    assert "Choose a successor" in text_of(shown)


def test_and_not_for_a_practitioner_who_could_not_do_it(world: World) -> None:
    shown = signed_in(world, "practitioner").get(page_of(world, "director"))

    assert "hand-over" not in shown.content.decode()


def test_it_names_who_could_take_over_and_what_happens(world: World, administrator: Client) -> None:
    shown = administrator.get(address(world))

    people = {person["email"] for person in shown.context["people"]}
    assert people == {
        world.morel.emails[name] for name in ("standard", "waiting", "invited", "ready")
    }
    assert "never without an administrator" in text_of(shown)


def test_the_successor_chosen_is_administrator_then(world: World, administrator: Client) -> None:
    answer = administrator.post(
        address(world), {"successor": str(world.morel.people["standard"])}, follow=True
    )

    assert answer.status_code == 200
    rows = {row["name"]: row["role"] for row in answer.context["grants"]}
    assert rows["ESTRAN CONSEIL"] == "Standard client"
    assert "is now administrator of ESTRAN CONSEIL" in text_of(answer)


@pytest.mark.parametrize("chosen", ["", "co_director", "director", "nonsense"])
def test_nobody_else_can_be_named(world: World, administrator: Client, chosen: str) -> None:
    posted = str(world.morel.people.get(chosen, chosen))
    answer = administrator.post(address(world), {"successor": posted})

    assert answer.status_code == 422
    shown = administrator.get(page_of(world, "director"))
    rows = {row["name"]: row["role"] for row in shown.context["grants"]}
    assert rows["ESTRAN CONSEIL"] == "Director"


@pytest.mark.parametrize("name", ["practitioner", "director", "standard", "trainee"])
def test_nobody_but_the_firms_administrators_gets_there(world: World, name: str) -> None:
    client = signed_in(world, name)

    assert client.get(address(world)).status_code in (403, 404)
    posted = client.post(address(world), {"successor": str(world.morel.people["standard"])})
    assert posted.status_code in (403, 404)


def test_the_other_firms_company_is_answered_like_an_absent_one(
    world: World, administrator: Client
) -> None:
    foreign = f"{page_of(world, 'director')}hand-over/{world.rivage.places['a']}/"

    assert administrator.get(foreign).status_code == 404
