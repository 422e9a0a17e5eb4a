"""Validation by a second person (S4-08): the list, the decision, and where the asker's request stands."""

from typing import Any

import pytest
from django.test import Client

from tests.actions.doing import a_password, ask, create, set_rule
from tests.support.databases import Database
from tests.web.everything import content_of, differences
from tests.web.pages import (
    PERSON,
    PREFIX,
    ClientsWizard,
    created,
    follow,
    letters,
    signed_in,
    stranger,
    text_of,
    user_of,
)
from tests.world import World, bring_in
from vestibule.directory.models import Approval, Place, User

pytestmark = pytest.mark.usefixtures("database")

LIST = f"{PREFIX}/requests/"
MINE = f"{PREFIX}/my-requests/"
UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def validated(world: World) -> None:
    """The firm validates whom its clients create; everybody reads English."""
    set_rule(world, "client_created", "validated")
    with world.scope():
        User.objects.filter(firm_id=world.morel.id).update(language="en")


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world, "practitioner")


@pytest.fixture
def director(world: World) -> Client:
    return signed_in(world, "co_director")


def asked(world: World, director: Client, **typed: str) -> Approval:
    """Let the administrator of B ask for somebody by his wizard."""
    wizard = ClientsWizard(director, world).identity(**{"type": "standard", **typed})
    wizard.applications("payroll").ask()
    return newest(world)


def newest(world: World) -> Approval:
    with world.scope():
        return Approval.objects.filter(firm_id=world.morel.id).latest("asked_at", "pk")


def now(world: World, approval: Approval) -> Approval:
    with world.scope():
        return Approval.objects.get(pk=approval.pk)


def page_of(approval: Approval) -> str:
    return f"{LIST}{approval.pk}/"


def seen_on(client: Client, approval: Approval) -> str:
    return str(client.get(page_of(approval)).context["seen"])


def approve(client: Client, approval: Approval) -> Any:
    seen = seen_on(client, approval)
    return client.post(f"{page_of(approval)}approve/", {"seen": seen})


def refuse(client: Client, approval: Approval, reason: str = "Which company is it for?") -> Any:
    seen = seen_on(client, approval)
    return client.post(f"{page_of(approval)}refuse/", {"seen": seen, "reason": reason})


def mails_to(world: World, email: str) -> list[Any]:
    return [letter for letter in letters(world.morel) if letter.to == email]


# --- who waits --------------------------------------------------------------------------------


@pytest.mark.req("S4-08", "S0-17")
def test_the_list_says_who_asks_for_whom_where_and_since_when(
    world: World, staff: Client, director: Client
) -> None:
    asked(world, director)

    answer = staff.get(LIST)

    row = answer.context["rows"][-1]
    assert (row["person"]["name"], row["asker"]) == ("Elodie Marchand", "Marc Olivier")
    assert row["companies"] == ["ESTRAN SERVICES"]
    assert "today," in text_of(answer)


def test_the_menu_counts_what_somebody_like_the_reader_decides(
    world: World, staff: Client, director: Client
) -> None:
    before = staff.get(LIST).context["page"]["counts"]["to_validate"]
    asked(world, director)

    assert staff.get(LIST).context["page"]["counts"]["to_validate"] == before + 1


def test_whom_staff_created_for_later_stands_there_too_and_is_let_in_there(
    world: World, staff: Client
) -> None:
    [row] = staff.get(LIST).context["rows"]  # Inès, created for later in the world
    assert row["person"]["name"] == "Inès Roux"

    answer = approve(staff, newest(world))

    assert answer.status_code == 303
    assert world.user("waiting").state == "ready"
    assert letters(world.morel) == []


def test_the_list_is_read_page_by_page_in_both_directions(world: World, staff: Client) -> None:
    for number in range(60):
        ask(world, key=f"ask {number}", email=f"nr{number}@many.example", last_name=f"Nr{number}")

    first = staff.get(LIST)
    second = staff.get(first.context["pager"]["next_url"])
    back = staff.get(second.context["pager"]["previous_url"])

    names = [row["person"]["name"] for page in (first, second) for row in page.context["rows"]]
    assert names == ["Inès Roux", *(f"Alice Nr{number}" for number in range(60))]
    assert [row["id"] for row in back.context["rows"]] == [
        row["id"] for row in first.context["rows"]
    ]
    assert first.context["pager"]["total"] == 61


