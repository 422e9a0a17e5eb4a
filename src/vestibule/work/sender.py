"""Sends mails over SMTP. The steps are small functions, one after the other: claim, open, hand over, settle.

A kill between two of them loses nothing: before the mail server's 250 the lease lapses and another
worker sends; between the 250 and our commit the mail goes out again with the same Message-ID.
"""

import logging
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from enum import StrEnum

from django.conf import settings
from email_validator import validate_email

from vestibule import actor
from vestibule.conf import SmtpAddress
from vestibule.directory.actions import outbox
from vestibule.directory.actions.outbox import Claim, Letter
from vestibule.directory.letters import LOGO_CID
from vestibule.outage import is_database_away

log = logging.getLogger("vestibule.work")

BATCH = 20
TALK_TIMEOUT_SECONDS = 10
DATA_TIMEOUT_SECONDS = 25
"""The three short answers and this one together stay within the lease."""


class MailServerAway(Exception):
    """The mail server cannot be talked to at all; no mail is to blame, none is counted as tried."""


class Outcome(StrEnum):
    HANDED_OVER = "handed over"
    REFUSED = "refused"
    PUT_OFF = "put off"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one mail, and what the mail server said."""

    outcome: Outcome
    reason: str = ""
    connection_lost: bool = False


@contextmanager
def connected(address: SmtpAddress) -> Iterator[smtplib.SMTP]:
    """Open one conversation for a whole batch. Raises `MailServerAway`, naming no password."""
    try:
        server = _connect(address)
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerAway(f"{address.host}:{address.port}: {_words_of(error)}") from error
    try:
        yield server
    finally:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _connect(address: SmtpAddress) -> smtplib.SMTP:
    if address.implicit_tls:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            address.host,
            address.port,
            timeout=TALK_TIMEOUT_SECONDS,
            context=ssl.create_default_context(),
        )
    else:
        server = smtplib.SMTP(address.host, address.port, timeout=TALK_TIMEOUT_SECONDS)
    try:
        server.ehlo_or_helo_if_needed()
        if address.starttls:
            server.starttls(context=ssl.create_default_context())
        if address.user:
            server.login(address.user, address.password)
    except BaseException:
        server.close()
        raise
    return server


def written(letter: Letter, *, utf8_addresses: bool) -> EmailMessage:
    """Return the mail as it goes out. Raises `ValueError` when the address cannot be written."""
    message = EmailMessage(policy=SMTPUTF8 if utf8_addresses else SMTP)
    message["From"] = Address(_inert(letter.from_name), addr_spec=settings.VESTIBULE.mail_from)
    if letter.reply_to:
        message["Reply-To"] = Address(addr_spec=letter.reply_to)
    message["To"] = Address(_inert(letter.to_name), addr_spec=letter.to)
    message["Subject"] = _inert(letter.subject)
    message["Date"] = letter.created_at
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    if letter.html:
        message.add_alternative(
            letter.html, subtype="html", charset="utf-8", cte="quoted-printable"
        )
    html_part = message.get_body(("html",))
    if html_part is not None and letter.logo:
        html_part.add_related(letter.logo, maintype="image", subtype="png", cid=f"<{LOGO_CID}>")
    # Last: making the mail one of two parts moves every earlier Content- header into the first.
    message["Content-Language"] = letter.language
    return message


def _inert(text: str) -> str:
    """Return one line without control characters: a name cannot become a header."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def open_letter(claim: Claim) -> Letter | None:
    """Read and unseal the claimed mail; nothing stays open afterwards."""
    return outbox.open_letter(claim)


