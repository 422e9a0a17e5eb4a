"""My account: one's own data, password and sessions, and “is it you?” before what is sensitive."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.support.databases import Database
from tests.web.factors import ACCOUNT, CONFIRM, SECOND, factors, give_app, is_in
from tests.web.pages import (
    PREFIX,
    do_jobs,
    events_of,
    follow,
    letters,
    signed_in,
    stranger,
    text_of,
    user_of,
)
from tests.world import World
from vestibule.directory.models import EventValue, Session, User
from vestibule.directory.own_sessions import handle_of
from vestibule.directory.sessions import hash_of
from vestibule.web.devices import device_words

pytestmark = pytest.mark.usefixtures("database")

PASSWORD = f"{ACCOUNT}password/"
END = f"{ACCOUNT}sessions/end/"
ADDRESS = f"{ACCOUNT}address/"
ANOTHER = "Green-Meadow-77-Candle"


def own_data(**typed: str) -> dict[str, str]:
    return {"first_name": "Solène", "last_name": "Fontaine", "phone": "", **typed}


def change_password(client: Client, world: World, **typed: str) -> Any:
    return client.post(PASSWORD, {"present": world.password, "password": ANOTHER, **typed})


def attempt(world: World, name: str, password: str) -> int:
    typed = {"email": world.morel.emails[name], "password": password}
    return stranger().post(f"{PREFIX}/sign-in/", typed).status_code


# --- the page ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["administrator", "practitioner", "director", "standard"])
def test_everybody_who_is_in_reaches_it_from_the_account_menu(world: World, name: str) -> None:
    client = signed_in(world, name)

    home = client.get(f"{PREFIX}/", follow=True).content.decode()
    page = client.get(ACCOUNT)

    assert f'href="{ACCOUNT}"' in home
    assert page.status_code == 200
    assert world.morel.emails[name] in text_of(page)
    frame = "with-sidebar" if world.user(name).is_staff_member else "with-topbar"
    assert f'class="{frame}"' in page.content.decode()


def test_staff_without_any_right_have_an_account_too(world: World) -> None:
    assert signed_in(world, "trainee").get(ACCOUNT).status_code == 200


def test_it_says_how_one_signs_in_and_when_the_last_time_was(world: World) -> None:
    client = signed_in(world, "administrator")

    words = text_of(client.get(ACCOUNT))

    assert "Last sign-in: today" in words
    assert "None: the password alone opens this access." in words
    give_app(world.morel, "administrator")
    assert "Authenticator application" in text_of(client.get(ACCOUNT))


# --- one's own data ------------------------------------------------------------------------------


def test_name_and_phone_are_corrected_with_old_and_new_values_and_found_by_the_new_name(
    world: World,
) -> None:
    client = signed_in(world, "director")

    page = follow(client, client.post(ACCOUNT, own_data(last_name="Le Bihan", phone="0612345678")))

    assert page.status_code == 200
    user = world.user("director")
    assert (user.last_name, user.phone) == ("Le Bihan", "+33612345678")
    assert user.sort_key.startswith("le bihan")
    assert "le bihan" in user.search_text
    event = events_of(world.morel, user.pk)[-1]
    assert (event.name, event.actor_user_id) == ("user.corrected_own_data", user.pk)
    with world.scope():
        values = EventValue.objects.get(event=event).values
    assert values == {"last_name": ["Fontaine", "Le Bihan"], "phone": ["", "+33612345678"]}
    found = signed_in(world, "practitioner").get(f"{PREFIX}/users/?q=bihan")
    assert "Le Bihan" in text_of(found)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", ""),
        ("last_name", "x" * 101),
        ("last_name", "a\x00b"),
        ("phone", "123"),
        ("phone", "x" * 500),
        ("state", "deactivated"),
        ("kind", "staff"),
        ("email", "thief@evil.example"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_changes(
    world: World, field: str, value: str
) -> None:
    client = signed_in(world, "director")
    before = world.user("director")

    answer = client.post(ACCOUNT, own_data(**{field: value}))

    assert answer.status_code == 422
    after = world.user("director")
    for column in ("first_name", "last_name", "phone", "email", "state", "kind"):
        assert getattr(after, column) == getattr(before, column)


def test_saving_what_is_there_already_records_nothing(world: World) -> None:
    client = signed_in(world, "director")
    before = len(events_of(world.morel, world.morel.people["director"]))

    client.post(ACCOUNT, own_data())

    assert len(events_of(world.morel, world.morel.people["director"])) == before


def test_a_new_address_counts_once_it_is_confirmed(world: World) -> None:
    with world.scope():
        User.objects.filter(pk=world.morel.people["director"]).update(language="en")
    client = signed_in(world, "director")

    page = follow(client, client.post(ADDRESS, {"email": "solene@new.example"}))
    do_jobs()

    assert "solene@new.example waits for its confirmation." in text_of(page)
    assert world.user("director").email == world.morel.emails["director"]
    assert {letter.to for letter in letters(world.morel)} == {
        "solene@new.example",
        world.morel.emails["director"],
    }
    follow(client, client.post(f"{ADDRESS}keep/"))
    assert "waits for its confirmation" not in text_of(client.get(ACCOUNT))


def test_the_address_asks_first_who_it_is(world: World, freeze: Any) -> None:
    client = signed_in(world, "director")
    freeze.forward(minutes=5)

    answer = client.post(ADDRESS, {"email": "thief@evil.example"})

    assert answer["Location"].startswith(CONFIRM)
    assert user_of(world.morel, "thief@evil.example") is None
    assert letters(world.morel) == []


# --- the password ----------------------------------------------------------------------------------


def test_a_new_password_ends_every_other_session_and_this_one_stays(world: World) -> None:
    client, elsewhere = signed_in(world, "standard"), signed_in(world, "standard")
    somebody_else = signed_in(world, "director")

    page = follow(client, change_password(client, world))

    assert page.status_code == 200
    assert not is_in(elsewhere)
    assert is_in(somebody_else)
    with world.scope():
        assert Session.objects.filter(user_id=world.morel.people["standard"]).count() == 1
    assert attempt(world, "standard", world.password) == 422
    assert attempt(world, "standard", ANOTHER) == 302
    [letter] = letters(world.morel)
    assert (letter.kind, letter.to) == ("password_changed", world.morel.emails["standard"])
    names = [event.name for event in events_of(world.morel, world.morel.people["standard"])]
    assert "password.changed" in names


def test_the_key_of_the_session_that_stays_is_another_one(world: World) -> None:
    client = signed_in(world, "standard")
    before = client.cookies["vestibule_morel"].value

    change_password(client, world)

    assert client.cookies["vestibule_morel"].value != before
    thief = stranger()
    thief.cookies["vestibule_morel"] = before
    assert not is_in(thief)


@pytest.mark.parametrize(
    "typed",
    [
        {"present": "not-the-password-1"},
        {"present": ""},
        {"password": "short"},
        {"password": "password1234567"},
        {"password": "Jonas-Weber-2026!"},
        {"password": ""},
    ],
    ids=str,
)
def test_a_wrong_or_weak_password_changes_nothing(world: World, typed: dict[str, str]) -> None:
    client, elsewhere = signed_in(world, "standard"), signed_in(world, "standard")

    answer = change_password(client, world, **typed)

    assert answer.status_code == 422
    assert is_in(elsewhere)
    assert attempt(world, "standard", world.password) == 302
    assert letters(world.morel) == []


def test_guessing_the_present_password_is_stopped(world: World) -> None:
    client = signed_in(world, "practitioner")
    for _ in range(5):
        assert change_password(client, world, present="not-the-password-1").status_code == 422

    stopped = change_password(client, world)

    assert stopped.status_code == 429
    assert "Too many attempts" in text_of(stopped)
    assert attempt(world, "practitioner", world.password) == 302


def test_the_password_is_hashed_before_the_transaction(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    from vestibule.directory.scope import current_firm_id
    from vestibule.hashing import Argon2id

    seen: list[tuple[bool, bool]] = []
    original = Argon2id.encode

    def watching(self: Any, *args: Any) -> str:
        seen.append((connection.in_atomic_block, current_firm_id() is not None))
        return original(self, *args)

    client = signed_in(world, "standard")
    monkeypatch.setattr(Argon2id, "encode", watching)

    assert change_password(client, world).status_code == 303

    assert seen
    assert set(seen) == {(False, False)}


def test_an_open_reset_link_dies_with_the_old_password(world: World) -> None:
    stranger().post(f"{PREFIX}/forgotten/", {"email": world.morel.emails["standard"]})
    do_jobs()
    [letter] = letters(world.morel)

    change_password(signed_in(world, "standard"), world)

    assert stranger().get(letter.path).status_code == 410


# --- sessions ----------------------------------------------------------------------------------------


def handles(page: Any) -> list[str]:
    found = re.findall(r'name="session" value="([^"]+)"', page.content.decode())
    return [one for one in found if one != "others"]


def test_they_are_listed_with_device_and_place_and_which_is_this_one(world: World) -> None:
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0"
    other = Client(headers={"user-agent": firefox}, REMOTE_ADDR="192.0.2.7")
    typed = {"email": world.morel.emails["director"], "password": world.password}
    other.post(f"{PREFIX}/sign-in/", typed)
    with world.scope():
        User.objects.filter(pk=world.morel.people["director"]).update(language="en")

    words = text_of(signed_in(world, "director").get(ACCOUNT))

    assert "Firefox on Windows 192.0.2.7" in words
    assert words.count("This one") == 1


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5", "Unknown device"),
        ("", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
    ],
)
def test_a_device_is_said_in_words(said: str, words: str) -> None:
    assert device_words(said) == words


def test_one_that_is_signed_out_is_refused_at_the_very_next_request(world: World) -> None:
    client, stolen, third = (signed_in(world, "director") for _ in range(3))
    assert handle_of_client(stolen) in handles(client.get(ACCOUNT))

    follow(client, client.post(END, {"session": handle_of_client(stolen)}))

    assert not is_in(stolen)
    assert is_in(client)
    assert is_in(third)
    event = events_of(world.morel, world.morel.people["director"])[-1]
    assert event.name == "session.ended"


def handle_of_client(client: Client) -> str:
    return handle_of(hash_of(client.cookies["vestibule_morel"].value))


def test_all_others_are_signed_out_at_once(world: World) -> None:
    client, *others = (signed_in(world, "director") for _ in range(3))
    somebody_else = signed_in(world, "standard")

    follow(client, client.post(END, {"session": "others"}))

    assert is_in(client)
    assert is_in(somebody_else)
    assert [is_in(other) for other in others] == [False, False]
    event = events_of(world.morel, world.morel.people["director"])[-1]
    assert (event.name, event.public) == ("session.others_ended", {"sessions_ended": 2})


def test_nobody_signs_out_the_session_of_somebody_else(world: World) -> None:
    victim, thief = signed_in(world, "standard"), signed_in(world, "director")
    key = victim.cookies["vestibule_morel"].value

    for named in (handle_of_client(victim), key, hash_of(key), "", "x" * 50, "\x00"):
        assert thief.post(END, {"session": named}).status_code == 404

    assert is_in(victim)


def test_no_page_names_a_session_by_its_key_or_the_hash_of_it(world: World) -> None:
    client, _other = signed_in(world, "director"), signed_in(world, "director")

    page = client.get(ACCOUNT).content.decode()

    with world.scope():
        hashes = list(Session.objects.values_list("session_key_hash", flat=True))
    assert len(handles(client.get(ACCOUNT))) == 1
    for secret in [*hashes, client.cookies["vestibule_morel"].value]:
        assert secret not in page
        assert secret[:16] not in page


# --- “is it you?” -----------------------------------------------------------------------------------------


SENSITIVE = ("app/", "passkey/", "codes/")


@pytest.mark.parametrize("path", SENSITIVE)
def test_five_minutes_after_signing_in_sensitive_pages_ask_who_it_is(
    world: World, freeze: Any, path: str
) -> None:
    client = signed_in(world, "director")
    assert client.get(SECOND + path).status_code == 200
    freeze.forward(minutes=4, seconds=59)
    assert client.get(SECOND + path).status_code == 200
    freeze.forward(seconds=1)

    asked = client.get(SECOND + path)
    posted = client.post(SECOND + path, {"ask": "options"})

    assert asked.status_code == posted.status_code == 302
    assert (
        asked["Location"]
        == f"{CONFIRM}?next=%2Ff%2Fmorel%2Faccount%2Fsecond-factor%2F{path[:-1]}%2F"
    )
    assert not factors(world.morel, "director")


def test_the_right_password_leads_back_to_what_was_wanted(world: World, freeze: Any) -> None:
    client = signed_in(world, "director")
    freeze.forward(minutes=6)

    answer = client.post(CONFIRM, {"password": world.password, "next": f"{SECOND}app/"})

    assert (answer.status_code, answer["Location"]) == (303, f"{SECOND}app/")
    assert client.get(f"{SECOND}app/").status_code == 200


def test_a_code_of_the_application_does_too_and_only_once(world: World, freeze: Any) -> None:
    client = signed_in(world, "director")
    app = give_app(world.morel, "director")
    freeze.forward(minutes=6)
    code = app.code()

    assert client.post(CONFIRM, {"code": app.wrong_code()}).status_code == 422
    assert client.get(f"{SECOND}codes/").status_code == 302
    assert client.post(CONFIRM, {"code": code}).status_code == 303
    assert client.get(f"{SECOND}codes/").status_code == 200
    freeze.forward(minutes=5)
    assert client.post(CONFIRM, {"code": code}).status_code == 422


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/f/rivage/", "x"])
def test_it_leads_nowhere_else(world: World, target: str) -> None:
    client = signed_in(world, "director")

    answer = client.post(CONFIRM, {"password": world.password, "next": target})

    assert answer["Location"] == ACCOUNT


def test_guessing_there_is_stopped(world: World, freeze: Any) -> None:
    client = signed_in(world, "director")
    freeze.forward(minutes=6)
    for _ in range(5):
        answer = client.post(CONFIRM, {"password": "not-the-password-1"})
        assert answer.status_code == 422
        assert answer.context["form"].errors

    assert client.post(CONFIRM, {"password": world.password}).status_code == 429
    assert client.get(f"{SECOND}app/").status_code == 302


def test_somebody_elses_password_confirms_nothing(world: World, freeze: Any) -> None:
    client = signed_in(world, "director")
    mine = signed_in(world, "standard")
    assert mine.post(PASSWORD, {"present": world.password, "password": ANOTHER}).status_code == 303
    freeze.forward(minutes=6)

    assert client.post(CONFIRM, {"password": ANOTHER}).status_code == 422
