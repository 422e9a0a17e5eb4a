"""The parent process of `serve` and its children: they live together and stop together, within a second."""

import gc
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

GRACE_SECONDS = 0.8
REQUEST_GRACE_SECONDS = 0.5
_STOP = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_WATCHED = _STOP | {signal.SIGCHLD}


@dataclass(frozen=True)
class Member:
    """One child: what the parent calls it, and what it does until it is told to stop."""

    name: str
    life: Callable[[list[socket.socket]], None]


def listen(port: int, *, loopback_only: bool) -> list[socket.socket]:
    """Open the port before any child exists: all of them accept from the same sockets.

    A base address on loopback is listened for on loopback only. Raises `OSError` when the port is taken.
    """
    sockets = []
    for kind, host in (
        (socket.AF_INET, "127.0.0.1" if loopback_only else ""),
        (socket.AF_INET6, "::1" if loopback_only else "::"),
    ):
        try:
            opened = socket.socket(kind, socket.SOCK_STREAM)
        except OSError:
            continue  # this machine has no IPv6
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if kind == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            opened.bind((host, port))
            opened.listen(2048)
        except OSError:
            opened.close()
            if kind == socket.AF_INET:
                raise
            continue
        opened.set_inheritable(True)
        sockets.append(opened)
    return sockets


def serve(sockets: list[socket.socket]) -> None:
    """Answer requests on these sockets until told to stop."""
    import uvicorn

    _open_every_connection_early()

    from vestibule.asgi import application

    config = uvicorn.Config(
        application,
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=15,
    )
    config.timeout_graceful_shutdown = REQUEST_GRACE_SECONDS  # type: ignore[assignment]
    uvicorn.Server(config).run(sockets=sockets)


def _open_every_connection_early() -> None:
    """Let the pool open all its connections at the start, one for each thread of the server.

    A request waits at most 0.8 s for one; on a busy machine, opening it then could take longer,
    and a page would say that the database is away when it is not.
    """
    from django.db import DEFAULT_DB_ALIAS, connections

    pool = connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"].get("pool")
    if pool:
        pool["min_size"] = pool["max_size"]


def work(sockets: list[socket.socket]) -> None:
    """Do the worker's rounds until told to stop; the port is not its own."""
    from vestibule.work import worker

    for one in sockets:
        one.close()
    worker.run_until_told_to_stop()


def live(members: list[Member], sockets: list[socket.socket]) -> int:
    """Start every member, wait, stop all of them; return the exit code of `serve`.

    Told to stop, the parent passes it on and is gone within a second: whoever is not done after
    0.8 s is killed, which every act survives by design. A member that ends unasked takes all with it.
    """
    _import_what_all_share()
    _let_no_connection_cross_the_fork()
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    parent_lives_read, parent_lives_write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    children: dict[int, str] = {}
    for member in members:
        pid = os.fork()
        if pid == 0:
            os.close(parent_lives_write)
            _be(member, sockets, parent_lives_read)
        children[pid] = member.name
    os.close(parent_lives_read)

    fault = _wait_for_the_end(children)
    if fault:
        print(f"{fault} Everything stops.", file=sys.stderr, flush=True)
    _stop(children)
    return 1 if fault else 0


def _import_what_all_share() -> None:
    """Import once, before the children: they start at once and share the memory."""
    from django.urls import get_resolver

    import vestibule.asgi
    import vestibule.work.worker  # noqa: F401

    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()


def _let_no_connection_cross_the_fork() -> None:
    """Close what the parent may have opened: two processes must never speak on one line."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if getattr(connection, "pool", None):
            connection.close_pool()  # type: ignore[attr-defined]


def _be(member: Member, sockets: list[socket.socket], parent_lives: int) -> NoReturn:
    """Live as this member in the forked process; never return to the parent's code."""
    code = 1
    try:
        for number in _WATCHED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
        threading.Thread(target=_end_with_parent, args=(parent_lives,), daemon=True).start()
        member.life(sockets)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except KeyboardInterrupt:
        code = 0
    except BaseException:  # noqa: BLE001 — the rim of this process: the parent reads the code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_with_parent(parent_lives: int) -> None:
    """Wait until the parent's end of the pipe closes, however it died, and stop then."""
    os.read(parent_lives, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _wait_for_the_end(children: dict[int, str]) -> str:
    """Return when told to stop (""), or with a sentence about a child that ended by itself."""
    while True:
        if signal.sigwait(_WATCHED) in _STOP:
            return ""
        for pid, name, status in _reap(children):
            code = os.waitstatus_to_exitcode(status)
            how = (
                f"was ended by {signal.Signals(-code).name}"
                if code < 0
                else f"ended with code {code}"
            )
            return f"The {name} (process {pid}) {how}."


def _reap(children: dict[int, str]) -> list[tuple[int, str, int]]:
    ended = []
    for pid in list(children):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            ended.append((pid, children.pop(pid), status))
    return ended


def _stop(children: dict[int, str]) -> None:
    deadline = time.monotonic() + GRACE_SECONDS
    for pid in children:
        os.kill(pid, signal.SIGTERM)
    while children and (left := deadline - time.monotonic()) > 0:
        signal.sigtimedwait({signal.SIGCHLD}, min(left, 0.05))
        _reap(children)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