@pytest.mark.parametrize("cursor", ["x", "\x00", "W10", "a" * 3000])
def test_a_forged_cursor_shows_the_first_page(staff: Client, cursor: str) -> None:
    assert len(staff.get(LIST, {"after": cursor}).context["rows"]) == 1


@pytest.mark.parametrize("name", ["director", "standard", "trainee"])
def test_whoever_decides_about_nobody_sees_no_list_and_no_request(
    world: World, database: Database, director: Client, name: str
) -> None:
    approval = asked(world, director)
    client = signed_in(world, name)
    before = content_of(database)

    for path in (LIST, page_of(approval)):
        assert client.get(path).status_code == 403
    for act in ("approve", "refuse"):
        answer = client.post(f"{page_of(approval)}{act}/", {"seen": "x", "reason": "x"})
        assert answer.status_code == 403
    assert differences(before, content_of(database)) == []


@pytest.mark.parametrize("pk", [UNKNOWN_ID, "another firm’s"])
def test_a_request_that_is_not_there_is_not_found(world: World, staff: Client, pk: str) -> None:
    if pk != UNKNOWN_ID:
        other = world.rivage
        create(other, at=("a",), email="x@other.example", activate_now=False, key="other")
        with other.scope():
            pk = str(Approval.objects.get(firm_id=other.id).pk)

    assert staff.get(f"{LIST}{pk}/").status_code == 404
    assert staff.post(f"{LIST}{pk}/approve/", {"seen": "x"}).status_code == 404
    assert staff.post(f"{LIST}{pk}/refuse/", {"seen": "x", "reason": "x"}).status_code == 404


# --- the decision -----------------------------------------------------------------------------


@pytest.mark.req("S4-08")
def test_approving_lets_in_and_invites_and_the_asker_is_told(
    world: World, staff: Client, director: Client
) -> None:
    approval = asked(world, director)
    page = text_of(staff.get(page_of(approval)))
    assert "Elodie Marchand will have access to ESTRAN SERVICES" in page
    assert "Approve and invite Elodie Marchand" in page

    answer = approve(staff, approval)

    assert "The request for Elodie Marchand is approved." in text_of(follow(staff, answer))
    assert created(world).state == "invited"
    assert [letter.kind for letter in mails_to(world, PERSON["email"])] == ["invitation"]
    [told] = mails_to(world, world.morel.emails["co_director"])
    assert told.subject == "Your request for Elodie Marchand is approved"
    assert "Approved" in text_of(director.get(MINE))
    assert director.get(f"{PREFIX}/users/{created(world).pk}/").status_code == 200


@pytest.mark.req("S4-08")
def test_refusing_needs_a_reason_which_the_asker_reads_on_his_page_and_by_mail(
    world: World, staff: Client, director: Client
) -> None:
    approval = asked(world, director)

    without = refuse(staff, approval, reason=" ")
    assert without.status_code == 422
    assert now(world, approval).state == "waiting"
    assert "Why is it refused?" in text_of(without)

    assert refuse(staff, approval).status_code == 303

    assert created(world).state == "refused"
    [told] = mails_to(world, world.morel.emails["co_director"])
    assert "The reason: Which company is it for?" in told.text
    mine = director.get(MINE)
    assert "Which company is it for?" in text_of(mine)
    assert mine.context["page"]["counts"]["my_requests"] == 1


def test_the_reason_stays_in_its_field_when_something_changed_meanwhile(
    world: World, staff: Client, director: Client
) -> None:
    approval = asked(world, director)

    answer = staff.post(
        f"{page_of(approval)}refuse/", {"seen": "something older", "reason": "Not a colleague"}
    )

    assert answer.status_code == 409
    assert 'value="Not a colleague"' in answer.content.decode()
    assert answer.context["seen"] in answer.content.decode()


