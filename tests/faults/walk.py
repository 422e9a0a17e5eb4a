"""The wizard walked up to its summary through its pages, in this process or at a served application."""

from typing import Protocol

from django.test import Client

from tests.faults.children.visitor import Answer
from tests.world import World


class Posts(Protocol):
    def post(self, path: str, data: dict[str, str] | list[tuple[str, str]]) -> Answer: ...


class Inside:
    """Django's test client with the face of a visitor."""

    def __init__(self) -> None:
        self.client = Client()

    @property
    def cookies(self) -> dict[str, str]:
        return {name: morsel.value for name, morsel in self.client.cookies.items()}

    def get(self, path: str) -> Answer:
        return self._told(self.client.get(path))

    def head(self, path: str) -> Answer:
        return self._told(self.client.head(path))

    def post(self, path: str, data: dict[str, str] | list[tuple[str, str]]) -> Answer:
        fields: dict[str, list[str]] = {}
        for name, value in data.items() if isinstance(data, dict) else data:
            fields.setdefault(name, []).append(value)
        return self._told(self.client.post(path, fields))

    @staticmethod
    def _told(response: object) -> Answer:
        return Answer(
            response.status_code,  # type: ignore[attr-defined]
            response.headers.get("Location", ""),  # type: ignore[attr-defined]
            response.content.decode(),  # type: ignore[attr-defined]
        )


def sign_in(visitor: Posts, world: World, name: str) -> None:
    """Sign a person of the first firm in, by his password."""
    answer = visitor.post(
        f"/f/{world.morel.slug}/sign-in/",
        {"email": world.morel.emails[name], "password": world.password},
    )
    assert answer.status == 302, answer.text


CONFIRMED = {"when": "now", "send_mail": "on"}


def to_the_summary(visitor: Posts, world: World, email: str) -> str:
    """Walk a fresh draft up to its summary, for access to both companies; return its address."""
    place = {name: str(world.morel.places[name]) for name in ("a", "b")}
    answer = visitor.post(f"/f/{world.morel.slug}/users/new/", {})
    identity = {"last_name": "Kervella", "first_name": "Anne", "email": email}
    steps: list[list[tuple[str, str]]] = [
        [("company", place["a"])],
        [*identity.items(), ("phone", ""), ("language", "fr"), ("type", "standard")],
        [("companies", place["a"]), ("companies", place["b"]), ("go", "next")],
        [("applications", "payroll"), ("applications", "documents")],
    ]
    for typed in steps:
        answer = visitor.post(answer.location, typed)
        assert answer.status == 303, answer.text
    assert answer.location.endswith("/summary/")
    return answer.location
