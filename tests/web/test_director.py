"""The client administrator at work (S0-02): his people, his own wizard, and nothing of anybody else."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.actions.doing import set_rule
from tests.support.databases import Database
from tests.web.everything import UNWATCHED, content_of, differences
from tests.web.pages import (
    PERSON,
    PREFIX,
    ClientsWizard,
    Wizard,
    created,
    follow,
    letters,
    signed_in,
    stranger,
    text_of,
    user_of,
)
from tests.world import World
from vestibule import clock
from vestibule.directory.models import Approval, Grant, User

pytestmark = pytest.mark.usefixtures("database")

DRAFTS = UNWATCHED | {"directory_draft"}
STEPS = ("company", "identity", "companies", "applications", "summary", "receipt")
UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def everybody_speaks_english(world: World) -> None:
    with world.scope():
        User.objects.filter(firm_id=world.morel.id).update(language="en")


@pytest.fixture
def director(world: World) -> Client:
    return signed_in(world, "director")


@pytest.fixture
def co_director(world: World) -> Client:
    """The administrator of company B alone."""
    return signed_in(world, "co_director")


def page_of(world: World, name: str) -> str:
    return f"{PREFIX}/users/{world.morel.people[name]}/"


def asked_for_colleague(world: World, co_director: Client, **typed: str) -> ClientsWizard:
    """Answer the steps of whoever administers one company: identity and applications."""
    wizard = ClientsWizard(co_director, world)
    return wizard.identity(type="standard", **typed).applications("payroll")


# --- what he sees -----------------------------------------------------------------------------


@pytest.mark.req("S0-02")
def test_his_home_leads_to_his_users_and_to_inviting_a_colleague(
    world: World, director: Client
) -> None:
    home = director.get(f"{PREFIX}/")

    assert "My users" in text_of(home)
    assert "Invite a colleague" in text_of(home)
    assert "Invite a colleague" not in text_of(signed_in(world, "standard").get(f"{PREFIX}/"))


@pytest.mark.req("S0-02")
def test_he_opens_the_page_of_each_of_his_people_in_the_clients_frame(
    world: World, director: Client
) -> None:
    for name in ("standard", "invited", "waiting", "ready", "co_director", "deactivated"):
        answer = director.get(page_of(world, name))

        assert answer.status_code == 200, name
        assert world.morel.emails[name] in text_of(answer)
        assert 'class="sidebar"' not in answer.content.decode()


@pytest.mark.parametrize("name", ["waiting", "invited", "ready"])
def test_who_has_nothing_at_his_companies_does_not_exist_for_him(
    world: World, co_director: Client, name: str
) -> None:
    assert co_director.get(page_of(world, name)).status_code == 404
    assert co_director.get(f"{page_of(world, name)}resend/").status_code == 404
    assert co_director.post(f"{page_of(world, name)}deactivate/").status_code == 404


@pytest.mark.parametrize("name", ["standard", "trainee"])
def test_a_standard_client_reaches_nobodys_page(world: World, name: str) -> None:
    client = signed_in(world, name)

    assert client.get(page_of(world, "invited")).status_code == 403
    assert client.get(f"{PREFIX}/users/").status_code == 403
    for path in ("people/new/", "requests/", "my-requests/"):
        assert client.get(f"{PREFIX}/{path}").status_code == 403, path
    assert client.post(f"{PREFIX}/people/new/").status_code == 403


def his_pages(world: World, co_director: Client) -> dict[str, str]:
    """Return what the administrator of B reads, page by page, as it is sent."""
    set_rule(world, "validation", "firm_or_client")
    wizard = ClientsWizard(co_director, world)
    wizard.identity(type="standard").applications("payroll")
    shared = f"users/{world.morel.people['standard']}/"
    paths = [
        "",
        "users/",
        "users/?q=estran",
        "users/?q=conseil",
        shared,
        f"users/{world.morel.people['director']}/",
        f"{shared}type/{world.morel.places['b']}/",
        f"users/{world.morel.people['deactivated']}/",
        "users/?sort=-created",
        f"{shared}history/",
        *(f"{shared}{piece}/" for piece in ("menu", "way")),  # fetched into the list's rows
        "companies/",
        "companies/?q=estran",
        "requests/",
        "my-requests/",
        *(wizard.url(step).removeprefix(f"{PREFIX}/") for step in wizard_steps(world)),
    ]
    answers = {path: co_director.get(f"{PREFIX}/{path}") for path in paths}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(
        paths, 200
    )
    return {path: answer.content.decode() for path, answer in answers.items()}


def wizard_steps(world: World) -> tuple[str, ...]:
    return ("identity", "applications", "summary")


@pytest.mark.req("S0-02")
def test_no_page_of_his_names_a_company_or_a_person_that_is_not_his(
    world: World, co_director: Client
) -> None:
    foreign = [
        *("ESTRAN CONSEIL", "GROUPE ESTRAN", "ATELIER DU PORT", "732829320", "73282932000074"),
        *("Inès", "Roux", "Lucie", "Blanc", "Paul", "Girard", "Nadia", "Benali"),
        *(world.morel.emails[name] for name in ("waiting", "ready", "invited", "practitioner")),
        *(str(world.morel.places[name]) for name in ("group", "a", "nantes", "brest", "port")),
    ]
    helper = ('<section class="card card-pad">', "</section>")  # the firm's person, at home

    pages = his_pages(world, co_director)
    home = pages[""]
    pages[""] = home[: home.index(helper[0])] + home[home.index(helper[1], home.index(helper[0])) :]

    found = {
        (path, word)
        for path, sent in pages.items()
        for word in foreign
        if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", sent) and word not in path
    }
    assert found == set()
    assert "ESTRAN SERVICES" in pages["users/"] + pages[""]


def test_the_history_he_reads_is_that_of_his_own_companies(
    world: World, co_director: Client
) -> None:
    staff = signed_in(world, "practitioner")
    change = f"{page_of(world, 'standard')}type/"
    for place in ("a", "b"):
        path = f"{change}{world.morel.places[place]}/"
        assert staff.post(path, {"type": "administrator"}).status_code == 303

    words = text_of(co_director.get(page_of(world, "standard")))

    assert "Changed at ESTRAN SERVICES" in words
    assert words.count("Changed at") == 1
    assert "CONSEIL" not in words
    assert "by Cabinet Morel" in words  # not the name of somebody whom he cannot see


# --- what he does to them ---------------------------------------------------------------------


@pytest.mark.req("S0-02")
def test_he_resends_cancels_deactivates_and_reactivates_at_his_companies(
    world: World, director: Client
) -> None:
    page = page_of(world, "invited")
    for act, state in (
        ("resend", "invited"),
        ("cancel-invitation", "ready"),
        ("send-welcome", "invited"),
        ("deactivate", "deactivated"),
        ("reactivate", "ready"),
    ):
        assert director.get(f"{page}{act}/").status_code == 200, act
        assert director.post(f"{page}{act}/").status_code == 303, act
        assert world.user("invited").state == state, act


def test_he_changes_a_type_where_he_may(world: World, director: Client) -> None:
    path = f"{page_of(world, 'invited')}type/{world.morel.places['a']}/"

    assert "becomes Director" in text_of(director.get(path))
    assert director.post(path, {"type": "administrator"}).status_code == 303
    with world.scope():
        roles = Grant.objects.filter(user=world.user("invited"), role__isnull=False).not_over()
        assert list(roles.values_list("role__code", flat=True)) == ["administrator"]


def test_somebody_with_access_elsewhere_is_not_his_to_deactivate(
    world: World, database: Database, co_director: Client
) -> None:
    page = page_of(world, "standard")  # has company A too, of which he reads nothing
    before = content_of(database)

    assert "Deactivate…" not in text_of(co_director.get(page))
    assert co_director.get(f"{page}deactivate/").status_code == 403
    question = co_director.get(f"{page_of(world, 'director')}deactivate/")  # he is A's last one
    assert "CONSEIL" not in question.content.decode()
    assert co_director.post(f"{page}deactivate/").status_code == 403
    assert differences(before, content_of(database)) == []


def test_he_lets_nobody_in_where_the_firm_validates(
    world: World, database: Database, director: Client
) -> None:
    page = page_of(world, "waiting")
    before = content_of(database)

    assert "Validate…" not in text_of(director.get(page))
    assert director.post(f"{page}validate/").status_code == 403
    assert director.get(f"{PREFIX}/requests/").status_code == 403
    assert differences(before, content_of(database)) == []


# --- his own wizard ---------------------------------------------------------------------------


@pytest.mark.req("S0-02")
def test_he_invites_a_colleague_to_his_one_company_in_four_steps(
    world: World, co_director: Client
) -> None:
    wizard = ClientsWizard(co_director, world)
    first = wizard.get("identity")
    assert [step["key"] for step in first.context["steps"]] == [
        *("identity", "applications", "summary", "receipt")
    ]

    wizard.identity(type="standard").applications("payroll", "bank")
    summary = text_of(wizard.get("summary"))
    receipt = text_of(wizard.ask())

    assert "Elodie Marchand will have access to ESTRAN SERVICES" in summary
    assert "Now" not in summary.split()
    assert "Later" not in summary
    assert "We prepare the access of Elodie Marchand" in receipt
    assert "gets an e-mail at elodie.marchand@clients.example" in receipt
    user = created(world)
    assert (user.state, user.billable_company_id) == ("invited", world.morel.places["b"])
    assert user.created_by_id == world.morel.people["co_director"]
    assert [letter.to for letter in letters(world.morel)] == [PERSON["email"]]


@pytest.mark.req("S0-02")
def test_who_administers_several_companies_picks_among_his_own(
    world: World, director: Client
) -> None:
    wizard = ClientsWizard(director, world)
    found = wizard.get("company").context["results"]
    assert {row["name"] for row in found} == {"ESTRAN CONSEIL", "ESTRAN SERVICES"}
    assert {row["group"] for row in found} == {""}  # the group above is not his

    wizard.company("b").identity(type="standard").companies("b").applications("documents").ask()

    assert created(world).billable_company_id == world.morel.places["b"]


def test_what_he_does_not_have_himself_is_locked_and_said_why(
    world: World, director: Client
) -> None:
    wizard = ClientsWizard(director, world).company("b").identity(type="standard").companies("b")
    answer = wizard.get("applications")

    locked = {row["id"]: row["locked"] for row in answer.context["applications"]}
    assert locked == {"payroll": "", "documents": "", "bank": locked["bank"]}
    assert locked["bank"] == "You do not have it yourself, so you cannot give it."
    assert 'value="bank"' not in answer.content.decode()

    wizard.applications("documents", "bank").ask()  # forged: the page has no such box

    with world.scope():
        items = Grant.objects.filter(user=created(world), permission_set__isnull=False)
        given = set(items.values_list("permission_set__items__permission", flat=True))
    assert given
    assert not {name for name in given if name.startswith("bank")}


def test_what_he_has_at_one_of_two_companies_cannot_be_given_at_both(
    world: World, director: Client
) -> None:
    with world.scope():  # at B he keeps his type and loses the applications
        own = Grant.objects.filter(user=world.user("director"), permission_set__isnull=False)
        own.filter(place=world.place("b")).update(until=clock.now())
        User.objects.filter(pk=world.morel.people["director"]).update(epoch=99)
    wizard = ClientsWizard(director, world).company("a").identity(type="standard")

    def lock(*companies: str) -> str:
        wizard.companies(*companies)
        offered = wizard.get("applications").context["applications"]
        return str(next(row["locked"] for row in offered if row["id"] == "payroll"))

    assert lock("a") == ""
    assert lock("b") == "You do not have it yourself, so you cannot give it."
    assert lock("a", "b").startswith("You have it only at ESTRAN CONSEIL.")


@pytest.mark.parametrize("id_of", ["foreign company", "another firm’s", "unknown", "nonsense"])
def test_a_forged_company_is_refused_and_nothing_is_chosen(
    world: World, director: Client, id_of: str
) -> None:
    forged = {
        "foreign company": str(world.morel.places["port"]),
        "another firm’s": str(world.rivage.places["a"]),
        "unknown": UNKNOWN_ID,
        "nonsense": "1 OR 1=1",
    }[id_of]
    wizard = ClientsWizard(director, world)

    assert wizard.post("company", company=forged).status_code == 422
    wizard.company("a").identity(type="standard")
    answer = wizard.post("companies", companies=[forged], go="next")

    assert answer.status_code == 422
    assert "Please choose at least one company." in text_of(answer)


@pytest.mark.parametrize(
    "field", ["when", "send_mail", "billable_company", "companies", "state", "activate_now"]
)
def test_a_forged_field_is_refused_and_nobody_is_created(
    world: World, database: Database, co_director: Client, field: str
) -> None:
    wizard = asked_for_colleague(world, co_director)
    before = content_of(database, without=DRAFTS)

    answer = wizard.post("summary", **{field: "now"})

    assert answer.status_code == 422
    assert differences(before, content_of(database, without=DRAFTS)) == []


def test_a_step_that_is_not_reached_or_not_his_is_not_shown(
    world: World, database: Database, co_director: Client
) -> None:
    wizard = ClientsWizard(co_director, world)
    before = content_of(database, without=DRAFTS)

    for step in ("applications", "summary", "receipt"):
        for answer in (wizard.get(step), wizard.post(step)):
            assert (answer.status_code, answer["Location"]) == (302, wizard.url("identity")), step
    for step in ("company", "companies", "nothing"):  # he administers one company
        assert wizard.get(step).status_code == 404
        assert wizard.post(step, company=str(world.morel.places["a"])).status_code == 404
    assert differences(before, content_of(database, without=DRAFTS)) == []


@pytest.mark.req("S0-01", "S0-02")
@pytest.mark.parametrize("name", ["practitioner", "administrator", "director", "standard"])
def test_a_draft_of_his_is_nobody_elses_and_of_no_other_wizard(
    world: World, database: Database, co_director: Client, name: str
) -> None:
    wizard = asked_for_colleague(world, co_director)
    somebody = signed_in(world, name)
    before = content_of(database)

    for step in STEPS:
        foreign = [wizard.url(step), f"{PREFIX}/users/new/{wizard.draft}/{step}/"]
        codes = {somebody.get(path).status_code for path in foreign}
        codes |= {somebody.post(path, PERSON).status_code for path in foreign}
        assert codes <= {403, 404}, step
    own = f"{PREFIX}/users/new/{wizard.draft}/summary/"
    assert co_director.get(own).status_code == 403
    assert differences(before, content_of(database)) == []


@pytest.mark.req("S0-01")
def test_a_draft_of_the_practitioners_wizard_is_none_of_the_clients(world: World) -> None:
    staff = signed_in(world, "practitioner")
    draft = Wizard(staff, world).to_summary().draft

    for step in STEPS:
        assert staff.get(f"{PREFIX}/people/new/{draft}/{step}/").status_code == 403
    assert staff.post(f"{PREFIX}/people/new/").status_code == 403


def test_a_second_click_on_invite_makes_one_person_and_shows_one_receipt(
    world: World, co_director: Client
) -> None:
    wizard = asked_for_colleague(world, co_director)

    first, again = wizard.post("summary"), wizard.post("summary")

    assert first["Location"] == again["Location"] == wizard.url("receipt")
    assert len(letters(world.morel)) == 1


def test_a_draft_goes_on_where_it_was_left(world: World, co_director: Client) -> None:
    wizard = ClientsWizard(co_director, world).identity(type="standard")

    answer = co_director.get(f"{PREFIX}/people/new/")

    assert answer["Location"] == wizard.url("applications")
    assert "Elodie Marchand" in text_of(wizard.get("applications"))


def test_an_address_of_one_of_his_own_people_is_said_to_be_taken(
    world: World, co_director: Client
) -> None:
    wizard = ClientsWizard(co_director, world)

    answer = wizard.post(
        "identity", **{**PERSON, "type": "standard", "email": world.morel.emails["standard"]}
    )

    assert answer.status_code == 422
    assert "already a user with this e-mail address" in text_of(answer)


# --- law 4: nobody learns of whom he may not know -----------------------------------------------

ANY_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MINUTE = re.compile(r"\d{1,2}:\d{2}")


def bytes_of(answer: Any, typed: str) -> str:
    """Return a page without what differs each time, and without what was typed."""
    sent = answer.content.decode()
    for pattern, by in ((ANY_ID, "ID"), (MINUTE, "TIME")):
        sent = pattern.sub(by, sent)
    sent = re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", sent)
    sent = re.sub(r'nonce="[^"]+"', "", sent)
    return sent.replace(typed, "TYPED")


@pytest.mark.req("S0-02")
@pytest.mark.parametrize("policy", ["validated", "direct"])
def test_the_receipt_is_the_same_for_a_known_and_an_unknown_address(
    world: World, co_director: Client, policy: str
) -> None:
    set_rule(world, "client_created", policy)
    pages = {}
    for email in (world.morel.emails["ready"], "ready@nobody.example"):
        wizard = asked_for_colleague(world, co_director, email=email)
        pages[email] = [
            bytes_of(wizard.get("identity"), email),
            bytes_of(wizard.get("summary"), email),
            bytes_of(wizard.ask(), email),
        ]

    known, unknown = pages.values()
    assert known == unknown


@pytest.mark.req("S0-02", "S4-08")
def test_his_requests_and_users_tell_nothing_of_whether_an_address_was_known(
    world: World,
) -> None:
    set_rule(world, "client_created", "validated")
    told = {}
    for who, email in (("known", world.morel.emails["ready"]), ("unknown", "x@nobody.example")):
        client = signed_in(world, "co_director")
        wizard = asked_for_colleague(world, client, email=email)
        wizard.ask()
        told[who] = [
            bytes_of(client.get(f"{PREFIX}/{path}"), email)
            for path in ("my-requests/", "users/", "users/?q=marchand", "companies/", "")
        ]
        with world.scope():
            request = Approval.objects.latest("asked_at")
        taken_back = f"{PREFIX}/my-requests/{request.pk}/take-back/"
        told[who].append(bytes_of(client.get(taken_back), email))
        assert client.post(taken_back).status_code == 303
        told[who].append(bytes_of(client.get(f"{PREFIX}/my-requests/"), email))
        with world.scope():
            Approval.objects.filter(pk=request.pk).update(asked_by=None)  # the next one begins anew

    assert told["known"] == told["unknown"]
    assert user_of(world.morel, "x@nobody.example") is not None


def test_asking_twice_for_an_address_gets_the_same_answer_whether_it_was_known(
    world: World,
    freeze: Any,  # the page says at which minute its draft was kept
) -> None:
    set_rule(world, "client_created", "validated")
    answers = set()
    for email in (world.morel.emails["ready"], "x@nobody.example"):
        client = signed_in(world, "co_director")
        asked_for_colleague(world, client, email=email).ask()
        again = ClientsWizard(client, world).post(
            "identity", **{**PERSON, "type": "standard", "email": email}
        )
        answers.add((again.status_code, text_of(again).replace(email, "TYPED")))

    assert len(answers) == 1


def test_who_was_only_asked_for_is_nowhere_among_his_people(
    world: World, co_director: Client
) -> None:
    set_rule(world, "client_created", "validated")
    asked_for_colleague(world, co_director).ask()
    pk = created(world).pk

    assert co_director.get(f"{PREFIX}/users/{pk}/").status_code == 404
    assert PERSON["email"] not in co_director.get(f"{PREFIX}/users/").content.decode()
    assert signed_in(world, "practitioner").get(f"{PREFIX}/users/{pk}/").status_code == 200


def test_the_person_he_invites_reads_that_inviting_colleagues_is_included(
    world: World, co_director: Client
) -> None:
    wizard = ClientsWizard(co_director, world)
    wizard.identity(type="administrator").applications("payroll")

    assert "Inviting colleagues is included." in text_of(wizard.get("summary"))
    wizard.ask()
    [letter] = letters(world.morel)
    assert "Inviting colleagues: included" in text_of(stranger().get(letter.path))


def test_follow_is_the_receipt(world: World, co_director: Client) -> None:
    wizard = asked_for_colleague(world, co_director)
    receipt = follow(co_director, wizard.post("summary"))

    assert receipt.context["companies"] == ["ESTRAN SERVICES"]
    assert receipt.context["opened"] == ["Payroll"]
