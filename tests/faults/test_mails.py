"""A mail is never lost, whoever dies; it goes out twice only where no protocol can prevent it."""

import os
import queue
import re
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.faults.nurseries import Ended, Nursery
from tests.faults.walk import Inside, sign_in
from tests.support.databases import Database
from tests.support.mailserver import MailServer
from tests.world import World
from vestibule.directory.actions.client_users import Identity, create_client_user
from vestibule.directory.actions.invitations import send_invitation
from vestibule.directory.actions.outbox import TRY_AGAIN_AFTER
from vestibule.directory.audit import verify
from vestibule.directory.models import Event, OutboxMessage, User, WorkItem

pytestmark = pytest.mark.faults


class Post:
    """The outbox, the workers that empty it, and the mail server they speak to."""

    def __init__(
        self, world: World, nursery: Nursery, database: Database, server: MailServer
    ) -> None:
        self.world, self.nursery, self.database, self.server = world, nursery, database, server

    def invite(self) -> OutboxMessage:
        """Let a fresh invitation be written for the same person, and return its mail."""
        with self.world.scope():
            invitation = send_invitation(self.world.actor("practitioner"), self.world.user("ready"))
            return OutboxMessage.objects.get(
                firm_id=self.world.morel.id, invitation_id=invitation.pk
            )

    def worker(self, name: str, *, minutes_ahead: float = 0, **arguments: Any) -> Any:
        """Let a worker do rounds until nothing is due; return how many mails each round tried."""
        order = self._order(name, minutes_ahead, arguments)
        return self.nursery.done("mailing", self.database, **order)["tried"]

    def killed(self, name: str, *, minutes_ahead: float = 0, **arguments: Any) -> None:
        """Let a worker begin, which something kills."""
        order = self._order(name, minutes_ahead, arguments)
        ended = self.nursery.do("mailing", self.database, **order)
        assert ended.code == -signal.SIGKILL

    def killed_by_the_server(self, name: str, point: str, **arguments: Any) -> None:
        """Kill a worker when its conversation has reached a point; the server keeps nothing of it."""
        pids: queue.Queue[int] = queue.Queue()
        self.server.on(point, lambda: os.kill(pids.get(timeout=20), signal.SIGKILL))
        self.server.refuse(451, "The conversation broke off.")
        pid = self.nursery.start("mailing", self.database, **self._order(name, 0, arguments))
        pids.put(pid)
        ended: Ended = self.nursery.wait(pid)
        assert ended.code == -signal.SIGKILL
        time.sleep(0.1)  # the server notices that nobody is there
        self.server.clear()

    def _order(self, name: str, minutes_ahead: float, arguments: dict[str, Any]) -> dict[str, Any]:
        return {
            "name": name,
            "port": self.server.port,
            "minutes_ahead": minutes_ahead,
            **arguments,
        }

    def row(self, mail: OutboxMessage) -> OutboxMessage:
        """Return the mail's row as it is now."""
        with self.world.scope():
            return OutboxMessage.objects.get(firm_id=self.world.morel.id, pk=mail.pk)

    def events(self, name: str) -> int:
        with self.world.scope():
            return Event.objects.filter(firm_id=self.world.morel.id, name=name).count()

    def copies(self) -> list[tuple[str, str]]:
        """Return message id and link of every mail that the server took."""
        return [
            (mail.message["Message-ID"], link.group())
            for mail in self.server.messages
            if (link := re.search(r"http\S+/welcome/\S+", mail.text))
        ]


@pytest.fixture
def post(
    world: World, nursery: Nursery, database: Database, smtp_server: MailServer
) -> Iterator[Post]:
    return Post(world, nursery, database, smtp_server)


KILLED_BY_ITSELF = {
    "after the claim": 1,
    "before the talk": 1,
    "after the 250": 2,
    "before the commit": 2,
    "after the commit": 1,
}
"""How many copies leave in all: a second one only for a kill between the server's 250 and our commit."""
KILLED_IN_CONVERSATION = ("mail", "rcpt", "data")
"""All of them before the server's 250."""


