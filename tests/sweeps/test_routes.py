"""Every address of the pages: closed by default, never a 500, no GET that writes, strict headers on all."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern

from tests.support.databases import Database
from tests.web.everything import content_of, differences
from tests.web.pages import PREFIX, Wizard, signed_in, stranger
from tests.world import World
from vestibule.directory.models import Approval
from vestibule.web.urls import urlpatterns

pytestmark = pytest.mark.usefixtures("database")

OPEN_TO_ALL = {
    "account_login",
    "account_logout",
    "mfa_authenticate",
    "passkey_sign_in",
    "forgotten",
    "reset",
    "confirm_email",
    "welcome",
    "welcome_fresh",
    "theme",
    "logo",
}
DEMO_ONLY = {"inbox", "inbox_message", "inbox_html"}
"""Not there at all without the demo, which no test of this file is."""
OWN_ACCOUNT = {
    "account",
    "account_address",
    "account_address_keep",
    "account_password",
    "account_sessions_end",
    "account_reauthenticate",
    "account_second_factor",
    "account_app",
    "account_passkey",
    "account_codes",
    "account_factor_rename",
    "account_factor_remove",
}
FRAMED = {"settings_mail_preview"}
"""A mail in a frame of ours: inline style and no script; tests/web/test_settings.py looks at it."""
OPEN_TO_WHOEVER_IS_IN = OPEN_TO_ALL | {"home", "own_language"} | OWN_ACCOUNT
LISTS_OF_CLIENT_ADMINISTRATORS = {
    "companies",
    "my_requests",
    "person_new",
    "users",
    "users_bulk",
    "users_export",
    "view_new",
    "views",
}
"""What a client's administrator opens without naming anybody; all else is about his own."""
STEPS = ("company", "identity", "companies", "applications", "summary", "receipt")
REFUSED = (403, 404)

ROUTES = [pattern for pattern in urlpatterns if isinstance(pattern, URLPattern)]
CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")


def test_the_sweep_knows_every_address() -> None:
    assert len(ROUTES) == len(urlpatterns), "the sweep walks plain patterns only"
    names = [pattern.name for pattern in ROUTES]
    assert len(names) == len(set(names))
    assert None not in names
    assert set(names) >= OPEN_TO_WHOEVER_IS_IN


def test_every_open_address_is_named_here() -> None:
    marked = {pattern.name for pattern in ROUTES if getattr(pattern.callback, "open_to_all", False)}

    assert marked == OPEN_TO_ALL | DEMO_ONLY


def test_the_demos_inbox_is_not_there_without_the_demo(world: World) -> None:
    paths = [path for name, path in all_paths(world) if name in DEMO_ONLY]
    assert len(paths) == 3

    for who in ("nobody", "director", "administrator"):
        client = strangers(world, who)
        assert [client.get(path).status_code for path in paths] == [404, 404, 404]


def request_in(world: World) -> str:
    """Return the request by which `waiting`, at company A, is to be let in."""
    with world.scope():
        return str(Approval.objects.get(firm_id=world.morel.id).pk)


def paths_of(
    pattern: URLPattern, world: World, draft: str, person: str = "standard"
) -> Iterator[str]:
    """Yield the address with what the world has for each of its places."""
    route = str(pattern.pattern)
    place = world.morel.places["a"]
    about = str(world.morel.people[person])
    if route.startswith(("companies/", "places/")):
        about = str(place)
    elif "requests/" in route:
        about = request_in(world)
    values = {
        "pk": about,
        "place": str(place),
        "name": "users",
        "draft": draft,
        "secret": world.invited_secret,
        "step": "summary",
        "factor": "1",
        "sequence": "1",
        "key": "app.payroll",
        "code": "owner",
        "sheet": "0" * 16,
        "sha": "0" * 64,
    }
    for step in STEPS if "step" in CONVERTER.findall(route) else ("",):
        found = {**values, "step": step}
        yield f"{PREFIX}/" + CONVERTER.sub(lambda match, v=found: v[match.group(1)], route)