@pytest.mark.req("S4-08")
@pytest.mark.parametrize("seen", ["", "something older", "x" * 5000])
def test_only_what_was_seen_is_approved(
    world: World, staff: Client, director: Client, seen: str
) -> None:
    approval = asked(world, director)

    answer = staff.post(f"{page_of(approval)}approve/", {"seen": seen})

    assert answer.status_code in (409, 422)
    assert now(world, approval).state == "waiting"
    assert created(world).state == "awaiting_validation"


def test_a_request_that_changed_since_says_so_and_shows_it_as_it_is_now(
    world: World, staff: Client, director: Client
) -> None:
    approval = asked(world, director)
    seen = seen_on(staff, approval)
    with world.scope():
        User.objects.filter(pk=created(world).pk).update(last_name="Moved")

    answer = staff.post(f"{page_of(approval)}approve/", {"seen": seen})

    assert answer.status_code == 409
    assert "has changed since you opened the page" in text_of(answer)
    again = staff.post(f"{page_of(approval)}approve/", {"seen": answer.context["seen"]})
    assert again.status_code == 303


def test_what_staff_changed_before_somebody_looks_is_what_he_sees(
    world: World, staff: Client, director: Client
) -> None:
    """Else a colleague's change of address or type would be approved in the asker's words."""
    approval = asked(world, director)
    before = staff.get(page_of(approval))
    assert not before.context["changed"]
    user = created(world)
    typed = user.email
    staff.post(f"{PREFIX}/users/{user.pk}/address/", {"email": "accomplice@people.example"})
    place = approval.arguments["companies"][0]
    staff.post(f"{PREFIX}/users/{user.pk}/type/{place}/", {"type": "administrator"})

    shown = signed_in(world, "administrator").get(page_of(approval))

    assert shown.context["changed"]
    assert shown.context["person"]["email"] == "accomplice@people.example"
    assert "the invitation leaves at once for accomplice@people.example" in text_of(shown)
    assert f"asked for as {typed}" in text_of(shown)
    assert [line["role"] for line in shown.context["access_now"]] == ["Director"]


def test_of_two_who_decide_the_second_is_told(
    world: World, staff: Client, director: Client
) -> None:
    approval = asked(world, director)
    colleague = signed_in(world, "administrator")
    seen = seen_on(colleague, approval)
    approve(staff, approval)

    answer = colleague.post(f"{page_of(approval)}refuse/", {"seen": seen, "reason": "No"})

    assert answer.status_code == 409
    assert "Somebody has decided about this request already." in text_of(answer)
    assert "Nadia Benali approved it today" in text_of(answer)


def test_a_field_that_the_page_does_not_have_is_refused(
    world: World, database: Database, staff: Client, director: Client
) -> None:
    approval = asked(world, director)
    seen = seen_on(staff, approval)
    before = content_of(database)

    answer = staff.post(
        f"{page_of(approval)}approve/", {"seen": seen, "companies": str(world.morel.places["a"])}
    )

    assert answer.status_code == 422
    assert differences(before, content_of(database)) == []


def test_the_page_of_the_person_sends_to_the_request(
    world: World, staff: Client, director: Client
) -> None:
    approval = asked(world, director)
    page = staff.get(f"{PREFIX}/users/{created(world).pk}/")

    assert "Validate…" not in text_of(page)
    assert f'href="{page_of(approval)}"' in page.content.decode()


# --- four eyes --------------------------------------------------------------------------------


@pytest.mark.req("S4-08")
def test_nobody_approves_his_own_request(
    world: World, database: Database, staff: Client, director: Client
) -> None:
    set_rule(world, "validation", "firm_or_client")
    approval = asked(world, director)
    seen = seen_on(staff, approval)
    before = content_of(database)

    page = text_of(director.get(page_of(approval)))
    assert "You asked for this yourself." in page
    assert "Approve and" not in page
    assert [row["id"] for row in director.get(LIST).context["rows"]] == []
    for act, typed in (("approve", {}), ("refuse", {"reason": "x"})):
        answer = director.post(f"{page_of(approval)}{act}/", {"seen": seen, **typed})
        assert answer.status_code == 403, act
        assert "You asked for this yourself." in text_of(answer)
    assert differences(before, content_of(database)) == []


