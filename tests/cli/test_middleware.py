"""Around every page: the right firm, the right session, the right person, the right size."""

import asyncio
import dataclasses
from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cli.firms import administrator_of, an_open_firm
from tests.support import loops
from tests.support.databases import Database, migrate
from tests.support.moments import Moment
from vestibule import asgi
from vestibule.directory.models import Firm, FirmHost, Session, User
from vestibule.directory.scope import firm_scope
from vestibule.directory.sessions import SessionStore, hash_of

pytestmark = pytest.mark.usefixtures("database")
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def pages(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.cli.pages"


@pytest.fixture
def firm(database: Database) -> Firm:
    return an_open_firm("alpha")


@pytest.fixture
def other(database: Database) -> Firm:
    return an_open_firm("beta")


def sign_in(client: Client, firm: Firm, user: User) -> str:
    """Give the browser a session of this user at this firm; return its key."""
    with firm_scope(firm):
        session = SessionStore(firm=firm)
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = BACKEND
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        session.save()
    assert session.session_key
    client.cookies[f"vestibule_{firm.slug}"] = session.session_key
    return session.session_key


def rows_of(firm: Firm) -> list[Session]:
    with firm_scope(firm):
        return list(Session.objects.filter(firm_id=firm.pk))


# --- the firm ---------------------------------------------------------------------------------


def test_a_path_leads_to_its_firm_and_every_link_stays_under_it(client: Client, firm: Firm) -> None:
    answer = client.get("/f/alpha/").json()

    assert (answer["firm"], answer["home"], answer["in_scope"]) == ("alpha", "/f/alpha/", True)


def test_the_prefix_of_one_request_is_gone_at_the_next(
    client: Client, firm: Firm, other: Firm
) -> None:
    client.get("/f/alpha/")

    assert client.get("/f/beta/").json()["home"] == "/f/beta/"


def test_a_mapped_host_leads_to_its_firm_without_a_prefix(client: Client, firm: Firm) -> None:
    FirmHost.objects.create(host="portal.alpha.example", firm=firm)

    answer = client.get("/", headers={"host": "portal.alpha.example"}).json()

    assert (answer["firm"], answer["home"]) == ("alpha", "/")


def test_another_firm_is_not_reached_through_a_mapped_host(
    client: Client, firm: Firm, other: Firm
) -> None:
    FirmHost.objects.create(host="portal.alpha.example", firm=firm)

    assert client.get("/f/beta/", headers={"host": "portal.alpha.example"}).status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "a b", "x" * 300, "[::"]
)
def test_a_forged_host_is_refused_and_not_repeated(client: Client, firm: Firm, host: str) -> None:
    for path in ("/", "/f/alpha/"):
        answer = client.get(path, headers={"host": host})

        assert answer.status_code == 400
        assert "evil" not in answer.content.decode()


