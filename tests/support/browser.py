"""A real browser: Debian's Chromium, driven by Playwright. None is ever downloaded.

    def test_…(served, page, axe):
        page.goto(served.url("/f/demo/users/"))
        assert axe(page) == []                     # light and dark

A page that logs an error, is stopped by the Content Security Policy or asks another host for
anything fails its test. A failing test leaves a picture in `var/browser/`.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

HERE = Path(__file__).resolve().parent
PICTURES = HERE.parents[1] / "var" / "browser"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTS = {"localhost", "127.0.0.1", "::1", None}
# A refusal is an answer (403, 404, 422 …), which Chromium also reports as a failed load.
AN_ANSWER = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
FAILED = pytest.StashKey[bool]()

NewPage = Callable[..., Page]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once per session."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        pytest.fail("Chromium is missing; `scripts/setup --tests` installs it")
    # Playwright's loop runs in this thread; Django would take our own queries for async ones.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def new_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[NewPage]:
    """Give a function that opens a page with cookies of its own: another person, another machine.

    `new_page(theme="dark", locale="fr-FR", may_complain=False, **context)`.
    """
    opened: list[Page] = []
    complaints: list[str] = []

    def open_page(
        *,
        theme: str = "light",
        locale: str = "en-GB",
        may_complain: bool = False,
        **context: Any,
    ) -> Page:
        context.setdefault("viewport", {"width": 1280, "height": 900})
        page = browser.new_context(color_scheme=theme, locale=locale, **context).new_page()
        page.set_default_timeout(10_000)
        opened.append(page)
        if not may_complain:
            listen(page, complaints)
        return page

    yield open_page

    if request.node.stash.get(FAILED, False):
        for number, page in enumerate(opened, 1):
            _keep(page, f"{request.node.name}-{number}")
    for page in opened:
        page.context.close()
    assert not complaints, "the browser complained:\n" + "\n".join(complaints)


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """Give a page in the light theme, in English."""
    return new_page()


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """Give `axe(page, themes=("light", "dark"))`: what axe-core finds, one line for each."""
    source = (HERE / "axe.min.js").read_text(encoding="utf-8")

    def violations(page: Page, *, themes: tuple[str, ...] = ("light", "dark")) -> list[str]:
        found = []
        for theme in themes:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            page.wait_for_timeout(50)  # one frame for what listens to the change
            page.evaluate(f"{source}; undefined")
            result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            found += [
                f"{theme}: {violation['id']}: {violation['help']}: {node['html'][:200]}"
                for violation in result["violations"]
                for node in violation["nodes"]
            ]
        page.emulate_media(color_scheme="light")
        return found

    return violations


def listen(page: Page, complaints: list[str]) -> None:
    """Note what the page logs as an error, throws, or asks of another host."""

    def console(message: ConsoleMessage) -> None:
        if message.type == "error" and not AN_ANSWER.search(message.text):
            complaints.append(f"{page.url}: {message.text}")

    def request(asked: Request) -> None:
        address = urlsplit(asked.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in HOSTS:
            complaints.append(f"{page.url} asked {asked.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("request", request)


def _keep(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    safe = re.sub(r"[^\w.-]+", "_", name)[:120]
    page.screenshot(path=PICTURES / f"{safe}.png", full_page=True)