@pytest.mark.req("S4-08")
def test_a_colleague_at_the_client_decides_where_the_firm_lets_clients_validate(
    world: World, director: Client
) -> None:
    approval = asked(world, director)
    colleague = signed_in(world, "director")
    assert colleague.get(LIST).status_code == 403

    set_rule(world, "validation", "firm_or_client")

    assert "Elodie Marchand" in text_of(colleague.get(LIST))
    assert approve(colleague, approval).status_code == 303
    assert created(world).state == "invited"


def test_whom_the_firm_knows_is_decided_by_the_firm_alone(world: World, director: Client) -> None:
    set_rule(world, "validation", "firm_or_client")
    approval = asked(world, director, email=world.morel.emails["ready"])
    colleague = signed_in(world, "director")

    assert approval.act == "open_access"
    assert str(approval.pk) not in colleague.get(LIST).content.decode()
    assert colleague.get(page_of(approval)).status_code == 404


# --- somebody whom the firm knows already (law 4) ---------------------------------------------


def test_the_firm_reads_whose_address_it_is_what_he_has_and_would_gain(
    world: World, staff: Client, director: Client
) -> None:
    approval = asked(world, director, email=world.morel.emails["ready"])

    page = text_of(staff.get(page_of(approval)))

    assert "ready@people.example belongs to Lucie Blanc already" in page
    assert "The name in the request is Elodie Marchand" in page
    assert "Today Ready ESTRAN CONSEIL · Standard client Documents" in page.replace(
        "user", "client"
    )
    assert "With the request, also ESTRAN SERVICES" in page
    assert "Approve and open ESTRAN SERVICES to Lucie Blanc" in page

    assert approve(staff, approval).status_code == 303
    with world.scope():
        places = Place.objects.filter(pk__in=world.user("ready").grants.values("place_id"))
        assert set(places.values_list("name", flat=True)) == {"ESTRAN CONSEIL", "ESTRAN SERVICES"}
    assert user_of(world.morel, PERSON["email"]) is None


def test_who_is_in_already_is_told_that_more_is_open(
    world: World, staff: Client, director: Client
) -> None:
    user = create(world, at=("a",), email="in@people.example", language="en", send_email=True)
    bring_in(user, a_password())
    approval = asked(world, director, email="in@people.example")
    assert "gets an e-mail that says so" in text_of(staff.get(page_of(approval)))

    assert approve(staff, approval).status_code == 303

    [letter] = [one for one in mails_to(world, "in@people.example") if one.kind == "access_added"]
    assert letter.subject == "More is open to you in the client portal of Cabinet Morel"
    words = " ".join(letter.text.split())
    assert "now opens ESTRAN SERVICES too. Marc Olivier asked for it." in words


@pytest.mark.req("S4-08")
@pytest.mark.parametrize("decision", ["approved", "refused"])
def test_the_mail_of_a_decision_is_the_same_whether_the_address_was_known(
    world: World, staff: Client, director: Client, decision: str
) -> None:
    told = []
    for email in (world.morel.emails["ready"], "nobody@clients.example"):
        approval = asked(world, director, email=email)
        (approve if decision == "approved" else refuse)(staff, approval)
        letter = mails_to(world, world.morel.emails["co_director"])[-1]
        told.append((letter.subject, letter.text.replace(email, "TYPED")))

    known, unknown = ((subject, " ".join(text.split())) for subject, text in told)
    assert known == unknown


# --- where one's own request stands -----------------------------------------------------------


@pytest.mark.req("S4-08")
def test_who_decides_is_told_by_mail_in_his_language_with_a_link_to_the_request(
    world: World, staff: Client, director: Client
) -> None:
    with world.scope():
        User.objects.filter(pk=world.morel.people["practitioner"]).update(language="de")

    approval = asked(world, director)

    arrived = [letter for letter in letters(world.morel) if letter.kind == "request_arrived"]
    assert {letter.to for letter in arrived} == {
        world.morel.emails["practitioner"],
        world.morel.emails["administrator"],
    }
    assert {letter.to: letter.language for letter in arrived}[
        world.morel.emails["practitioner"]
    ] == "de"
    assert {letter.path for letter in arrived} == {page_of(approval)}
    assert all("Marc Olivier" in letter.text for letter in arrived)