def test_forwarded_headers_change_nothing(client: Client, firm: Firm) -> None:
    answer = client.get(
        "/f/alpha/", headers={"x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}
    )

    assert answer.json()["firm"] == "alpha"


def test_an_unknown_firm_is_the_same_answer_as_an_absent_page(client: Client, firm: Firm) -> None:
    unknown_firm = client.get("/f/nobody/")
    absent_page = client.get("/nothing/")

    assert unknown_firm.status_code == absent_page.status_code == 404
    assert unknown_firm.templates[0].name == absent_page.templates[0].name == "404.html"
    assert "nobody" not in unknown_firm.content.decode()


@pytest.mark.parametrize("path", ["/length/", "/f/ALPHA/", "/f/al%00pha/", "/f//"])
def test_no_page_of_a_firm_is_reached_without_its_firm(
    client: Client, firm: Firm, path: str
) -> None:
    assert client.get(path).status_code == 404


def test_a_firms_address_without_its_slash_leads_to_the_one_with_it(
    client: Client, firm: Firm
) -> None:
    assert client.get("/f/alpha").headers["location"] == "/f/alpha/"


def test_a_view_that_opens_its_own_scope_finds_none_open(client: Client, firm: Firm) -> None:
    sign_in(client, firm, administrator_of(firm))

    answer = client.get("/f/alpha/without-scope/").json()

    assert answer["in_scope"] is False
    assert answer["actor"] == "user"


def test_pages_of_a_firm_are_not_kept_by_browsers(client: Client, firm: Firm) -> None:
    assert client.get("/f/alpha/").headers["cache-control"] == "no-store"


# --- the root ---------------------------------------------------------------------------------


def test_the_root_leads_to_the_only_firm(client: Client, blank_database: Database) -> None:
    migrate(blank_database)
    an_open_firm("alpha")

    assert client.get("/").headers["location"] == "/f/alpha/"


def test_the_root_leads_to_the_default_firm(
    client: Client, firm: Firm, other: Firm, settings: Any
) -> None:
    settings.VESTIBULE = dataclasses.replace(settings.VESTIBULE, default_firm="beta")

    assert client.get("/").headers["location"] == "/f/beta/"


def test_with_several_firms_the_root_asks_and_lists_nobody(
    client: Client, firm: Firm, other: Firm
) -> None:
    answer = client.get("/")

    assert answer.status_code == 200
    assert "alpha" not in answer.content.decode().lower()
    assert client.get("/?firm=Beta").headers["location"] == "/f/beta/"
    assert client.get("/?firm=//evil.example").status_code == 200


def test_the_supervisors_questions_are_answered_under_any_host(client: Client) -> None:
    for path in ("/healthz", "/readyz"):
        assert client.get(path, headers={"host": "10.0.0.7"}).status_code == 200


# --- sizes ------------------------------------------------------------------------------------


def test_a_body_over_one_megabyte_is_refused(client: Client, firm: Firm) -> None:
    too_large = client.post("/f/alpha/length/", b"x" * (1024 * 1024 + 1), content_type="text/plain")
    exactly = client.post("/f/alpha/length/", b"x" * (1024 * 1024), content_type="text/plain")

    assert too_large.status_code == 413
    assert (exactly.status_code, exactly.content) == (200, b"1048576")


def test_an_import_may_be_larger_and_not_without_end(client: Client, firm: Firm) -> None:
    def send(size: int) -> Any:
        return client.post("/f/alpha/upload/", {"file": SimpleUploadedFile("a.csv", b"x" * size)})

    assert send(3 * 1024 * 1024).content == b"3145728"
    assert send(20 * 1024 * 1024).status_code == 413


@pytest.mark.parametrize("length", ["-1", "many", "1e3"])
def test_a_length_that_is_no_number_is_refused(client: Client, firm: Firm, length: str) -> None:
    assert client.generic("POST", "/f/alpha/length/", CONTENT_LENGTH=length).status_code == 400


def test_a_body_without_a_length_is_refused(client: Client, firm: Firm) -> None:
    answer = client.generic(
        "POST", "/f/alpha/length/", headers={"transfer-encoding": "chunked"}, CONTENT_LENGTH=""
    )

    assert answer.status_code == 411


# --- bodies before any thread works on them ---------------------------------------------------

Message = MutableMapping[str, Any]


def a_dispatcher() -> asgi.Dispatcher:
    return asgi.Dispatcher(is_secure=False, trusted_proxies=0, threads=1)


class Caller:
    """One request at the dispatcher, sent in pieces; what is behind it notes which body reached it."""

    def __init__(self, *pieces: bytes, is_whole: bool = True, leaves: bool = False) -> None:
        self.messages: list[Message] = [
            {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
        ]
        if is_whole:
            self.messages.append({"type": "http.request", "body": b"", "more_body": False})
        if leaves:
            self.messages.append({"type": "http.disconnect"})
        self.reached: list[tuple[list[tuple[bytes, bytes]], bytes | None]] = []
        self.answer: list[Message] = []

    def asks(
        self,
        *headers: tuple[bytes, bytes],
        method: str = "POST",
        path: str = "/",
        dispatcher: asgi.Dispatcher | None = None,
    ) -> None:
        dispatcher = dispatcher or a_dispatcher()
        dispatcher.django = self._note  # type: ignore[assignment]
        scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
        loops.run(asyncio.wait_for(dispatcher(scope, self._receive, self._send), 10))

    async def _receive(self) -> Message:
        if not self.messages:
            await asyncio.Event().wait()  # still sending, as far as the server knows
        return self.messages.pop(0)

    async def _send(self, message: Message) -> None:
        self.answer.append(message)

    async def _note(self, scope: Message, receive: Any, send: Any) -> None:
        whole, more = b"", True
        try:
            while more:
                message = await receive()
                whole, more = whole + message["body"], message["more_body"]
        except OSError:
            self.reached.append((scope["headers"], None))
        else:
            self.reached.append((scope["headers"], whole))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @property
    def status(self) -> int:
        return int(self.answer[0]["status"])

    @property
    def is_closed(self) -> bool:
        return (b"connection", b"close") in self.answer[0]["headers"]


def of(length: int) -> tuple[bytes, bytes]:
    return b"content-length", str(length).encode()


def test_a_body_in_pieces_reaches_the_pages_whole() -> None:
    caller = Caller(b"first=1", b"&second=2")

    caller.asks(of(16))

    assert [body for _, body in caller.reached] == [b"first=1&second=2"]
    assert not caller.is_closed


def test_a_request_without_a_body_reaches_the_pages_with_none() -> None:
    caller = Caller()

    caller.asks(method="GET")

    assert [body for _, body in caller.reached] == [b""]


def test_a_body_whose_sender_left_half_way_reaches_nobody() -> None:
    caller = Caller(b"half", is_whole=False, leaves=True)

    caller.asks(of(900))

    assert (caller.reached, caller.answer) == ([], [])


def test_a_body_that_does_not_come_is_answered_in_time_and_the_line_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.1)
    caller = Caller(b"x", is_whole=False)

    caller.asks(of(1000))

    assert (caller.reached, caller.status, caller.is_closed) == ([], 408, True)
    assert b"Please send it again" in caller.answer[1]["body"]


def test_a_large_body_that_keeps_coming_is_given_time_for_what_has_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.1)
    monkeypatch.setattr(asgi, "SLOWEST_BYTES_A_SECOND", 100)
    steady, stuck = Caller(b"x" * 100), Caller(b"x" * 5, is_whole=False)
    end_of_steady = steady.messages.pop()

    async def a_little_later() -> Message:
        if steady.messages:
            return steady.messages.pop(0)
        await asyncio.sleep(0.3)
        return end_of_steady

    steady._receive = a_little_later  # type: ignore[method-assign]
    steady.asks(of(100))
    stuck.asks(of(100))

    assert (steady.status, stuck.status) == (200, 408)


