"""Second factors: added, used, removed, lost; and firms that ask for one."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern

from tests.support.databases import Database
from tests.sweeps.test_routes import all_paths
from tests.web.factors import (
    ACCOUNT,
    CODE,
    CONFIRM,
    SECOND,
    SIGN_IN,
    App,
    factors,
    give_app,
    give_codes,
    is_in,
    with_password,
)
from tests.web.pages import (
    PREFIX,
    Wizard,
    events_of,
    follow,
    letters,
    signed_in,
    stranger,
    text_of,
    users_total,
)
from tests.world import World
from vestibule import clock
from vestibule.directory.factors import authenticators, sealed_text
from vestibule.directory.facts import forget_everything
from vestibule.directory.models import FirmPolicy, Grant, UserStateSpan
from vestibule.directory.policies.second_factor import counter_of, duty_of, new_app_secret
from vestibule.web.urls import urlpatterns

pytestmark = pytest.mark.usefixtures("database")

APP = f"{SECOND}app/"
CODES = f"{SECOND}codes/"
PASSKEY = f"{SECOND}passkey/"
HOME = f"{PREFIX}/"


def add_app(client: Client) -> tuple[App, Any]:
    """Add an authenticator application through the page."""
    secret = client.get(APP).context["secret"].replace(" ", "")
    app = App(secret)
    return app, client.post(APP, {"code": app.code()})


def sign_in(world: World, name: str, code: str) -> Client:
    client = with_password(world.morel, name, world.password)
    client.post(CODE, {"code": code})
    return client


def names_of_events(world: World, name: str) -> list[str]:
    return [event.name for event in events_of(world.morel, world.morel.people[name])]


# --- an application and its codes -----------------------------------------------------------------


def test_an_application_is_added_once_it_shows_the_right_code(world: World) -> None:
    client = signed_in(world, "practitioner")

    app, answer = add_app(client)

    assert (answer.status_code, answer["Location"]) == (303, CODES)
    assert factors(world.morel, "practitioner").app is not None
    assert names_of_events(world, "practitioner")[-1] == "second_factor.added"
    [letter] = letters(world.morel)
    assert letter.to == world.morel.emails["practitioner"]
    assert "an authenticator application was added to your access" in " ".join(letter.text.split())
    assert app.secret not in letter.text
    other = with_password(world.morel, "practitioner", world.password)
    assert not is_in(other)
    other.post(CODE, {"code": app.next_code()})
    assert is_in(other)


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "\x00", "１２３４５６", "x" * 500]
)
def test_a_wrong_code_adds_nothing(world: World, typed: str) -> None:
    client = signed_in(world, "director")
    client.get(APP)

    assert client.post(APP, {"code": typed}).status_code == 422
    assert not factors(world.morel, "director")


def test_the_secret_stays_the_same_while_the_form_is_corrected(world: World) -> None:
    client = signed_in(world, "director")
    secret = client.get(APP).context["secret"]

    again = client.post(APP, {"code": "000000"})

    assert again.context["secret"] == secret


def test_a_second_application_is_not_added(world: World) -> None:
    client = signed_in(world, "director")
    add_app(client)
    before = factors(world.morel, "director").app

    assert client.get(APP)["Location"] == SECOND
    assert client.post(APP, {"code": "000000"})["Location"] == SECOND
    assert factors(world.morel, "director").app == before


def test_the_picture_is_drawn_by_the_page_itself_under_the_strict_policy(world: World) -> None:
    answer = signed_in(world, "director").get(APP)

    page = answer.content.decode()
    assert '<svg class="qr"' in page
    assert "<img" not in page
    assert " style=" not in page
    assert answer.context["address"].startswith("otpauth://totp/Cabinet%20Morel%3A")


def test_the_secrets_rest_sealed_in_every_table_also_while_they_are_set_up(
    world: World, database: Database
) -> None:
    client = signed_in(world, "director")
    half_done = client.get(APP).context["secret"].replace(" ", "")
    other = signed_in(world, "standard")
    app, _answer = add_app(other)
    codes = follow_codes(other)

    raw = repr(database.rows("SELECT * FROM mfa_authenticator"))
    sessions = [
        json.dumps(decoded(row)) for (row,) in database.rows("SELECT data FROM directory_session")
    ]

    assert "migrated_codes" in raw
    for secret in (half_done, app.secret, *codes, *(code.replace("-", "") for code in codes)):
        assert secret not in raw
        assert secret.lower() not in raw.lower()
        assert all(secret not in session for session in sessions)


def decoded(data: str) -> dict[str, Any]:
    """Read a session's data as whoever got hold of the table and the signing key would."""
    from vestibule.directory.sessions import SessionStore

    return dict(SessionStore().decode(data))