def test_a_worker_killed_at_any_named_point_loses_no_mail_and_repeats_only_the_same_one(
    post: Post, world: World
) -> None:
    repeats = 0
    points = [*KILLED_BY_ITSELF, *KILLED_IN_CONVERSATION]
    for number, point in enumerate(points):
        mail = post.invite()
        post.server.clear()
        before = post.events("mail.handed_over")

        if point in KILLED_BY_ITSELF:
            post.killed(f"killed {number}", die_at=point)
        else:
            post.killed_by_the_server(f"killed {number}", point)
        copies = KILLED_BY_ITSELF.get(point, 1)
        done = point == "after the commit"
        assert (post.row(mail).state == "handed_over") is done, point
        assert (post.row(mail).sealed is None) is done, point

        assert post.worker("within the lease") == [0], point
        went = post.worker("fresh", minutes_ahead=1.1)
        assert went == ([0] if done else [1, 0]), point
        assert len(post.copies()) == copies, point
        assert len(set(post.copies())) == 1, point
        assert post.copies()[0][0] == mail.message_id
        row = post.row(mail)
        assert (row.state, row.sealed) == ("handed_over", None), point
        assert post.events("mail.handed_over") == before + 1, point
        repeats += copies - 1
    with world.scope():
        assert verify(world.morel.id).faults == ()
    print(
        f"Worker killed at {len(points)} points: 0 mails lost, {repeats} repeated with the same"
        " Message-ID and link (after the 250, before the commit), all wiped"
    )


def test_a_mail_settled_before_it_is_sent_is_lost_by_a_kill(post: Post) -> None:
    mail = post.invite()

    post.killed_by_the_server("killed", "rcpt", without="sending before settling")

    assert post.worker("fresh", minutes_ahead=60) == [0]
    assert post.copies() == []
    assert post.row(mail).state == "handed_over"
    print("Settled before it was sent: 1 of 1 mails lost")


def test_a_mail_whose_claim_never_ends_is_lost_by_a_kill(post: Post) -> None:
    post.invite()

    post.killed("killed", die_at="after the claim", without="a lease that ends")

    assert post.worker("fresh", minutes_ahead=7 * 24 * 60) == [0]
    assert post.copies() == []
    print("Claimed without an end: 1 of 1 mails lost")


def test_a_message_id_made_at_every_try_makes_another_mail_of_the_repeat(post: Post) -> None:
    post.invite()

    post.killed("killed", die_at="after the 250", without="one message id")
    post.worker("fresh", minutes_ahead=2, without="one message id")

    assert len({message_id for message_id, _link in post.copies()}) == 2
    assert len({link for _id, link in post.copies()}) == 1
    print("A message id made at every try: the repeat has another")


def test_what_was_sealed_and_not_wiped_would_be_found(post: Post) -> None:
    mail = post.invite()

    post.worker("worker", without="wiping")

    assert post.row(mail).state == "handed_over"
    assert post.row(mail).sealed is not None
    print("Not wiped: 1 of 1 mails can still be opened after delivery")


# --- a mail server that refuses, goes away, and comes back ------------------------------------

MAILS = 12


def invite_many(world: World) -> None:
    for number in range(MAILS):
        with world.scope():
            create_client_user(
                world.actor("practitioner"),
                billable_company=world.place("a"),
                identity=Identity(
                    last_name="Kervella", first_name="Anne", email=f"nr{number}@people.example"
                ),
                user_type="standard",
                companies=[world.place("a")],
                applications=["payroll"],
                activate_now=True,
                send_email=True,
                key=f"invited {number}",
            )


def queued(world: World) -> list[WorkItem]:
    return list(WorkItem.objects.filter(firm_id=world.morel.id, state="queued").order_by("pk"))


def errors(world: World) -> set[tuple[str, int]]:
    with world.scope():
        found = OutboxMessage.objects.filter(firm_id=world.morel.id, state="queued")
        return {(mail.last_error, mail.attempts) for mail in found}


