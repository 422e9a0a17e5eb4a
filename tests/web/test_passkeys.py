"""Passkeys in a real browser, with Chromium's virtual authenticator and the keyboard alone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.databases import Database
from tests.support.served import Serve, Served
from tests.web.factors import factors, give_app, give_codes
from tests.web.pages import PREFIX, events_of
from tests.world import World
from vestibule.directory.models import User

pytestmark = pytest.mark.browser

NewPage = Callable[..., Page]
Axe = Callable[..., list[str]]

TOO_WIDE = "document.documentElement.scrollWidth > window.innerWidth"
PHONE = {"width": 320, "height": 640}


@pytest.fixture(autouse=True)
def in_english(world: World, database: Database) -> None:
    if database.vendor == "postgresql":
        pytest.skip("the browser's part is the same on both databases: looked at on SQLite")
    with world.scope():
        User.objects.filter(firm_id=world.morel.id).update(language="en")


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve(worker=False)


class Key:
    """A virtual authenticator in one browser: a telephone's lock, or a key on a cord."""

    def __init__(self, page: Page, *, keeps: bool = True, checks: bool = True) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal" if keeps else "usb",
            "hasResidentKey": keeps,
            "hasUserVerification": checks,
            "isUserVerified": checks,
            "automaticPresenceSimulation": True,
        }
        made = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id = made["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        """Return what lies on it."""
        asked = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        found: list[dict[str, Any]] = asked["credentials"]
        return found

    def forget_who_holds_it(self) -> None:
        self.session.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": False}
        )


def give_password(page: Page, served: Served, world: World, name: str, slug: str = "morel") -> None:
    """Type address and password, by the keyboard alone."""
    page.goto(served.url(f"/f/{slug}/sign-in/"))
    page.keyboard.type(world.morel.emails[name])
    page.keyboard.press("Tab")
    page.keyboard.type(world.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url or url.endswith("/code/"))


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has these words has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if words in str(
            page.evaluate("document.activeElement.innerText || document.activeElement.name || ''")
        ):
            return
    raise AssertionError(f"no Tab leads to {words}")


def add_passkey(page: Page, served: Served, name: str) -> None:
    page.goto(served.url(f"{PREFIX}/account/second-factor/"))
    tab_to(page, "Add a passkey")
    page.keyboard.press("Enter")
    page.wait_for_url("**/passkey/")
    tab_to(page, "name")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/passkey/"))


def sign_out(page: Page, served: Served) -> None:
    page.context.clear_cookies()
    page.goto(served.url(f"{PREFIX}/sign-in/"))


def test_a_passkey_is_added_asked_for_at_sign_in_renamed_and_removed_by_keyboard(
    world: World, served: Served, new_page: NewPage, axe: Axe
) -> None:
    page = new_page()
    key = Key(page)
    give_password(page, served, world, "practitioner")

    add_passkey(page, served, "Office computer")
    assert page.url.endswith("/second-factor/codes/")
    assert "The passkey is added." in page.inner_text("main")
    assert len(key.credentials()) == 1
    [mine] = factors(world.morel, "practitioner").passkeys
    assert (mine.name, mine.signs_in_alone) == ("Office computer", True)

    sign_out(page, served)
    give_password(page, served, world, "practitioner")
    assert page.url.endswith("/sign-in/code/")
    assert axe(page) == []
    tab_to(page, "Use a passkey")
    page.keyboard.press("Enter")
    page.wait_for_url("**/users/")
    came_in = events_of(world.morel, world.morel.people["practitioner"])[-1]
    assert came_in.public == {"method": "password+passkey"}

    page.goto(served.url(f"{PREFIX}/account/second-factor/"))
    tab_to(page, "Rename")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rename/")
    page.keyboard.press("Control+A")
    page.keyboard.type("Blue key")
    page.keyboard.press("Enter")
    page.wait_for_url("**/second-factor/")
    assert "Blue key" in page.inner_text("main")
    tab_to(page, "Remove")
    page.keyboard.press("Enter")
    page.wait_for_url("**/remove/")
    assert axe(page) == []
    tab_to(page, "Remove the passkey")
    page.keyboard.press("Enter")
    page.wait_for_url("**/second-factor/")
    assert not factors(world.morel, "practitioner")

    sign_out(page, served)
    give_password(page, served, world, "practitioner")
    assert page.url.endswith("/users/")


def test_a_passkey_alone_signs_in_where_it_belongs_and_nowhere_else(
    world: World, served: Served, new_page: NewPage
) -> None:
    page = new_page()
    Key(page)
    give_password(page, served, world, "director")
    add_passkey(page, served, "Telephone")
    sign_out(page, served)

    tab_to(page, "Sign in with a passkey")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{PREFIX}/")
    came_in = events_of(world.morel, world.morel.people["director"])[-1]
    assert (came_in.name, came_in.public) == ("user.signed_in", {"method": "passkey"})

    page.context.clear_cookies()
    page.goto(served.url("/f/rivage/sign-in/"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.locator("#messages .note-bad:not([hidden])").wait_for()
    assert "This passkey could not be checked." in page.inner_text("main")
    page.goto(served.url("/f/rivage/"))
    assert "/f/rivage/sign-in/" in page.url


def test_somebody_deactivated_does_not_get_in_with_a_passkey_alone(
    world: World, served: Served, new_page: NewPage
) -> None:
    page = new_page()
    Key(page)
    give_password(page, served, world, "standard")
    add_passkey(page, served, "Telephone")
    sign_out(page, served)
    with world.scope():
        User.objects.filter(pk=world.morel.people["standard"]).update(state="deactivated")

    page.get_by_role("button", name="Sign in with a passkey").click()
    page.locator("#messages .note-bad:not([hidden])").wait_for()

    assert "This passkey could not be checked." in page.inner_text("main")
    page.goto(served.url(f"{PREFIX}/"))
    assert "/sign-in/" in page.url


def test_a_key_that_does_not_check_its_holder_is_a_second_factor_and_never_enough_alone(
    world: World, served: Served, new_page: NewPage
) -> None:
    page = new_page()
    key = Key(page, keeps=False, checks=False)
    give_password(page, served, world, "practitioner")
    add_passkey(page, served, "Key on my cord")
    assert key.credentials() == [] or not key.credentials()[0]["isResidentCredential"]

    sign_out(page, served)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.locator("[data-passkey-failed]:not([hidden])").wait_for()
    give_password(page, served, world, "practitioner")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/users/")


def test_the_same_passkey_is_not_added_twice(
    world: World, served: Served, new_page: NewPage
) -> None:
    page = new_page()
    Key(page)
    give_password(page, served, world, "practitioner")
    add_passkey(page, served, "Office computer")

    page.goto(served.url(f"{PREFIX}/account/second-factor/passkey/"))
    page.get_by_label("Name").fill("Once more")
    page.get_by_role("button", name="Make the passkey").click()
    page.locator("[data-passkey-failed]:not([hidden])").wait_for()

    assert len(factors(world.morel, "practitioner").passkeys) == 1


def test_an_answer_counts_once_for_its_purpose_and_its_person(
    world: World, served: Served, new_page: NewPage
) -> None:
    page = new_page()
    Key(page)
    give_password(page, served, world, "practitioner")
    add_passkey(page, served, "Office computer")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.post_data or ""))
    sign_out(page, served)
    give_password(page, served, world, "practitioner")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/users/")
    [answer] = [body for body in sent if "credential=%7B" in body]

    page.context.clear_cookies()
    give_password(page, served, world, "practitioner")
    replayed = page.evaluate(
        """async body => {
            const typed = new URLSearchParams(body);
            typed.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
            const asked = new URLSearchParams({ask: "options", csrfmiddlewaretoken: typed.get("csrfmiddlewaretoken")});
            await fetch(location.href, {method: "POST", body: asked});
            return (await fetch(location.href, {method: "POST", body: typed})).status;
        }""",
        answer,
    )

    assert replayed == 422
    page.goto(served.url(f"{PREFIX}/users/"))
    assert "/sign-in/" in page.url


@pytest.mark.timeout(120)
def test_every_page_of_the_account_is_clean_in_both_themes_and_fits_a_small_phone(
    world: World, served: Served, new_page: NewPage, axe: Axe
) -> None:
    page = new_page(viewport=PHONE)
    Key(page)
    give_password(page, served, world, "director")
    add_passkey(page, served, "A passkey with quite a long name, for the narrow screen")
    give_app(world.morel, "director")
    give_codes(world.morel, "director")
    [mine] = factors(world.morel, "director").passkeys
    faults: list[str] = []

    def look(where: str) -> None:
        if page.evaluate(TOO_WIDE):
            faults.append(f"{where} is too wide")
        faults.extend(f"{where}: {fault}" for fault in axe(page))

    for path in (
        *("", "password/", "address/", "confirm/", "second-factor/", "second-factor/passkey/"),
        *("second-factor/codes/", f"second-factor/{mine.id}/rename/"),
        f"second-factor/{mine.id}/remove/",
    ):
        page.goto(served.url(f"{PREFIX}/account/{path}"))
        look(path)
    page.goto(served.url(f"{PREFIX}/account/second-factor/codes/"))
    page.get_by_role("button", name="Make recovery codes").click()
    page.locator(".recovery-codes").wait_for()
    look("the codes")
    page.goto(served.url(f"{PREFIX}/account/password/"))
    page.get_by_label("Present password").fill("x")
    page.get_by_label("Choose a password").fill("x")
    page.keyboard.press("Enter")
    page.locator("[role=alert]").first.wait_for()
    look("a refused password")
    helper = new_page(viewport=PHONE)
    give_password(helper, served, world, "administrator")
    page = helper
    page.goto(served.url(f"{PREFIX}/account/second-factor/app/"))
    look("the application")
    page.goto(served.url(f"{PREFIX}/users/{world.morel.people['director']}/remove-second-factor/"))
    look("removing somebody’s second factor")

    assert faults == []
