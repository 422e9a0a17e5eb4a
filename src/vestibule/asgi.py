"""The server's one ASGI callable: Django (WSGI) in a pool of threads, behind a small dispatcher.

The dispatcher answers what needs no thread and waits for what takes its time: a thread is given a
request only when nothing more of it must come. It also decides what of a request is believed: the
scheme is the base address's, the client is the last proxy of ours that is trusted, and headers that
could pass for others are dropped.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, cast

from a2wsgi import WSGIMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.settings")

from django.conf import settings
from django.urls import get_resolver

from vestibule.wsgi import application as django

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_SECONDS = 15
SLOWEST_BYTES_A_SECOND = 64 * 1024
"""A body has 15 s, and as much longer as what has come of it takes at this speed."""
DRAIN_SECONDS = 5
SMALL_BODY_BYTES = (
    64 * 1024
)  # uvicorn keeps as much for every connection, whether it is read or not
ROOM_BYTES = 64 * 1024 * 1024
"""What all bodies of this process may hold together, beyond the first 64 KB of each."""
_PIECE_BYTES = 64 * 1024
_CLOSE = (b"connection", b"close")

_TOO_SLOW = (
    "The request did not arrive in time. Nothing was changed. "
    "Please send it again, over a faster connection if you can."
)
_NO_ROOM = (
    "Too much is being sent to this server just now. Nothing was changed. "
    "Please send it again in a few seconds."
)
_STOPPING = (
    "This server is being stopped. Nothing was changed. Please send it again in a few seconds."
)


class ClientGone(OSError):
    """The client went away before it had sent the whole body; the rest must not be taken for all of it."""


class BodyNotKept(OSError):
    """Somebody reads a body that was too large to be kept; an empty one must not be taken for it."""


class NoRoom(Exception):
    """The bodies under way hold already what they may hold together."""


class Dispatcher:
    """Hand each request to the part of the product that answers it."""

    def __init__(self, *, is_secure: bool, trusted_proxies: int, threads: int) -> None:
        self.scheme = "https" if is_secure else "http"
        self.trusted_proxies = trusted_proxies
        self.django = WSGIMiddleware(cast("Any", django), workers=threads)
        self.held_bytes = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["path"] == "/healthz" and scope["method"] in ("GET", "HEAD"):
            await _say(send, HTTPStatus.OK, "ok")
        else:
            await self._to_django(self._believed(scope), receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        # All views are imported before the first request instead of during it.
        _ = get_resolver().url_patterns
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.django.executor.shutdown(wait=False, cancel_futures=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _to_django(self, scope: Message, receive: Receive, send: Send) -> None:
        """Read the body, however slowly it comes, and only then take one of the threads."""
        body = Body(_announced_bytes(scope), self)
        try:
            if await _read(body, receive, send):
                answer = send if body.has_ended else _and_close(send)
                await self.django(scope, body.replay, answer)  # type: ignore[arg-type]
        finally:
            body.forget()

    def _believed(self, scope: Message) -> Message:
        """Return the request with only what may be believed of it.

        WSGI turns hyphens into underscores, so that `X_Real` would pass for `X-Real`. A length
        beside chunks says nothing about the body (RFC 9112 §6.3).
        """
        headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
        if any(name == b"transfer-encoding" for name, _ in headers):
            headers = [(name, value) for name, value in headers if name != b"content-length"]
        believed = {**scope, "scheme": self.scheme, "headers": headers}
        if self.trusted_proxies:
            forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for")
            hops = [hop.strip() for hop in forwarded.decode("latin-1").split(",") if hop.strip()]
            if len(hops) >= self.trusted_proxies:
                believed["client"] = (hops[-self.trusted_proxies], 0)
        return believed


class Body:
    """What has come of one request's body.

    It is kept up to the length it announces, if any page may take one as large; otherwise it is
    read away for a short time, because a browser that is still sending would not see the answer.
    Which page takes less, and what is said to the sender, is BodyLimitMiddleware's to decide.
    """

    def __init__(self, announced_bytes: int, dispatcher: Dispatcher) -> None:
        self.announced_bytes = announced_bytes
        self.dispatcher = dispatcher
        self.is_kept = announced_bytes <= settings.IMPORT_BODY_LIMIT_BYTES
        self.has_ended = False
        self._content = bytearray()
        self._held_bytes = 0
        self._replayed_bytes = 0

    async def read(self, receive: Receive) -> None:
        """Read to the end, or for as long as this body is given.

        Raises:
            TimeoutError: a body that would be kept did not come in time.
            ClientGone: it will never come.
            NoRoom: it is not small, and the others hold too much.
        """
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(None) as limit:
                while not self.has_ended:
                    limit.reschedule(began + self._seconds)
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGone
                    self._take(message.get("body", b""))
                    self.has_ended = not message.get("more_body", False)
        except TimeoutError:
            if self.is_kept:
                raise

    async def replay(self) -> Message:
        """Give WSGI the next piece, as `receive` would, without ever waiting for anybody."""
        if not self.is_kept:
            raise BodyNotKept
        begin = self._replayed_bytes
        self._replayed_bytes = end = min(begin + _PIECE_BYTES, len(self._content))
        return {
            "type": "http.request",
            "body": bytes(self._content[begin:end]),
            "more_body": end < len(self._content),
        }

    def forget(self) -> None:
        """Give back the room that it takes."""
        self.dispatcher.held_bytes -= self._held_bytes
        self._held_bytes = 0
        self._content.clear()

    @property
    def _seconds(self) -> float:
        if not self.is_kept:
            return DRAIN_SECONDS
        return BODY_SECONDS + len(self._content) / SLOWEST_BYTES_A_SECOND

    def _take(self, piece: bytes) -> None:
        if not self.is_kept:
            return
        whole_bytes = len(self._content) + len(piece)
        if whole_bytes > self.announced_bytes:
            self.is_kept = False
            self.forget()
            return
        more_bytes = max(0, whole_bytes - SMALL_BODY_BYTES) - self._held_bytes
        if more_bytes and self.dispatcher.held_bytes + more_bytes > ROOM_BYTES:
            raise NoRoom
        self.dispatcher.held_bytes += more_bytes
        self._held_bytes += more_bytes
        self._content += piece


def _announced_bytes(scope: Message) -> int:
    """Return the length that the request says; none, or none that is a number, is no body at all."""
    said = b"".join(value for name, value in scope["headers"] if name == b"content-length")
    return int(said) if said.isdigit() else 0


async def _read(body: Body, receive: Receive, send: Send) -> bool:
    """Return whether the body may go on to Django; otherwise its sender has been told why not."""
    try:
        await body.read(receive)
    except ClientGone:
        return False
    except TimeoutError:
        await _say(send, HTTPStatus.REQUEST_TIMEOUT, _TOO_SLOW, _CLOSE)
    except NoRoom:
        retry = (b"retry-after", b"5")
        await _say(send, HTTPStatus.SERVICE_UNAVAILABLE, _NO_ROOM, _CLOSE, retry)
    except asyncio.CancelledError:  # uvicorn is stopping, and cancels only what it waited for
        await _say(send, HTTPStatus.SERVICE_UNAVAILABLE, _STOPPING, _CLOSE)
    else:
        return True
    return False


async def _say(
    send: Send, status: HTTPStatus, sentence: str, *headers: tuple[bytes, bytes]
) -> None:
    """Answer with one plain sentence: no page, no thread, no database."""
    content = f"{sentence}\n".encode()
    usual = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send(
        {"type": "http.response.start", "status": int(status), "headers": [*usual, *headers]}
    )
    await send({"type": "http.response.body", "body": content})


def _and_close(send: Send) -> Send:
    """Let the line be closed after the answer: whatever still comes on it belongs to a refused body."""

    async def send_and_close(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], _CLOSE]}
        await send(message)

    return send_and_close


application = Dispatcher(
    is_secure=settings.VESTIBULE.base.is_secure,
    trusted_proxies=settings.VESTIBULE.trusted_proxies,
    threads=settings.SERVER_THREADS,
)
