"""`page.users` and `login`: processor time of whole requests in this process."""

import time
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection
from django.test import Client

from bench.grounds import PASSWORD
from bench.measuring import in_turn, line

PREFIX = "/f/demo"
SIGN_IN = f"{PREFIX}/sign-in/"


def signed_in(email: str = "staff@demo.example") -> Client:
    """Return a browser in which a demo person has signed in."""
    browser = Client()
    answer = browser.post(SIGN_IN, {"email": email, "password": PASSWORD})
    if answer.status_code != 302:
        raise SystemExit(f"{email} could not sign in: {answer.status_code}")
    return browser


def _got(answer: Any) -> None:
    if answer.status_code != 200:
        raise SystemExit(f"a page answered {answer.status_code}")


def users_page(*, size: str, users: int) -> str:
    """Measure the list of users with 50 rows; its floor is the same page with nobody on it."""
    browser = signed_in()

    def full() -> None:
        _got(browser.get(f"{PREFIX}/users/"))

    def empty() -> None:
        _got(browser.get(f"{PREFIX}/users/", {"q": "qqzzxx"}))

    value, floor = in_turn(full, empty, times=40, timer=time.process_time, warm=5)
    return line(
        "page.users",
        size,
        value,
        floor,
        users=users,
        database=connection.vendor,
        queries=_queries(full),
        limit=25,
    )


def _queries(call: Any) -> int:
    count = 0

    def counting(execute: Any, *arguments: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*arguments)

    with connection.execute_wrapper(counting):
        call()
    return count


def login(*, size: str, users: int) -> str:
    """Measure a whole sign-in; its floor is checking the password alone."""
    encoded = make_password(PASSWORD)

    def bare() -> None:
        check_password(PASSWORD, encoded)

    value, floor = in_turn(signed_in, bare, times=15, timer=time.process_time, warm=2)
    return line(
        "login",
        size,
        value,
        floor,
        users=users,
        database=connection.vendor,
        limit=round(floor.middle * 1e3 + 10, 3),
    )
