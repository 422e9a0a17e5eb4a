"""A mail as it leaves: the firm's sender name, where answers go, and its logo inside the mail."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as READING
from typing import Any

import pytest

from vestibule.directory.actions.outbox import Letter
from vestibule.directory.letters import LOGO_CID
from vestibule.work.sender import written

PNG = b"\x89PNG\r\n\x1a\n and the rest of a picture"


def letter(**how: Any) -> Letter:
    return Letter(
        **{
            "message_id": "<1@portal.example>",
            "created_at": datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
            "to": "solene@client.example",
            "to_name": "Solène Fontaine",
            "from_name": "Cabinet Lemoine",
            "subject": "An access",
            "text": "Hello",
            "html": f'<p><img src="cid:{LOGO_CID}" alt="Cabinet Lemoine">Hello</p>',
            "language": "en",
            **how,
        }
    )


def read(one: Letter) -> EmailMessage:
    """Return the mail as its reader's program takes it apart."""
    raw = written(one, utf8_addresses=False).as_bytes()
    read_again = message_from_bytes(raw, policy=READING)  # type: ignore[arg-type]
    assert isinstance(read_again, EmailMessage)
    return read_again


def kinds(mail: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in mail.walk()]


def test_answers_go_to_the_firms_address_and_the_sender_stays_the_servers() -> None:
    mail = read(letter(from_name="Paie Lemoine", reply_to="paie@lemoine.example"))

    assert mail["Reply-To"] == "paie@lemoine.example"
    assert mail["From"].addresses[0].display_name == "Paie Lemoine"
    assert "lemoine.example" not in str(mail["From"])


def test_without_an_address_for_answers_there_is_no_such_header() -> None:
    assert read(letter())["Reply-To"] is None


@pytest.mark.parametrize(
    "name", ["Lemoine\r\nBcc: all@evil.example", "Lemoine\nX: y", "a\x00b", "Lemoine\u2028Bcc: x"]
)
def test_a_senders_name_never_becomes_a_header(name: str) -> None:
    mail = read(letter(from_name=name))

    assert mail["Bcc"] is None
    assert mail["X"] is None
    assert len(mail["From"].addresses) == 1


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nBcc: all@evil.example", "a@b.example, c@d.example"]
)
def test_an_address_for_answers_never_becomes_a_header(address: str) -> None:
    with pytest.raises(ValueError, match=r"CR or LF|address|Invalid|invalid"):
        written(letter(reply_to=address), utf8_addresses=False)


def test_the_logo_travels_inside_the_mail_beside_the_part_that_shows_it() -> None:
    mail = read(letter(logo=PNG))

    assert kinds(mail) == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == f"<{LOGO_CID}>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_payload(decode=True) == PNG
    assert mail["Content-Language"] == "en"


def test_without_a_logo_the_mail_has_its_two_parts_only() -> None:
    assert kinds(read(letter())) == ["multipart/alternative", "text/plain", "text/html"]
