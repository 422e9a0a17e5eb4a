"""Mails leave once, are put off when they must wait, are given up when nobody takes them; then they are wiped."""

import dataclasses
import itertools
import threading
from datetime import timedelta
from typing import Any

import pytest

from tests.cli.firms import a_firm, invite_staff
from tests.support.databases import Database
from tests.support.mailserver import MailServer
from tests.support.moments import Moment
from vestibule import actor, conf, sealing
from vestibule.directory.actions import outbox
from vestibule.directory.models import Event, Firm, OutboxMessage, WorkItem
from vestibule.directory.scope import firm_scope
from vestibule.work import sender
from vestibule.work.worker import Worker

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def firm(database: Database) -> Firm:
    """Give a firm whose first invitation waits in the outbox."""
    firm = a_firm("alpha")
    WorkItem.objects.exclude(firm=firm).delete()  # the world's mails are not this test's
    return firm


@pytest.fixture
def worker(settings: Any, smtp_server: MailServer) -> Worker:
    settings.VESTIBULE = dataclasses.replace(
        settings.VESTIBULE, smtp=conf.SmtpAddress("127.0.0.1", smtp_server.port)
    )
    return Worker("worker", threading.Event())


def mails(firm: Firm) -> list[OutboxMessage]:
    with firm_scope(firm):
        return list(OutboxMessage.objects.filter(firm_id=firm.pk).order_by("created_at", "pk"))


def events(firm: Firm, name: str) -> int:
    with firm_scope(firm):
        return Event.objects.filter(firm_id=firm.pk, name=name).count()


def test_a_mail_is_handed_over_wiped_and_recorded_once(
    firm: Firm, worker: Worker, smtp_server: MailServer
) -> None:
    assert worker.round() == 1
    assert worker.round() == 0

    (mail,) = mails(firm)
    assert (mail.state, mail.sealed) == ("handed_over", None)
    assert mail.handed_over_at
    assert events(firm, "mail.handed_over") == 1
    (received,) = smtp_server.messages
    assert received.recipients == ("admin@alpha.example",)
    assert received.message["Message-ID"] == mail.message_id
    assert received.message["Auto-Submitted"] == "auto-generated"
    assert "/welcome/" in received.text
    assert "/welcome/" in received.html


def test_at_rest_nothing_of_a_mail_can_be_read(firm: Firm, database: Database) -> None:
    ((sealed,),) = database.rows(
        "SELECT sealed FROM directory_outboxmessage WHERE state = 'queued' AND firm_id = ?",
        firm.pk if database.vendor == "postgresql" else firm.pk.hex,
    )

    assert b"admin@alpha.example" not in bytes(sealed)
    assert b"welcome" not in bytes(sealed)
    assert b"/welcome/" in sealing.unseal(sealed)


def test_without_a_mail_server_mails_are_held(firm: Firm, worker: Worker, settings: Any) -> None:
    settings.VESTIBULE = dataclasses.replace(settings.VESTIBULE, smtp=None)

    assert worker.round() == 0
    assert mails(firm)[0].state == "queued"
    assert mails(firm)[0].sealed


def test_a_temporary_refusal_is_tried_again_at_the_same_mail_with_growing_pauses(
    firm: Firm, worker: Worker, smtp_server: MailServer, freeze: Moment
) -> None:
    smtp_server.refuse(451, "Try again later")
    tried_at = []
    for _ in range(4):
        while worker.round() == 0:
            freeze.forward(seconds=5)
        tried_at.append(freeze.now)
    pauses = [later - earlier for earlier, later in itertools.pairwise(tried_at)]

    assert pauses == list(outbox.TRY_AGAIN_AFTER[:3])
    assert "451 Try again later" in mails(firm)[0].last_error
    smtp_server.accept()
    freeze.forward(minutes=10)
    worker.round()
    assert mails(firm)[0].state == "handed_over"
    assert len({mail.message["Message-ID"] for mail in smtp_server.received}) == 1
    assert len(smtp_server.messages) == 1


def test_after_a_day_of_refusals_a_mail_is_given_up_and_wiped(
    firm: Firm, worker: Worker, smtp_server: MailServer, freeze: Moment
) -> None:
    smtp_server.refuse(451)
    began = freeze.now
    while WorkItem.objects.filter(firm=firm, state="queued").exists():
        if worker.round() == 0:
            freeze.forward(minutes=30)

    assert timedelta(hours=20) < freeze.now - began < timedelta(hours=36)
    (mail,) = mails(firm)
    assert (mail.state, mail.sealed, mail.attempts) == ("dead", None, outbox.MOST_ATTEMPTS)
    assert events(firm, "mail.given_up") == 1


