"""One user's page: correcting who it is, another address, everything that happened, the mail's way."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests.support import loops
from tests.support.databases import Database
from tests.support.served import Serve
from tests.web.everything import content_of, differences
from tests.web.pages import (
    PREFIX,
    do_jobs,
    events_of,
    follow,
    letters,
    signed_in,
    stranger,
    text_of,
)
from tests.world import World
from vestibule.directory.actions import client_users, invitations, outbox
from vestibule.directory.factors import authenticators
from vestibule.directory.models import FirmPolicy, OutboxMessage, Position, User, WorkItem
from vestibule.web.history import SENTENCES
from vestibule.web.smtp_words import plain_reason

pytestmark = pytest.mark.usefixtures("database")

ROOT = Path(__file__).resolve().parents[2]
DATA = {"last_name": "Webern", "first_name": "Jonas", "phone": "06 12 34 56 78", "language": "en"}


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world, "practitioner")


@pytest.fixture(autouse=True)
def _clients_read_english(world: World) -> None:
    with world.scope():
        User.objects.filter(
            pk__in=[world.morel.people[name] for name in ("director", "co_director")]
        ).update(language="en")


def page_of(world: World, name: str = "standard") -> str:
    return f"{PREFIX}/users/{world.morel.people[name]}/"


def correct(client: Client, world: World, name: str = "standard", **typed: str) -> Any:
    return client.post(f"{page_of(world, name)}edit/", {**DATA, **typed})


def told(answer: Any) -> list[str]:
    """Return the sentences of a history, the newest first."""
    return [event["sentence"] for event in answer.context["history"]]


# --- correcting ---------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["practitioner", "administrator", "director"])
def test_the_data_are_corrected_and_the_page_says_what_was_there_before(
    world: World, who: str
) -> None:
    client = signed_in(world, who)

    page = follow(client, correct(client, world))

    words = text_of(page)
    assert "The data of Jonas Webern are saved." in words
    assert "+33 6 12 34 56 78" in words
    assert page.context["history"][0]["changes"] == [
        {"label": "Last name", "old": "Weber", "new": "Webern"},
        {"label": "Phone", "old": "—", "new": "+33612345678"},
        {"label": "Language", "old": "German", "new": "English"},
    ]
    assert "Data corrected" in words


def test_every_fault_is_said_at_its_field_at_once(
    world: World, staff: Client, database: Database
) -> None:
    before = content_of(database)

    answer = correct(staff, world, last_name=" ", first_name="x" * 101, phone="12", language="xx")

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"language"}, (
        "what is no choice at all comes first"
    )
    answer = correct(staff, world, last_name=" ", first_name="x" * 101, phone="12")
    assert set(answer.context["form"].errors) == {"last_name", "first_name", "phone"}
    assert "This is longer than 100 characters." in text_of(answer)
    assert differences(before, content_of(database)) == []


@pytest.mark.parametrize(
    "more",
    [
        {"email": "somebody@people.example"},
        {"state": "active"},
        {"billable_company": "x"},
        {"role": "administrator"},
        {"position": "king"},
    ],
)
def test_the_form_takes_no_field_that_it_does_not_have(
    world: World, staff: Client, database: Database, more: dict[str, str]
) -> None:
    before = content_of(database)

    answer = correct(staff, world, **more)

    assert answer.status_code == 422
    assert differences(before, content_of(database)) == []


def test_what_is_typed_stays_inert(world: World, staff: Client) -> None:
    page = follow(staff, correct(staff, world, last_name="<b>x</b>&{{7*7}}"))

    html = page.content.decode()
    assert "<b>x</b>" not in html
    assert "49" not in told(page)[0]
    assert "&lt;b&gt;x&lt;/b&gt;&amp;{{7*7}}" in html


def test_a_firm_with_positions_offers_them(world: World, staff: Client) -> None:
    assert "position" not in staff.get(f"{page_of(world)}edit/").context["form"].fields
    with world.scope():
        Position.objects.create(firm_id=world.morel.id, code="manager")

    page = follow(staff, correct(staff, world, position="manager"))

    assert page.context["user"]["position"] == "manager"
    assert "manager" in text_of(page)


# --- who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "edit", "address"),
    [
        ("administrator", 200, 200),
        ("practitioner", 200, 200),
        ("director", 200, 403),
        ("co_director", 403, 403),
        ("trainee", 403, 403),
        ("standard", 403, 403),
    ],
)
def test_who_may_correct_and_who_may_change_the_address(
    world: World, database: Database, who: str, edit: int, address: int
) -> None:
    """`co_director` sees `standard` at company B only; he is at company A too (law 4)."""
    client = signed_in(world, who)
    profile = page_of(world)
    before = content_of(database)

    assert client.get(f"{profile}edit/").status_code == edit
    assert client.get(f"{profile}address/").status_code == address
    if edit == 403:
        assert correct(client, world).status_code == 403
    if address == 403:
        typed = {"email": "new@people.example"}
        assert client.post(f"{profile}address/", typed).status_code == 403
        assert client.post(f"{profile}address/cancel/").status_code == 403

    assert differences(before, content_of(database)) == []


def test_a_stranger_is_asked_to_sign_in(world: World) -> None:
    for page in ("edit/", "address/", "history/"):
        assert "/sign-in/" in stranger().get(f"{page_of(world)}{page}")["Location"]
    assert "/sign-in/" in stranger().post(f"{page_of(world)}address/cancel/")["Location"]


def test_another_firms_administrator_finds_nobody(world: World) -> None:
    client = signed_in(world, "administrator", "rivage")

    for page in ("", "edit/", "address/", "history/"):
        path = page_of(world).replace(PREFIX, "/f/rivage")
        assert client.get(f"{path}{page}").status_code == 404


@pytest.mark.parametrize(
    ("who", "edit", "address"),
    [("practitioner", True, True), ("director", True, False), ("co_director", False, False)],
)
def test_the_page_offers_what_its_reader_may(
    world: World, who: str, edit: bool, address: bool
) -> None:
    html = signed_in(world, who).get(page_of(world)).content.decode()

    assert (f"{page_of(world)}edit/" in html) is edit
    assert (f"{page_of(world)}address/" in html) is address


# --- another address ------------------------------------------------------------------------------


def test_a_change_that_waits_stands_on_the_page_until_it_is_cancelled(
    world: World, staff: Client
) -> None:
    path = f"{page_of(world)}address/"
    page = follow(staff, staff.post(path, {"email": "new@people.example"}))
    assert "A new address waits for its confirmation." in text_of(page)
    assert "Asked for by Nadia Benali" in text_of(page)
    seen = text_of(signed_in(world, "director").get(page_of(world)))
    assert "new@people.example" in seen
    assert "Cancel this change" not in seen

    page = follow(staff, staff.post(f"{path}cancel/"))

    assert "A new address waits" not in text_of(page)
    assert told(page)[:2] == [
        "The change of the e-mail address was cancelled",
        "Another e-mail address asked for",
    ]
    assert staff.post(f"{path}cancel/").status_code == 404


def test_one_that_nobody_confirmed_in_time_stands_there_no_longer(
    world: World, staff: Client, freeze: Any
) -> None:
    staff.post(f"{page_of(world)}address/", {"email": "new@people.example"})
    freeze.forward(hours=24, seconds=1)

    assert signed_in(world, "practitioner").get(page_of(world)).context["change"] is None


@pytest.mark.req("S0-07")
def test_staff_are_told_at_the_field_that_an_address_is_taken(world: World, staff: Client) -> None:
    answer = staff.post(f"{page_of(world)}address/", {"email": "Director@PEOPLE.example"})

    assert answer.status_code == 422
    assert answer.context["form"].errors["email"] == [
        "There is already a user with this e-mail address."
    ]


@pytest.mark.req("S0-08")
def test_a_shared_mailbox_is_refused_where_the_firm_says_so(world: World, staff: Client) -> None:
    with world.scope():
        FirmPolicy.objects.filter(firm_id=world.morel.id, name="generic_addresses").update(
            value="refuse"
        )

    answer = staff.post(f"{page_of(world)}address/", {"email": "info@people.example"})

    assert answer.status_code == 422
    assert "looks like a shared mailbox" in text_of(answer)


def test_somebody_who_is_invited_gets_a_fresh_link_at_the_new_address(
    world: World, staff: Client
) -> None:
    question = text_of(staff.get(f"{page_of(world, 'invited')}address/"))
    assert "a fresh invitation goes to the new address" in question

    page = follow(
        staff, staff.post(f"{page_of(world, 'invited')}address/", {"email": "paul@people.example"})
    )

    assert "Paul Girard has the new address paul@people.example." in text_of(page)
    assert stranger().get(f"{PREFIX}/welcome/{world.invited_secret}/").status_code == 410
    [letter] = letters(world.morel)
    assert (letter.kind, letter.to) == ("invitation", "paul@people.example")
    assert stranger().get(letter.path).status_code == 200


# --- what happened ---------------------------------------------------------------------------------


def test_everything_is_told_page_by_page_in_both_directions(world: World, staff: Client) -> None:
    for number in range(60):
        correct(staff, world, last_name=f"Nr {number}")
    total = len(events_of(world.morel, world.morel.people["standard"]))
    path = f"{page_of(world)}history/"

    first = staff.get(path)
    second = staff.get(first.context["pager"]["next_url"])
    back = staff.get(second.context["pager"]["previous_url"])

    assert first.context["pager"]["total"] == total
    assert len(first.context["history"]) == 50
    assert len(second.context["history"]) == total - 50
    assert told(second)[-1] == "Created as Standard client"
    assert second.context["pager"]["next_url"] == ""
    assert back.context["history"] == first.context["history"]
    assert first.context["pager"]["previous_url"] == ""


@pytest.mark.parametrize(
    "query", ["before=x", "before=-1", "after=99999999999999999999", "before=²"]
)
def test_a_number_that_is_none_means_the_newest_page(
    world: World, staff: Client, query: str
) -> None:
    answer = staff.get(f"{page_of(world)}history/?{query}")

    assert answer.status_code == 200
    assert told(answer)[-1] == "Created as Standard client"


def test_a_reason_is_read_by_staff_and_by_whoever_gave_it(world: World, staff: Client) -> None:
    staff.post(f"{page_of(world)}deactivate/", {"reason": "Unpaid bills"})

    seen_by_staff = text_of(staff.get(f"{page_of(world)}history/"))
    director = signed_in(world, "director")
    seen_by_client = text_of(director.get(f"{page_of(world)}history/"))

    assert "Unpaid bills" in seen_by_staff
    assert "Deactivated" in seen_by_client
    assert "Unpaid bills" not in seen_by_client
    director.post(f"{page_of(world, 'ready')}deactivate/", {"reason": "On leave"})
    assert "On leave" in text_of(director.get(f"{page_of(world, 'ready')}history/"))


def test_clients_read_nothing_of_what_happened_at_companies_that_are_not_theirs(
    world: World, staff: Client
) -> None:
    staff.post(f"{page_of(world)}type/{world.morel.places['a']}/", {"type": "administrator"})
    path = f"{page_of(world)}history/"

    assert any("ESTRAN CONSEIL" in sentence for sentence in told(staff.get(path)))
    elsewhere = signed_in(world, "co_director").get(path)
    assert not any("Changed at" in sentence for sentence in told(elsewhere))
    assert "ESTRAN CONSEIL" not in text_of(elsewhere)
    assert elsewhere.context["pager"]["total"] == len(elsewhere.context["history"])


def test_his_own_page_does_not_tell_whether_an_address_he_asked_for_is_somebody_elses(
    world: World,
) -> None:
    """A link goes to a free address only; that a mail left would give it away."""
    director = signed_in(world, "director")
    sentences = []
    for email in ("free@people.example", world.morel.emails["co_director"]):
        actor, user = world.actor("director"), world.user("director")
        from vestibule.directory.actions import email_changes

        email_changes.ask_email_change(actor, user, email=email)
        do_jobs()
        hand_over_everything(world)
        sentences.append(told(director.get(f"{page_of(world, 'director')}history/")))

    newest = len(sentences[1]) - len(sentences[0])
    assert sentences[1][:newest] == sentences[0][:newest]
    assert any("handed over" in sentence for sentence in sentences[0][:newest])


def names_recorded() -> set[str]:
    """Return the name of every event that an action writes about a user."""
    found: set[str] = set()
    for path in (ROOT / "src/vestibule/directory/actions").glob("*.py"):
        for node in ast.walk(loops.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "record"
                and re.search(r"\buser\b|\bperson\b|\bmember\b", ast.unparse(node.args[2]))
            ):
                found |= {
                    one.value
                    for one in ast.walk(node.args[1])
                    if isinstance(one, ast.Constant) and "." in str(one.value)
                }
    return found


def test_every_event_about_a_user_is_told_in_a_sentence() -> None:
    recorded = names_recorded()

    assert "client_user.corrected" in recorded
    assert "mail.refused" in recorded
    assert "invitation.resent" in recorded
    assert sorted(recorded - set(SENTENCES)) == []


# --- the mail's way --------------------------------------------------------------------------------


def hand_over_everything(world: World) -> None:
    with world.scope():
        rows = list(OutboxMessage.objects.filter(firm_id=world.morel.id, state="queued"))
    for row in rows:
        outbox.hand_over(world.morel.system(), claimed(world, row.pk))


def claimed(world: World, mail_id: Any, attempts: int = 1) -> outbox.Claim:
    WorkItem.objects.filter(pk=mail_id).update(leased_by="test", attempts=attempts)
    return outbox.Claim(mail_id, world.morel.id, "test", attempts)


def invitation_mail(world: World, name: str = "ready") -> outbox.Claim:
    invitations.send_invitation(world.actor("practitioner"), world.user(name))
    with world.scope():
        row = OutboxMessage.objects.get(user_id=world.morel.people[name], state="queued")
    return claimed(world, row.pk)


def truth(client: Client, world: World, name: str = "ready") -> list[str]:
    answer = client.get(page_of(world, name))
    return [step["kind"] for step in answer.context["invitation"]["truth"]]


def test_what_became_of_the_invitation_is_told_step_by_step(world: World, staff: Client) -> None:
    mail = invitation_mail(world)
    assert truth(staff, world) == ["queued", "waiting"]

    outbox.put_off(world.morel.system(), mail, reason="451 4.3.0 Later")
    assert truth(staff, world) == ["queued", "put_off", "waiting"]
    outbox.hand_over(world.morel.system(), mail)
    assert truth(staff, world) == ["queued", "handed_over", "waiting"]
    staff.post(f"{page_of(world, 'ready')}cancel-invitation/")
    assert truth(staff, world) == ["queued", "handed_over", "cancelled"]


def test_a_mail_that_was_taken_back_before_it_left_is_said_to_be(
    world: World, staff: Client
) -> None:
    invitation_mail(world)

    staff.post(f"{page_of(world, 'ready')}cancel-invitation/")

    assert truth(staff, world) == ["queued", "withdrawn", "cancelled"]
    assert "Taken back before it left" in text_of(staff.get(page_of(world, "ready")))


def test_a_refusal_is_told_in_plain_words_beside_those_of_the_mail_server(
    world: World, staff: Client
) -> None:
    said = "550 5.1.1 <ready@people.example>: Recipient address rejected"
    outbox.refuse(world.morel.system(), invitation_mail(world), reason=said)

    page = staff.get(page_of(world, "ready"))

    assert truth(staff, world) == ["queued", "bounced", "waiting"]
    words = text_of(page)
    assert "Refused by the mail server" in words
    assert "There is no such mailbox: the address may be mistyped." in words
    assert said in words
    assert page.context["user"]["state"] == "mail_bounced"


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("550 5.1.1 User unknown", "There is no such mailbox: the address may be mistyped."),
        ("552 5.2.2 Over quota", "The mailbox is full."),
        ("550 No such user", "There is no such mailbox, or it is closed to this sender."),
        (
            "554 5.7.1 Blocked",
            "The mail server takes no mails from this sender: ask its administrator.",
        ),
        ("556 5.1.10 Null MX", "The domain takes no mails at all."),
        ("599 Whatever", "The mail server said:"),
        ("ConnectionResetError: gone", "The mail server said:"),
        ("", ""),
    ],
)
def test_what_an_answer_of_a_mail_server_means(said: str, plain: str) -> None:
    assert plain_reason(said) == plain


# --- who it is ---------------------------------------------------------------------------------------


def test_the_page_says_how_somebody_signs_in(world: World, staff: Client) -> None:
    assert staff.get(page_of(world)).context["user"]["sign_in"] == "Password"
    with world.scope():
        user = User.objects.get(pk=world.morel.people["standard"])
        authenticators().create(user_id=user.pk, type="totp", data={})
        authenticators().create(user_id=user.pk, type="webauthn", data={"name": "Laptop"})

    words = text_of(staff.get(page_of(world)))

    assert "Password, Passkey, Authenticator app" in words
    assert staff.get(page_of(world, "ready")).context["user"]["sign_in"] == ""


def test_the_last_administrator_is_named_before_anybody_tries(world: World, staff: Client) -> None:
    client_users.deactivate_client_user(world.actor("practitioner"), world.user("co_director"))

    words = text_of(staff.get(page_of(world, "director")))

    assert "Only administrator of ESTRAN CONSEIL and ESTRAN SERVICES." in words
    assert "make someone else administrator there" in words


# --- with the keyboard alone --------------------------------------------------------------------------


@pytest.mark.browser
def test_a_name_is_corrected_and_an_address_asked_for_with_the_keyboard_alone(
    world: World, serve: Serve, page: Page
) -> None:
    served = serve(worker=False)
    page.goto(served.url(f"{PREFIX}/sign-in/"))
    page.keyboard.type(world.morel.emails["administrator"])
    page.keyboard.press("Tab")
    page.keyboard.type(world.password)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/f/morel/(users/)?$"))
    page.goto(served.url(page_of(world)))

    page.get_by_role("link", name="Edit Identity").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Correct the data of Jonas Weber")).to_be_visible()
    expect(page.get_by_label("Last name")).to_be_focused()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("Webern")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Jonas Webern")).to_be_visible()

    page.get_by_role("link", name="Change the e-mail address…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("New e-mail address")).to_be_focused()
    page.keyboard.type("director@people.example")
    page.keyboard.press("Enter")
    expect(
        page.get_by_text("There is already a user with this e-mail address.").first
    ).to_be_visible()
    page.get_by_label("New e-mail address").focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("jonas.new@people.example")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A new address waits for its confirmation.")).to_be_visible()

    page.get_by_role("button", name="Cancel this change").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("A new address waits for its confirmation.")).to_have_count(0)
