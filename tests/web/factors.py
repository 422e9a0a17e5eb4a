"""How tests come to second factors, by the real actions, and what an application would show."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client

from tests.web.pages import PREFIX, stranger
from tests.world import FirmOfTheWorld
from vestibule import clock
from vestibule.directory.actions import second_factors
from vestibule.directory.factors import Factors, factors_of
from vestibule.directory.policies.second_factor import code_of, new_app_secret

SIGN_IN = f"{PREFIX}/sign-in/"
CODE = f"{PREFIX}/sign-in/code/"
ACCOUNT = f"{PREFIX}/account/"
SECOND = f"{PREFIX}/account/second-factor/"
CONFIRM = f"{PREFIX}/account/confirm/"


@dataclass
class App:
    """An authenticator application on somebody's telephone."""

    secret: str

    def code(self, *, ahead: float = 0) -> str:
        """Return what it shows now, or will show in so many seconds."""
        return code_of(self.secret, clock.now() + timedelta(seconds=ahead))

    def next_code(self) -> str:
        """Return the code after the one shown now, which the server takes as well."""
        return self.code(ahead=30)

    def wrong_code(self) -> str:
        """Return a code that is none of those that would be taken."""
        right = {self.code(ahead=step * 30) for step in range(-2, 4)}
        return next(f"{number:06}" for number in range(10) if f"{number:06}" not in right)


def give_app(firm: FirmOfTheWorld, name: str) -> App:
    """Give somebody an authenticator application; its present code is used up by that."""
    app = App(new_app_secret())
    second_factors.add_app(firm.actor(name), firm.user(name), secret=app.secret, code=app.code())
    return app


def give_codes(firm: FirmOfTheWorld, name: str) -> tuple[str, ...]:
    """Make recovery codes for somebody who has a second factor."""
    return second_factors.make_recovery_codes(firm.actor(name), firm.user(name))


def factors(firm: FirmOfTheWorld, name: str) -> Factors:
    """Return what somebody has now."""
    with firm.scope():
        return factors_of(firm.user(name))


def with_password(firm: FirmOfTheWorld, name: str, password: str) -> Client:
    """Return a browser in which the password was given, and nothing else yet."""
    client = stranger()
    client.post(f"/f/{firm.slug}/sign-in/", {"email": firm.emails[name], "password": password})
    return client


def is_in(client: Client, prefix: str = PREFIX) -> bool:
    """Return whether somebody is signed in in this browser."""
    answer: Any = client.get(f"{prefix}/account/second-factor/")
    return bool(answer.status_code == 200)
