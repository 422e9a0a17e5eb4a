"""The link that confirms a new address: looking changes nothing, confirming happens once."""

from typing import Any

import pytest
from django.test import Client

from tests.support.databases import Database
from tests.web.everything import content_of, differences
from tests.web.pages import (
    PREFIX,
    do_jobs,
    events_of,
    follow,
    letters,
    signed_in,
    stranger,
    text_of,
    without_tokens,
)
from tests.world import World
from vestibule.directory.models import User

pytestmark = pytest.mark.usefixtures("database")

NEW = "jonas.new@people.example"
UNKNOWN = f"{PREFIX}/confirm-address/nothing-like-it/"


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world, "practitioner")


def ask(staff: Client, world: World, name: str = "standard", email: str = NEW, **how: Any) -> Any:
    """Ask for another address of somebody on his page, and let the worker do its part."""
    path = f"{PREFIX}/users/{world.morel.people[name]}/address/"
    answer = staff.post(path, {"email": email}, **how)
    do_jobs()
    return answer


def link(world: World, email: str = NEW) -> str:
    """Return the path in the newest mail to this address."""
    return [letter for letter in letters(world.morel) if letter.to == email][-1].path


def signs_in(world: World, email: str) -> bool:
    answer = stranger().post(f"{PREFIX}/sign-in/", {"email": email, "password": world.password})
    return bool(answer.status_code == 302)


def test_the_person_confirms_and_signs_in_with_the_new_address(world: World, staff: Client) -> None:
    old = world.morel.emails["standard"]
    ask(staff, world)
    assert signs_in(world, old)
    assert not signs_in(world, NEW)

    answer = stranger().post(link(world))

    assert answer.status_code == 303
    assert answer["Location"].endswith("/sign-in/")
    assert signs_in(world, NEW)
    assert not signs_in(world, old)


def test_whoever_was_signed_in_signs_in_again(world: World, staff: Client) -> None:
    with world.scope():
        User.objects.filter(pk=world.morel.people["standard"]).update(language="en")
    person = signed_in(world, "standard")
    ask(staff, world)
    assert person.get(f"{PREFIX}/").status_code == 200

    answer = person.post(link(world))

    assert answer.status_code == 303
    assert "From now on you sign in with jonas.new@people.example." in text_of(
        follow(person, answer)
    )
    assert "/sign-in/" in person.get(f"{PREFIX}/")["Location"]


def test_the_old_address_is_told_at_once_and_again_afterwards(world: World, staff: Client) -> None:
    ask(staff, world)
    told = [letter for letter in letters(world.morel) if letter.to != NEW]
    assert [letter.kind for letter in told] == ["email_change_asked"]
    words = " ".join(told[0].text.split())
    assert "Nadia Benali" in words
    assert NEW in words
    assert f"{PREFIX}/forgotten/" in words

    stranger().post(link(world))

    last = letters(world.morel)[-1]
    assert (last.kind, last.to) == ("email_changed", world.morel.emails["standard"])
    assert NEW in last.text


def test_the_mail_and_the_page_name_nobody(world: World, staff: Client) -> None:
    """The address may be mistyped: then a stranger reads both."""
    ask(staff, world)
    [letter] = [letter for letter in letters(world.morel) if letter.to == NEW]

    page = text_of(stranger().get(link(world)))

    for words in (letter.text, letter.html, letter.subject, page):
        assert "Jonas" not in words
        assert "Weber" not in words
        assert world.morel.emails["standard"] not in words
        assert "ESTRAN" not in words
    assert NEW in page


@pytest.mark.req("X-04")
@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
def test_no_method_but_post_changes_anything(
    world: World, database: Database, staff: Client, method: str
) -> None:
    ask(staff, world)
    path = link(world)
    before = content_of(database)

    for visitor in (stranger(), staff):
        for _ in range(3):
            assert getattr(visitor, method)(path).status_code < 500

    assert differences(before, content_of(database)) == []
    assert stranger().get(path).status_code == 200


@pytest.mark.req("X-05")
@pytest.mark.parametrize(
    "reason", ["used", "cancelled", "replaced", "deactivated", "expired", "a new password"]
)
def test_a_dead_link_is_answered_like_one_that_never_was(
    world: World, staff: Client, freeze: Any, reason: str
) -> None:
    ask(staff, world)
    path = link(world)
    profile = f"{PREFIX}/users/{world.morel.people['standard']}/"
    if reason == "used":
        stranger().post(path)
    elif reason == "cancelled":
        assert staff.post(f"{profile}address/cancel/").status_code == 303
    elif reason == "replaced":
        ask(staff, world, email="other@people.example")
    elif reason == "deactivated":
        assert staff.post(f"{profile}deactivate/", {"reason": ""}).status_code == 303
    elif reason == "a new password":
        stranger().post(f"{PREFIX}/forgotten/", {"email": world.morel.emails["standard"]})
        do_jobs()
        [reset] = [letter for letter in letters(world.morel) if letter.kind == "password_reset"]
        stranger().post(reset.path, {"password": "Green-Meadow-77-Candle"})
    else:
        freeze.forward(hours=24, seconds=1)

    dead, unknown = stranger().get(path), stranger().get(UNKNOWN)
    posted = stranger().post(path)

    assert dead.status_code == unknown.status_code == posted.status_code == 410
    assert without_tokens(dead) == without_tokens(unknown)
    assert without_tokens(posted) == without_tokens(stranger().post(UNKNOWN))
    assert world.user("standard").email == (
        NEW if reason == "used" else world.morel.emails["standard"]
    )