def all_paths(
    world: World,
    *,
    without: set[str] = frozenset(),  # type: ignore[assignment]
    person: str = "standard",
) -> list[tuple[str, str]]:
    """Return (name, path) of every address, around a draft of the practitioner's and a person."""
    draft = Wizard(signed_in(world, "practitioner"), world).to_summary().draft
    return [
        (str(pattern.name), path)
        for pattern in ROUTES
        if pattern.name not in without
        for path in paths_of(pattern, world, draft, person)
    ]


def strangers(world: World, who: str) -> Client:
    if who == "nobody":
        return stranger()
    if who == "the other firm’s administrator":
        client = signed_in(world, "administrator", "rivage")
        client.cookies["vestibule_morel"] = client.cookies["vestibule_rivage"].value
        return client
    return signed_in(world, who)


# --- closed by default ------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["nobody", "the other firm’s administrator"])
def test_whoever_is_not_of_the_firm_is_asked_to_sign_in_everywhere(
    world: World, database: Database, who: str
) -> None:
    paths = all_paths(world, without=OPEN_TO_ALL | DEMO_ONLY)
    client = strangers(world, who)
    before = content_of(database)

    answers = {
        (method, path): getattr(client, method)(path)
        for _name, path in paths
        for method in ("get", "post")
    }

    led = {key: answer.get("Location", answer.status_code) for key, answer in answers.items()}
    assert {key: where for key, where in led.items() if "/sign-in/" not in str(where)} == {}
    assert differences(before, content_of(database)) == []


@pytest.mark.parametrize("who", ["standard", "trainee"])
def test_whoever_is_in_without_the_right_is_refused_everywhere_but_at_home(
    world: World, database: Database, who: str
) -> None:
    paths = all_paths(world, without=OPEN_TO_WHOEVER_IS_IN)
    client = strangers(world, who)
    before = content_of(database)

    answers = {
        (method, path): getattr(client, method)(path, *data).status_code
        for _name, path in paths
        for method, data in (("get", ()), ("post", ({"name": "x", "when": "now", "sure": "1"},)))
    }

    assert {key: code for key, code in answers.items() if code not in (*REFUSED, 405)} == {}
    assert differences(before, content_of(database)) == []


@pytest.mark.req("S0-02")
def test_another_companys_administrator_is_refused_at_everything_that_is_not_his(
    world: World, database: Database
) -> None:
    without = OPEN_TO_WHOEVER_IS_IN | LISTS_OF_CLIENT_ADMINISTRATORS
    paths = all_paths(world, without=without, person="invited")  # has company A alone
    client = strangers(world, "co_director")  # administers company B
    before = content_of(database)

    typed = {"name": "x", "when": "now", "sure": "1", "seen": "x", "reason": "x"}
    answers = {
        (method, path): getattr(client, method)(path, *data).status_code
        for _name, path in paths
        for method, data in (("get", ()), ("post", (typed,)))
    }

    assert {key: code for key, code in answers.items() if code not in (*REFUSED, 405)} == {}
    assert differences(before, content_of(database)) == []


def test_a_page_that_was_forgotten_would_be_closed(world: World) -> None:
    for path in (f"{PREFIX}/accounts/login/", f"{PREFIX}/signup/", f"{PREFIX}/admin/"):
        assert stranger().get(path).status_code == 404


# --- no GET writes, no 500 ---------------------------------------------------------------------


@pytest.mark.parametrize("who", ["administrator", "practitioner", "trainee", "director", "nobody"])
def test_no_page_writes_when_it_is_only_read(world: World, database: Database, who: str) -> None:
    paths = all_paths(world)
    client = strangers(world, who)
    client.get(f"{PREFIX}/")
    before = content_of(database)

    for method in ("get", "head", "options"):
        answers = {path: getattr(client, method)(path).status_code for _name, path in paths}
        assert {path: code for path, code in answers.items() if code >= 500} == {}
        assert differences(before, content_of(database)) == [], method


