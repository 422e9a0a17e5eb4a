"""A client's director at work in a browser, with the keyboard alone (S0-02), and who decides."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.actions.doing import set_rule
from tests.support.served import Serve
from tests.web.pages import PERSON, PREFIX, created
from tests.world import World
from vestibule.directory.models import User

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("database")]

FOCUSED = """(() => { const one = document.activeElement;
    if (one === document.body || one.matches("main")) return "";
    return (one.labels?.[0]?.innerText || one.innerText || one.value || "").trim() })()"""


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus has a line that begins with these words."""
    seen = []
    for _key in range(80):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if any(line.startswith(words) for line in seen[-1].splitlines()):
            return
    raise AssertionError(f"no Tab leads to {words!r}, only to {sorted({*seen})}")


def sign_in(page: Page, world: World, name: str, base: str) -> Page:
    """Sign in by the page, without a mouse."""
    page.goto(f"{base}{PREFIX}/sign-in/")
    page.keyboard.type(world.morel.emails[name])
    page.keyboard.press("Tab")
    page.keyboard.type(world.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    return page


@pytest.mark.timeout(120)
@pytest.mark.req("S0-02", "S4-08")
def test_a_director_invites_a_colleague_and_a_practitioner_approves_without_a_mouse(
    world: World, serve: Serve, new_page: Callable[..., Page]
) -> None:
    set_rule(world, "client_created", "validated")
    with world.scope():
        User.objects.filter(firm_id=world.morel.id).update(language="en")
    served = serve(worker=False)
    director = sign_in(new_page(), world, "co_director", served.base_url)

    # --- from his home to the receipt: four steps, no activation choice --------------------
    expect(director.get_by_role("link", name="My users").first).to_be_visible()
    tab_to(director, "Invite a colleague")
    director.keyboard.press("Enter")
    expect(director.get_by_role("heading", name="Who is it?")).to_be_visible()
    director.keyboard.type(PERSON["last_name"])
    for label, typed in (("First name", PERSON["first_name"]), ("E-mail", PERSON["email"])):
        tab_to(director, label)
        director.keyboard.type(typed)
    tab_to(director, "Director")
    director.keyboard.press("ArrowRight")
    expect(director.get_by_role("radio", name="Standard client")).to_be_checked()
    tab_to(director, "Continue to the applications")
    director.keyboard.press("Enter")
    expect(director.get_by_role("heading", name="Which applications are opened?")).to_be_visible()
    director.keyboard.press("Space")  # the first one has the focus
    tab_to(director, "Continue to the summary")
    director.keyboard.press("Enter")
    expect(director.locator(".sentence")).to_contain_text(
        "Elodie Marchand will have access to ESTRAN SERVICES."
    )
    expect(director.get_by_role("radio")).to_have_count(0)
    tab_to(director, "Invite Elodie Marchand")
    director.keyboard.press("Enter")
    expect(
        director.get_by_role("heading", name="We prepare the access of Elodie Marchand")
    ).to_be_visible()
    tab_to(director, "My requests")
    director.keyboard.press("Enter")
    expect(director.get_by_text("Nobody has decided yet.")).to_be_visible()

    # --- the practitioner finds it by the menu's badge and approves -------------------------
    staff = sign_in(new_page(), world, "practitioner", served.base_url)
    menu = staff.get_by_role("navigation", name="Main menu")
    expect(menu.get_by_role("link", name="To validate")).to_contain_text("2")
    tab_to(staff, "To validate")
    staff.keyboard.press("Enter")
    expect(staff.get_by_role("heading", level=1)).to_have_text("To validate")
    tab_to(staff, "Elodie Marchand")
    staff.keyboard.press("Enter")
    expect(staff.get_by_role("heading", level=1)).to_contain_text("The request for Elodie")
    tab_to(staff, "Approve and invite Elodie Marchand")
    staff.keyboard.press("Enter")
    expect(staff.get_by_text("The request for Elodie Marchand is approved.")).to_be_visible()

    # --- the director sees that she is invited ---------------------------------------------
    assert created(world).state == "invited"
    director.reload()
    expect(director.locator(".requests-mine .state")).to_have_text("Approved")
    tab_to(director, "My users")
    director.keyboard.press("Enter")
    expect(director.get_by_role("row", name="Elodie Marchand")).to_contain_text("Invited")


@pytest.mark.timeout(120)
@pytest.mark.req("S4-08")
def test_a_refusal_without_a_reason_leads_to_its_field_and_the_question_opens_in_a_dialog(
    world: World, serve: Serve, new_page: Callable[..., Page], axe: Callable[..., list[str]]
) -> None:
    with world.scope():
        User.objects.filter(firm_id=world.morel.id).update(language="en")
    served = serve(worker=False)
    staff = sign_in(new_page(), world, "practitioner", served.base_url)
    staff.goto(served.url(f"{PREFIX}/requests/"))
    tab_to(staff, "Inès Roux")
    staff.keyboard.press("Enter")
    expect(staff.get_by_role("heading", level=1)).to_contain_text("The request for Inès Roux")
    tab_to(staff, "Refuse and say why")
    staff.keyboard.press("Enter")

    expect(staff.get_by_role("alert")).to_contain_text("Why is it refused?")
    assert axe(staff) == []
    assert world.user("waiting").state == "awaiting_validation"
    tab_to(staff, "Why is it refused?")
    staff.keyboard.press("Enter")  # the summary's link leads to the field
    expect(staff.get_by_role("textbox", name="Why is it refused?")).to_be_focused()
    staff.keyboard.type("She left the company")
    staff.keyboard.press("Enter")
    expect(staff.get_by_text("The request for Inès Roux is refused.")).to_be_visible()
    assert world.user("waiting").state == "refused"

    director = sign_in(new_page(), world, "director", served.base_url)
    director.goto(served.url(f"{PREFIX}/users/{world.morel.people['invited']}/"))
    tab_to(director, "Cancel the invitation…")
    director.keyboard.press("Enter")
    dialog = director.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancel the invitation of Paul Girard?")
    assert axe(director) == []
    director.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