@pytest.mark.parametrize(
    "secret", ["x", "a" * 3000, "%00", "..%2f..", "é", "'; DROP TABLE x--", "<script>"]
)
def test_whatever_stands_in_the_links_place_is_no_error(secret: str) -> None:
    for method in ("get", "post"):
        answer = getattr(stranger(), method)(f"{PREFIX}/confirm-address/{secret}/")
        assert answer.status_code in (404, 410)


def test_links_of_one_kind_open_no_page_of_another(world: World, staff: Client) -> None:
    ask(staff, world)
    path = link(world)

    for page in ("welcome", "reset"):
        assert stranger().get(path.replace("/confirm-address/", f"/{page}/")).status_code == 410
    invitation = f"{PREFIX}/confirm-address/{world.invited_secret}/"
    assert stranger().get(invitation).status_code == 410
    assert stranger().post(invitation).status_code == 410


def test_a_link_of_one_firm_opens_nothing_at_another(world: World, staff: Client) -> None:
    ask(staff, world)
    elsewhere = link(world).replace(PREFIX, "/f/rivage")

    assert stranger().get(elsewhere).status_code == 410
    assert stranger().post(elsewhere).status_code == 410
    assert world.user("standard").email == world.morel.emails["standard"]


@pytest.mark.parametrize(
    "more", [{"email": "another@people.example"}, {"user": "x"}, {"state": "active"}]
)
def test_the_link_chooses_neither_the_address_nor_the_person(
    world: World, database: Database, staff: Client, more: dict[str, str]
) -> None:
    ask(staff, world)
    path = link(world)
    before = content_of(database)

    answer = stranger().post(path, more)

    assert answer.status_code == 422
    assert differences(before, content_of(database)) == []
    assert stranger().post(path).status_code == 303


@pytest.mark.req("S0-07")
def test_an_address_that_became_somebody_elses_is_said_plainly(world: World, staff: Client) -> None:
    ask(staff, world)
    ask(staff, world, "director")
    first, second = [
        letter.path for letter in letters(world.morel) if letter.kind == "email_confirm"
    ]

    assert stranger().post(first).status_code == 303
    answer = stranger().post(second)

    assert answer.status_code == 409
    assert "There is already a user with this e-mail address." in text_of(answer)
    assert "Nothing was changed" in text_of(answer)
    assert world.user("director").email == world.morel.emails["director"]


@pytest.mark.parametrize(
    "forged",
    [
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"},
        {"forwarded": "host=evil.example;proto=https"},
        {"x-original-host": "evil.example"},
    ],
)
def test_forged_host_headers_change_nothing_in_the_links(
    world: World, staff: Client, forged: dict[str, str]
) -> None:
    ask(staff, world, headers=forged)

    sent = letters(world.morel)

    assert [letter.kind for letter in sent] == ["email_change_asked", "email_confirm"]
    for letter in sent:
        assert "evil" not in letter.text + letter.html
        assert letter.path.startswith(f"{PREFIX}/")


def test_a_forged_host_is_refused(world: World, staff: Client) -> None:
    answer = ask(staff, world, headers={"host": "evil.example"})

    assert answer.status_code in (400, 404)
    assert letters(world.morel) == []


def test_the_page_is_kept_by_nobody_and_its_address_stays_here(world: World, staff: Client) -> None:
    ask(staff, world)

    answer = stranger().get(link(world))

    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "strict-origin"


def test_asking_again_and_again_is_stopped_with_a_sentence_that_helps(
    world: World, staff: Client
) -> None:
    answers = [ask(staff, world, email=f"nr{number}@people.example") for number in range(6)]

    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert "Too many attempts. Please wait a moment and try again." in text_of(answers[-1])


def test_no_page_shows_the_secret_of_the_link(world: World, staff: Client) -> None:
    ask(staff, world)
    secret = link(world).split("/")[-2]
    profile = f"{PREFIX}/users/{world.morel.people['standard']}/"

    for path in (profile, f"{profile}history/", f"{profile}address/", f"{PREFIX}/users/"):
        assert secret not in staff.get(path).content.decode()


def test_what_happened_is_in_the_audit_trail_through_the_links_door(
    world: World, staff: Client
) -> None:
    ask(staff, world)
    stranger().post(link(world))

    names = [
        (event.name, event.door) for event in events_of(world.morel, world.user("standard").pk)
    ]

    assert names[-2:] == [("user.email_change_asked", "page"), ("user.email_changed", "link")]
