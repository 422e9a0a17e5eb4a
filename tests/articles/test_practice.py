"""The article of the blueprint `practice`, line by line, as a practitioner and a client meet it."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests.support.databases import Database
from tests.web.everything import UNWATCHED, content_of, differences
from tests.web.pages import (
    PERSON,
    PREFIX,
    Wizard,
    created,
    do_jobs,
    events_of,
    follow,
    letters,
    signed_in,
    stranger,
    text_of,
    user_of,
    users_total,
    without_tokens,
)
from tests.world import World
from vestibule.directory.actions.imports import import_places
from vestibule.directory.models import EventValue, FirmPolicy
from vestibule.directory.sights import may_create_users

pytestmark = pytest.mark.usefixtures("database")

DRAFTS = UNWATCHED | {"directory_draft"}
OUTSIDERS = ("director", "standard", "trainee")


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world, "practitioner")


def errors_at(answer: Any, field: str) -> str:
    """Return the errors that a refused form shows at one field."""
    assert answer.status_code == 422, answer.status_code
    return " ".join(answer.context["form"].errors.get(field, []))


def page_of(world: World, name: str) -> str:
    return f"{PREFIX}/users/{world.morel.people[name]}/"


def type_page(world: World, name: str, company: str) -> str:
    return f"{page_of(world, name)}type/{world.morel.places[company]}/"


def sign_in(email: str, password: str) -> Any:
    """Return the answer to one attempt in a browser of its own."""
    return stranger().post(f"{PREFIX}/sign-in/", {"email": email, "password": password})


def accept(path: str, password: str, **corrections: str) -> Client:
    """Open an invitation's link in a browser of its own and let the person in."""
    client = stranger()
    form = client.get(path).context["form"]
    answer = client.post(path, {**form.initial, **corrections, "password": password})
    assert answer.status_code == 302, text_of(answer)
    return client


# --- who reaches the wizard -----------------------------------------------------------------


@pytest.mark.req("S0-01")
def test_a_practitioner_creates_a_client_user(world: World, staff: Client) -> None:
    Wizard(staff, world).to_summary().confirm()

    assert created(world).created_by_id == world.morel.people["practitioner"]


@pytest.mark.req("S0-01")
@pytest.mark.parametrize("name", OUTSIDERS)
def test_nobody_without_the_right_reaches_the_wizard(
    world: World, database: Database, staff: Client, name: str
) -> None:
    wizard = Wizard(staff, world).to_summary()
    client = signed_in(world, name)
    before = content_of(database)

    assert client.get(f"{PREFIX}/users/").status_code == (200 if name == "director" else 403)
    assert client.get(f"{PREFIX}/users/new/").status_code == 403
    assert client.post(f"{PREFIX}/users/new/").status_code == 403
    for step in ("company", "identity", "companies", "applications", "summary", "receipt"):
        assert client.get(wizard.url(step)).status_code == 403
        assert client.post(wizard.url(step), {"when": "now", **PERSON}).status_code == 403

    assert differences(before, content_of(database)) == []
    assert "New client" not in text_of(client.get(f"{PREFIX}/", follow=True))


@pytest.mark.req("S0-01")
@pytest.mark.parametrize("who", ["nobody", "the other firm’s administrator"])
def test_whoever_is_not_of_the_firm_is_asked_to_sign_in(
    world: World, database: Database, staff: Client, who: str
) -> None:
    wizard = Wizard(staff, world).to_summary()
    client = stranger() if who == "nobody" else signed_in(world, "administrator", "rivage")
    if who != "nobody":  # he may carry his session's key over to the other firm's cookie
        client.cookies["vestibule_morel"] = client.cookies["vestibule_rivage"].value
    before = content_of(database)

    for path in (f"{PREFIX}/users/", f"{PREFIX}/users/new/", wizard.url("summary")):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith(f"{PREFIX}/sign-in/?next=")
    for path in (f"{PREFIX}/users/new/", wizard.url("company"), wizard.url("summary")):
        answer = client.post(path, {"when": "now", "send_mail": "on"})
        assert (answer.status_code, answer["Location"]) == (302, f"{PREFIX}/sign-in/")

    assert differences(before, content_of(database)) == []


@pytest.mark.req("S0-01")
def test_a_draft_is_its_owners_alone(world: World, staff: Client) -> None:
    wizard = Wizard(staff, world).to_summary()
    colleague = signed_in(world, "administrator")

    assert colleague.get(wizard.url("summary")).status_code == 404
    assert colleague.post(wizard.url("summary"), {"when": "now"}).status_code == 404
    assert user_of(world.morel, PERSON["email"]) is None


# --- the entry and the six steps -------------------------------------------------------------


@pytest.mark.req("S0-03")
def test_the_wizard_is_entered_from_clients_users_of_the_administration(staff: Client) -> None:
    page = staff.get(f"{PREFIX}/users/").content.decode()

    menu = re.search(r'<nav class="sidebar".*?</nav>', page, re.S)
    assert menu
    assert menu.group(0).index("Administration") < menu.group(0).index("Clients users")
    button = re.search(r'<details class="menu fab".*?</details>', page, re.S)
    assert button
    assert "New client" in button.group(0)
    assert f'action="{PREFIX}/users/new/"' in button.group(0)


