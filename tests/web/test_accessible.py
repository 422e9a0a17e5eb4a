"""Every page of the product: nothing for axe-core to find, nothing wider than a small phone."""

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page

from tests.support.databases import Database
from tests.support.served import Serve, Served
from tests.web.pages import PERSON, PREFIX, Wizard, do_jobs, letters, signed_in
from tests.world import World
from vestibule.directory.models import OutboxMessage, User

pytestmark = pytest.mark.browser

PHONE = {"width": 320, "height": 640}
STEPS = ("company", "identity", "companies", "applications", "summary")

TOO_WIDE = """[...document.querySelectorAll("main *")]
    .filter(one => one.getBoundingClientRect().right > window.innerWidth + 0.5)
    .map(one => `${one.tagName}.${one.className.baseVal ?? one.className}`).slice(0, 4).join(", ")"""
"""What sticks out of a page, in the browser's words."""

NewPage = Callable[..., Page]


def speak(world: World, language: str) -> None:
    """Let everybody's stored language be this one."""
    with world.scope():
        User.objects.filter(firm_id=world.morel.id).update(language=language)


def opened(new_page: NewPage, served: Served, client: Client, language: str) -> Page:
    """Open a page on a small phone with the session that a test's client has."""
    page = new_page(viewport=PHONE, locale=language)
    for name, morsel in client.cookies.items():
        if morsel.value:
            page.context.add_cookies(
                [{"name": name, "value": morsel.value, "url": served.base_url}]
            )
    return page


def pages_for_staff(world: World, staff: Client) -> list[str]:
    """Return the paths of every page that a practitioner sees, in every state it has."""
    done = Wizard(staff, world).to_summary(email="done@clients.example")
    done.confirm()
    draft = (
        Wizard(staff, world)
        .company("a")
        .identity(email="info@clients.example")
        .companies("a", "b")
        .applications("payroll", "bank")
    )
    people = [f"users/{world.morel.people[name]}/" for name in ("waiting", "invited", "director")]
    with world.scope():
        [held, *_] = OutboxMessage.objects.filter(firm_id=world.morel.id, sealed__isnull=False)
    paths = [
        *("users/", "users/?q=estran", "users/?q=nobody+like+this", "users/?state=deactivated"),
        *people,
        *(f"{people[0]}{act}/" for act in ("validate", "deactivate")),
        *(f"{people[1]}{act}/" for act in ("resend", "cancel-invitation")),
        f"users/{world.morel.people['ready']}/send-welcome/",
        f"users/{world.morel.people['deactivated']}/reactivate/",
        *(f"{people[2]}type/{world.morel.places[name]}/" for name in ("a", "b")),
        f"{people[2]}deactivate/",
        *("companies/", "companies/?q=nobody", "companies/new/"),
        *(f"companies/{world.morel.places[name]}/" for name in ("a", "port")),
        *(f"places/{world.morel.places['a']}/{act}/" for act in ("rename", "move", "close", "add")),
        *("inbox/", f"inbox/{held.pk}/"),
        "nothing-here/",
    ]
    wizard = [draft.url(step) for step in STEPS] + [done.url("receipt")]
    return [*(f"{PREFIX}/{path}" for path in paths), *wizard]


def pages_for_strangers(world: World) -> list[str]:
    """Return the paths of every page that somebody sees who is not signed in."""
    email = world.morel.emails["standard"]
    Client().post(f"{PREFIX}/forgotten/", {"email": email})
    do_jobs()
    [reset] = [letter.path for letter in letters(world.morel) if letter.kind == "password_reset"]
    return [
        *(f"{PREFIX}/sign-in/", f"{PREFIX}/forgotten/", reset),
        f"{PREFIX}/welcome/{world.invited_secret}/",
        f"{PREFIX}/welcome/nothing-like-it/",
        "/",
    ]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_every_page_is_clean_in_both_themes_and_fits_a_small_phone(
    world: World,
    database: Database,
    serve: Serve,
    new_page: NewPage,
    axe: Callable[..., list[str]],
    language: str,
) -> None:
    if database.vendor == "postgresql":
        pytest.skip("the pages are the same on both databases: looked at on SQLite")
    speak(world, language)
    staff, client = signed_in(world, "practitioner"), signed_in(world, "director")
    for_staff, for_strangers = pages_for_staff(world, staff), pages_for_strangers(world)
    served = serve(env={"VESTIBULE_DEMO": "1"}, worker=False)
    faults: list[str] = []
    looked_at = 0

    def look(page: Page, where: str) -> None:
        nonlocal looked_at
        looked_at += 1
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            faults.append(f"{where} is {width} px wide: {page.evaluate(TOO_WIDE)}")
        said = page.evaluate("document.documentElement.lang")
        if said != language:
            faults.append(f"{where} speaks {said}")
        if language == "en":  # colours and structure are the same in every language
            faults.extend(f"{where}: {found}" for found in axe(page))

    page = opened(new_page, served, staff, language)
    for path in for_staff:
        page.goto(served.url(path))
        look(page, path)
    page.goto(served.url(f"{PREFIX}/users/"))
    page.locator(".hamburger").click()
    look(page, "the menu")

    page = opened(new_page, served, client, language)
    for path in (f"{PREFIX}/", f"{PREFIX}/users/", f"{PREFIX}/nothing-here/"):
        page.goto(served.url(path))
        look(page, f"{path} for a client")

    page = opened(new_page, served, Client(), language)
    for path in for_strangers:
        page.goto(served.url(path))
        look(page, path)
    for path in ("sign-in/", f"welcome/{world.invited_secret}/"):
        page.goto(served.url(f"{PREFIX}/{path}"))
        for field in page.locator("main input:visible:not([readonly])").all():
            is_address = field.get_attribute("type") == "email"
            field.fill("nobody@clients.example" if is_address else "x")
        page.locator("main form button[type=submit], main form button:not([type])").first.click()
        page.locator("[role=alert]").first.wait_for()
        look(page, f"{path}, refused")
    for path in ("forgotten/", "welcome/nothing-like-it/"):
        page.goto(served.url(f"{PREFIX}/{path}"))
        page.locator("main input[type=email]").fill(PERSON["email"])
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, path=path: not url.endswith("nothing-like-it/"))
        page.locator(".symbol").wait_for()
        look(page, f"{path}, sent")

    assert faults == []
    assert looked_at > 40