def test_no_code_opens_twice(world: World) -> None:
    app = give_app(world.morel, "director")
    code = app.next_code()

    assert is_in(sign_in(world, "director", code))
    assert not is_in(sign_in(world, "director", code))


def test_a_code_of_long_ago_opens_nothing(world: World, freeze: Any) -> None:
    app = give_app(world.morel, "director")
    old = app.next_code()
    freeze.forward(seconds=90)

    assert not is_in(sign_in(world, "director", old))
    assert is_in(sign_in(world, "director", app.code()))


def test_every_wrong_proof_gets_one_answer(world: World) -> None:
    app = give_app(world.morel, "director")
    codes = give_codes(world.morel, "director")
    sign_in(world, "director", codes[0])
    used = app.next_code()
    sign_in(world, "director", used)
    waiting = with_password(world.morel, "director", world.password)

    answers = [
        waiting.post(CODE, {"code": typed})
        for typed in (app.wrong_code(), codes[0], used, "bcdfg-hjkmn")
    ]

    assert {answer.status_code for answer in answers} == {422}
    said = {str(answer.context["form"].errors["code"]) for answer in answers}
    assert len(said) == 1
    assert not is_in(waiting)


def test_guessing_codes_is_stopped_even_with_the_right_one(world: World) -> None:
    app = give_app(world.morel, "director")
    client = with_password(world.morel, "director", world.password)
    for _ in range(5):
        assert client.post(CODE, {"code": app.wrong_code()}).status_code == 422

    assert client.post(CODE, {"code": app.next_code()}).status_code == 429
    assert not is_in(client)


def test_the_page_for_the_code_is_shut_to_whoever_gave_no_password(world: World) -> None:
    give_app(world.morel, "director")

    assert stranger().get(CODE)["Location"] == SIGN_IN
    assert stranger().post(CODE, {"code": "000000"})["Location"] == SIGN_IN
    assert stranger().post(CODE, {"ask": "options"})["Location"] == SIGN_IN


def test_the_same_persons_code_of_another_firm_means_nothing_here(world: World) -> None:
    client = signed_in(world, "director")
    there = give_app(world.rivage, "director")
    here = give_app(world.morel, "director")

    assert not is_in(sign_in(world, "director", there.next_code()))
    assert is_in(sign_in(world, "director", here.next_code()))
    theirs = factors(world.rivage, "director").app
    assert theirs is not None
    assert client.post(f"{SECOND}{theirs.id}/remove/").status_code == 404
    assert factors(world.rivage, "director").app == theirs


def test_what_was_used_to_sign_in_is_in_the_audit_trail(world: World) -> None:
    app = give_app(world.morel, "director")
    sign_in(world, "director", app.next_code())

    used, came_in = events_of(world.morel, world.morel.people["director"])[-2:]

    assert (used.name, used.public) == ("second_factor.used", {"kind": "totp"})
    assert (came_in.name, came_in.public) == ("user.signed_in", {"method": "password+totp"})