@pytest.mark.req("S0-04")
def test_the_six_steps_follow_each_other_and_none_can_be_skipped(
    world: World, staff: Client
) -> None:
    wizard = Wizard(staff, world)
    shown = [step["key"] for step in wizard.get("company").context["steps"]]
    assert shown == ["company", "identity", "companies", "applications", "summary", "receipt"]

    for step in shown[1:]:
        answer = wizard.get(step)
        assert (answer.status_code, answer["Location"]) == (302, wizard.url("company"))
    wizard.company()
    assert wizard.post("summary", when="now")["Location"] == wizard.url("identity")


@pytest.mark.req("S0-04")
def test_next_and_back_keep_what_was_typed(world: World, staff: Client) -> None:
    wizard = Wizard(staff, world).company("a").identity(type="standard")
    wizard.companies("a", "b").applications("payroll", "bank")

    assert wizard.get("company").context["chosen"]["name"] == "ESTRAN CONSEIL"
    typed = wizard.get("identity").context["form"].initial
    assert {key: typed[key] for key in PERSON} == {**PERSON, "type": "standard"}
    chosen = wizard.get("companies").context["chosen"]
    assert [company["name"] for company in chosen] == ["ESTRAN CONSEIL", "ESTRAN SERVICES"]
    offered = wizard.get("applications").context["applications"]
    assert {row["id"] for row in offered if row["checked"]} == {"payroll", "bank"}


@pytest.mark.req("S0-04")
def test_what_was_typed_wrongly_is_still_there_after_a_reload(world: World, staff: Client) -> None:
    wizard = Wizard(staff, world).company("a")
    assert wizard.post("identity", **{**PERSON, "email": "no address"}).status_code == 422

    page = wizard.get("identity").content.decode()

    assert 'value="no address"' in page
    assert 'value="Marchand"' in page


@pytest.mark.req("S0-04")
def test_the_newest_draft_is_found_again(world: World, staff: Client) -> None:
    wizard = Wizard(staff, world).company("a").identity()

    assert staff.get(f"{PREFIX}/users/new/")["Location"] == wizard.url("companies")


@pytest.mark.req("S0-04", "S0-14")
def test_nothing_exists_before_confirm(world: World, database: Database, staff: Client) -> None:
    before = content_of(database, without=DRAFTS)

    wizard = Wizard(staff, world).to_summary()
    summary = wizard.get("summary")

    assert summary.status_code == 200
    assert differences(before, content_of(database, without=DRAFTS)) == []
    assert "Nothing exists yet" in text_of(summary)


@pytest.mark.req("S0-04")
def test_a_second_confirm_shows_the_first_ones_receipt(world: World, staff: Client) -> None:
    before = users_total(world)
    wizard = Wizard(staff, world).to_summary()
    wizard.confirm()

    again = wizard.post("summary", when="now", send_mail="on")

    assert again["Location"] == wizard.url("receipt")
    assert users_total(world) == before + 1
    assert len(letters(world.morel)) == 1
    assert "Elodie Marchand is created and invited" in text_of(wizard.get("receipt"))


@pytest.mark.req("S0-04")
def test_the_receipt_says_what_was_done(world: World, staff: Client) -> None:
    receipt = text_of(Wizard(staff, world).to_summary().confirm())

    assert "Created as Director at ESTRAN CONSEIL." in receipt
    assert "Opened: Payroll and Documents." in receipt
    assert f"The e-mail to {PERSON['email']}" in receipt


# --- step 1 ----------------------------------------------------------------------------------


@pytest.mark.req("S0-05")
@pytest.mark.parametrize("chosen", ["", "nonsense", "01890a5d-0000-7000-8000-000000000000"])
def test_the_first_step_wants_one_company_of_the_list(
    world: World, staff: Client, chosen: str
) -> None:
    wizard = Wizard(staff, world)

    answer = wizard.post("company", company=chosen)

    assert answer.status_code == 422
    assert "Please choose a company from the list." in text_of(answer)
    assert wizard.get("identity")["Location"] == wizard.url("company")


@pytest.mark.req("S0-05")
@pytest.mark.parametrize("place", ["group", "nantes"])
def test_only_a_company_can_be_billed(world: World, staff: Client, place: str) -> None:
    assert (
        Wizard(staff, world).post("company", company=world.morel.places[place]).status_code == 422
    )


@pytest.mark.req("S0-05")
def test_the_other_firms_company_cannot_be_chosen(world: World, staff: Client) -> None:
    answer = Wizard(staff, world).post("company", company=world.rivage.places["a"])

    assert answer.status_code == 422
    assert "MOULIN BLEU" not in answer.content.decode()


