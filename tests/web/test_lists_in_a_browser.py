"""The lists as somebody uses them who has no mouse, no scripts, or a small phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.databases import Database
from tests.support.served import Serve
from tests.web.place_pages import PREFIX
from tests.world import World

pytestmark = pytest.mark.browser

PHONE = {"width": 320, "height": 640}
NewPage = Callable[..., Page]


@pytest.fixture(autouse=True)
def _once(database: Database) -> None:
    if database.vendor == "postgresql":
        pytest.skip("the pages are the same on both databases: looked at on SQLite")


def sign_in(page: Page, address: str, world: World, who: str) -> None:
    page.goto(address)
    page.get_by_label("E-mail").fill(world.morel.emails[who])
    page.locator("input[name=password]").fill(world.password)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).not_to_have_text(re.compile("Sign in"))


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, selector: str, limit: int = 60) -> None:
    """Press Tab until this is where the focus is."""
    for _ in range(limit):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector}")


def rows(page: Page) -> list[str]:
    return page.locator("#results tbody .who-words b").all_inner_texts()


@pytest.mark.req("X-08")
def test_with_the_keyboard_alone_somebody_is_found_filtered_and_acted_on(
    world: World, serve: Serve, new_page: NewPage
) -> None:
    served = serve(worker=False)
    page = new_page()
    sign_in(page, served.url(f"{PREFIX}/sign-in/"), world, "practitioner")
    page.goto(served.url(f"{PREFIX}/users/"))

    press(page, "/")
    page.keyboard.type("estran serv")
    expect(page.locator("#results tbody tr")).to_have_count(4)
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#list-count")).to_have_text("4 people")
    expect(page).to_have_url(re.compile(r"q=estran(\+|%20)serv"))

    tab_to(page, "#filter-add")
    press(page, "Enter")
    tab_to(page, "#filter_role")
    page.keyboard.type("Dir")
    press(page, "Tab", "Tab", "Tab")
    tab_to(page, ".filter-panel button")
    press(page, "Enter")
    expect(page.locator("#filter-set-role")).to_be_visible()
    assert rows(page) == ["Solène Fontaine", "Marc Olivier"]

    tab_to(page, "#sort-name")
    press(page, "Enter")
    expect(page.locator("th[aria-sort=descending]")).to_be_visible()
    assert rows(page) == ["Marc Olivier", "Solène Fontaine"]
    expect(page.locator("#sort-name")).to_be_focused()

    tab_to(page, ".more > summary")
    press(page, "Enter")
    expect(page.locator(".more[open] .menu-item[href*=deactivate]")).to_be_visible()
    press(page, "ArrowDown")
    expect(page.locator(".more[open] .menu-item:focus")).to_have_count(1)
    tab_to(page, ".more[open] .menu-item[href*=deactivate]")
    press(page, "Enter")
    expect(page.locator("#dialog[open]")).to_contain_text("Deactivate Marc Olivier?")
    tab_to(page, "#dialog .btn-danger")
    press(page, "Enter")
    expect(page.locator(".messages")).to_contain_text("Marc Olivier is deactivated")
    assert world.user("co_director").state == "deactivated"


def test_ticking_counts_and_several_are_done_at_once(
    world: World, serve: Serve, new_page: NewPage, axe: Callable[..., list[str]]
) -> None:
    served = serve(worker=False)
    page = new_page()
    sign_in(page, served.url(f"{PREFIX}/sign-in/"), world, "practitioner")
    page.goto(served.url(f"{PREFIX}/users/"))
    expect(page.locator("#several")).to_be_hidden()

    page.locator("#pick-all").focus()
    press(page, "Space")
    expect(page.locator("[data-chosen]")).to_have_text("7")
    page.get_by_label("Choose Solène Fontaine").uncheck()
    assert page.locator("#pick-all").evaluate("box => box.indeterminate")
    assert axe(page) == []
    page.locator("#several button[value=invite]").click()
    expect(page.locator("h1")).to_have_text("Send the invitation to 2 people?")
    assert axe(page) == []
    page.get_by_role("button", name="Send 2 e-mails").click()
    expect(page.locator("h1")).to_have_text("2 of 2 invitations sent")
    assert axe(page) == []
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("#tab-invited .count")).to_have_text("2")


def test_without_scripts_the_list_is_searched_filtered_and_acted_on(
    world: World, serve: Serve, new_page: NewPage
) -> None:
    served = serve(worker=False)
    page = new_page(java_script_enabled=False)
    sign_in(page, served.url(f"{PREFIX}/sign-in/"), world, "practitioner")
    page.goto(served.url(f"{PREFIX}/users/?sort=-name"))

    page.locator("#q").fill("estran")
    page.get_by_role("button", name="Search").click()
    page.locator("#filter-add").click()
    page.get_by_label("Company or group").fill("conseil")
    page.get_by_label("Invitation").select_option("none")
    page.get_by_role("button", name="Show these").first.click()
    expect(page.locator("#filter-set-place")).to_contain_text("ESTRAN CONSEIL")
    assert rows(page) == ["Inès Roux", "Lucie Blanc"]
    page.get_by_label("Choose Lucie Blanc").check()
    page.locator("#several button[value=invite]").click()
    page.get_by_role("button", name="Send 1 e-mail").click()
    expect(page.locator("h1")).to_have_text("1 of 1 invitations sent")


def test_on_a_small_phone_everything_is_within_reach(
    world: World, serve: Serve, new_page: NewPage, axe: Callable[..., list[str]]
) -> None:
    served = serve(worker=False)
    page = new_page(viewport=PHONE)
    sign_in(page, served.url(f"{PREFIX}/sign-in/"), world, "practitioner")

    def look() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert axe(page) == []

    page.goto(served.url(f"{PREFIX}/users/?role=standard&column=companies&column=created"))
    expect(page.locator(".filter-number")).to_contain_text("1")
    look()
    for menu in ("#filter-add", "#sort-menu", "#column-menu"):
        page.locator(menu).click()
        look()
        press(page, "Escape")
        expect(page.locator(menu)).to_be_focused()
    page.locator("#sort-menu").click()
    page.get_by_role("link", name="Name, from Z to A").click()
    expect(page.locator("#sort-menu")).to_contain_text("Name, from Z to A")
    page.locator("input[name=user]").first.check()
    look()

    page.get_by_role("link", name="Save this view").click()
    page.get_by_label("Name of the view").fill("Standard, backwards")
    look()
    page.get_by_role("button", name="Save the view").click()
    page.locator("#view-menu").click()
    expect(page.get_by_role("link", name="Standard, backwards")).to_be_visible()
    page.get_by_role("link", name="Rename or delete…").click()
    look()
    for path in ("companies/?administrator=none", "companies/?show=groups", "users/?place=x&q=zz"):
        page.goto(served.url(f"{PREFIX}/{path}"))
        look()


def test_a_list_in_a_director_s_frame_works_the_same(
    world: World, serve: Serve, new_page: NewPage, axe: Callable[..., list[str]]
) -> None:
    with world.scope():
        director = world.user("director")
        type(director).objects.filter(pk=director.pk).update(language="en")
    served = serve(worker=False)
    page = new_page(viewport=PHONE)
    sign_in(page, served.url(f"{PREFIX}/sign-in/"), world, "director")
    page.goto(served.url(f"{PREFIX}/users/"))

    page.locator("#q").fill("weber")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    assert rows(page) == ["Jonas Weber"]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert axe(page) == []
    page.goto(served.url(f"{PREFIX}/companies/"))
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert axe(page) == []
