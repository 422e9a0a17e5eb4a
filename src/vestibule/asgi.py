"""The server's one ASGI callable: Django (WSGI) in a pool of threads, behind a small dispatcher.

The dispatcher is where a path that does not need Django's stack would branch off. It also decides
what of a request is believed: the scheme is the base address's, the client is the last proxy of
ours that is trusted, and headers that could pass for others are dropped.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from a2wsgi import WSGIMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.settings")

from django.conf import settings
from django.urls import get_resolver

from vestibule.wsgi import application as django

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class ClientGone(OSError):
    """The client went away before it had sent the whole body; the rest must not be taken for all of it."""


class Dispatcher:
    """Hand each request to the part of the product that answers it."""

    def __init__(self, *, is_secure: bool, trusted_proxies: int, threads: int) -> None:
        self.scheme = "https" if is_secure else "http"
        self.trusted_proxies = trusted_proxies
        self.django = WSGIMiddleware(cast("Any", django), workers=threads)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self.django(self._believed(scope), _whole_body(receive), send)  # type: ignore[arg-type]
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        # All views are imported before the first request instead of during it.
        _ = get_resolver().url_patterns
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.django.executor.shutdown(wait=False, cancel_futures=True)
        await send({"type": "lifespan.shutdown.complete"})

    def _believed(self, scope: Message) -> Message:
        """Return the request with only what may be believed of it.

        WSGI turns hyphens into underscores, so that `X_Real` would pass for `X-Real`.
        """
        headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
        believed = {**scope, "scheme": self.scheme, "headers": headers}
        if self.trusted_proxies:
            forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for")
            hops = [hop.strip() for hop in forwarded.decode("latin-1").split(",") if hop.strip()]
            if len(hops) >= self.trusted_proxies:
                believed["client"] = (hops[-self.trusted_proxies], 0)
        return believed


def _whole_body(receive: Receive) -> Receive:
    async def receive_or_raise() -> Message:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        return message

    return receive_or_raise


application = Dispatcher(
    is_secure=settings.VESTIBULE.base.is_secure,
    trusted_proxies=settings.VESTIBULE.trusted_proxies,
    threads=settings.SERVER_THREADS,
)