@pytest.mark.req("S4-08")
def test_a_refused_request_is_corrected_and_asked_again(
    world: World, staff: Client, director: Client
) -> None:
    first = asked(world, director, last_name="Marchant")
    refuse(staff, first, reason="Her name is Marchand")

    draft = director.post(f"{MINE}{first.pk}/again/")
    form = director.get(draft["Location"])
    assert form.context["form"].initial["last_name"] == "Marchant"
    assert director.post(draft["Location"], PERSON | {"type": "standard"}).status_code == 303
    summary = draft["Location"].replace("/identity/", "/summary/")
    assert "Her name is Marchand" in text_of(director.get(summary))
    answer = follow(director, director.post(summary))

    assert "We prepare the access of Elodie Marchand" in text_of(answer)
    second = newest(world)
    assert (second.replaces_id, second.state) == (first.pk, "waiting")
    mine = director.get(MINE)
    assert [row["may"]["ask_again"] for row in mine.context["rows"]] == [False, False]
    assert "You corrected it and asked again." in text_of(mine)
    assert director.post(f"{MINE}{first.pk}/again/").status_code == 409
    looked_at = text_of(staff.get(page_of(second)))
    assert "It was refused before" in looked_at
    assert "Her name is Marchand" in looked_at
    approve(staff, second)
    assert created(world).last_name == "Marchand"


def test_a_second_click_while_asking_again_shows_the_same_receipt(
    world: World, staff: Client, director: Client
) -> None:
    first = asked(world, director)
    refuse(staff, first)
    draft = director.post(f"{MINE}{first.pk}/again/")["Location"]
    summary = draft.replace("/identity/", "/summary/")

    answers = [director.post(summary) for _click in range(2)]

    assert {answer["Location"] for answer in answers} == {draft.replace("/identity/", "/receipt/")}
    with world.scope():
        assert Approval.objects.filter(replaces_id=first.pk).count() == 1


def test_a_waiting_request_is_taken_back_after_a_question(
    world: World, staff: Client, director: Client
) -> None:
    approval = asked(world, director)
    path = f"{MINE}{approval.pk}/take-back/"

    assert "Take back the request for Elodie Marchand?" in text_of(director.get(path))
    assert now(world, approval).state == "waiting"
    answer = follow(director, director.post(path))

    assert "Taken back" in text_of(answer)
    assert now(world, approval).state == "withdrawn"
    assert approval.pk not in {row["id"] for row in staff.get(LIST).context["rows"]}
    assert "Taken back today" in text_of(staff.get(page_of(approval)))
    assert director.post(path).status_code == 409


@pytest.mark.parametrize("name", ["director", "practitioner", "standard"])
def test_a_request_is_taken_back_and_corrected_by_whoever_asked_alone(
    world: World, database: Database, director: Client, name: str
) -> None:
    set_rule(world, "validation", "firm_or_client")
    approval = asked(world, director)
    somebody = signed_in(world, name)
    somebody.get(f"{PREFIX}/")
    before = content_of(database)

    for act in ("take-back", "again"):
        answer = somebody.post(f"{MINE}{approval.pk}/{act}/")
        assert answer.status_code in (403, 404), act
    assert somebody.get(f"{MINE}{approval.pk}/take-back/").status_code in (403, 404)
    assert differences(before, content_of(database)) == []


def test_a_waiting_request_cannot_be_corrected(world: World, director: Client) -> None:
    approval = asked(world, director)

    assert director.post(f"{MINE}{approval.pk}/again/").status_code == 409


def test_whoever_asked_nobody_is_told_what_to_do(director: Client) -> None:
    assert "You have asked for nobody yet" in text_of(director.get(MINE))


def test_nobody_outside_reads_a_request(world: World, director: Client) -> None:
    approval = asked(world, director)

    for path in (LIST, MINE, page_of(approval), f"{MINE}{approval.pk}/take-back/"):
        assert stranger().get(path)["Location"].startswith(f"{PREFIX}/sign-in/")
