"""Signing in and out: one gate after the last stage, one session per firm, one answer for every no."""

import time
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client

from tests.web.pages import (
    PREFIX,
    do_jobs,
    follow,
    letters,
    signed_in,
    stranger,
    text_of,
    user_of,
    without_tokens,
)
from tests.world import FirmOfTheWorld, World
from vestibule.directory.models import Session, User

pytestmark = pytest.mark.usefixtures("database")

SIGN_IN = f"{PREFIX}/sign-in/"
CODE = f"{PREFIX}/sign-in/code/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ANOTHER = "Green-Meadow-77-Candle"


def attempt(email: str, password: str, *, client: Client | None = None, **more: str) -> Any:
    """Return the answer to one attempt, in a browser of its own unless one is given."""
    return (client or stranger()).post(SIGN_IN, {"email": email, "password": password, **more})


def deactivate(world: World, name: str) -> None:
    path = f"{PREFIX}/users/{world.morel.people[name]}/deactivate/"
    staff = signed_in(world, "practitioner")
    follow(staff, staff.post(path, {"reason": ""}))


def give_second_factor(firm: FirmOfTheWorld, name: str) -> None:
    """Give somebody an authenticator application whose secret is SECRET."""
    with firm.scope():
        Authenticator.objects.create(
            user=firm.user(name),
            type=Authenticator.Type.TOTP,
            data={"secret": get_adapter().encrypt(SECRET)},
        )