def test_nobody_deactivated_between_password_and_recovery_code_gets_in(world: World) -> None:
    give_app(world.morel, "standard")
    codes = give_codes(world.morel, "standard")
    client = with_password(world.morel, "standard", world.password)
    staff = signed_in(world, "practitioner")
    follow(
        staff,
        staff.post(f"{PREFIX}/users/{world.morel.people['standard']}/deactivate/", {"reason": ""}),
    )

    answer = client.post(CODE, {"code": codes[0]})

    assert answer["Location"] == SIGN_IN
    assert not is_in(client)
    assert factors(world.morel, "standard").codes_left == 10


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
    ],
)
def test_codes_are_those_of_the_standard(freeze: Any, second: int, code: str) -> None:
    """RFC 6238, appendix B, the last six of its eight digits."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    freeze.at(datetime.fromtimestamp(second, UTC))

    assert counter_of(secret, code) == second // 30
    assert counter_of(secret, f"{code[:3]} {code[3:]}") == second // 30
    assert counter_of(secret, code, after=second // 30) is None


# --- recovery codes ----------------------------------------------------------------------------------


def follow_codes(client: Client) -> tuple[str, ...]:
    """Make recovery codes through the page and read them off it."""
    answer = client.post(CODES)
    assert answer.status_code == 200
    codes: tuple[str, ...] = answer.context["codes"]
    assert len(set(codes)) == 10
    for code in codes:
        assert code in text_of(answer)
    return codes


def test_recovery_codes_are_shown_once_and_each_opens_once(world: World) -> None:
    client = signed_in(world, "administrator")
    add_app(client)
    codes = follow_codes(client)

    assert not any(
        code in client.get(path).content.decode() for code in codes for path in (CODES, SECOND)
    )
    assert is_in(sign_in(world, "administrator", codes[3].upper().replace("-", " ")))
    assert not is_in(sign_in(world, "administrator", codes[3]))
    assert is_in(sign_in(world, "administrator", codes[4]))
    assert factors(world.morel, "administrator").codes_left == 8
    told = [" ".join(letter.text.split()) for letter in letters(world.morel)]
    assert any("Codes that are left: 9." in text for text in told)


def test_new_ones_void_the_earlier_ones(world: World) -> None:
    client = signed_in(world, "administrator")
    add_app(client)
    earlier = follow_codes(client)

    fresh = follow_codes(client)

    assert not set(earlier) & set(fresh)
    assert not is_in(sign_in(world, "administrator", earlier[0]))
    assert is_in(sign_in(world, "administrator", fresh[0]))
    assert names_of_events(world, "administrator").count("recovery_codes.made") == 2


def test_they_can_be_kept_as_a_file_without_asking_the_server_again(world: World) -> None:
    client = signed_in(world, "administrator")
    add_app(client)

    answer = client.post(CODES)

    assert answer.context["as_text"].startswith("data:text/plain")
    assert all(code in answer.context["as_text"] for code in answer.context["codes"])
    assert answer["Cache-Control"] == "no-store"


def test_without_a_second_factor_there_are_none(world: World) -> None:
    answer = signed_in(world, "administrator").post(CODES)

    assert answer.status_code == 409
    assert answer.context["codes"] == ()
    assert factors(world.morel, "administrator").codes_left is None


# --- passkeys: what can be shown without a browser (the rest: test_passkeys.py) ---------------------------


NONSENSE = [
    "",
    "x",
    "[]",
    "{}",
    "null",
    '{"response": {}}',
    '{"response": {"userHandle": 7}}',
    '{"id": "Zm9v", "rawId": "Zm9v", "response": {"clientDataJSON": "e30", "attestationObject": "e30"}}',
    '{"id": "Zm9v", "rawId": "Zm9v", "type": "x", "response": {"clientDataJSON": "", "authenticatorData": "",'
    ' "signature": ""}}',
    '{"rawId": "Zm9v", "response": {"clientDataJSON": "e30", "attestationObject": "'
    + "gYGB" * 3000
    + '"}}',
    "[" * 9000,
    '{"response":' * 2000,
    "x" * 30_000,
]


@pytest.mark.parametrize("answer", NONSENSE, ids=range(len(NONSENSE)))
def test_nonsense_for_a_passkey_is_refused_everywhere_and_never_an_error(
    world: World, answer: str
) -> None:
    client = signed_in(world, "director")
    nobody, waiting = stranger(), with_password(world.morel, "director", world.password)
    give_app(world.morel, "standard")
    waiting = with_password(world.morel, "standard", world.password)
    codes = {}
    for asked in (False, True):
        if asked:
            for browser, path in (
                (client, PASSKEY),
                (client, CONFIRM),
                (waiting, CODE),
                (nobody, f"{SIGN_IN}passkey/"),
            ):
                assert "challenge" in browser.post(path, {"ask": "options"}).json()["publicKey"]
        codes[asked] = [
            client.post(PASSKEY, {"name": "Key", "credential": answer}).status_code,
            client.post(CONFIRM, {"credential": answer}).status_code,
            waiting.post(CODE, {"credential": answer}).status_code,
            nobody.post(f"{SIGN_IN}passkey/", {"credential": answer}).status_code,
        ]

    assert codes == {asked: [422, 422, 422, 302] for asked in (False, True)}
    assert not factors(world.morel, "director")
    assert not is_in(nobody)
    assert not is_in(waiting)


def test_somebody_elses_passkey_is_not_there_to_be_named_or_removed(world: World) -> None:
    app = give_app(world.morel, "standard")
    theirs = factors(world.morel, "standard").app
    assert theirs is not None
    client = signed_in(world, "director")

    for act in ("rename", "remove"):
        assert client.get(f"{SECOND}{theirs.id}/{act}/").status_code == 404
        assert client.post(f"{SECOND}{theirs.id}/{act}/", {"name": "Mine"}).status_code == 404
    assert is_in(sign_in(world, "standard", app.next_code()))


# --- removing ------------------------------------------------------------------------------------------------


def test_the_last_one_goes_with_its_recovery_codes_and_the_owner_is_told(world: World) -> None:
    client = signed_in(world, "administrator")
    add_app(client)
    follow_codes(client)
    app = factors(world.morel, "administrator").app
    assert app is not None
    path = f"{SECOND}{app.id}/remove/"
    assert "It is your last second factor" in text_of(client.get(path))

    follow(client, client.post(path))

    left = factors(world.morel, "administrator")
    assert (left.app, left.codes_left) == (None, None)
    assert names_of_events(world, "administrator")[-1] == "second_factor.removed"
    assert "was removed from your access" in " ".join(letters(world.morel)[-1].text.split())
    assert is_in(with_password(world.morel, "administrator", world.password))


# --- somebody lost it --------------------------------------------------------------------------------------------


def reset_path(world: World, name: str) -> str:
    return f"{PREFIX}/users/{world.morel.people[name]}/remove-second-factor/"


@pytest.mark.parametrize(
    ("helper", "lost"),
    [
        ("practitioner", "standard"),
        ("administrator", "director"),
        ("administrator", "practitioner"),
        ("director", "standard"),
    ],
)
def test_whoever_may_act_on_the_person_helps(world: World, helper: str, lost: str) -> None:
    give_app(world.morel, lost)
    give_codes(world.morel, lost)
    client = signed_in(world, helper)
    assert client.get(reset_path(world, lost)).status_code == 200
    assert factors(world.morel, lost)

    answer = client.post(reset_path(world, lost))

    assert answer.status_code == 303
    assert not factors(world.morel, lost)
    assert is_in(with_password(world.morel, lost, world.password))
    event = next(
        event
        for event in reversed(events_of(world.morel, world.morel.people[lost]))
        if event.name == "second_factor.reset"
    )
    assert event.actor_user_id == world.morel.people[helper]
    assert letters(world.morel)[-1].to == world.morel.emails[lost]


@pytest.mark.parametrize(
    ("helper", "lost"),
    [
        ("practitioner", "administrator"),
        ("practitioner", "trainee"),
        ("practitioner", "practitioner"),
        ("trainee", "standard"),
        ("administrator", "administrator"),
        ("director", "director"),
        ("co_director", "standard"),
        ("standard", "director"),
        ("director", "practitioner"),
    ],
)
def test_nobody_else_does_and_nobody_himself(world: World, helper: str, lost: str) -> None:
    client = signed_in(world, helper)
    give_app(world.morel, lost)

    assert client.get(reset_path(world, lost)).status_code in (403, 404)
    assert client.post(reset_path(world, lost)).status_code in (403, 404)
    assert factors(world.morel, lost)


def test_the_link_to_it_is_there_only_when_there_is_something_to_remove(world: World) -> None:
    client = signed_in(world, "practitioner")
    page = f"{PREFIX}/users/{world.morel.people['standard']}/"
    link = f'href="{reset_path(world, "standard")}"'
    assert link not in client.get(page).content.decode()

    give_app(world.morel, "standard")

    assert link in client.get(page).content.decode()


def test_a_member_of_the_team_is_helped_from_the_teams_page(world: World) -> None:
    client = signed_in(world, "administrator")
    page = f"{PREFIX}/team/{world.morel.people['practitioner']}/"
    link = f'href="{reset_path(world, "practitioner")}"'
    assert link not in client.get(page).content.decode()

    give_app(world.morel, "practitioner")

    assert link in client.get(page).content.decode()
    answer = client.post(reset_path(world, "practitioner"))
    assert answer["Location"] == page
    assert not factors(world.morel, "practitioner")


# --- a firm that asks for one ------------------------------------------------------------------------------------


def ask_for(world: World, value: str, *, days: int = 14, ago: timedelta = timedelta(0)) -> None:
    """Let the firm's policy be this since then."""
    since = clock.now() - ago
    with world.scope():
        for name, kept in (("second_factor", value), ("second_factor_grace_days", days)):
            FirmPolicy.objects.filter(name=name, until__isnull=True).update(until=since)
            FirmPolicy.objects.create(firm_id=world.morel.id, name=name, value=kept, since=since)