@pytest.mark.req("S0-05")
def test_a_search_finds_one_company_among_a_thousand(world: World, staff: Client) -> None:
    lines = "\n".join(
        f";COMPAGNIE DE L’ÎLE {number:04};{number + 100_000_000};;" for number in range(1000)
    )
    with world.scope():
        portfolio = f"Gruppe;Company;SIREN;Site;SIRET\n{lines}\n"
        import_places(world.actor("administrator"), portfolio.encode())
    wizard = Wizard(staff, world)

    everything = wizard.get("company")
    found = wizard.get("company", q="ile 0777")

    assert len(everything.context["results"]) == 20
    assert "20 of 1,003 shown: type to find the others" in text_of(everything)
    assert [row["name"] for row in found.context["results"]] == ["COMPAGNIE DE L’ÎLE 0777"]
    assert wizard.get("company", q="732829320").context["found"] == 1


# --- step 2 ----------------------------------------------------------------------------------


@pytest.mark.req("S0-06")
def test_the_address_is_starred_and_the_names_are_mandatory(world: World, staff: Client) -> None:
    wizard = Wizard(staff, world).company()
    page = wizard.get("identity").content.decode()
    for field in ("last_name", "first_name", "email"):
        assert re.search(rf'<label for="id_{field}">[^<]+<span class="star"', page)

    for field in ("last_name", "first_name", "email"):
        answer = wizard.post("identity", **{**PERSON, field: ""})
        assert errors_at(answer, field)
        assert errors_at(wizard.post("identity", **{**PERSON, field: "   "}), field)


@pytest.mark.req("S0-06")
@pytest.mark.parametrize("phone", ["12", "06 12 34 56", "call me", "+33 6 12 34 56 78 90 12"])
def test_a_phone_number_that_is_none_is_refused_at_its_field(
    world: World, staff: Client, phone: str
) -> None:
    answer = Wizard(staff, world).company().post("identity", **{**PERSON, "phone": phone})

    assert "not a complete phone number" in errors_at(answer, "phone")


@pytest.mark.req("S0-06")
@pytest.mark.parametrize("typed", ["06 12 34 56 78", "+33612345678", "0033 6.12.34.56.78"])
def test_a_phone_number_is_kept_in_international_form(
    world: World, staff: Client, typed: str
) -> None:
    Wizard(staff, world).to_summary(phone=typed).confirm()

    page = staff.get(f"{PREFIX}/users/{created(world).pk}/")
    assert "+33612345678" in text_of(page).replace(" ", "")
    assert created(world).phone == "+33612345678"


@pytest.mark.req("S0-07")
def test_one_address_is_one_person_whatever_its_case(world: World, staff: Client) -> None:
    Wizard(staff, world).to_summary().confirm()
    before = users_total(world)

    answer = (
        Wizard(staff, world)
        .company()
        .post("identity", **{**PERSON, "email": "Elodie.MARCHAND@Clients.Example"})
    )

    assert "already a user with this e-mail address" in errors_at(answer, "email")
    assert users_total(world) == before


@pytest.mark.req("S0-07")
def test_somebody_who_took_the_address_before_confirm_is_said_plainly(
    world: World, staff: Client
) -> None:
    slow, quick = Wizard(staff, world).to_summary(), Wizard(staff, world).to_summary()
    quick.confirm()

    answer = slow.post("summary", when="now", send_mail="on")

    assert answer.status_code == 422
    assert "already a user with this e-mail address" in text_of(answer)
    assert len(letters(world.morel)) == 1


@pytest.mark.req("S0-07")
def test_a_person_signs_in_with_the_address_in_any_case(world: World) -> None:
    answer = sign_in(world.morel.emails["director"].upper(), world.password)

    assert (answer.status_code, answer["Location"]) == (302, f"{PREFIX}/")


@pytest.mark.req("S0-08")
@pytest.mark.parametrize("name", ["contact", "info", "compta", "INFO", "buchhaltung"])
def test_a_generic_mailbox_is_warned_of_with_the_reason_and_not_blocked(
    world: World, staff: Client, name: str
) -> None:
    wizard = Wizard(staff, world).to_summary(email=f"{name}@clients.example")

    summary = text_of(wizard.get("summary"))
    assert f"{name}@clients.example looks like a shared mailbox." in summary
    assert "Whoever reads it could open this access in the place of Elodie" in summary
    wizard.confirm()
    assert user_of(world.morel, f"{name.lower()}@clients.example") is not None


@pytest.mark.req("S0-08")
def test_a_personal_address_is_not_warned_of(world: World, staff: Client) -> None:
    summary = Wizard(staff, world).to_summary().get("summary")

    assert "shared mailbox" not in text_of(summary)


@pytest.mark.req("S0-08")
def test_a_firm_whose_policy_says_so_refuses_generic_mailboxes(world: World, staff: Client) -> None:
    with world.scope():
        kept = FirmPolicy.objects.filter(firm_id=world.morel.id, name="generic_addresses")
        assert kept.update(value="refuse") == 1

    answer = (
        Wizard(staff, world)
        .company()
        .post("identity", **{**PERSON, "email": "info@clients.example"})
    )

    assert "looks like a shared mailbox" in errors_at(answer, "email")


@pytest.mark.req("S0-09")
def test_the_two_types_say_who_may_create_further_users(world: World, staff: Client) -> None:
    page = text_of(Wizard(staff, world).company().get("identity"))

    assert "Director May create further users of the companies opened to this person." in page
    assert "Standard client Sees what is opened, and creates nobody." in page


