"""How the tests of the users' pages walk the wizard, read mails and ask what the database holds."""

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.test import Client

from tests.web.place_pages import PREFIX, signed_in
from tests.web.place_pages import text_of as words_of
from tests.world import FirmOfTheWorld, World
from vestibule import sealing
from vestibule.directory.actions import jobs
from vestibule.directory.models import Event, OutboxMessage, User

__all__ = ["PREFIX", "Letter", "Wizard", "signed_in"]

PERSON = {
    "last_name": "Marchand",
    "first_name": "Elodie",
    "email": "elodie.marchand@clients.example",
    "phone": "06 12 34 56 78",
    "language": "en",
    "type": "administrator",
}


def text_of(answer: Any) -> str:
    """Return the words of a page as they are read: a bold word has no space before its full stop."""
    return re.sub(r" ([.,;?])", r"\1", words_of(answer))


def follow(client: Client, answer: Any) -> Any:
    """Return the page that an accepted form leads to."""
    assert answer.status_code == 303, text_of(answer)
    return client.get(answer["Location"])


def stranger(**how: Any) -> Client:
    """Return a browser of its own, which speaks English; nobody is signed in."""
    return Client(headers={"accept-language": "en"}, **how)


class Wizard:
    """The six steps, sent as a browser without scripts sends them."""

    start = f"{PREFIX}/users/new/"

    def __init__(self, client: Client, world: World) -> None:
        self.client = client
        self.world = world
        answer = client.post(self.start)
        assert answer.status_code == 303, text_of(answer)
        self.draft = answer["Location"].split("/")[-3]

    def url(self, step: str) -> str:
        return f"{self.start}{self.draft}/{step}/"

    def get(self, step: str, **query: str) -> Any:
        return self.client.get(self.url(step), query)

    def post(self, step: str, **typed: Any) -> Any:
        return self.client.post(self.url(step), typed)

    def company(self, name: str = "a") -> "Wizard":
        self._went_on(self.post("company", company=self.world.morel.places[name]))
        return self

    def identity(self, **typed: str) -> "Wizard":
        self._went_on(self.post("identity", **{**PERSON, **typed}))
        return self

    def companies(self, *names: str) -> "Wizard":
        ids = [self.world.morel.places[name] for name in names or ("a",)]
        self._went_on(self.post("companies", companies=ids, go="next"))
        return self

    def applications(self, *names: str) -> "Wizard":
        self._went_on(self.post("applications", applications=names))
        return self

    def to_summary(self, **typed: str) -> "Wizard":
        """Answer the first four steps: one company, two applications."""
        return self.company().identity(**typed).companies("a").applications("payroll", "documents")

    def confirm(self, *, when: str = "now", send_mail: bool = True) -> Any:
        """Confirm and return the receipt."""
        ticked = {"send_mail": "on"} if send_mail else {}
        return follow(self.client, self.post("summary", when=when, **ticked))

    def _went_on(self, answer: Any) -> None:
        assert answer.status_code == 303, text_of(answer)


class ClientsWizard(Wizard):
    """The steps of a client's administrator, who decides nothing about the activation."""

    start = f"{PREFIX}/people/new/"

    def ask(self) -> Any:
        """Ask for what was answered and return the receipt."""
        return follow(self.client, self.post("summary"))


def user_of(firm: FirmOfTheWorld, email: str) -> User | None:
    """Return the firm's user with exactly this address, as the database has him now."""
    with firm.scope():
        return User.objects.filter(firm_id=firm.id, canonical_email=email).first()


def created(world: World, email: str = PERSON["email"]) -> User:
    """Return the user whom a wizard just made."""
    user = user_of(world.morel, email)
    assert user is not None
    return user


def users_total(world: World) -> int:
    with world.scope():
        return User.objects.filter(firm_id=world.morel.id).count()


@dataclass(frozen=True)
class Letter:
    """A mail that waits in the outbox, opened with the sealing key."""

    kind: str
    to: str
    subject: str
    text: str
    html: str
    language: str

    @property
    def path(self) -> str:
        """Return the path of its one link."""
        found = re.search(r"http://testserver(/\S+/)", self.text)
        assert found, self.text
        return found.group(1)


def letters(firm: FirmOfTheWorld) -> list[Letter]:
    """Return the mails that wait in a firm's outbox, the oldest first."""
    with firm.scope():
        rows = OutboxMessage.objects.filter(firm_id=firm.id, sealed__isnull=False)
        told = [
            (row.kind, json.loads(sealing.unseal(bytes(row.sealed or b""))))
            for row in rows.order_by("created_at", "pk")
        ]
    return [
        Letter(kind, **{key: letter[key] for key in ("to", "subject", "text", "html", "language")})
        for kind, letter in told
    ]


def do_jobs() -> None:
    """Let the worker do what pages put off to it."""
    while jobs.do_due("test"):
        pass


def events_of(firm: FirmOfTheWorld, user_id: UUID) -> list[Event]:
    """Return what is written in the audit trail about a user, the oldest first."""
    with firm.scope():
        about = Event.objects.filter(firm_id=firm.id, object_type="user", object_id=str(user_id))
        return list(about.order_by("sequence"))


def without_tokens(answer: Any) -> str:
    """Return a page without what differs each time: the form's token and the nonce."""
    page = re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", answer.content.decode())
    return re.sub(r'nonce="[^"]+"', "", page)