def long_ago(world: World) -> None:
    """Let everybody have been in, with what he holds, for a year, and the firm's rules as old."""
    since = clock.now() - timedelta(days=365)
    with world.scope():
        UserStateSpan.objects.filter(until__isnull=True).update(since=since)
        Grant.objects.filter(until__isnull=True).update(since=since)
        FirmPolicy.objects.filter(until__isnull=True).update(since=since)
    forget_everything()


@pytest.mark.parametrize(
    ("policy", "obliged"),
    [
        ("off", set()),
        ("staff", {"administrator", "practitioner", "trainee"}),
        (
            "staff_and_administrators",
            {"administrator", "practitioner", "trainee", "director", "co_director"},
        ),
    ],
)
def test_whom_the_policy_obliges(world: World, policy: str, obliged: set[str]) -> None:
    ask_for(world, policy)
    people = ("administrator", "practitioner", "trainee", "director", "co_director", "standard")

    with world.scope():
        found = {name for name in people if duty_of(world.actor(name)) is not None}

    assert found == obliged


def test_the_grace_runs_from_the_latest_of_what_obliges(world: World, freeze: Any) -> None:
    long_ago(world)
    ask_for(world, "staff_and_administrators", days=10, ago=timedelta(days=30))
    start, now = clock.now() - timedelta(days=30), clock.now()

    def until(name: str) -> Any:
        with world.scope():
            forget_everything()
            duty = duty_of(world.actor(name))
        return duty.until if duty else None

    assert until("practitioner") == until("director") == start + timedelta(days=10)
    with world.scope():
        UserStateSpan.objects.filter(
            user_id=world.morel.people["practitioner"], until__isnull=True
        ).update(since=now - timedelta(days=3))
        Grant.objects.filter(user_id=world.morel.people["director"], role__isnull=False).update(
            since=now - timedelta(days=2)
        )
    assert until("practitioner") == now + timedelta(days=7)
    assert until("director") == now + timedelta(days=8)


