"""How the tests of the pages about places come in and read what they get."""

import html
import re
from typing import Any

from django.test import Client

from tests.world import World

PREFIX = "/f/morel"


def signed_in(world: World, name: str, slug: str = "morel") -> Client:
    """Return a browser in which a person of the world has signed in by the page."""
    client = Client()
    firm = getattr(world, slug)
    answer = client.post(
        f"/f/{slug}/sign-in/", {"email": firm.emails[name], "password": world.password}
    )
    assert answer.status_code == 302, text_of(answer)
    return client


def text_of(answer: Any) -> str:
    """Return the words of a page, without its tags and with single spaces."""
    without = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
    words = html.unescape(re.sub(r"<[^>]+>", " ", without))
    return " ".join(words.split())


def follow(client: Client, answer: Any) -> Any:
    """Return the page that an accepted form leads to."""
    assert answer.status_code == 303, text_of(answer)
    return client.get(answer["Location"])