def hand_to(server: smtplib.SMTP, letter: Letter) -> Answer:
    """Speak SMTP for one mail, up to the server's answer for the whole of it.

    A 5xx to the recipient or the content is final. One to the sender is about our set-up and not
    about this mail: it is tried again.
    """
    letter = replace(letter, to=_with_ascii_domain(letter.to))
    needs_utf8 = not letter.to.isascii()
    if needs_utf8 and not server.has_extn("smtputf8"):
        return Answer(
            Outcome.REFUSED, "The mail server does not take addresses beyond ASCII (SMTPUTF8)."
        )
    try:
        raw = written(letter, utf8_addresses=needs_utf8).as_bytes()
    except (ValueError, MessageError) as error:
        return Answer(Outcome.REFUSED, f"The mail cannot be written: {error}")

    try:
        _talk(server, letter.to, raw, needs_utf8=needs_utf8)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = error.recipients[letter.to]
        return _of_code(code, words)
    except smtplib.SMTPDataError as error:
        return _of_code(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return Answer(Outcome.PUT_OFF, _words_of(error), connection_lost=_is_lost(server, error))
    return Answer(Outcome.HANDED_OVER)


def _with_ascii_domain(address: str) -> str:
    """Return the address with an international domain in its ASCII form, which every server takes."""
    if address.isascii():
        return address
    checked = validate_email(address, check_deliverability=False, test_environment=True)
    return f"{checked.local_part}@{checked.ascii_domain}"


def _talk(server: smtplib.SMTP, to: str, raw: bytes, *, needs_utf8: bool) -> None:
    """MAIL, RCPT, DATA. Raises what smtplib raises; returns only after a 250 for the content."""
    options = ["SMTPUTF8", "BODY=8BITMIME"] if needs_utf8 else []
    sender = settings.VESTIBULE.mail_from
    code, words = server.mail(sender, options)
    if code != 250:
        server.rset()
        raise smtplib.SMTPSenderRefused(code, words, sender)
    code, words = server.rcpt(to)
    if code not in (250, 251):
        server.rset()
        raise smtplib.SMTPRecipientsRefused({to: (code, words)})
    assert server.sock is not None
    server.sock.settimeout(DATA_TIMEOUT_SECONDS)
    try:
        code, words = server.data(raw)
    finally:
        if server.sock is not None:
            server.sock.settimeout(TALK_TIMEOUT_SECONDS)
    if code != 250:
        server.rset()
        raise smtplib.SMTPDataError(code, words)


def _of_code(code: int, words: bytes | str) -> Answer:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    final = 500 <= code < 600
    return Answer(
        Outcome.REFUSED if final else Outcome.PUT_OFF, f"{code} {said}", connection_lost=code == 421
    )


def _is_lost(server: smtplib.SMTP, error: Exception) -> bool:
    answered = isinstance(error, smtplib.SMTPResponseException) and error.smtp_code != 421
    return not answered or server.sock is None


def _words_of(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
    return f"{type(error).__name__}: {error}"


def settle(claim: Claim, answer: Answer) -> None:
    """Write down what became of the mail, in one transaction of its own."""
    worker = actor.system(claim.firm_id, "outbox")
    if answer.outcome is Outcome.HANDED_OVER:
        outbox.hand_over(worker, claim)
    elif answer.outcome is Outcome.REFUSED:
        outbox.refuse(worker, claim, reason=answer.reason)
    else:
        outbox.put_off(worker, claim, reason=answer.reason)


def send_one(server: smtplib.SMTP, claimed: Claim) -> bool:
    """Send one claimed mail; return whether the conversation can go on with the next."""
    claim = outbox.begin_attempt(claimed)
    if claim is None:
        return True  # withdrawn, or taken over by another worker
    if claim.attempts > outbox.MOST_ATTEMPTS:
        settle(claim, Answer(Outcome.PUT_OFF, "Every attempt ended with the end of its worker."))
        return True
    letter = open_letter(claim)
    if letter is None:
        return True
    answer = hand_to(server, letter)
    settle(claim, answer)
    if answer.outcome is not Outcome.HANDED_OVER:
        # The server's words often repeat the address; they stay on the mail's row.
        log.warning(
            "mail %s was %s (%s)", claim.id, answer.outcome, answer.reason.partition(" ")[0]
        )
    return not answer.connection_lost


def send_one_or_put_it_off(server: smtplib.SMTP, claimed: Claim) -> bool:
    """As `send_one`; a bug met at one mail is written down and does not hold up the others."""
    try:
        return send_one(server, claimed)
    except Exception as error:
        if is_database_away(error):
            raise
        log.exception("mail %s could not be sent", claimed.id)
        tried = replace(claimed, attempts=claimed.attempts + 1)
        settle(tried, Answer(Outcome.PUT_OFF, type(error).__name__))
        return False


def send_batch(worker: str, address: SmtpAddress, *, is_told_to_stop: Callable[[], bool]) -> int:
    """Send what is due, at most one batch over one connection; return how many were tried.

    What was claimed and not tried is given back, due at once. Raises `MailServerAway` before
    anything is claimed.
    """
    if not outbox.is_due():
        return 0
    tried = 0
    with connected(address) as server:
        claims = outbox.claim(worker, limit=BATCH)
        for claim in claims:
            if is_told_to_stop():
                break
            tried += 1
            if not send_one_or_put_it_off(server, claim):
                break
        outbox.give_back(claims[tried:])
    return tried