@pytest.mark.req("S0-09")
@pytest.mark.parametrize(
    ("user_type", "role", "right"),
    [
        ("administrator", "Director", "included"),
        ("standard", "Standard client", "not included"),
    ],
)
def test_a_director_may_create_further_users_and_a_standard_client_may_not(
    world: World, staff: Client, user_type: str, role: str, right: str
) -> None:
    wizard = Wizard(staff, world).to_summary(type=user_type)
    assert wizard.get("summary").context["role"] == role
    wizard.confirm()

    [letter] = letters(world.morel)
    welcome = text_of(stranger().get(letter.path))
    assert f"Inviting colleagues: {right}" in welcome
    row = text_of(staff.get(f"{PREFIX}/users/", {"q": "marchand"}))
    assert role in row
    with world.scope():
        assert may_create_users(created(world)) == (user_type == "administrator")


@pytest.mark.req("S0-09")
def test_a_type_that_is_none_is_refused(world: World, staff: Client) -> None:
    answer = Wizard(staff, world).company().post("identity", **{**PERSON, "type": "practitioner"})

    assert errors_at(answer, "type")


# --- administrators ---------------------------------------------------------------------------


@pytest.mark.req("S0-10")
def test_the_first_user_of_a_company_is_its_administrator(world: World, staff: Client) -> None:
    wizard = Wizard(staff, world).company("port")

    page = wizard.get("identity")
    answer = wizard.post("identity", **{**PERSON, "type": "standard"})

    assert "ATELIER DU PORT has no administrator yet." in text_of(page)
    assert "Standard client" not in text_of(page)
    assert errors_at(answer, "type")


@pytest.mark.req("S0-10")
def test_a_standard_client_cannot_be_the_first_user_of_a_company_among_several(
    world: World, staff: Client
) -> None:
    wizard = Wizard(staff, world).company("a").identity(type="standard")
    ids = [world.morel.places[name] for name in ("a", "port")]

    answer = wizard.post("companies", companies=ids, go="next")

    assert answer.status_code == 422
    assert "ATELIER DU PORT has no administrator yet." in text_of(answer)
    assert wizard.get("summary")["Location"] == wizard.url("companies")


@pytest.mark.req("S0-10")
def test_confirm_decides_again_whether_the_company_has_an_administrator(
    world: World, staff: Client
) -> None:
    wizard = Wizard(staff, world).company("b").identity(type="standard")
    wizard.companies("b").applications("payroll")
    wizard.company("port")  # and on to the summary without looking at step 3 again
    wizard.post("companies", companies=[world.morel.places["port"]], go="search")

    answer = wizard.post("summary", when="now")

    assert answer.status_code == 422
    assert "ATELIER DU PORT has no administrator yet." in text_of(answer)
    assert user_of(world.morel, PERSON["email"]) is None


@pytest.mark.req("S0-10")
def test_the_last_administrator_cannot_become_a_standard_client(
    world: World, database: Database, staff: Client
) -> None:
    before = content_of(database)

    asked = staff.get(type_page(world, "director", "a"))
    answer = staff.post(type_page(world, "director", "a"), {"type": "standard"})

    for page in (asked, answer):
        assert "Solène Fontaine is the only administrator of ESTRAN CONSEIL." in text_of(page)
        assert "Make someone else administrator there first" in text_of(page)
    assert answer.status_code == 409
    assert differences(before, content_of(database)) == []


@pytest.mark.req("S0-10")
def test_the_last_administrator_cannot_be_deactivated(
    world: World, database: Database, staff: Client
) -> None:
    before = content_of(database)

    asked = staff.get(f"{page_of(world, 'director')}deactivate/")
    answer = staff.post(f"{page_of(world, 'director')}deactivate/", {"reason": "left"})

    assert "only administrator of ESTRAN CONSEIL" in text_of(asked)
    assert answer.status_code == 409
    assert "only administrator of ESTRAN CONSEIL" in text_of(answer)
    assert differences(before, content_of(database)) == []


@pytest.mark.req("S0-10")
def test_an_administrator_who_is_not_in_yet_does_not_free_the_last_one(
    world: World, staff: Client
) -> None:
    Wizard(staff, world).to_summary().confirm()  # invited as administrator of the same company

    answer = staff.post(f"{page_of(world, 'director')}deactivate/", {"reason": ""})

    assert answer.status_code == 409
    assert world.user("director").state == "active"


@pytest.mark.req("S0-10", "S0-11")
def test_one_of_two_administrators_can_go_and_then_the_other_cannot(
    world: World, staff: Client
) -> None:
    follow(staff, staff.post(type_page(world, "standard", "a"), {"type": "administrator"}))
    follow(staff, staff.post(type_page(world, "director", "a"), {"type": "standard"}))

    answer = staff.post(type_page(world, "standard", "a"), {"type": "standard"})

    assert answer.status_code == 409
    assert "Jonas Weber is the only administrator of ESTRAN CONSEIL." in text_of(answer)


@pytest.mark.req("S0-10")
def test_the_page_of_the_last_administrator_says_so(world: World, staff: Client) -> None:
    page = text_of(staff.get(page_of(world, "director")))

    assert "Only administrator of ESTRAN CONSEIL." in page
    assert "Only administrator" not in text_of(staff.get(page_of(world, "co_director")))