def test_a_body_that_is_too_large_is_not_kept_and_never_taken_for_a_whole_one(
    settings: Any,
) -> None:
    settings.IMPORT_BODY_LIMIT_BYTES = 100
    exactly, announced, more = Caller(b"x" * 100), Caller(b"x" * 101), Caller(b"x" * 101)

    exactly.asks(of(100))
    announced.asks(of(101))
    more.asks(of(50))

    assert [body for _, body in exactly.reached] == [b"x" * 100]
    assert [body for _, body in announced.reached] == [None]
    assert [body for _, body in more.reached] == [None]


def test_a_body_that_is_too_large_is_read_away_for_a_short_time_only(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(asgi, "DRAIN_SECONDS", 0.1)
    settings.IMPORT_BODY_LIMIT_BYTES = 100
    caller = Caller(b"x", is_whole=False)

    caller.asks(of(101))

    assert [body for _, body in caller.reached] == [None]
    assert caller.is_closed


def test_a_body_in_chunks_has_no_length_that_could_be_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asgi, "DRAIN_SECONDS", 0.1)
    caller = Caller(b"more than five", is_whole=False)

    caller.asks(of(5), (b"transfer-encoding", b"chunked"))

    assert caller.reached == [([(b"transfer-encoding", b"chunked")], None)]
    assert caller.is_closed


def test_large_bodies_share_one_room_and_small_ones_need_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asgi, "ROOM_BYTES", 1000)
    small, room = asgi.SMALL_BODY_BYTES, asgi.SMALL_BODY_BYTES + 1000
    dispatcher = a_dispatcher()

    def send(size: int) -> Caller:
        caller = Caller(b"x" * small, b"x" * (size - small))
        caller.asks(of(size), dispatcher=dispatcher)
        return caller

    # Each gives its room back, whether it was let through or not.
    assert [send(size).status for size in (room, room + 1, room)] == [200, 503, 200]
    refused = send(room + 1)
    assert (refused.reached, refused.is_closed) == ([], True)
    monkeypatch.setattr(asgi, "ROOM_BYTES", 0)
    assert [send(size).status for size in (small, small + 1)] == [200, 503]


def test_the_supervisors_first_question_needs_no_thread() -> None:
    for method, body in (("GET", b"ok\n"), ("HEAD", b"ok\n")):
        caller = Caller()
        caller.asks(method=method, path="/healthz")
        assert (caller.reached, caller.status) == ([], 200)
        assert caller.answer[1]["body"] == body

    posted = Caller()
    posted.asks(path="/healthz")
    assert len(posted.reached) == 1


# --- the session ------------------------------------------------------------------------------


def test_a_visit_that_keeps_nothing_writes_no_session_and_sets_no_cookie(
    client: Client, firm: Firm
) -> None:
    before = len(rows_of(firm))

    answer = client.get("/f/alpha/read-only/")

    assert len(rows_of(firm)) == before
    assert "vestibule_alpha" not in answer.cookies


def test_the_cookie_belongs_to_one_firm_and_only_its_hash_is_stored(
    client: Client, firm: Firm
) -> None:
    cookie = client.get("/f/alpha/count/").cookies["vestibule_alpha"]

    assert cookie["path"] == "/f/alpha/"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    (row,) = rows_of(firm)
    assert row.session_key_hash == hash_of(cookie.value)
    assert client.get("/f/alpha/count/").content == b"2"