def test_a_policy_that_is_widened_starts_anew_only_for_whom_it_was_not(
    world: World, freeze: Any
) -> None:
    long_ago(world)
    ask_for(world, "staff", days=10, ago=timedelta(days=30))
    ask_for(world, "staff_and_administrators", days=10, ago=timedelta(days=5))

    with world.scope():
        staff, client = (duty_of(world.actor(name)) for name in ("practitioner", "director"))

    assert staff is not None
    assert client is not None
    assert client.since - staff.since == timedelta(days=25)


def test_a_policy_that_was_off_in_between_starts_anew(world: World) -> None:
    long_ago(world)
    ask_for(world, "staff", days=10, ago=timedelta(days=30))
    ask_for(world, "off", days=10, ago=timedelta(days=20))
    ask_for(world, "staff", days=10, ago=timedelta(days=1))

    with world.scope():
        duty = duty_of(world.actor("practitioner"))

    assert duty is not None
    assert not duty.is_due(clock.now())


@pytest.mark.parametrize("name", ["administrator", "director"])
def test_while_there_is_time_every_page_says_until_when(world: World, name: str) -> None:
    long_ago(world)
    ask_for(world, "staff_and_administrators", days=14)
    client = signed_in(world, name)
    for path in (HOME, ACCOUNT, SECOND, f"{PREFIX}/users/"):
        page = client.get(path, follow=True)
        assert page.status_code == 200
        assert page.context["page"]["second_factor_by"] is not None
        assert f'href="{SECOND}"' in page.content.decode()

    give_app(world.morel, name)

    assert client.get(ACCOUNT).context["page"]["second_factor_by"] is None


def marked(mark: str) -> set[str]:
    return {
        str(pattern.name)
        for pattern in urlpatterns
        if isinstance(pattern, URLPattern) and getattr(pattern.callback, mark, False)
    }


def reachable() -> set[str]:
    return marked("reachable_without_second_factor")


def test_only_these_pages_are_reachable_without() -> None:
    assert reachable() == {
        "account_second_factor",
        "account_app",
        "account_passkey",
        "account_codes",
        "account_factor_rename",
        "account_factor_remove",
        "account_reauthenticate",
        "own_language",
    }