@pytest.mark.req("S0-11")
def test_a_company_may_have_several_administrators(world: World, staff: Client) -> None:
    Wizard(staff, world).to_summary(type="administrator").confirm()

    rows = Wizard(staff, world).get("company", q="conseil").context["results"]
    assert [(row["name"], row["administrators"]) for row in rows] == [("ESTRAN CONSEIL", 2)]


# --- steps 3 and 4 -----------------------------------------------------------------------------


@pytest.mark.req("S0-12")
def test_the_billed_company_is_chosen_already_and_others_can_be_added(
    world: World, staff: Client
) -> None:
    wizard = Wizard(staff, world).company("a").identity()

    chosen = wizard.get("companies").context["chosen"]
    assert [(row["name"], row["billable"]) for row in chosen] == [("ESTRAN CONSEIL", True)]

    wizard.companies("a", "b", "port").applications("documents").confirm()
    access = text_of(staff.get(f"{PREFIX}/users/{created(world).pk}/"))
    assert "3 companies" in access
    for name in ("ESTRAN CONSEIL", "ESTRAN SERVICES", "ATELIER DU PORT"):
        assert name in access
    assert "Billed to ESTRAN CONSEIL" in access


@pytest.mark.req("S0-12")
def test_a_chosen_company_can_be_taken_away_again_but_one_is_needed(
    world: World, staff: Client
) -> None:
    wizard = Wizard(staff, world).company("a").identity()
    a, b = world.morel.places["a"], world.morel.places["b"]

    answer = wizard.post("companies", companies=[a, b], remove=str(a))
    assert [row["name"] for row in answer.context["chosen"]] == ["ESTRAN SERVICES"]
    empty = wizard.post("companies", go="next")

    assert empty.status_code == 422
    assert "Please choose at least one company." in text_of(empty)


@pytest.mark.req("S0-12")
def test_the_other_firms_company_is_never_opened(world: World, staff: Client) -> None:
    wizard = Wizard(staff, world).company("a").identity()
    ids = [world.morel.places["a"], world.rivage.places["a"], "nonsense"]

    wizard.post("companies", companies=ids, go="next")

    chosen = wizard.get("companies").context["chosen"]
    assert [row["name"] for row in chosen] == ["ESTRAN CONSEIL"]


@pytest.mark.req("S0-13")
def test_only_applications_that_the_companies_have_are_offered(world: World, staff: Client) -> None:
    alone = Wizard(staff, world).company("port").identity(type="administrator").companies("port")
    assert [row["name"] for row in alone.get("applications").context["applications"]] == [
        "Invoicing"
    ]

    both = Wizard(staff, world).company("a").identity().companies("a", "b")
    page = text_of(both.get("applications"))
    assert "Bank in 1 of 2: ESTRAN SERVICES" in page
    assert "Payroll in all 2 companies" in page
    assert "Signature" not in page


@pytest.mark.req("S0-13")
def test_the_person_sees_the_chosen_applications_only_where_the_company_has_them(
    world: World, staff: Client
) -> None:
    wizard = Wizard(staff, world).company("a").identity().companies("a", "b")
    wizard.applications("payroll", "bank").confirm()
    [letter] = letters(world.morel)

    home = accept(letter.path, world.password).get(f"{PREFIX}/")

    seen = {
        card["name"]: [application["name"] for application in card["applications"]]
        for card in home.context["companies"]
    }
    assert seen == {"ESTRAN CONSEIL": ["Payroll"], "ESTRAN SERVICES": ["Payroll", "Bank"]}


@pytest.mark.req("S0-13")
@pytest.mark.parametrize("name", ["signature", "vestibule.firm.administer", "nonsense"])
def test_an_application_that_was_not_offered_is_not_given(
    world: World, staff: Client, name: str
) -> None:
    wizard = Wizard(staff, world).company().identity().companies("a")
    wizard.post("applications", applications=["payroll", name])
    wizard.confirm()
    [letter] = letters(world.morel)

    home = accept(letter.path, world.password).get(f"{PREFIX}/")

    [card] = home.context["companies"]
    assert [application["name"] for application in card["applications"]] == ["Payroll"]


# --- step 5: the summary and the three decisions --------------------------------------------------


@pytest.mark.req("S0-14")
def test_the_summary_shows_everything_before_it_is_written(world: World, staff: Client) -> None:
    wizard = Wizard(staff, world).company("a").identity(type="standard", language="de")
    wizard.companies("a", "b").applications("payroll", "bank")

    summary = wizard.get("summary")
    words = text_of(summary)

    assert "Elodie Marchand will have access to ESTRAN CONSEIL and ESTRAN SERVICES." in words
    assert "Elodie Marchand will see Payroll and Bank." in words
    assert "Bank opens only at ESTRAN SERVICES." in words
    assert "Invoicing, Expenses, Documents and Messaging stay closed." in words
    assert "Inviting others is not included." in words
    assert "Billed to ESTRAN CONSEIL." in words
    assert f"In German, to {PERSON['email']}. Link valid for 21 days" in words
    assert [card["name"] for card in summary.context["preview"]] == [
        "ESTRAN CONSEIL",
        "ESTRAN SERVICES",
    ]


