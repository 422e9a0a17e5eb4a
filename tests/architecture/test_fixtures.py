"""The ground that other tests stand on holds: mail server, database copies, closed sockets."""

import smtplib
import socket
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page
from pytest_socket import SocketConnectBlockedError

from tests.support.browser import NewPage, listen
from tests.support.databases import Database
from tests.support.mailserver import MailServer
from tests.support.moments import Moment
from vestibule import clock

MAIL = "Subject: =?utf-8?q?Bient=C3=B4t?=\r\nFrom: a@firm.example\r\n\r\nBonjour\r\n"


def test_no_test_can_reach_another_machine() -> None:
    with (
        socket.socket() as outside,
        pytest.warns(UserWarning, match="tried to use socket"),
        pytest.raises(SocketConnectBlockedError),
    ):
        outside.connect(("192.0.2.1", 80))


def test_the_mail_server_keeps_what_it_accepted(smtp_server: MailServer) -> None:
    with smtplib.SMTP("127.0.0.1", smtp_server.port) as client:
        client.sendmail("a@firm.example", ["b@client.example"], MAIL)

    (mail,) = smtp_server.wait_for(1, to="b@client.example")
    assert mail.message["subject"] == "Bientôt"
    assert mail.text.strip() == "Bonjour"


def test_the_mail_server_refuses_and_then_accepts(smtp_server: MailServer) -> None:
    smtp_server.refuse(451, "Not now.", at="data")
    with smtplib.SMTP("127.0.0.1", smtp_server.port) as client:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("a@firm.example", ["b@client.example"], MAIL)
        assert refused.value.smtp_code == 451
        assert smtp_server.messages == []

        smtp_server.accept()
        client.sendmail("a@firm.example", ["b@client.example"], MAIL)

    assert len(smtp_server.messages) == 1
    assert len(smtp_server.received) == 2


def test_each_point_of_a_conversation_can_be_caught(smtp_server: MailServer) -> None:
    reached: list[str] = []
    for point in ("hello", "mail", "rcpt", "data", "accepted", "quit"):
        smtp_server.on(point, lambda point=point: reached.append(point))

    with smtplib.SMTP("127.0.0.1", smtp_server.port) as client:
        client.sendmail("a@firm.example", ["b@client.example"], MAIL)

    assert reached == ["hello", "mail", "rcpt", "data", "accepted", "quit"]


def test_a_mail_server_that_went_away_comes_back_at_the_same_address(
    smtp_server: MailServer,
) -> None:
    smtp_server.stop()
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("127.0.0.1", smtp_server.port)

    smtp_server.start()
    with smtplib.SMTP("127.0.0.1", smtp_server.port) as client:
        assert client.noop()[0] == 250


def test_time_moves_only_when_told(freeze: Moment) -> None:
    before = clock.now()
    assert clock.now() == before

    freeze.forward(days=21)
    assert clock.now() - before == timedelta(days=21)


class TestDatabases:
    def test_what_one_test_writes_is_not_in_the_copy_of_another(self, database: Database) -> None:
        database.rows("CREATE TABLE left_behind (n integer)")
        other = database.copy() if database.vendor == "sqlite" else None
        assert database.rows("SELECT count(*) FROM left_behind") == [(0,)]
        if other:
            other.drop()

    def test_the_next_test_does_not_see_it(self, database: Database) -> None:
        with pytest.raises(Exception, match="left_behind"):
            database.rows("SELECT count(*) FROM left_behind")

    def test_django_works_in_the_copy(self, database: Database) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            if database.vendor == "postgresql":
                cursor.execute("SELECT current_database()")
            else:
                cursor.execute("SELECT file FROM pragma_database_list WHERE name = 'main'")
            assert cursor.fetchone() == (database.name,)

    def test_the_owner_of_the_tables_can_not_look_over_the_wall(self, database: Database) -> None:
        if database.vendor == "sqlite":
            pytest.skip("SQLite has no roles")
        owner = "SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = ?"
        assert database.rows(owner, "vestibule_owner") == [(False, False, True)]


@pytest.mark.browser
class TestBrowser:
    def test_it_shows_both_themes(self, new_page: NewPage) -> None:
        asked = "() => matchMedia('(prefers-color-scheme: dark)').matches"
        assert new_page(theme="dark").evaluate(asked) is True
        assert new_page(theme="light").evaluate(asked) is False

    def test_axe_finds_a_picture_without_words(
        self, page: Page, axe: Callable[..., list[str]]
    ) -> None:
        page.set_content("<html lang=en><title>t</title><main><h1>h</h1><img src='data:,'></main>")
        assert [found.split(": ")[:2] for found in axe(page)] == [
            ["light", "image-alt"],
            ["dark", "image-alt"],
        ]

    def test_a_page_that_asks_another_machine_is_noticed(self, new_page: NewPage) -> None:
        page = new_page(may_complain=True)
        page.route("**/*", lambda route: route.abort())
        complaints: list[str] = []
        listen(page, complaints)

        page.set_content("<html lang=en><title>t</title><img src='http://192.0.2.1/a.png'>")

        assert any("asked http://192.0.2.1/a.png" in said for said in complaints)