def test_a_mail_server_that_refuses_goes_away_and_comes_back_gets_every_mail_once(
    post: Post, world: World
) -> None:
    invite_many(world)

    post.server.refuse(451, "Busy, try later.")
    began = datetime.now(UTC)
    assert post.worker("worker") == [MAILS, 0]
    assert errors(world) == {("451 Busy, try later.", 1)}
    for item in queued(world):
        assert began + TRY_AGAIN_AFTER[0] <= item.due_at
        assert item.due_at <= datetime.now(UTC) + TRY_AGAIN_AFTER[0]
    assert post.worker("worker") == [0]

    assert post.worker("worker", minutes_ahead=0.2) == [MAILS, 0]
    assert errors(world) == {("451 Busy, try later.", 2)}
    for item in queued(world):
        assert item.due_at >= began + timedelta(minutes=0.2) + TRY_AGAIN_AFTER[1]

    post.server.stop()
    (away,) = post.worker("worker", minutes_ahead=1)
    assert "ConnectionRefusedError" in away
    assert {(item.attempts, item.leased_until) for item in queued(world)} == {(2, None)}

    post.server.start()
    post.server.accept()
    began_sending = time.monotonic()
    assert post.worker("worker", minutes_ahead=1) == [MAILS, 0]
    rate = MAILS / (time.monotonic() - began_sending)
    assert queued(world) == []
    assert len({mail.recipients for mail in post.server.messages}) == MAILS
    assert len(post.copies()) == len(set(post.copies())) == MAILS
    assert {mail.message["Message-ID"] for mail in post.server.received} == {
        message_id for message_id, _link in post.copies()
    }
    print(
        f"SMTP refusing twice, away once, then accepting: {MAILS} mails, 0 lost, 0 repeated,"
        f" back-off 5 s and 30 s, {rate:.0f} mails/s at the end"
    )


def test_without_pauses_a_mail_server_that_is_busy_for_a_moment_loses_the_mail(
    post: Post,
) -> None:
    mail = post.invite()
    post.server.refuse(451, "Busy, try later.")

    tried = post.worker("worker", without="pauses")
    post.server.accept()

    assert post.worker("worker", minutes_ahead=60) == [0]
    assert post.copies() == []
    assert (post.row(mail).state, post.row(mail).sealed) == ("dead", None)
    print(f"Without pauses: given up after {sum(tried)} tries at one moment, 1 of 1 mails lost")


def users_page(world: World, user: User) -> str:
    visitor = Inside()
    sign_in(visitor, world, "practitioner")
    answer = visitor.get(f"/f/{world.morel.slug}/users/{user.pk}/")
    assert answer.status == 200
    return answer.text


def test_a_mail_refused_for_good_is_not_tried_again_and_the_users_page_says_why(
    post: Post, world: World
) -> None:
    mail = post.invite()
    post.server.refuse(550, "No such person here.", at="rcpt")

    assert post.worker("worker") == [1, 0]

    post.server.accept()
    assert post.worker("worker", minutes_ahead=60) == [0]
    row = post.row(mail)
    assert (row.state, row.sealed, row.last_error) == ("refused", None, "550 No such person here.")
    shown = users_page(world, world.user("ready"))
    assert "550 No such person here." in shown
    assert "Refused by the mail server" in shown
    assert post.events("mail.refused") == 1
    print("SMTP 550: refused after 1 try, wiped, the server's reason is on the user's page")


def test_a_5xx_that_was_tried_again_would_be_found(post: Post, world: World) -> None:
    mail = post.invite()
    post.server.refuse(550, "No such person here.", at="rcpt")

    post.worker("worker", without="a 5xx is final")
    post.worker("worker", minutes_ahead=1, without="a 5xx is final")

    assert (post.row(mail).state, post.row(mail).attempts) == ("queued", 2)
    shown = users_page(world, world.user("ready"))
    assert "Refused by the mail server" not in shown
    assert "Put off by the mail server, tried again" in shown