@pytest.mark.req("S0-14")
def test_what_the_summary_shows_is_what_is_written_after_the_companies_were_changed(
    world: World, staff: Client
) -> None:
    wizard = Wizard(staff, world).company("a").identity().companies("a", "b")
    wizard.applications("payroll", "invoicing").companies("port")

    words = text_of(wizard.get("summary"))
    receipt = text_of(wizard.confirm())

    assert "Elodie Marchand will administer ATELIER DU PORT." in words
    assert "Elodie Marchand will see Invoicing." in words
    assert "Created as Director at ATELIER DU PORT. Opened: Invoicing." in receipt


@pytest.mark.req("S0-15")
def test_activated_now_with_an_email_the_person_gets_in_by_its_link(
    world: World, staff: Client
) -> None:
    Wizard(staff, world).to_summary().confirm(when="now", send_mail=True)

    [letter] = letters(world.morel)
    assert (letter.kind, letter.to) == ("invitation", PERSON["email"])
    assert created(world).state == "invited"
    assert sign_in(PERSON["email"], world.password).status_code == 422
    accept(letter.path, world.password)
    assert sign_in(PERSON["email"], world.password).status_code == 302


@pytest.mark.req("S0-15")
def test_the_email_is_written_in_the_persons_language(world: World, staff: Client) -> None:
    Wizard(staff, world).to_summary(language="de").confirm()

    [letter] = letters(world.morel)
    assert letter.language == "de"
    assert "Lohnabrechnung" in letter.text
    assert "Payroll" not in letter.text


@pytest.mark.req("S0-15", "S0-16")
def test_without_the_tick_nothing_is_sent_until_somebody_sends_the_welcoming_email(
    world: World, database: Database, staff: Client
) -> None:
    receipt = Wizard(staff, world).to_summary().confirm(when="now", send_mail=False)
    assert "Elodie Marchand is created, nothing is sent" in text_of(receipt)
    assert letters(world.morel) == []
    profile = f"{PREFIX}/users/{created(world).pk}/"
    assert "Send welcoming e-mail…" in text_of(staff.get(profile))

    before = content_of(database)
    asked = staff.get(f"{profile}send-welcome/")
    assert "Send the welcoming e-mail to Elodie Marchand?" in text_of(asked)
    assert differences(before, content_of(database)) == []
    page = follow(staff, staff.post(f"{profile}send-welcome/"))

    assert "The mail to Elodie Marchand waits in the outbox: no mail server is set" in text_of(page)
    [letter] = letters(world.morel)
    accept(letter.path, world.password)
    assert sign_in(PERSON["email"], world.password).status_code == 302


@pytest.mark.req("S0-16")
def test_the_welcoming_email_is_offered_only_to_those_who_are_ready(
    world: World, staff: Client
) -> None:
    for name in ("waiting", "invited", "director", "deactivated"):
        assert "Send welcoming e-mail…" not in text_of(staff.get(page_of(world, name)))
    answer = staff.post(f"{page_of(world, 'waiting')}send-welcome/")

    assert answer.status_code == 409
    assert letters(world.morel) == []


@pytest.mark.req("S0-17")
def test_activated_later_the_user_waits_in_a_list_until_somebody_validates(
    world: World, staff: Client
) -> None:
    receipt = Wizard(staff, world).to_summary().confirm(when="later", send_mail=True)
    assert "waits for validation" in text_of(receipt)
    assert letters(world.morel) == []
    waiting = staff.get(f"{PREFIX}/users/", {"state": "awaiting_validation"})
    names = [row["name"] for row in waiting.context["rows"]]
    assert names == ["Elodie Marchand", "Inès Roux"]
    assert "Validate Elodie Marchand" in text_of(waiting)

    page = follow(staff, staff.post(f"{PREFIX}/users/{created(world).pk}/validate/"))

    assert "Elodie Marchand is validated and ready. Nothing was sent yet." in text_of(page)
    assert created(world).state == "ready"
    left = staff.get(f"{PREFIX}/users/", {"state": "awaiting_validation"})
    assert [row["name"] for row in left.context["rows"]] == ["Inès Roux"]


@pytest.mark.req("S0-17")
@pytest.mark.parametrize("name", ["trainee", "director", "standard"])
def test_nobody_without_the_right_validates(world: World, name: str) -> None:
    client = signed_in(world, name)

    answer = client.post(f"{page_of(world, 'waiting')}validate/")

    assert answer.status_code == 403
    assert world.user("waiting").state == "awaiting_validation"


@pytest.mark.req("S0-17")
def test_a_waiting_user_gets_in_by_no_door(world: World, staff: Client) -> None:
    email = world.morel.emails["waiting"]

    assert sign_in(email, world.password).status_code == 422
    stranger().post(f"{PREFIX}/forgotten/", {"email": email})
    stranger().post(f"{PREFIX}/welcome/fresh/", {"email": email})
    do_jobs()
    assert letters(world.morel) == []
    answer = staff.post(f"{page_of(world, 'waiting')}resend/")
    assert answer.status_code == 409


