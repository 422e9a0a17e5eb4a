"""The demo's inbox: only in a demo, only on this machine, only this firm's mails."""

import dataclasses
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from tests.web.place_pages import PREFIX, text_of
from tests.world import FirmOfTheWorld, World, secret_mailed_to
from vestibule.directory.actions.client_users import Identity
from vestibule.directory.actions.invitations import send_invitation
from vestibule.directory.actions.staff import create_staff_user
from vestibule.directory.models import Event, OutboxMessage, Token

pytestmark = pytest.mark.usefixtures("database")

LIST = f"{PREFIX}/inbox/"


@pytest.fixture
def demo(settings: Any) -> None:
    settings.VESTIBULE = dataclasses.replace(settings.VESTIBULE, demo=True)


@pytest.fixture
def mail(world: World) -> OutboxMessage:
    """Give a mail that waits: Cabinet Morel sends `ready` her welcoming e-mail."""
    return invite(world.morel, "ready")


def reader() -> Client:
    """Return an English browser in which nobody has signed in."""
    return Client(headers={"accept-language": "en"})


def invite(firm: FirmOfTheWorld, name: str) -> OutboxMessage:
    """Send a person of the firm an invitation; nobody takes the mail."""
    actor, user = firm.actor("practitioner"), firm.user(name)
    with firm.scope():
        send_invitation(actor, user)
        mail: OutboxMessage = OutboxMessage.objects.get(firm_id=firm.id, state="queued")
        return mail


def test_a_waiting_mail_is_listed_and_read_without_signing_in(
    demo: None, world: World, mail: OutboxMessage
) -> None:
    listed = reader().get(LIST)
    newest = listed.context["messages_held"][0]
    assert (newest["to"], newest["state"]) == (world.morel.emails["ready"], "held")

    answer = reader().get(f"{LIST}{mail.pk}/")

    words = text_of(answer)
    assert newest["subject"] in words
    assert "From Cabinet Morel <" in words
    assert secret_mailed_to(world.user("ready")) in answer.content.decode()
    assert f'href="http://testserver{PREFIX}/welcome/' in answer.content.decode()


def test_a_mail_that_has_left_is_listed_without_its_content(demo: None, world: World) -> None:
    listed = reader().get(LIST).context["messages_held"]
    assert {entry["state"] for entry in listed} == {"handed_over"}

    answer = reader().get(f"{LIST}{listed[0]['id']}/")

    assert "Nothing of it was kept here." in text_of(answer)
    assert reader().get(f"{LIST}{listed[0]['id']}/html/").status_code == 404


def test_reading_changes_nothing(demo: None, world: World, mail: OutboxMessage) -> None:
    def everything() -> tuple[Any, ...]:
        with world.scope():
            return (
                Event.objects.count(),
                list(OutboxMessage.objects.order_by("pk").values()),
                list(Token.objects.order_by("pk").values()),
            )

    before = everything()

    for address in (LIST, f"{LIST}{mail.pk}/", f"{LIST}{mail.pk}/html/"):
        assert reader().get(address).status_code == 200
        assert reader().head(address).status_code == 200
        assert reader().post(address).status_code == 405

    assert everything() == before


def test_the_html_part_can_run_nothing_and_load_nothing(demo: None, mail: OutboxMessage) -> None:
    answer = reader().get(f"{LIST}{mail.pk}/html/")

    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert re.search(r"sandbox(?!.*allow-(scripts|same-origin|forms|top-navigation))", policy)
    assert "frame-ancestors 'self'" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"].startswith("text/html")
    assert "/welcome/" in answer.content.decode()


def test_the_page_around_it_frames_only_itself(demo: None, mail: OutboxMessage) -> None:
    answer = reader().get(f"{LIST}{mail.pk}/")

    assert "frame-src 'self'" in answer["Content-Security-Policy"]
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in answer.content.decode()


def test_without_the_demo_there_is_no_inbox(world: World, mail: OutboxMessage) -> None:
    for address in (LIST, f"{LIST}{mail.pk}/", f"{LIST}{mail.pk}/html/"):
        assert reader().get(address).status_code == 404


@pytest.mark.parametrize(
    "origin",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": "2001:db8::7"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "nonsense"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=192.0.2.7"},
    ],
)
def test_from_another_machine_or_through_a_proxy_there_is_no_inbox(
    demo: None, mail: OutboxMessage, origin: dict[str, str]
) -> None:
    for address in (LIST, f"{LIST}{mail.pk}/", f"{LIST}{mail.pk}/html/"):
        assert reader().get(address, **origin).status_code == 404


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_on_this_machine_there_is_one(demo: None, address: str) -> None:
    assert reader().get(LIST, REMOTE_ADDR=address).status_code == 200


def invite_a_colleague(world: World) -> OutboxMessage:
    """Let Cabinet Rivage create one more member of staff, whose mail waits."""
    with world.rivage.scope():
        identity = Identity(
            last_name="Riou", first_name="Anne", email="anne@people.example", language="fr"
        )
        create_staff_user(world.rivage.operator(), identity=identity, role="practitioner")
        mail: OutboxMessage = OutboxMessage.objects.get(firm_id=world.rivage.id, state="queued")
        return mail


def test_the_mails_of_another_firm_are_not_there(demo: None, world: World) -> None:
    foreign = invite_a_colleague(world)
    listed = {entry["id"] for entry in reader().get(LIST).context["messages_held"]}
    assert foreign.pk not in listed

    for end in ("", "html/"):
        answer = reader().get(f"{LIST}{foreign.pk}/{end}")
        absent = reader().get(f"{LIST}{uuid4()}/{end}")
        assert answer.status_code == absent.status_code == 404
        assert text_of(answer) == text_of(absent)


def test_a_firm_without_mails_says_so(demo: None, world: World) -> None:
    with world.rivage.scope():
        OutboxMessage.objects.filter(firm_id=world.rivage.id).delete()

    assert "No mail yet" in text_of(reader().get("/f/rivage/inbox/"))


def test_a_mail_sealed_with_another_key_is_listed_all_the_same(
    demo: None, world: World, mail: OutboxMessage
) -> None:
    with world.scope():
        OutboxMessage.objects.filter(pk=mail.pk).update(sealed=b"\x01\x00not to be read")

    listed = reader().get(LIST)

    assert listed.status_code == 200
    assert listed.context["messages_held"][0]["subject"] == "Invitation"


@pytest.mark.browser
def test_in_a_browser_the_mail_stands_in_its_frame_and_its_link_opens_the_page_it_names(
    serve: Any, world: World, page: Any, axe: Any
) -> None:
    served = serve(env={"VESTIBULE_DEMO": "1"}, worker=False)
    page.goto(served.url(f"{PREFIX}/sign-in/"))
    page.locator("input[name=email]").fill(world.morel.emails["practitioner"])
    page.locator("input[name=password]").fill(world.password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/users/")
    page.goto(served.url(f"{PREFIX}/users/{world.morel.people['ready']}/send-welcome/"))
    page.locator("#confirm button[type=submit]").click()
    page.wait_for_url(f"**/users/{world.morel.people['ready']}/")
    page.goto(served.url(LIST))
    assert axe(page) == []

    page.locator(".mails a").first.click()
    link = page.frame_locator("iframe.mail-frame").locator('a[href*="/welcome/"]').first
    link.wait_for()
    assert axe(page) == []
    with page.expect_popup() as opened:
        link.click()

    opened.value.locator("input[name=password]").wait_for()