@pytest.mark.parametrize("point", ["rcpt", "data"])
def test_a_final_refusal_ends_the_mail_with_its_reason(
    firm: Firm, worker: Worker, smtp_server: MailServer, point: str
) -> None:
    smtp_server.refuse(550, "No such person here", at=point)

    worker.round()

    (mail,) = mails(firm)
    assert (mail.state, mail.sealed) == ("refused", None)
    assert mail.last_error == "550 No such person here"
    assert events(firm, "mail.refused") == 1
    assert worker.round() == 0


def test_a_refused_sender_is_our_fault_and_loses_no_mail(
    firm: Firm, worker: Worker, smtp_server: MailServer
) -> None:
    smtp_server.refuse(550, "Relaying denied", at="mail")

    worker.round()

    assert mails(firm)[0].state == "queued"


def test_a_mail_server_that_is_away_counts_against_no_mail(
    firm: Firm, worker: Worker, smtp_server: MailServer
) -> None:
    smtp_server.stop()
    for _ in range(20):
        with pytest.raises(sender.MailServerAway):
            worker.round()

    assert WorkItem.objects.get(firm=firm).attempts == 0
    smtp_server.start()
    assert worker.round() == 1
    assert mails(firm)[0].state == "handed_over"


def test_one_bad_mail_does_not_hold_up_the_others(
    firm: Firm, worker: Worker, smtp_server: MailServer
) -> None:
    good = invite_staff(firm, 1)
    with firm_scope(firm):
        OutboxMessage.objects.filter(firm_id=firm.pk).exclude(user=good).update(
            sealed=b"\x01altered by somebody"
        )

    worker.round()
    worker.round()

    assert [mail.recipients for mail in smtp_server.messages] == [(good.email,)]
    assert sorted(mail.state for mail in mails(firm)) == ["handed_over", "queued"]


def test_a_name_cannot_become_a_header(firm: Firm, worker: Worker, smtp_server: MailServer) -> None:
    (mail,) = mails(firm)
    inside = sealing.unseal(bytes(mail.sealed or b""))
    forged = inside.replace(
        b'"from_name": "Cabinet Alpha"', rb'"from_name": "Alpha\r\nBcc: evil@evil.example"'
    )
    assert forged != inside
    with firm_scope(firm):
        OutboxMessage.objects.filter(firm_id=firm.pk).update(sealed=sealing.seal(forged))

    worker.round()

    (received,) = smtp_server.messages
    assert "Bcc" not in received.message
    assert received.recipients == ("admin@alpha.example",)


def test_a_withdrawn_mail_does_not_leave_even_when_it_is_claimed_already(
    firm: Firm, worker: Worker, smtp_server: MailServer
) -> None:
    (claim,) = outbox.claim("worker", limit=5)
    with firm_scope(firm):
        OutboxMessage.objects.filter(firm_id=firm.pk).update(state="withdrawn", sealed=None)
    WorkItem.objects.filter(firm=firm).update(state="done")

    assert outbox.begin_attempt(claim) is None
    assert outbox.open_letter(claim) is None


def test_a_claim_holds_for_a_minute_and_then_anybody_may_take_it(
    firm: Firm, freeze: Moment
) -> None:
    (first,) = outbox.claim("one", limit=5)

    assert outbox.claim("two", limit=5) == []
    freeze.forward(seconds=60)
    (second,) = outbox.claim("two", limit=5)
    assert outbox.begin_attempt(first) is None
    assert outbox.begin_attempt(second) is not None


def test_two_workers_at_once_share_the_mails_and_send_each_once(
    firm: Firm, worker: Worker, smtp_server: MailServer
) -> None:
    for number in range(30):
        invite_staff(firm, number)
    stop = threading.Event()
    workers = [Worker(f"worker {number}", stop) for number in range(3)]
    threads = [threading.Thread(target=one.run) for one in workers]
    for thread in threads:
        thread.start()
    smtp_server.wait_for(31)
    stop.set()
    for thread in threads:
        thread.join()

    assert len(smtp_server.received) == 31
    assert len({mail.message["Message-ID"] for mail in smtp_server.received}) == 31
    assert {mail.state for mail in mails(firm)} == {"handed_over"}


def test_only_the_worker_may_say_that_a_mail_has_left(firm: Firm) -> None:
    from vestibule import refusals

    (claim,) = outbox.claim("worker", limit=5)
    for stranger in (actor.nobody(firm.pk), actor.operator(firm.pk)):
        with pytest.raises((refusals.Denied, refusals.NotSignedIn)):
            outbox.hand_over(stranger, claim)
    assert mails(firm)[0].state == "queued"
