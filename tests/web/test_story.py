"""The main job on real input: from a firm's real client list to a client user who is in."""

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.databases import Database
from tests.support.mailserver import Mail, MailServer
from tests.support.served import Serve, Served
from tests.web.everything import content_of, differences

pytestmark = pytest.mark.browser

PORTFOLIO = str(files("vestibule.blueprints") / "data" / "portefeuille.csv")
ADMINISTRATOR = "claire.martin@cabinet.example"
PERSON = "elodie.marchand@clients.example"
PASSWORD = "Blue-Harbour-42-Lantern"


def link_in(mail: Mail, served: Served) -> str:
    found = re.search(rf"{re.escape(served.base_url)}/f/martin/welcome/\S+/", mail.text)
    assert found, mail.text
    return found.group(0)


def names(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


@pytest.mark.timeout(300)
@pytest.mark.req(
    "S0-03", "S0-04", "S0-05", "S0-06", "S0-09", "S0-12", "S0-13", "S0-14", "S0-15", "X-04"
)
def test_from_an_empty_server_to_a_client_who_sees_two_companies_and_three_applications(
    serve: Serve,
    vestibule: Callable[..., Any],
    smtp_server: MailServer,
    new_page: Callable[..., Page],
    axe: Callable[..., list[str]],
    blank_database: Database,
) -> None:
    # --- an empty server, a firm, its administrator ------------------------------------
    assert vestibule("migrate", env=blank_database.env).returncode == 0
    served = serve(on=blank_database, smtp=smtp_server)
    made = vestibule(
        *("firm", "create", "--blueprint", "practice", "--name", "Cabinet Martin"),
        *("--slug", "martin", "--admin-email", ADMINISTRATOR),
        env=served.env,
    )
    assert made.returncode == 0, made.stderr
    [invitation] = smtp_server.wait_for(to=ADMINISTRATOR)

    staff = new_page()
    staff.goto(link_in(invitation, served))
    staff.get_by_label("First name").fill("Claire")
    staff.get_by_label("Last name").fill("Martin")
    staff.locator("#id_password").fill(PASSWORD)
    assert axe(staff) == []
    staff.get_by_role("button", name="Activate access and sign in").click()
    expect(staff.get_by_role("heading", level=1)).to_have_text("Clients users")
    assert axe(staff) == []

    # --- the real client list -----------------------------------------------------------
    command = ("places", "import", PORTFOLIO, "--firm", "martin", "--as", ADMINISTRATOR)
    planned = vestibule(*command, "--dry-run", env=served.env)
    assert "created: 30 × group, 69 × company, 311 × establishment" in planned.stdout
    assert "Nothing was written." in planned.stdout
    imported = vestibule(*command, env=served.env)
    assert imported.returncode == 0, imported.stderr
    assert "created: 30 × group, 69 × company, 311 × establishment" in imported.stdout
    again = vestibule(*command, env=served.env)
    assert "created: nothing · changed: 0 · left alone: 410" in again.stdout

    # --- Administration → Clients users → the round button → New client -----------------
    staff.get_by_role("link", name="Companies").first.click()
    expect(staff.get_by_text("50 of 69")).to_be_visible()
    assert axe(staff) == []
    menu = staff.get_by_role("navigation", name="Main menu")
    expect(menu.get_by_text("Administration")).to_be_visible()
    menu.get_by_role("link", name="Clients users").click()
    staff.locator(".fab summary").click()
    assert axe(staff) == []
    staff.locator(".fab").get_by_role("button", name="New client").click()

    # --- step 1, with the keyboard only --------------------------------------------------
    expect(
        staff.get_by_role("heading", name="Which company is this user billed to?")
    ).to_be_visible()
    assert axe(staff) == []
    staff.keyboard.type("sogeclair")
    options = staff.get_by_role("option")
    expect(options).to_have_count(3)
    staff.keyboard.press("ArrowDown")
    staff.keyboard.press("ArrowDown")
    expect(staff.locator(".option.active")).to_contain_text("SOGECLAIR AEROSPACE")
    assert axe(staff) == []
    staff.keyboard.press("Enter")

    # --- step 2 --------------------------------------------------------------------------
    expect(staff.get_by_role("heading", name="Who is it?")).to_be_visible()
    expect(staff.get_by_text("SOGECLAIR AEROSPACE has no administrator yet.")).to_be_visible()
    staff.keyboard.type("Marchand")  # the first field has the focus
    staff.get_by_label("First name").fill("Elodie")
    staff.get_by_label("E-mail").fill(PERSON)
    staff.get_by_label("Mobile phone").fill("06 12 34 56 78")
    staff.get_by_label("Language").select_option("fr")
    expect(staff.get_by_role("radio", name="Director")).to_be_checked()
    assert axe(staff) == []
    staff.get_by_role("button", name="Continue to the companies").click()

    # --- step 3 --------------------------------------------------------------------------
    expect(staff.get_by_text("1 company chosen")).to_be_visible()
    expect(staff.locator(".chip-chosen")).to_contain_text("SOGECLAIR AEROSPACE billed")
    staff.get_by_label("Name, SIREN, group or town").press_sequentially("figeac")
    expect(staff.locator("#companies-pick .result")).to_have_count(1)
    staff.get_by_role("checkbox", name="FIGEAC AERO").check()
    expect(staff.get_by_text("2 companies chosen")).to_be_visible()
    assert axe(staff) == []
    staff.get_by_role("button", name="Continue to the applications").click()

    # --- step 4 --------------------------------------------------------------------------
    for application in ("Payroll", "Expenses", "Documents"):
        staff.get_by_role("checkbox", name=application).check()
    expect(staff.locator(".result", has_text="Signature")).to_contain_text("in 1 of 2")
    assert axe(staff) == []
    staff.get_by_role("button", name="Continue to the summary").click()

    # --- step 5: plain sentences; nothing exists yet --------------------------------------
    expect(staff.locator(".sentence")).to_contain_text(
        "Elodie Marchand will administer FIGEAC AERO and SOGECLAIR AEROSPACE."
    )
    expect(staff.locator(".sentence")).to_contain_text(
        "Elodie Marchand will see Payroll, Expenses and Documents."
    )
    expect(staff.locator(".sentence")).to_contain_text("Inviting colleagues is included.")
    expect(staff.locator(".sentence")).to_contain_text("Billed to SOGECLAIR AEROSPACE.")
    assert names(staff, ".preview .company-name") == ["FIGEAC AERO", "SOGECLAIR AEROSPACE"]
    expect(staff.get_by_role("radio", name="Now")).to_be_checked()
    expect(staff.get_by_role("checkbox", name="Send an e-mail")).to_be_checked()
    assert axe(staff) == []
    count = "SELECT count(*) FROM directory_user WHERE kind = 'client'"
    assert blank_database.rows(count) == [(0,)]
    staff.get_by_role("button", name="Create Elodie Marchand and send the e-mail").click()

    # --- step 6 --------------------------------------------------------------------------
    expect(
        staff.get_by_role("heading", name="Elodie Marchand is created and invited")
    ).to_be_visible()
    assert axe(staff) == []
    assert blank_database.rows(count) == [(1,)]

    # --- the mail, in the recipient's language ---------------------------------------------
    [mail] = smtp_server.wait_for(to=PERSON)
    assert mail.message["Content-Language"] == "fr"
    assert "SOGECLAIR AEROSPACE" in mail.text
    assert "Paie" in mail.text
    assert "Payroll" not in mail.text
    link = link_in(mail, served)
    assert link in mail.html
    staff.get_by_role("link", name="See the page of Elodie Marchand").click()
    expect(staff.get_by_text("Accepted by the mail server")).to_be_visible()
    assert axe(staff) == []

    # --- the person opens the link: nothing changes ----------------------------------------
    before = content_of(blank_database)
    person = new_page()
    person.goto(link)
    expect(person.get_by_role("heading", level=1)).to_contain_text("Elodie Marchand")
    assert person.locator("#locked-email").input_value() == PERSON
    assert not person.locator("#locked-email").is_editable()
    assert differences(before, content_of(blank_database)) == []
    assert axe(person) == []

    # --- checks and corrects, chooses a password --------------------------------------------
    person.locator("#id_first_name").fill("Élodie")
    person.locator("#id_language").select_option("en")
    met = person.locator(".checks li.met")
    person.locator("#id_password").press_sequentially("blue")
    expect(met).to_have_count(1)
    person.locator("#id_password").press_sequentially("-Harbour-42")
    expect(person.locator(".checks li:not(.met):not(.check-later)")).to_have_count(0)
    expect(person.locator(".password [role=status]")).not_to_be_empty()
    assert axe(person) == []
    person.locator("#id_password").fill(PASSWORD)
    person.locator(".welcome-form button[type=submit]").click()

    # --- is in, and sees exactly what was opened ---------------------------------------------
    def sees_exactly_what_was_opened() -> None:
        expect(person.get_by_role("heading", level=1)).to_have_text("Hello Élodie")
        assert names(person, ".company-card h2") == ["FIGEAC AERO", "SOGECLAIR AEROSPACE"]
        for card in person.locator(".company-card").all():
            assert [text.strip() for text in card.locator(".tile b").all_inner_texts()] == [
                "Payroll",
                "Expenses",
                "Documents",
            ]

    sees_exactly_what_was_opened()
    assert axe(person) == []

    # --- signs out, and in again ---------------------------------------------------------------
    person.locator(".account summary").click()
    assert axe(person) == []
    person.get_by_role("button", name="Sign out").click()
    expect(person.get_by_text("You are signed out.")).to_be_visible()
    assert axe(person) == []
    person.get_by_label("E-mail").fill(PERSON.upper())
    person.get_by_label("Password").fill(PASSWORD)
    person.keyboard.press("Enter")
    sees_exactly_what_was_opened()

    # --- the link is used up ----------------------------------------------------------------------
    stranger = new_page()
    answer = stranger.goto(link)
    assert answer
    assert answer.status == 410
    assert "Elodie" not in stranger.content()
    assert "SOGECLAIR" not in stranger.content()
    assert PERSON not in stranger.content()
    assert axe(stranger) == []

    # --- and the practitioner sees it ------------------------------------------------------------
    staff.reload()
    expect(staff.get_by_text("Accepted, password set")).to_be_visible()
    expect(staff.get_by_role("heading", level=1)).to_contain_text("Active")
    staff.get_by_role("link", name="Clients users").first.click()
    expect(staff.get_by_role("row", name="Élodie Marchand")).to_contain_text("FIGEAC AERO")
    assert axe(staff) == []
