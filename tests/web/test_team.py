"""The team's pages: who sees them, who invites, changes and ends, and how it looks to each."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Page

from tests.actions.doing import NEW_PASSWORD, identity
from tests.support.databases import Database
from tests.support.served import Serve
from tests.web.pages import PREFIX, follow, letters, signed_in, stranger, text_of, user_of
from tests.web.test_accessible import opened
from tests.world import World
from vestibule.directory.actions import staff
from vestibule.directory.models import User

pytestmark = pytest.mark.usefixtures("database")

TEAM = f"{PREFIX}/team/"
SOMEBODY = {
    "last_name": "Lang",
    "first_name": "Zoé",
    "email": "zoe.lang@people.example",
    "phone": "",
    "language": "en",
    "role": "practitioner",
}


@pytest.fixture
def administrator(world: World) -> Client:
    return signed_in(world, "administrator")


def member(world: World, name: str) -> str:
    return f"{TEAM}{world.morel.people[name]}/"


def invited(world: World, **typed: str) -> User:
    return staff.create_staff_user(
        world.actor("administrator"),
        identity=identity(**{"email": SOMEBODY["email"], "language": "en", **typed}),
        role="practitioner",
    )


def names(answer: Any) -> list[str]:
    return re.findall(r'class="who-words"><b>([^<]+?)(?: <span|</b>)', answer.content.decode())


class TestWhoSeesIt:
    @pytest.mark.parametrize("name", ["trainee", "director", "standard"])
    def test_without_the_right_there_is_neither_page_nor_menu_entry(
        self, world: World, name: str
    ) -> None:
        client = signed_in(world, name)

        for path in (TEAM, f"{TEAM}new/", member(world, "practitioner")):
            assert client.get(path).status_code == 403
        assert "/team/" not in client.get(f"{PREFIX}/", follow=True).content.decode()

    def test_a_practitioner_sees_the_team_and_changes_nothing(self, world: World) -> None:
        client = signed_in(world, "practitioner")
        page = client.get(TEAM)

        assert names(page) == ["Nadia Benali", "Claire Morel", "Théo Petit"]
        assert "Invite a member" not in text_of(page)
        assert "Actions for" not in text_of(page)
        assert client.get(f"{TEAM}new/").status_code == 403
        for act in ("role", "deactivate", "reactivate", "resend", "cancel-invitation"):
            path = f"{member(world, 'trainee')}{act}/"
            assert client.get(path).status_code == 403
            assert client.post(path, {"role": "trainee"}).status_code == 403

    def test_a_client_user_has_no_page_here_and_staff_none_among_the_clients(
        self, world: World, administrator: Client
    ) -> None:
        assert administrator.get(member(world, "standard")).status_code == 404
        assert administrator.post(f"{member(world, 'standard')}deactivate/", {}).status_code == 404
        other = world.rivage.people["practitioner"]
        assert administrator.get(f"{TEAM}{other}/").status_code == 404


class TestTheList:
    def test_is_searched_by_name_state_and_role(self, world: World, administrator: Client) -> None:
        invited(world, first_name="Zoé", last_name="Lang")

        assert names(administrator.get(TEAM, {"q": "lang"})) == ["Zoé Lang"]
        assert names(administrator.get(TEAM, {"q": "zoe.lang@"})) == ["Zoé Lang"]
        assert names(administrator.get(TEAM, {"state": "invited"})) == ["Zoé Lang"]
        assert names(administrator.get(TEAM, {"role": "trainee"})) == ["Théo Petit"]
        assert names(administrator.get(TEAM, {"role": "practitioner", "state": "active"})) == [
            "Nadia Benali"
        ]
        assert names(administrator.get(TEAM, {"role": "firm_administrator"})) == ["Claire Morel"]
        nobody = administrator.get(TEAM, {"q": "nobody called so"})
        assert "Nobody of the team is found" in text_of(nobody)
        assert "Weber" not in text_of(administrator.get(TEAM))

    def test_offers_exactly_what_fits_each_state(self, world: World, administrator: Client) -> None:
        person = invited(world)
        gone = world.user("trainee")
        staff.deactivate_staff_user(world.actor("administrator"), gone)

        page = administrator.get(TEAM).content.decode()

        def offered(pk: Any) -> set[str]:
            return set(re.findall(rf'href="{TEAM}{pk}/([a-z-]+)/"', page))

        assert offered(person.pk) == {"resend", "cancel-invitation", "role", "deactivate"}
        assert offered(world.morel.people["practitioner"]) == {"role", "deactivate"}
        assert offered(gone.pk) == {"reactivate"}
        assert offered(world.morel.people["administrator"]) == set()  # oneself

    def test_asks_as_many_questions_for_twelve_members_as_for_three(
        self, world: World, administrator: Client
    ) -> None:
        def asked() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert administrator.get(TEAM).status_code == 200
            return len(queries)

        asked()
        few = asked()
        for number in range(9):
            invited(world, email=f"member{number}@people.example")
        asked()

        assert asked() <= few + 1  # names of those who invited


class TestInviting:
    def test_the_invited_member_comes_in_by_the_mail(
        self, world: World, administrator: Client
    ) -> None:
        page = follow(administrator, administrator.post(f"{TEAM}new/", SOMEBODY))

        assert "Zoé Lang is invited into the team." in text_of(page)
        assert "invited by Claire Morel" in text_of(page)
        [letter] = letters(world.morel)
        assert letter.to == SOMEBODY["email"]
        visitor = stranger()
        answer = visitor.post(
            letter.path,
            {
                "first_name": "Zoé",
                "last_name": "Lang",
                "phone": "",
                "language": "en",
                "password": NEW_PASSWORD,
            },
        )
        assert answer.status_code in (302, 303)
        row = user_of(world.morel, SOMEBODY["email"])
        assert row is not None
        assert (row.state, row.kind) == ("active", "staff")

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"email": "no address"}, "e-mail"),
            ({"email": "practitioner@people.example"}, "already"),
            ({"last_name": ""}, "required"),
            ({"role": "standard"}, "You may not give this role."),
            ({"role": ""}, "required"),
            ({"kind": "client"}, "This form has no field kind."),
            ({"language": "xx"}, "valid choice"),
        ],
    )
    def test_what_cannot_be_is_said_at_its_field_and_nobody_is_made(
        self, world: World, administrator: Client, typed: dict[str, str], said: str
    ) -> None:
        answer = administrator.post(f"{TEAM}new/", {**SOMEBODY, **typed})

        assert answer.status_code == 422
        assert said in text_of(answer)
        assert user_of(world.morel, SOMEBODY["email"]) is None


class TestActs:
    def test_another_role_asks_first_and_holds_at_once(
        self, world: World, administrator: Client
    ) -> None:
        path = f"{member(world, 'practitioner')}role/"
        assert "Which role does Nadia Benali have?" in text_of(administrator.get(path))

        page = follow(administrator, administrator.post(path, {"role": "trainee"}))

        assert "Nadia Benali has another role now." in text_of(page)
        assert signed_in(world, "practitioner").get(TEAM).status_code == 403

    def test_deactivated_is_signed_out_and_comes_back(
        self, world: World, administrator: Client
    ) -> None:
        theirs = signed_in(world, "practitioner")
        path = member(world, "practitioner")

        page = follow(administrator, administrator.post(f"{path}deactivate/", {"reason": "Leave"}))
        assert "signed out everywhere" in text_of(page)
        assert theirs.get(TEAM).status_code == 302
        page = follow(administrator, administrator.post(f"{path}reactivate/"))

        assert "Nadia Benali has the access again." in text_of(page)
        assert signed_in(world, "practitioner").get(TEAM).status_code == 200

    def test_the_link_is_sent_again_and_taken_back(
        self, world: World, administrator: Client
    ) -> None:
        path = f"{TEAM}{invited(world).pk}/"
        first = letters(world.morel)[-1].path

        follow(administrator, administrator.post(f"{path}resend/"))
        second = letters(world.morel)[-1].path
        assert first != second
        assert stranger().get(first).status_code == 410
        assert stranger().get(second).status_code == 200
        page = follow(administrator, administrator.post(f"{path}cancel-invitation/"))

        assert "is cancelled" in text_of(page)
        assert stranger().get(second).status_code == 410

    def test_nobody_ends_or_changes_his_own_access(
        self, world: World, administrator: Client
    ) -> None:
        path = member(world, "administrator")
        page = text_of(administrator.get(path))
        assert "Last administrator of the firm." in page
        assert "Deactivate…" not in page

        for act, typed in (("deactivate", {}), ("role", {"role": "trainee"})):
            answer = administrator.post(f"{path}{act}/", typed)
            assert answer.status_code == 403
            assert "your own access" in text_of(answer)
        assert signed_in(world, "administrator").get(TEAM).status_code == 200

    def test_what_does_not_fit_the_state_is_refused(
        self, world: World, administrator: Client
    ) -> None:
        path = member(world, "practitioner")
        for act in ("reactivate", "resend", "cancel-invitation"):
            answer = administrator.post(f"{path}{act}/")
            assert answer.status_code == 409
            assert "does not fit the present state of Nadia Benali" in text_of(answer)


@pytest.mark.browser
def test_by_keyboard_alone_a_member_is_invited_and_found(
    world: World,
    database: Database,
    serve: Serve,
    new_page: Callable[..., Page],
    administrator: Client,
) -> None:
    served = serve(worker=False)
    page = opened(new_page, served, administrator, "en")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(served.url(TEAM))
    page.get_by_role("link", name="Invite a member").focus()
    page.keyboard.press("Enter")
    page.locator("#id_last_name").focus()
    for typed in ("Lang", "Zoé", SOMEBODY["email"]):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.locator("input[name=role][value=practitioner]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_text("Zoé Lang is invited into the team.").wait_for()

    page.goto(served.url(TEAM))
    page.keyboard.press("/")
    page.keyboard.type("lang")
    page.wait_for_url(lambda url: "q=lang" in url)
    page.locator("tbody tr:only-child").get_by_role("link", name="Zoé Lang").wait_for()
    assert page.locator("tbody tr").count() == 1
    page.locator("tbody summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("#dialog").get_by_text("Send Zoé Lang an invitation?").wait_for()
    page.keyboard.press("Escape")