@pytest.mark.req("S0-18")
def test_creating_activating_and_mailing_are_three_decisions(world: World, staff: Client) -> None:
    Wizard(staff, world).to_summary().confirm(when="later")
    profile = f"{PREFIX}/users/{created(world).pk}/"
    states, mails = [created(world).state], [len(letters(world.morel))]
    for act in ("validate", "send-welcome"):
        follow(staff, staff.post(f"{profile}{act}/"))
        states.append(created(world).state)
        mails.append(len(letters(world.morel)))

    assert states == ["awaiting_validation", "ready", "invited"]
    assert mails == [0, 0, 1]
    names = [event.name for event in events_of(world.morel, created(world).pk)]
    assert names == ["client_user.created", "client_user.validated", "invitation.sent"]


# --- across all five ------------------------------------------------------------------------------


@pytest.mark.req("X-03")
def test_a_change_says_on_the_users_page_who_when_and_from_what_to_what(
    world: World, staff: Client
) -> None:
    follow(staff, staff.post(type_page(world, "standard", "a"), {"type": "administrator"}))

    page = staff.get(page_of(world, "standard"))
    newest = page.context["history"][0]

    assert newest["sentence"] == "Changed at ESTRAN CONSEIL from Standard client to Director"
    assert newest["by"] == "Nadia Benali"
    assert "Changed at ESTRAN CONSEIL from Standard client to Director today," in text_of(page)


@pytest.mark.req("X-03")
def test_every_change_on_a_page_is_in_the_audit_trail_with_old_and_new_values(
    world: World, staff: Client
) -> None:
    Wizard(staff, world).to_summary().confirm()
    [letter] = letters(world.morel)
    accept(letter.path, world.password, first_name="Élodie", language="fr")
    profile = f"{PREFIX}/users/{created(world).pk}/"
    follow(staff, staff.post(f"{profile}deactivate/", {"reason": "Left the company"}))
    follow(staff, staff.post(f"{profile}reactivate/"))

    trail = events_of(world.morel, created(world).pk)
    told = [(event.name, event.actor_user_id, event.door) for event in trail]
    practitioner, person = world.morel.people["practitioner"], created(world).pk
    assert told == [
        ("client_user.created", practitioner, "page"),
        ("invitation.accepted", person, "link"),
        ("user.signed_in", None, "page"),
        ("client_user.deactivated", practitioner, "page"),
        ("client_user.reactivated", practitioner, "page"),
    ]
    assert all(event.at for event in trail)
    assert trail[3].public["state"] == ["active", "deactivated"]
    with world.scope():
        values = {
            event.name: EventValue.objects.get(event_id=event.pk).values
            for event in trail
            if event.commitment
        }
    assert values["client_user.created"]["email"] == [None, PERSON["email"]]
    assert values["invitation.accepted"] == {
        "first_name": ["Elodie", "Élodie"],
        "language": ["en", "fr"],
    }
    assert values["client_user.deactivated"]["reason"] == [None, "Left the company"]


@pytest.mark.req("X-03")
def test_the_chain_of_the_audit_trail_is_whole(world: World, staff: Client, vestibule: Any) -> None:
    Wizard(staff, world).to_summary().confirm()

    done = vestibule("audit", "verify", "--firm", "morel")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.req("X-04")
def test_opening_a_link_changes_nothing_and_the_persons_post_does(
    world: World, database: Database
) -> None:
    path = f"{PREFIX}/welcome/{world.invited_secret}/"
    before = content_of(database)

    for _ in range(3):
        assert stranger().get(path).status_code == 200
        assert stranger().head(path).status_code == 200
    assert differences(before, content_of(database)) == []

    accept(path, world.password)
    assert world.user("invited").state == "active"


@pytest.mark.req("X-05")
def test_an_expired_cancelled_used_or_unknown_link_gets_one_page_that_helps_and_reveals_nothing(
    world: World, staff: Client, freeze: Any
) -> None:
    path = f"{PREFIX}/welcome/{world.invited_secret}/"
    used = accept_somebody(world, staff)
    pages = {"unknown": stranger().get(f"{PREFIX}/welcome/nothing-like-it/"), "used": used}
    Wizard(staff, world).to_summary(email="cancelled@clients.example").confirm()
    cancelled = letters(world.morel)[-1].path
    user = created(world, "cancelled@clients.example")
    staff.post(f"{PREFIX}/users/{user.pk}/cancel-invitation/")
    pages["cancelled"] = stranger().get(cancelled)
    freeze.forward(days=22)
    pages["expired"] = stranger().get(path)

    assert {name: page.status_code for name, page in pages.items()} == dict.fromkeys(pages, 410)
    assert len({without_tokens(page) for page in pages.values()}) == 1
    words = text_of(pages["used"])
    assert "This link does not open anything anymore" in words
    assert "Ask for a fresh link" in words
    for secret in ("Girard", "people.example", "clients.example", "ESTRAN", "Elodie"):
        assert secret not in words


def accept_somebody(world: World, staff: Client) -> Any:
    """Let somebody in by a link and return what the same link answers afterwards."""
    Wizard(staff, world).to_summary().confirm()
    path = letters(world.morel)[-1].path
    accept(path, world.password)
    return stranger().get(path)