def test_a_cookie_of_one_firm_opens_nothing_at_another(
    client: Client, firm: Firm, other: Firm
) -> None:
    key = sign_in(client, firm, administrator_of(firm))
    client.cookies["vestibule_beta"] = key

    assert client.get("/f/beta/").json()["actor"] == "nobody"
    assert client.get("/f/alpha/").json()["actor"] == "user"


def test_an_unknown_cookie_is_taken_away(client: Client, firm: Firm) -> None:
    client.cookies["vestibule_alpha"] = "made-up-by-somebody"

    answer = client.get("/f/alpha/read-only/")

    assert answer.cookies["vestibule_alpha"]["max-age"] == 0


def test_a_session_ends_twelve_hours_after_its_last_use(
    client: Client, firm: Firm, freeze: Moment
) -> None:
    sign_in(client, firm, administrator_of(firm))

    freeze.forward(hours=11)
    assert client.get("/f/alpha/").json()["actor"] == "user"
    freeze.forward(hours=11)
    assert client.get("/f/alpha/").json()["actor"] == "user"
    freeze.forward(hours=12, seconds=1)
    assert client.get("/f/alpha/").json()["actor"] == "nobody"


def test_seeing_somebody_is_written_every_ten_minutes_at_most(
    client: Client, firm: Firm, freeze: Moment
) -> None:
    sign_in(client, firm, administrator_of(firm))
    (row,) = rows_of(firm)
    began = row.last_seen_at

    freeze.forward(minutes=9)
    client.get("/f/alpha/")
    assert rows_of(firm)[0].last_seen_at == began
    freeze.forward(minutes=1)
    client.get("/f/alpha/")
    assert rows_of(firm)[0].last_seen_at == began + timedelta(minutes=10)


def test_what_has_passed_its_end_is_cleared(firm: Firm, client: Client, freeze: Moment) -> None:
    client.get("/f/alpha/count/")
    freeze.forward(hours=13)

    with firm_scope(firm):
        SessionStore.clear_expired()

    assert rows_of(firm) == []


def test_a_new_key_keeps_the_content_and_the_old_one_opens_nothing(firm: Firm) -> None:
    session = SessionStore(firm=firm)
    session["count"] = 7
    session.save()
    old = session.session_key

    session.cycle_key()
    session.save()

    assert SessionStore(session.session_key, firm=firm)["count"] == 7
    assert SessionStore(old, firm=firm).load() == {}


# --- who --------------------------------------------------------------------------------------


def test_somebody_signed_in_is_known(client: Client, firm: Firm) -> None:
    sign_in(client, firm, administrator_of(firm))

    answer = client.get("/f/alpha/").json()

    assert (answer["actor"], answer["email"]) == ("user", "admin@alpha.example")


@pytest.mark.parametrize(
    "state", ["deactivated", "awaiting_validation", "ready", "invited", "refused"]
)
def test_whoever_is_no_longer_let_in_is_nobody_at_once_and_his_session_ends(
    client: Client, firm: Firm, state: str
) -> None:
    user = administrator_of(firm)
    sign_in(client, firm, user)
    with firm_scope(firm):
        User.objects.filter(firm_id=firm.pk, pk=user.pk).update(state=state)

    assert client.get("/f/alpha/").json()["actor"] == "nobody"
    assert rows_of(firm) == []


def test_a_changed_password_ends_the_other_sessions(client: Client, firm: Firm) -> None:
    user = administrator_of(firm)
    sign_in(client, firm, user)
    with firm_scope(firm):
        User.objects.filter(firm_id=firm.pk, pk=user.pk).update(password="argon2$other")

    assert client.get("/f/alpha/").json()["actor"] == "nobody"


# --- the language -----------------------------------------------------------------------------


def test_the_language_is_the_persons_then_the_cookies_then_the_browsers_then_the_firms(
    client: Client, firm: Firm
) -> None:
    def language(**headers: str) -> Any:
        return client.get("/f/alpha/", headers=headers).json()["language"]

    assert language() == "fr"
    assert language(accept_language="xx, de-CH;q=0.8, en;q=0.5") == "de"
    client.cookies["vestibule_language"] = "en"
    assert language(accept_language="de") == "en"
    client.cookies["vestibule_language"] = "nonsense"
    assert language(accept_language="de") == "de"
    sign_in(client, firm, administrator_of(firm))
    assert language(accept_language="de") == "en"


def test_a_language_chosen_on_a_page_is_kept(client: Client, firm: Firm) -> None:
    assert client.get("/f/alpha/?lang=de").json()["language"] == "de"
    assert client.get("/f/alpha/").json()["language"] == "de"
    assert client.get("/f/alpha/?lang=nonsense").json()["language"] == "de"
