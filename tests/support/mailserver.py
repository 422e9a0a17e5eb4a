"""A real SMTP server on a free port of this machine, which keeps what it is given.

    smtp_server.refuse(451, "Try again later.")     # until .accept()
    smtp_server.on("data", lambda: os.kill(pid, signal.SIGKILL))
    pause = smtp_server.pause("data"); pause.wait(); …; pause.go()

Points of the conversation: `hello`, `mail`, `rcpt`, `data` (the whole mail is here, its 250 is
not sent yet), `accepted` (the 250 is sent), `quit`. The conversation waits for what runs there.
"""

import asyncio
import email
import email.policy
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support import processes

POINTS = ("hello", "mail", "rcpt", "data", "accepted", "quit")


@dataclass(frozen=True)
class Mail:
    """One mail as it came in: the envelope's addresses and the parsed message."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    raw: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """Return the plain-text part."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """Return the HTML part."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part else ""


class Pause:
    """A conversation that stands still at one point until `go()`."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._go = threading.Event()

    def wait(self, seconds: float = 20) -> None:
        """Wait until a conversation has reached the point."""
        assert self._reached.wait(seconds), "no mail came as far as this point"

    def go(self) -> None:
        """Let it go on."""
        self._go.set()

    def __call__(self) -> None:
        self._reached.set()
        self._go.wait(60)


class MailServer:
    """What tests see of the server."""

    def __init__(self) -> None:
        self.port = processes.free_port()
        self.messages: list[Mail] = []
        """Mails that were answered with 250."""
        self.received: list[Mail] = []
        """Every mail that came in whole, whatever was answered."""
        self._refusals: dict[str, str] = {}
        self._hooks: dict[str, list[Callable[[], object]]] = defaultdict(list)
        self._pauses: list[Pause] = []
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """Return what VESTIBULE_SMTP_URL must say."""
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin to listen, on the same port every time."""
        self._controller = _Listener(_Handler(self), hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Stop listening: connections are refused from now on."""
        for pause in self._pauses:
            pause.go()
        if self._controller:
            self._controller.stop()
            self._controller = None

    def refuse(self, code: int = 451, text: str = "Try again later.", *, at: str = "data") -> None:
        """Answer this at one point (`mail`, `rcpt` or `data`) until `accept()`."""
        assert at in ("mail", "rcpt", "data"), at
        self._refusals[at] = f"{code} {text}"

    def accept(self) -> None:
        """Refuse nothing any more."""
        self._refusals.clear()

    def on(self, point: str, deed: Callable[[], object]) -> None:
        """Run `deed` whenever a conversation reaches the point, before it goes on."""
        assert point in POINTS, point
        self._hooks[point].append(deed)

    def pause(self, point: str) -> Pause:
        """Let conversations stand still at the point until the pause says `go()`."""
        pause = Pause()
        self._pauses.append(pause)
        self.on(point, pause)
        return pause

    def clear(self) -> None:
        """Forget hooks, refusals and mails."""
        self._hooks.clear()
        self._refusals.clear()
        self.messages.clear()
        self.received.clear()

    def wait_for(self, count: int = 1, *, to: str | None = None, seconds: float = 30) -> list[Mail]:
        """Wait until `count` mails were accepted (for one address), and return those."""
        deadline = time.monotonic() + seconds
        while True:
            found = [mail for mail in self.messages if to is None or to in mail.recipients]
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, f"{len(found)} of {count} mails came"
            time.sleep(0.02)

    async def reach(self, point: str) -> str | None:
        """Run what waits at this point; return the refusal to answer there, if any."""
        loop = asyncio.get_running_loop()
        for deed in list(self._hooks[point]):
            await loop.run_in_executor(None, deed)
        return self._refusals.get(point)


class _Listener(Controller):
    def factory(self) -> SMTP:
        return _Conversation(self.handler, enable_SMTPUTF8=True, hostname="localhost")


class _Conversation(SMTP):
    async def smtp_DATA(self, arg: str) -> None:
        handler = cast("_Handler", self.event_handler)
        before = len(handler.server.messages)
        await super().smtp_DATA(arg)
        if len(handler.server.messages) > before:
            await handler.server.reach("accepted")


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self.server = server

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        await self.server.reach("hello")
        return answers

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = await self.server.reach("mail")
        if refusal:
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = await self.server.reach("rcpt")
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = cast(bytes, envelope.content)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        mail = Mail(
            sender=str(envelope.mail_from),
            recipients=tuple(envelope.rcpt_tos),
            message=cast(EmailMessage, message),
            raw=raw,
        )
        self.server.received.append(mail)
        refusal = await self.server.reach("data")
        if refusal:
            return refusal
        self.server.messages.append(mail)
        return "250 Kept"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await self.server.reach("quit")
        return "221 Bye"

    async def handle_exception(self, error: Exception) -> str:
        # A client that was killed in the middle is what some tests want.
        return "451 the conversation broke off"


@pytest.fixture
def smtp_server() -> Iterator[MailServer]:
    """Give a mail server of this test's own, listening."""
    server = MailServer()
    server.start()
    yield server
    server.stop()