@pytest.mark.req("X-05")
def test_the_invited_address_asks_for_a_fresh_link_and_gets_in_with_it(world: World) -> None:
    answer = stranger().post(
        f"{PREFIX}/welcome/fresh/", {"email": world.morel.emails["invited"].upper()}
    )

    assert "Your wish is noted" in text_of(answer)
    do_jobs()
    [letter] = letters(world.morel)
    assert letter.to == world.morel.emails["invited"]
    accept(letter.path, world.password)
    assert stranger().get(f"{PREFIX}/welcome/{world.invited_secret}/").status_code == 410


@pytest.mark.req("X-05")
def test_whoever_was_cancelled_asks_and_the_inviter_decides(world: World, staff: Client) -> None:
    follow(staff, staff.post(f"{page_of(world, 'invited')}cancel-invitation/"))

    stranger().post(f"{PREFIX}/welcome/fresh/", {"email": world.morel.emails["invited"]})
    do_jobs()

    [letter] = letters(world.morel)
    assert letter.to == world.morel.emails["practitioner"]
    assert "Paul Girard" in letter.text
    assert world.user("invited").state == "ready"


# --- the wizard in a browser ------------------------------------------------------------------------


@pytest.fixture
def browsing(world: World, staff: Client, serve: Any, new_page: Any) -> Page:
    """Give a browser in which the practitioner is signed in, on the list of users."""
    served = serve(worker=False)
    page: Page = new_page()
    key = staff.cookies["vestibule_morel"].value
    page.context.add_cookies([{"name": "vestibule_morel", "value": key, "url": served.base_url}])
    page.goto(served.url(f"{PREFIX}/users/"))
    return page


PERSON_SENT = quote(PERSON["email"])


@pytest.mark.browser
@pytest.mark.req("S0-03", "S0-04", "S0-05", "S0-12", "S0-14")
def test_in_a_browser_back_keeps_all_a_reload_keeps_the_draft_and_a_double_click_creates_one(
    world: World, browsing: Page
) -> None:
    page, before = browsing, users_total(world)
    button = page.locator(".fab summary").bounding_box()
    window = page.viewport_size
    assert button
    assert window
    assert button["x"] + button["width"] > window["width"] - 60
    assert button["y"] + button["height"] > window["height"] - 60
    assert abs(button["width"] - button["height"]) < 1
    radius = page.locator(".fab summary").evaluate("e => getComputedStyle(e).borderRadius")
    assert radius in ("50%", "999px") or float(radius.removesuffix("px")) >= button["width"] / 2

    # With the keyboard only, from the round button to the second step.
    page.locator(".fab summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("estran cons")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_label("Last name").wait_for()

    # What is typed in a step survives a reload, sent or not.
    page.get_by_label("Last name").fill("Marchand")
    page.get_by_label("First name").fill("Elodie")
    page.get_by_label("E-mail").fill(PERSON["email"])
    with page.expect_response(lambda answer: PERSON_SENT in (answer.request.post_data or "")):
        page.get_by_label("E-mail").blur()
    page.reload()
    expect(page.get_by_label("Last name")).to_have_value("Marchand")
    expect(page.get_by_label("E-mail")).to_have_value(PERSON["email"])
    page.get_by_role("radio", name="Standard client").check()
    page.get_by_role("button", name="Continue to the companies").click()
    page.get_by_role("checkbox", name="ESTRAN SERVICES").check()
    expect(page.get_by_text("2 companies chosen")).to_be_visible()
    page.reload()
    expect(page.get_by_text("2 companies chosen")).to_be_visible()
    page.get_by_role("button", name="Continue to the applications").click()
    page.get_by_role("checkbox", name="Payroll").check()
    page.get_by_role("button", name="Continue to the summary").click()
    expect(page.locator(".sentence")).to_contain_text("Elodie Marchand will see Payroll.")

    # Back, by the page's button and by the browser's, keeps everything.
    page.get_by_role("link", name="Back", exact=True).click()
    expect(page.get_by_role("checkbox", name="Payroll")).to_be_checked()
    page.get_by_role("link", name="Back", exact=True).click()
    expect(page.get_by_text("2 companies chosen")).to_be_visible()
    page.get_by_role("link", name="Back", exact=True).click()
    expect(page.get_by_label("First name")).to_have_value("Elodie")
    expect(page.get_by_role("radio", name="Standard client")).to_be_checked()
    page.get_by_role("link", name="Back", exact=True).click()
    expect(page.get_by_role("option", selected=True)).to_contain_text("ESTRAN CONSEIL")
    for _ in range(4):
        page.go_back()
    expect(page.get_by_role("heading", name="Check before you create.")).to_be_visible()

    # Without the mail, and with an impatient finger.
    assert users_total(world) == before
    page.get_by_role("checkbox", name="Send an e-mail").uncheck()
    page.get_by_role("button", name="Create Elodie Marchand without an e-mail").dblclick()
    expect(page.get_by_text("Elodie Marchand is created, nothing is sent")).to_be_visible()
    assert users_total(world) == before + 1
    assert letters(world.morel) == []