@pytest.mark.parametrize("who", ["administrator", "nobody"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"q": "\x00", "email": "\x00", "password": "\x00", "name": "\x00", "go": "next"},
        {"company": "x", "companies": ["x", ""], "applications": ["\x00"], "when": "never"},
        {"parent": "x", "kind": "x", "reason": "\u202e" * 900, "type": "x", "sure": "\uffff"},
    ],
    ids=["empty", "control characters", "nonsense", "more nonsense"],
)
def test_no_page_answers_a_form_of_nonsense_with_an_error_of_its_own(
    world: World, who: str, body: dict[str, Any]
) -> None:
    paths = all_paths(world)
    client = strangers(world, who)
    answers = {}
    for name, path in paths:
        if name == "account_logout":
            continue
        answers[path] = client.post(path, body).status_code
        answers[f"{path}?odd"] = client.get(path, {"q": "%", "after": "\x00", **body}).status_code

    assert {path: code for path, code in answers.items() if code >= 500} == {}


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_other_methods_are_refused_and_change_nothing(
    world: World, database: Database, method: str
) -> None:
    paths = all_paths(world)
    client = signed_in(world, "administrator")
    before = content_of(database)

    codes = {path: getattr(client, method)(path).status_code for _name, path in paths}

    assert {path: code for path, code in codes.items() if code not in (302, 404, 405)} == {}
    assert differences(before, content_of(database)) == []


# --- headers --------------------------------------------------------------------------------------

INLINE = re.compile(
    r"<script(?![^>]*\b(?:src|nonce)=)(?![^>]*application/json)[^>]*>|<style\b|\sstyle=|\son[a-z]+=\"",
    re.I,
)


def policy_of(answer: Any) -> dict[str, list[str]]:
    directives = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return {words[0]: words[1:] for words in directives if words}


def faults_of(answer: Any) -> list[str]:
    """Return what an answer lacks of the headers that every page has."""
    faults = []
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "-origin",  # same-origin; strict-origin where the address is a secret
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    for name, value in wanted.items():
        if value not in answer.get(name, ""):
            faults.append(f"{name}: {answer.get(name)}")
    if "Content-Security-Policy" not in answer:
        return [*faults, "no policy"]
    policy = policy_of(answer)
    if policy.get("default-src") != ["'none'"]:
        faults.append(f"default-src {policy.get('default-src')}")
    for directive, sources in policy.items():
        loose = {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"} & {*sources}
        faults += [f"{directive} {source}" for source in loose]
    for directive in ("script-src", "style-src", "form-action", "frame-ancestors", "base-uri"):
        if directive not in policy:
            faults.append(f"no {directive}")
    if "text/html" in answer.get("Content-Type", ""):
        faults += INLINE.findall(answer.content.decode())
    return faults


@pytest.mark.parametrize("who", ["administrator", "director", "nobody"])
def test_every_page_has_the_strict_headers_and_nothing_inline(world: World, who: str) -> None:
    paths = all_paths(world, without=FRAMED)
    client = strangers(world, who)

    faults = {path: faults_of(client.get(path)) for _name, path in paths}
    faults |= {
        f"POST {path}": faults_of(strangers(world, "nobody").post(path)) for _n, path in paths
    }

    assert {path: found for path, found in faults.items() if found} == {}


def test_the_pages_of_errors_have_them_too(world: World) -> None:
    large = {"email": "x" * (1024 * 1024 + 1)}
    answers = {
        "404": stranger().get(f"{PREFIX}/nothing-here/"),
        "404 without a firm": stranger().get("/f/nobody/"),
        "405": stranger().get(f"{PREFIX}/sign-out/"),
        "403": signed_in(world, "standard").get(f"{PREFIX}/users/"),
        "403 without a token": stranger(enforce_csrf_checks=True).post(f"{PREFIX}/sign-in/"),
        "413": stranger().post(f"{PREFIX}/sign-in/", large),
        "410": stranger().get(f"{PREFIX}/welcome/nothing/"),
        "400": stranger().get(f"{PREFIX}/", headers={"host": "evil.example"}),
        "the firm chooser": stranger().get("/"),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "404": 404,
        "404 without a firm": 404,
        "405": 405,
        "403": 403,
        "403 without a token": 403,
        "413": 413,
        "410": 410,
        "400": 400,
        "the firm chooser": 200,
    }
    faults = {
        name: [fault for fault in faults_of(answer) if not fault.startswith("Cache-Control")]
        for name, answer in answers.items()
    }
    assert {name: found for name, found in faults.items() if found} == {}
