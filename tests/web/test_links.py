"""Links that no longer open anything: one page that helps, reveals nothing, and changes nothing."""

from typing import Any

import pytest
from django.test import Client

from tests.support.databases import Database
from tests.web.everything import content_of, differences
from tests.web.pages import (
    PREFIX,
    Wizard,
    created,
    do_jobs,
    follow,
    letters,
    signed_in,
    stranger,
    text_of,
    without_tokens,
)
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")

UNKNOWN = f"{PREFIX}/welcome/nothing-like-it/"
NEW_PASSWORD = "Green-Meadow-77-Candle"


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world, "practitioner")


@pytest.fixture
def link(world: World) -> str:
    return f"{PREFIX}/welcome/{world.invited_secret}/"


def act(staff: Client, world: World, name: str, verb: str, **typed: str) -> Any:
    """Do something to a user of the world on his page."""
    path = f"{PREFIX}/users/{world.morel.people[name]}/{verb}/"
    return follow(staff, staff.post(path, typed))


def registration(path: str, world: World, **typed: str) -> dict[str, str]:
    """Return what the registration page would send, filled in."""
    person = world.user("invited")
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone": "",
        "language": "en",
        "password": world.password,
        **typed,
    }


def accept(path: str, world: World, **typed: str) -> Any:
    return stranger().post(path, registration(path, world, **typed))


def ask(email: str) -> Any:
    """Ask for a fresh link in a browser of its own, and let the worker answer."""
    answer = stranger().post(f"{PREFIX}/welcome/fresh/", {"email": email})
    do_jobs()
    return answer


# --- every dead link is the same --------------------------------------------------------------


@pytest.mark.req("X-05")
@pytest.mark.parametrize("reason", ["used", "cancelled", "replaced", "deactivated", "expired"])
def test_a_dead_link_is_answered_like_one_that_never_was(
    world: World, staff: Client, link: str, freeze: Any, reason: str
) -> None:
    if reason == "used":
        assert accept(link, world).status_code == 302
    elif reason == "cancelled":
        act(staff, world, "invited", "cancel-invitation")
    elif reason == "replaced":
        act(staff, world, "invited", "resend")
    elif reason == "deactivated":
        act(staff, world, "invited", "deactivate", reason="")
    else:
        freeze.forward(days=21, seconds=1)

    dead, unknown = stranger().get(link), stranger().get(UNKNOWN)
    posted, posted_unknown = accept(link, world), accept(UNKNOWN, world)

    assert dead.status_code == unknown.status_code == posted.status_code == 410
    assert without_tokens(dead) == without_tokens(unknown)
    assert without_tokens(posted) == without_tokens(posted_unknown)
    assert dead.headers.keys() == unknown.headers.keys()
    assert "Girard" not in dead.content.decode()


@pytest.mark.req("X-05")
def test_a_dead_link_says_what_to_do(link: str, world: World) -> None:
    accept(link, world)

    words = text_of(stranger().get(link))

    assert (
        "it was used already, when its time is over or when a newer mail has replaced it" in words
    )
    assert "Ask for a fresh link" in words
    assert "Sign in" in words


@pytest.mark.parametrize(
    "secret", ["x", "a" * 3000, "%00", "..%2f..", "fresh%20", "é", "'; DROP TABLE x--", "<script>"]
)
@pytest.mark.parametrize("page", ["welcome", "reset"])
def test_whatever_stands_in_a_links_place_is_no_error(page: str, secret: str) -> None:
    answer = stranger().get(f"{PREFIX}/{page}/{secret}/")

    assert answer.status_code in (404, 410)
    assert "<script>" not in answer.content.decode().replace("<script src", "")


def test_a_link_of_one_firm_opens_nothing_at_another(world: World, link: str) -> None:
    elsewhere = link.replace(PREFIX, "/f/rivage")

    assert stranger().get(elsewhere).status_code == 410
    assert accept(elsewhere, world).status_code == 410
    assert stranger().get(link).status_code == 200


def test_an_invitation_does_not_open_the_reset_page_nor_the_other_way_round(
    world: World,
) -> None:
    stranger().post(f"{PREFIX}/forgotten/", {"email": world.morel.emails["standard"]})
    do_jobs()
    [letter] = letters(world.morel)

    assert stranger().get(f"{PREFIX}/reset/{world.invited_secret}/").status_code == 410
    assert stranger().get(letter.path.replace("/reset/", "/welcome/")).status_code == 410
    assert stranger().get(letter.path).status_code == 200


def test_the_link_of_somebody_whose_inviter_left_the_firm_opens_nothing(
    world: World, staff: Client
) -> None:
    Wizard(staff, world).to_summary().confirm()
    path = letters(world.morel)[-1].path
    assert stranger().get(path).status_code == 200

    follow(
        signed_in(world, "administrator"),
        staff.post(f"{PREFIX}/users/{created(world).pk}/deactivate/", {"reason": ""}),
    )

    assert stranger().get(path).status_code == 410


# --- opening changes nothing ------------------------------------------------------------------


@pytest.mark.req("X-04")
@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
def test_no_method_but_post_changes_anything(
    world: World, database: Database, link: str, method: str
) -> None:
    stranger().post(f"{PREFIX}/forgotten/", {"email": world.morel.emails["standard"]})
    do_jobs()
    [letter] = letters(world.morel)
    before = content_of(database)

    for path in (link, letter.path, UNKNOWN):
        assert getattr(stranger(), method)(path).status_code < 500

    assert differences(before, content_of(database)) == []
    assert stranger().get(link).status_code == 200