def code_now() -> str:
    """Return what the authenticator application shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(SECRET, counter)))


def is_in(client: Client, prefix: str = PREFIX) -> bool:
    return client.get(f"{prefix}/", follow=True).context["page"]["me"] is not None


# --- one answer for every no -------------------------------------------------------------------


def test_the_right_password_leads_home(world: World) -> None:
    answer = attempt(world.morel.emails["director"], world.password)

    assert (answer.status_code, answer["Location"]) == (302, f"{PREFIX}/")


@pytest.mark.parametrize("reason", ["unknown", "deactivated", "invited", "waiting", "ready", "odd"])
def test_every_refused_attempt_looks_like_a_wrong_password(world: World, reason: str) -> None:
    wrong = attempt(world.morel.emails["director"], "not-the-password-1")
    email = {
        "unknown": "nobody@people.example",
        "odd": "not an address",
    }.get(reason) or world.morel.emails[reason]

    refused = attempt(email, world.password)

    assert wrong.status_code == refused.status_code == 422
    assert "The e-mail address or the password is not right" in text_of(wrong)
    page = without_tokens(refused).replace(email, world.morel.emails["director"])
    assert page == without_tokens(wrong)
    assert "vestibule_morel" not in refused.cookies


def test_a_password_that_was_right_once_does_not_show_that_somebody_is_deactivated(
    world: World,
) -> None:
    email = world.morel.emails["deactivated"]

    right, wrong = attempt(email, world.password), attempt(email, "not-the-password-1")

    assert without_tokens(right) == without_tokens(wrong)


def test_unknown_and_known_addresses_cost_the_same_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vestibule.hashing import Argon2id

    hashed: list[str] = []
    for name in ("encode", "verify"):
        original = getattr(Argon2id, name)

        def counting(self: Any, *args: Any, _original: Any = original, **kwargs: Any) -> Any:
            began = len(hashed)
            result = _original(self, *args, **kwargs)
            if len(hashed) == began:  # verifying encodes inside
                hashed.append("once")
            return result

        monkeypatch.setattr(Argon2id, name, counting)
    steps = []
    for email in (world.morel.emails["director"], "nobody@people.example", "not an address"):
        hashed.clear()
        attempt(email, "not-the-password-1")
        steps.append(len(hashed))

    assert steps == [1, 1, 1]


@pytest.mark.parametrize("field", ["email", "password"])
@pytest.mark.parametrize("value", ["", "a\x00b", "x" * 5000, "\u202e", "' OR 1=1 --"])
def test_odd_input_is_refused_and_never_an_error(world: World, field: str, value: str) -> None:
    typed = {"email": world.morel.emails["director"], "password": world.password, field: value}

    answer = stranger().post(SIGN_IN, typed)

    assert answer.status_code == 422


# --- the gate after the last stage ----------------------------------------------------------------


def test_a_second_factor_is_asked_for_before_anybody_is_in(world: World) -> None:
    give_second_factor(world.morel, "director")
    client = stranger()

    answer = attempt(world.morel.emails["director"], world.password, client=client)
    assert answer["Location"] == CODE
    assert not is_in(client)
    asked = client.get(CODE)
    assert "One more step" in text_of(asked)
    wrong = client.post(CODE, {"code": "000000" if code_now() != "000000" else "111111"})
    assert wrong.status_code in (200, 422)
    assert not is_in(client)

    assert client.post(CODE, {"code": code_now()}).status_code == 302
    assert is_in(client)


def test_the_secret_of_a_second_factor_is_sealed_in_the_database(
    world: World, database: Any
) -> None:
    give_second_factor(world.morel, "director")

    [(data,)] = database.rows("SELECT data FROM mfa_authenticator")

    assert SECRET not in str(data)


def test_somebody_deactivated_between_password_and_code_does_not_get_in(world: World) -> None:
    give_second_factor(world.morel, "standard")
    client = stranger()
    attempt(world.morel.emails["standard"], world.password, client=client)
    deactivate(world, "standard")

    answer = client.post(CODE, {"code": code_now()})

    assert answer.status_code == 302
    assert answer["Location"] in (SIGN_IN, CODE)
    assert not is_in(client)
    with world.scope():
        assert not Session.objects.filter(user_id=world.morel.people["standard"]).exists()
    assert world.user("standard").last_sign_in_at is None


def test_the_refusal_at_the_gate_is_told_on_the_sign_in_page(world: World) -> None:
    give_second_factor(world.morel, "standard")
    client = stranger()
    attempt(world.morel.emails["standard"], world.password, client=client)
    deactivate(world, "standard")

    page = client.post(CODE, {"code": code_now()}, follow=True)

    assert page.status_code == 200
    assert "Sign in" in text_of(page)


def test_a_sign_in_begun_at_one_firm_cannot_end_at_another(world: World) -> None:
    # The same address, the same password and the same application in both firms.
    give_second_factor(world.morel, "director")
    give_second_factor(world.rivage, "director")
    client = stranger()
    attempt(world.morel.emails["director"], world.password, client=client)
    carried = client.cookies["vestibule_morel"].value
    client.cookies["vestibule_rivage"] = carried

    answer = client.post("/f/rivage/sign-in/code/", {"code": code_now()})

    assert answer.status_code == 302
    assert not is_in(client, "/f/rivage")
    with world.rivage.scope():
        assert not Session.objects.filter(user__isnull=False).exists()


def test_a_session_of_one_firm_is_none_at_another(world: World) -> None:
    client = signed_in(world, "director")
    client.cookies["vestibule_rivage"] = client.cookies["vestibule_morel"].value

    answer = client.get("/f/rivage/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/f/rivage/sign-in/")
    assert is_in(client)


def test_one_browser_can_be_in_at_two_firms_with_a_cookie_for_each(world: World) -> None:
    client = signed_in(world, "director")
    client.post(
        "/f/rivage/sign-in/",
        {"email": world.rivage.emails["director"], "password": world.password},
    )

    assert is_in(client)
    assert is_in(client, "/f/rivage")
    for slug in ("morel", "rivage"):
        cookie = client.cookies[f"vestibule_{slug}"]
        assert cookie["path"] == f"/f/{slug}/"
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
    client.post(f"{PREFIX}/sign-out/")
    assert not is_in(client)
    assert is_in(client, "/f/rivage")


def test_the_key_of_a_session_changes_when_somebody_signs_in(world: World) -> None:
    give_second_factor(world.morel, "director")
    client = stranger()
    attempt(world.morel.emails["director"], world.password, client=client)
    before = client.cookies["vestibule_morel"].value

    client.post(CODE, {"code": code_now()})

    assert client.cookies["vestibule_morel"].value != before


# --- what ends a session ----------------------------------------------------------------------------


def test_after_deactivation_the_very_next_request_is_refused(world: World) -> None:
    client, other = signed_in(world, "standard"), signed_in(world, "standard")
    assert is_in(client)

    deactivate(world, "standard")

    for browser in (client, other):
        answer = browser.get(f"{PREFIX}/")
        assert answer.status_code == 302
        assert answer["Location"].startswith(SIGN_IN)


def test_a_state_changed_behind_our_back_is_seen_by_the_very_next_request(world: World) -> None:
    client = signed_in(world, "standard")
    with world.scope():
        User.objects.filter(pk=world.morel.people["standard"]).update(state="deactivated")

    assert client.get(f"{PREFIX}/").status_code == 302


def test_signing_out_ends_the_session_for_good(world: World) -> None:
    client = signed_in(world, "practitioner")
    key = client.cookies["vestibule_morel"].value

    page = client.post(f"{PREFIX}/sign-out/", follow=True, headers={"accept-language": "en"})

    assert "You are signed out." in text_of(page)
    thief = stranger()
    thief.cookies["vestibule_morel"] = key
    assert not is_in(thief)


def test_a_mere_link_signs_nobody_out(world: World) -> None:
    client = signed_in(world, "director")

    assert client.get(f"{PREFIX}/sign-out/").status_code == 405
    assert is_in(client)


# --- the forgotten password ---------------------------------------------------------------------------


def forget(email: str, client: Client | None = None) -> Any:
    answer = (client or stranger()).post(f"{PREFIX}/forgotten/", {"email": email})
    do_jobs()
    return answer


@pytest.mark.parametrize(
    "name", ["unknown", "waiting", "ready", "deactivated", "odd", "invited", "rivage"]
)
def test_the_answer_to_a_forgotten_password_is_the_same_for_every_address(
    world: World, name: str
) -> None:
    known = forget(world.morel.emails["standard"])
    assert [letter.kind for letter in letters(world.morel)] == ["password_reset"]
    email = {"unknown": "nobody@people.example", "odd": "not an address"}.get(
        name, world.morel.emails.get(name, "only@rivage.example")
    )

    answer = forget(email)

    assert (answer.status_code, without_tokens(answer)) == (
        known.status_code,
        without_tokens(known),
    )
    resets = [letter for letter in letters(world.morel) if letter.kind == "password_reset"]
    assert len(resets) == 1
    assert letters(world.rivage) == []


@pytest.mark.parametrize(
    "typed",
    [
        "STANDARD@people.example",
        " standard@people.example ",
        "standard@people.example,thief@evil.example",
        "standard@people.example\nBcc: thief@evil.example",
        "standard@people.example@evil.example",
        "ｓtandard@people.example",
    ],
)
def test_a_reset_is_written_to_the_stored_address_only(world: World, typed: str) -> None:
    forget(typed)

    assert {letter.to for letter in letters(world.morel)} <= {world.morel.emails["standard"]}
    assert letters(world.rivage) == []


def test_a_reset_sets_the_password_and_ends_every_other_session(world: World) -> None:
    elsewhere = signed_in(world, "standard")
    forget(world.morel.emails["standard"])
    [letter] = letters(world.morel)
    browser = stranger()
    assert world.morel.emails["standard"] in text_of(browser.get(letter.path))

    answer = browser.post(letter.path, {"password": ANOTHER})

    assert answer.status_code == 302
    assert is_in(browser)
    assert not is_in(elsewhere)
    assert attempt(world.morel.emails["standard"], world.password).status_code == 422
    assert attempt(world.morel.emails["standard"], ANOTHER).status_code == 302
    assert stranger().get(letter.path).status_code == 410
    assert [one.kind for one in letters(world.morel)][-1] == "password_changed"


@pytest.mark.parametrize("password", ["", "short", "password1234567", "Jonas-Weber-2026!"])
def test_a_reset_refuses_a_weak_password_and_keeps_the_link(world: World, password: str) -> None:
    forget(world.morel.emails["standard"])
    [letter] = letters(world.morel)

    assert stranger().post(letter.path, {"password": password}).status_code == 422
    assert stranger().get(letter.path).status_code == 200
    assert attempt(world.morel.emails["standard"], world.password).status_code == 302


def test_a_reset_lifts_no_state(world: World) -> None:
    forget(world.morel.emails["standard"])
    [letter] = letters(world.morel)
    deactivate(world, "standard")

    assert stranger().get(letter.path).status_code == 410
    assert stranger().post(letter.path, {"password": ANOTHER}).status_code == 410
    assert world.user("standard").state == "deactivated"


def test_a_reset_asks_for_the_second_factor_too(world: World) -> None:
    give_second_factor(world.morel, "standard")
    forget(world.morel.emails["standard"])
    [letter] = letters(world.morel)
    browser = stranger()

    answer = browser.post(letter.path, {"password": ANOTHER})

    assert answer["Location"] == CODE
    assert not is_in(browser)


def test_a_reset_link_is_over_after_two_hours(world: World, freeze: Any) -> None:
    forget(world.morel.emails["standard"])
    [letter] = letters(world.morel)
    freeze.forward(hours=2, seconds=1)

    assert stranger().get(letter.path).status_code == 410
    assert stranger().post(letter.path, {"password": ANOTHER}).status_code == 410


# --- too often, and where to afterwards -------------------------------------------------------------------


def test_repeated_failures_are_stopped_with_a_sentence_that_helps(world: World) -> None:
    email = world.morel.emails["director"]
    for _ in range(5):
        assert "is not right" in text_of(attempt(email, "not-the-password-1"))

    stopped = attempt(email, world.password)

    assert stopped.status_code == 429
    assert "Too many attempts. Please wait a moment and try again." in text_of(stopped)
    assert attempt(world.morel.emails["standard"], world.password).status_code == 302


def test_the_same_address_at_another_firm_is_not_stopped_with_it(world: World) -> None:
    for _ in range(6):
        attempt(world.morel.emails["director"], "not-the-password-1")

    answer = stranger().post(
        "/f/rivage/sign-in/",
        {"email": world.rivage.emails["director"], "password": world.password},
    )

    assert answer.status_code == 302


def test_asking_for_resets_again_and_again_is_stopped(world: World) -> None:
    answers = [forget(world.morel.emails["standard"]) for _ in range(8)]

    assert answers[-1].status_code == 429
    assert "Too many attempts" in text_of(answers[-1])
    assert answers[-1]["Retry-After"] == "300"
    assert "Try again in 300 seconds." in text_of(answers[-1])


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/f/morel/",
        "/\\evil.example",
        "/f/morel/\\..\\evil",
        "javascript:alert(1)",
        "/f/rivage/",
        "/f/morel",
        "http:evil.example",
        "\x00/f/morel/",
        "/f/morel/../rivage/",
        "/f/morel/%2e%2e/rivage/",
    ],
)
def test_nobody_is_led_outside_the_firm_after_signing_in(world: World, target: str) -> None:
    page = stranger().get(SIGN_IN, {"next": target})
    assert "evil" not in page.content.decode()

    answer = attempt(world.morel.emails["director"], world.password, next=target)

    assert answer.status_code == 302
    assert answer["Location"] == f"{PREFIX}/"


def test_after_signing_in_one_is_where_one_wanted_to_go(world: World) -> None:
    client = stranger()
    wanted = f"{PREFIX}/users/?state=awaiting_validation"
    asked = client.get(wanted)
    page = client.get(asked["Location"])

    answer = attempt(
        world.morel.emails["practitioner"],
        world.password,
        client=client,
        next=page.context["next"],
    )

    assert answer["Location"] == wanted


def test_who_is_in_already_is_led_home(world: World) -> None:
    client = signed_in(world, "director")

    assert client.get(SIGN_IN)["Location"] == f"{PREFIX}/"


def test_signing_in_is_written_down_with_the_moment(world: World) -> None:
    began = time.time()

    signed_in(world, "director")

    seen = user_of(world.morel, world.morel.emails["director"])
    assert seen is not None
    assert seen.last_sign_in_at is not None
    assert seen.last_sign_in_at.timestamp() >= began - 1