@pytest.mark.parametrize("name", ["administrator", "director"])
def test_after_that_every_other_page_leads_to_the_set_up_and_does_nothing(
    world: World, database: Database, name: str
) -> None:
    paths = all_paths(world, without=marked("open_to_all") | reachable())
    long_ago(world)
    ask_for(world, "staff_and_administrators", days=14, ago=timedelta(days=15))
    client = signed_in(world, name)

    led = {
        (method, path): getattr(client, method)(path).get("Location")
        for _name, path in paths
        for method in ("get", "post")
    }

    assert len(led) > 60
    assert {key: where for key, where in led.items() if where != SECOND} == {}
    partial = client.get(f"{PREFIX}/users/", headers={"hx-request": "true"})
    assert (partial.status_code, partial["HX-Redirect"]) == (204, SECOND)


def test_the_set_up_language_and_sign_out_stay_open_and_adding_one_opens_everything(
    world: World,
) -> None:
    long_ago(world)
    ask_for(world, "staff", days=0, ago=timedelta(days=1))
    client = signed_in(world, "practitioner")
    for path in (SECOND, APP, PASSKEY, CODES, CONFIRM):
        assert client.get(path).status_code == 200
    assert "asks you for a second factor" in text_of(client.get(SECOND))
    assert client.post(f"{PREFIX}/language/", {"language": "en", "next": SECOND}).status_code == 303
    assert client.get(f"{PREFIX}/users/")["Location"] == SECOND

    add_app(client)

    assert client.get(f"{PREFIX}/users/").status_code == 200
    assert client.post(f"{PREFIX}/sign-out/").status_code == 302
    assert not is_in(client)


def test_a_wizard_half_done_waits_until_a_second_factor_is_added(world: World) -> None:
    client = signed_in(world, "practitioner")
    wizard = Wizard(client, world).to_summary()
    long_ago(world)
    ask_for(world, "staff", days=0, ago=timedelta(days=1))
    total = users_total(world)

    assert wizard.post("summary", when="now", send_mail="on")["Location"] == SECOND
    assert users_total(world) == total

    add_app(client)
    assert wizard.confirm().status_code == 200
    assert users_total(world) == total + 1


def test_an_invitation_that_is_accepted_asks_for_the_second_factor_that_is_there(
    world: World,
) -> None:
    """Somebody who was in before keeps it while he is invited again."""
    app = App(new_app_secret())
    with world.scope():
        authenticators().create(
            user_id=world.morel.people["invited"],
            type="totp",
            data={"secret": sealed_text(app.secret)},
        )
    client = stranger()
    typed = {
        "first_name": "Paul",
        "last_name": "Girard",
        "phone": "",
        "language": "en",
        "password": "Quiet-Meadow-77-Anchor",
    }

    answer = client.post(f"{PREFIX}/welcome/{world.invited_secret}/", typed)

    assert (answer.status_code, answer["Location"]) == (302, CODE)
    assert not is_in(client)
    client.post(CODE, {"code": app.code()})
    assert is_in(client)


def test_whoever_is_not_obliged_is_not_held_up(world: World) -> None:
    long_ago(world)
    ask_for(world, "staff", days=0, ago=timedelta(days=1))

    assert signed_in(world, "director").get(HOME).status_code == 200
    assert signed_in(world, "standard").get(HOME).status_code == 200


def test_the_last_one_stays_while_the_firm_asks_for_one(world: World) -> None:
    client = signed_in(world, "practitioner")
    add_app(client)
    ask_for(world, "staff")
    app = factors(world.morel, "practitioner").app
    assert app is not None

    answer = client.post(f"{SECOND}{app.id}/remove/")

    assert answer.status_code == 409
    assert "this is your last one" in text_of(answer)
    assert factors(world.morel, "practitioner").app == app


def test_another_firms_policy_obliges_nobody_here(world: World) -> None:
    long_ago(world)
    ask_for(world, "staff", days=0, ago=timedelta(days=1))

    client = signed_in(world, "practitioner", "rivage")

    assert client.get("/f/rivage/users/").status_code == 200


# --- allauth's own pages stay shut ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "2fa/",
        "accounts/2fa/",
        "2fa/totp/activate/",
        "2fa/webauthn/add/",
        "2fa/recovery-codes/generate/",
    ],
)
def test_pages_of_allauth_are_not_there(world: World, path: str) -> None:
    assert signed_in(world, "administrator").get(f"{PREFIX}/{path}").status_code == 404