@pytest.mark.req("X-04")
def test_a_machine_that_opens_the_link_first_leaves_it_to_the_person(
    world: World, link: str
) -> None:
    scanner = Client(headers={"user-agent": "Mail scanner"})
    for _ in range(20):
        scanner.get(link)

    assert accept(link, world).status_code == 302
    assert world.user("invited").state == "active"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "password1234567"),
        ("password", "Girard-Girard-1"),
        ("password", ""),
        ("first_name", ""),
        ("first_name", "a\x00b"),
        ("last_name", "x" * 5000),
        ("phone", "12"),
        ("language", "xx"),
    ],
)
def test_a_registration_that_is_not_right_is_said_at_its_field_and_uses_nothing_up(
    world: World, database: Database, link: str, field: str, value: str
) -> None:
    before = content_of(database)

    answer = accept(link, world, **{field: value})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert differences(before, content_of(database)) == []
    assert accept(link, world).status_code == 302


@pytest.mark.parametrize(
    "more",
    [
        {"email": "somebody.else@people.example"},
        {"role": "administrator"},
        {"kind": "staff", "state": "active"},
        {"companies": "every"},
        {"firm_id": "x"},
    ],
)
def test_the_link_chooses_neither_address_nor_rights(
    world: World, database: Database, link: str, more: dict[str, str]
) -> None:
    before = content_of(database)

    answer = accept(link, world, **more)

    assert answer.status_code == 422
    assert differences(before, content_of(database)) == []


def test_who_comes_in_by_a_link_has_what_was_offered_and_no_more(world: World, link: str) -> None:
    home = stranger()
    home.post(link, {**registration(link, world), "type": "administrator"})

    [card] = home.get(f"{PREFIX}/").context["companies"]

    assert (card["name"], card["role"]) == ("ESTRAN CONSEIL", "Standard client")
    assert [entry["name"] for entry in card["applications"]] == ["Payroll", "Documents"]


# --- a fresh link ------------------------------------------------------------------------------


@pytest.mark.req("X-05")
@pytest.mark.parametrize(
    "email",
    [
        "nobody@people.example",
        "director@people.example",
        "waiting@people.example",
        "ready@people.example",
        "deactivated@people.example",
        "practitioner@people.example",
        "no address at all",
    ],
)
def test_whoever_asks_for_a_fresh_link_gets_the_same_answer(world: World, email: str) -> None:
    invited = ask(world.morel.emails["invited"])
    assert [letter.to for letter in letters(world.morel)] == [world.morel.emails["invited"]]

    answer = ask(email)

    assert (answer.status_code, without_tokens(answer)) == (200, without_tokens(invited))
    assert len(letters(world.morel)) == 1
    assert email not in answer.content.decode()


@pytest.mark.req("X-05")
def test_asking_for_a_fresh_link_kills_none_and_using_one_kills_all(
    world: World, link: str
) -> None:
    ask(world.morel.emails["invited"])
    ask(world.morel.emails["invited"])
    first, second = [letter.path for letter in letters(world.morel)]
    assert [stranger().get(path).status_code for path in (link, first, second)] == [200, 200, 200]

    assert accept(first, world).status_code == 302

    assert [stranger().get(path).status_code for path in (link, first, second)] == [410, 410, 410]
    assert accept(second, world, password=NEW_PASSWORD).status_code == 410


@pytest.mark.req("X-05")
def test_a_fresh_link_of_an_expired_invitation_lets_in(
    world: World, link: str, freeze: Any
) -> None:
    freeze.forward(days=40)
    assert stranger().get(link).status_code == 410

    ask(world.morel.emails["invited"])

    [letter] = letters(world.morel)
    assert accept(letter.path, world).status_code == 302


def test_asking_again_and_again_is_stopped_with_a_page_that_helps(world: World) -> None:
    answers = [ask(world.morel.emails["invited"]) for _ in range(8)]

    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert "Too many attempts. Please wait a moment and try again." in text_of(answers[-1])


def test_asking_writes_only_to_the_stored_address(world: World) -> None:
    ask("Invited@PEOPLE.example")

    [letter] = letters(world.morel)
    assert letter.to == world.morel.emails["invited"]


# --- the secret stays in the mail ----------------------------------------------------------------


def test_no_page_of_the_staff_shows_the_secret_of_a_link(world: World, staff: Client) -> None:
    Wizard(staff, world).to_summary().confirm()
    secret = letters(world.morel)[-1].path.split("/")[-2]
    profile = f"{PREFIX}/users/{created(world).pk}/"

    for path in (profile, f"{PREFIX}/users/", f"{profile}resend/"):
        assert secret not in staff.get(path).content.decode()


def test_the_database_holds_no_secret_of_a_link(
    world: World, database: Database, staff: Client
) -> None:
    Wizard(staff, world).to_summary().confirm()
    secret = letters(world.morel)[-1].path.split("/")[-2]

    assert secret not in repr(content_of(database, without=set()))


def test_the_pages_behind_links_are_kept_by_nobody(link: str) -> None:
    answer = stranger().get(link)

    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "strict-origin"  # the address, a secret, stays here
