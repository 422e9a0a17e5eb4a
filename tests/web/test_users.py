"""The list of client users, one's page, and what is done to them there."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.support.databases import Database
from tests.web.everything import content_of, differences
from tests.web.pages import (
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
)
from tests.world import World
from vestibule.directory.actions.client_users import Identity, create_client_user

pytestmark = pytest.mark.usefixtures("database")

LIST = f"{PREFIX}/users/"


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world, "practitioner")


def names(answer: Any) -> list[str]:
    return [row["name"] for row in answer.context["rows"]]


def row_of(answer: Any, name: str) -> dict[str, Any]:
    return next(row for row in answer.context["rows"] if row["name"] == name)


def page_of(world: World, name: str) -> str:
    return f"{LIST}{world.morel.people[name]}/"


def many(world: World, count: int, *, activate: bool = True) -> None:
    """Create users of company A, so that the list has several pages."""
    actor = world.actor("practitioner")
    with world.scope():
        company = world.place("a")
        for number in range(count):
            create_client_user(
                actor,
                billable_company=company,
                identity=Identity(
                    last_name=f"Nr {number:03}",
                    first_name="Ça",
                    email=f"nr{number:03}@many.example",
                ),
                user_type="standard",
                companies=[company],
                applications=["payroll"],
                activate_now=activate,
                send_email=number % 3 == 0,
                key=f"many {number}",
            )


# --- the list -----------------------------------------------------------------------------------


def test_the_list_shows_the_firms_client_users_and_nobody_else(world: World, staff: Client) -> None:
    answer = staff.get(LIST)

    assert names(answer) == [
        "Lucie Blanc",
        "Solène Fontaine",
        "Paul Girard",
        "Hugo Lenoir",
        "Marc Olivier",
        "Inès Roux",
        "Jonas Weber",
    ]
    director = row_of(answer, "Solène Fontaine")
    assert (director["chips"], director["more"]) == (["ESTRAN CONSEIL"], 1)
    assert (director["role"], director["state"]) == ("Director", "active")
    assert "ESTRAN CONSEIL" in text_of(answer)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("solene", ["Solène Fontaine"]),
        ("SOLÈNE", ["Solène Fontaine"]),
        ("fontaine sol", ["Solène Fontaine"]),
        ("ines", ["Inès Roux"]),
        ("standard@people.example", ["Jonas Weber"]),
        ("estran services", ["Solène Fontaine", "Hugo Lenoir", "Marc Olivier", "Jonas Weber"]),
        ("weber conseil", ["Jonas Weber"]),
        ("nobody like this", []),
        ("%", []),
        ("a\x00b", []),
        ("x" * 5000, []),
    ],
)
def test_a_search_finds_names_addresses_and_companies_whatever_the_accents(
    staff: Client, query: str, found: list[str]
) -> None:
    answer = staff.get(LIST, {"q": query})

    assert answer.status_code == 200
    assert names(answer) == found


def test_a_search_that_finds_nobody_says_what_it_looked_at(staff: Client) -> None:
    words = text_of(staff.get(LIST, {"q": "zzz"}))

    assert "Nobody is found for “zzz”" in words
    assert "Show everybody" in words


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("awaiting_validation", ["Inès Roux"]),
        ("ready", ["Lucie Blanc"]),
        ("invited", ["Paul Girard"]),
        ("active", ["Solène Fontaine", "Marc Olivier", "Jonas Weber"]),
        ("deactivated", ["Hugo Lenoir"]),
    ],
)
def test_a_tab_shows_the_users_in_one_state(staff: Client, state: str, found: list[str]) -> None:
    answer = staff.get(LIST, {"state": state})

    assert names(answer) == found
    [tab] = [tab for tab in answer.context["tabs"] if tab["active"]]
    assert (tab["state"], tab["count"]) == (state, len(found))


def test_a_state_that_is_none_shows_everybody(staff: Client) -> None:
    assert len(names(staff.get(LIST, {"state": "nonsense\x00"}))) == 7


def test_tabs_keep_the_search_and_the_search_keeps_the_tab(staff: Client) -> None:
    answer = staff.get(LIST, {"q": "estran services", "state": "active"})

    assert names(answer) == ["Solène Fontaine", "Marc Olivier", "Jonas Weber"]
    [tab] = [tab for tab in answer.context["tabs"] if tab["state"] == "deactivated"]
    assert tab["count"] == 1
    assert names(staff.get(tab["url"])) == ["Hugo Lenoir"]


def test_pages_lead_to_each_other_both_ways_and_show_everybody_once(
    world: World, staff: Client
) -> None:
    many(world, 120)

    forward, page = [], staff.get(LIST)
    while True:
        forward.append(names(page))
        if not page.context["pager"]["next_url"]:
            break
        page = staff.get(page.context["pager"]["next_url"])
    backward = []
    while True:
        backward.append(names(page))
        if not page.context["pager"]["previous_url"]:
            break
        page = staff.get(page.context["pager"]["previous_url"])

    everybody = [name for page_names in forward for name in page_names]
    assert [len(page_names) for page_names in forward] == [50, 50, 27]
    assert len(set(everybody)) == 127
    assert everybody == sorted(everybody, key=lambda name: name.split(" ", 1)[1].casefold())
    assert [len(page_names) for page_names in backward][:2] == [27, 50]
    assert {name for page_names in backward for name in page_names} == set(everybody)
    assert page.context["pager"]["total"] == 127


def test_pages_keep_the_search_and_the_tab(world: World, staff: Client) -> None:
    many(world, 120)

    first = staff.get(LIST, {"q": "many.example", "state": "ready"})
    second = staff.get(first.context["pager"]["next_url"])

    assert (second.context["q"], second.context["state"]) == ("many.example", "ready")
    assert len(names(first)) == 50
    assert len(names(second)) == 30
    assert not {*names(first)} & {*names(second)}


def test_somebody_new_between_two_pages_hides_nobody(world: World, staff: Client) -> None:
    many(world, 60)
    first = staff.get(LIST)
    Wizard(staff, world).to_summary(last_name="Aaron").confirm()

    second = staff.get(first.context["pager"]["next_url"])

    assert len({*names(first), *names(second)}) == 67


def test_the_list_asks_as_many_questions_for_fifty_users_as_for_seven(
    world: World, staff: Client
) -> None:
    staff.get(LIST)
    with CaptureQueriesContext(connection) as few:
        staff.get(LIST)
    many(world, 120)
    staff.get(LIST)

    with CaptureQueriesContext(connection) as several:
        answer = staff.get(LIST)

    assert len(names(answer)) == 50
    assert len(several) <= len(few)
    print(f"{len(several)} queries")
    assert len(several) <= 40


@pytest.mark.parametrize("cursor", ["x", "%00", "e30", "W10", "WyJhIiwiYiJd", "é", "a" * 4000])
@pytest.mark.parametrize("way", ["after", "before"])
def test_a_cursor_that_cannot_be_read_is_the_first_page(
    staff: Client, way: str, cursor: str
) -> None:
    assert len(names(staff.get(LIST, {way: cursor}))) == 7


# --- who waits --------------------------------------------------------------------------------------


def test_the_menu_counts_who_waits_and_leads_there(world: World, staff: Client) -> None:
    Wizard(staff, world).to_summary().confirm(when="later")

    page = staff.get(LIST)

    assert "To validate 2" in text_of(page)
    assert f'href="{LIST}?state=awaiting_validation"' in page.content.decode()


def test_validating_asks_first_then_lets_in_and_says_so(
    world: World, database: Database, staff: Client
) -> None:
    waiting = staff.get(LIST, {"state": "awaiting_validation"})
    assert f'href="{page_of(world, "waiting")}validate/"' in waiting.content.decode()
    before = content_of(database)

    asked = staff.get(f"{page_of(world, 'waiting')}validate/")
    assert "Validate Inès Roux?" in text_of(asked)
    assert "Inès Roux will be let in at ESTRAN CONSEIL. No e-mail leaves now" in text_of(asked)
    assert differences(before, content_of(database)) == []
    page = follow(staff, staff.post(f"{page_of(world, 'waiting')}validate/"))

    assert "Inès Roux is validated and ready. Nothing was sent yet." in text_of(page)
    assert world.user("waiting").state == "ready"
    assert "Nobody is waiting" in text_of(staff.get(LIST, {"state": "awaiting_validation"}))


def test_somebody_can_be_validated_only_once(world: World, staff: Client) -> None:
    path = f"{page_of(world, 'waiting')}validate/"
    follow(staff, staff.post(path))

    again = staff.post(path)

    assert again.status_code == 409
    assert "This does not fit the present state of Inès Roux." in text_of(again)


# --- one user's page ----------------------------------------------------------------------------------


def test_the_page_shows_access_history_and_identity(world: World, staff: Client) -> None:
    words = text_of(staff.get(page_of(world, "standard")))

    assert "Jonas Weber Active" in words
    assert "standard@people.example" in words
    assert "ESTRAN CONSEIL SIREN 732 829 320 Payroll Standard client" in words
    assert "ESTRAN SERVICES SIREN 404 833 048 Payroll Standard client" in words
    assert "Accepted the invitation and chose a password" in words
    assert "Created as Standard client" in words
    assert "by Nadia Benali" in words
    assert "Language German Billed to ESTRAN CONSEIL Sign-in Password" in words
    assert "2 companies" in words


def test_the_page_of_an_invited_user_tells_the_truth_about_the_mail(
    world: World, staff: Client
) -> None:
    page = staff.get(page_of(world, "invited"))

    assert [step["kind"] for step in page.context["invitation"]["truth"]] == [
        "queued",
        "handed_over",
        "waiting",
    ]
    words = text_of(page)
    assert "Accepted by the mail server" in words
    assert "Not accepted yet The link is valid until" in words
    assert "By Nadia Benali, in English. One link, valid until" in words


def test_a_link_whose_time_is_over_is_shown_as_expired(
    world: World, staff: Client, freeze: Any
) -> None:
    freeze.forward(days=22)
    staff = signed_in(world, "practitioner")  # the session of before is over too

    row = row_of(staff.get(LIST), "Paul Girard")
    page = text_of(staff.get(page_of(world, "invited")))

    assert row["state"] == "link_expired"
    assert "Link expired" in page
    assert "Send the invitation again…" in page


def test_a_user_who_waits_has_been_sent_nothing(world: World, staff: Client) -> None:
    words = text_of(staff.get(page_of(world, "waiting")))

    assert "Nothing has been sent." in words
    assert "Validate…" in words


@pytest.mark.parametrize(
    ("name", "offered", "absent"),
    [
        ("waiting", ["Validate…", "Deactivate…"], ["Send welcoming", "Send the invitation again"]),
        (
            "ready",
            ["Send welcoming e-mail…", "Deactivate…"],
            ["Validate…", "Cancel the invitation"],
        ),
        (
            "invited",
            ["Send the invitation again…", "Cancel the invitation…", "Deactivate…"],
            ["Validate…", "Send welcoming"],
        ),
        ("standard", ["Deactivate…"], ["Validate…", "Send welcoming", "Cancel the invitation"]),
        ("deactivated", ["Reactivate"], ["Deactivate…", "Validate…", "Send welcoming"]),
    ],
)
def test_only_what_fits_the_state_is_offered(
    world: World, staff: Client, name: str, offered: list[str], absent: list[str]
) -> None:
    words = text_of(staff.get(page_of(world, name)))

    assert [word for word in offered if word not in words] == []
    assert [word for word in absent if word in words] == []


def test_somebody_who_is_not_there_is_not_found(world: World, staff: Client) -> None:
    absent = "01890a5d-ac96-774b-bcce-b302099a8057"
    acts = ("", "validate/", "send-welcome/", "resend/", "cancel-invitation/", "deactivate/")
    for act in (*acts, "reactivate/"):
        assert staff.get(f"{LIST}{absent}/{act}").status_code == 404
        if act:
            assert staff.post(f"{LIST}{absent}/{act}").status_code == 404


def test_staff_are_no_client_users(world: World, staff: Client) -> None:
    assert staff.get(page_of(world, "administrator")).status_code == 404
    deactivated = staff.post(f"{page_of(world, 'administrator')}deactivate/", {"reason": ""})
    assert deactivated.status_code == 404
    assert world.user("administrator").state == "active"


# --- change of type -----------------------------------------------------------------------------------


def type_page(world: World, name: str, company: str) -> str:
    return f"{page_of(world, name)}type/{world.morel.places[company]}/"


def test_a_change_of_type_names_the_company_and_the_effect(
    world: World, database: Database, staff: Client
) -> None:
    before = content_of(database)

    up = text_of(staff.get(type_page(world, "standard", "a")))
    down = text_of(staff.get(type_page(world, "co_director", "b")))

    assert "Change what Jonas Weber is at ESTRAN CONSEIL?" in up
    assert "At ESTRAN CONSEIL, Jonas Weber is Standard client today and becomes Director." in up
    assert "Jonas Weber will then be able to create further users of ESTRAN CONSEIL." in up
    assert "Other companies are not touched." in up
    assert "Marc Olivier is Director today and becomes Standard client." in down
    assert "will then no longer be able to create users of ESTRAN SERVICES" in down
    assert differences(before, content_of(database)) == []


def test_a_change_of_type_is_one_companys_and_keeps_the_applications(
    world: World, staff: Client
) -> None:
    page = follow(staff, staff.post(type_page(world, "standard", "a"), {"type": "administrator"}))

    assert "Jonas Weber is now Director at ESTRAN CONSEIL." in text_of(page)
    grants = {grant["name"]: grant for grant in page.context["grants"]}
    assert grants["ESTRAN CONSEIL"]["role"] == "Director"
    assert grants["ESTRAN SERVICES"]["role"] == "Standard client"
    assert grants["ESTRAN CONSEIL"]["applications"] == ["Payroll"]


def test_a_second_click_does_not_turn_a_change_of_type_back(world: World, staff: Client) -> None:
    asked = staff.get(type_page(world, "standard", "a")).content.decode()
    assert '<input type="hidden" name="type" value="administrator"' in asked

    for _ in range(2):
        page = follow(
            staff, staff.post(type_page(world, "standard", "a"), {"type": "administrator"})
        )

    grants = {grant["name"]: grant["role"] for grant in page.context["grants"]}
    assert grants["ESTRAN CONSEIL"] == "Director"


@pytest.mark.parametrize("typed", ["", "practitioner", "firm_administrator", "a\x00b"])
def test_a_type_that_is_none_is_refused(world: World, staff: Client, typed: str) -> None:
    answer = staff.post(type_page(world, "standard", "a"), {"type": typed})

    assert answer.status_code == 422
    page = staff.get(page_of(world, "standard"))
    assert {grant["role"] for grant in page.context["grants"]} == {"Standard client"}


def test_a_change_of_type_is_felt_at_the_very_next_request(world: World, staff: Client) -> None:
    person = signed_in(world, "standard")
    before = person.get(f"{PREFIX}/").context["companies"]

    follow(staff, staff.post(type_page(world, "standard", "a"), {"type": "administrator"}))

    after = person.get(f"{PREFIX}/").context["companies"]
    assert [card["role"] for card in before] == ["Standardzugang", "Standardzugang"]
    assert [card["role"] for card in after] == ["Geschäftsführung", "Standardzugang"]


@pytest.mark.parametrize("place", ["port", "group", "nantes", "b"])
def test_a_type_can_be_changed_only_where_the_user_has_one(
    world: World, database: Database, staff: Client, place: str
) -> None:
    before = content_of(database)
    path = type_page(world, "ready", place)

    assert staff.get(path).status_code == 404
    assert staff.post(path, {"type": "administrator"}).status_code == 404

    assert differences(before, content_of(database)) == []


# --- deactivate, reactivate, invite -----------------------------------------------------------------------


def test_deactivating_names_the_person_and_what_is_closed(
    world: World, database: Database, staff: Client
) -> None:
    before = content_of(database)

    words = text_of(staff.get(f"{page_of(world, 'standard')}deactivate/"))

    assert "Deactivate Jonas Weber?" in words
    assert "Jonas Weber is signed out everywhere at once and can open nothing anymore." in words
    assert "That closes the access to ESTRAN CONSEIL and ESTRAN SERVICES." in words
    assert "Nothing is deleted: the access can be given back later." in words
    assert differences(before, content_of(database)) == []


def test_a_deactivated_user_can_have_the_access_back(world: World, staff: Client) -> None:
    path = page_of(world, "standard")
    page = follow(staff, staff.post(f"{path}deactivate/", {"reason": "Long leave"}))
    assert "Jonas Weber is deactivated and signed out everywhere." in text_of(page)
    assert "Jonas Weber Deactivated" in text_of(page)

    asked = staff.get(f"{path}reactivate/")
    assert asked.status_code == 200
    assert "Jonas Weber" in text_of(asked)
    page = follow(staff, staff.post(f"{path}reactivate/"))

    assert "Jonas Weber has the access again." in text_of(page)
    home = signed_in(world, "standard").get(f"{PREFIX}/")
    assert [card["name"] for card in home.context["companies"]] == [
        "ESTRAN CONSEIL",
        "ESTRAN SERVICES",
    ]


@pytest.mark.parametrize("reason", ["x" * 5000, "a\x00b", "\u202e"])
def test_an_odd_reason_is_refused_at_its_field(world: World, staff: Client, reason: str) -> None:
    answer = staff.post(f"{page_of(world, 'standard')}deactivate/", {"reason": reason})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["reason"]
    assert world.user("standard").state == "active"


def test_an_invitation_is_sent_again_and_the_old_link_dies(world: World, staff: Client) -> None:
    asked = staff.get(f"{page_of(world, 'invited')}resend/")
    assert "every earlier link stops working" in text_of(asked)

    follow(staff, staff.post(f"{page_of(world, 'invited')}resend/"))

    [letter] = letters(world.morel)
    assert stranger().get(f"{PREFIX}/welcome/{world.invited_secret}/").status_code == 410
    assert stranger().get(letter.path).status_code == 200


def test_a_cancelled_invitation_leaves_the_user_ready(world: World, staff: Client) -> None:
    asked = staff.get(f"{page_of(world, 'invited')}cancel-invitation/")
    assert "The link sent to invited@people.example stops working at once." in text_of(asked)

    page = follow(staff, staff.post(f"{page_of(world, 'invited')}cancel-invitation/"))

    assert "The invitation of Paul Girard is cancelled." in text_of(page)
    assert world.user("invited").state == "ready"
    assert "Send welcoming e-mail…" in text_of(page)


def test_the_welcoming_email_is_sent_later_from_the_profile(world: World, staff: Client) -> None:
    page = follow(staff, staff.post(f"{page_of(world, 'ready')}send-welcome/"))

    assert "The mail to Lucie Blanc waits in the outbox: no mail server is set" in text_of(page)
    [letter] = letters(world.morel)
    assert letter.to == world.morel.emails["ready"]
    assert world.user("ready").state == "invited"


def test_a_second_click_on_send_is_answered_plainly(world: World, staff: Client) -> None:
    path = f"{page_of(world, 'ready')}send-welcome/"
    follow(staff, staff.post(path))
    staff.post(path)
    do_jobs()

    assert len(letters(world.morel)) == 1, "at most one link that works is on its way"


def test_the_history_shows_the_newest_eight_and_leads_to_all_of_them(
    world: World, staff: Client
) -> None:
    before = len(events_of(world.morel, world.morel.people["standard"]))
    for _ in range(17):
        staff.post(type_page(world, "standard", "a"), {"type": "administrator"})
        staff.post(type_page(world, "standard", "a"), {"type": "standard"})

    page = staff.get(page_of(world, "standard"))

    assert len(page.context["history"]) == 8
    assert page.context["history_total"] == before + 34
    assert f"All {before + 34} events" in text_of(page)
    assert f"{page_of(world, 'standard')}history/" in page.content.decode()


def test_a_users_page_asks_a_bounded_number_of_questions(world: World, staff: Client) -> None:
    staff.get(page_of(world, "standard"))

    with CaptureQueriesContext(connection) as captured:
        staff.get(page_of(world, "standard"))

    print(f"{len(captured)} queries")
    assert len(captured) <= 45


def test_the_receipt_leads_to_the_new_users_page(world: World, staff: Client) -> None:
    receipt = Wizard(staff, world).to_summary().confirm()

    page = staff.get(receipt.context["user_url"])

    assert page.context["user"]["id"] == created(world).pk
