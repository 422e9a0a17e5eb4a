"""Work that does not stand Playwright's loop and greenlets: done in a thread of its own.

After a browser test this thread has a running loop, and its stack is another's: `asyncio.run`
refuses, and CPython 3.11's `ast.parse` loses count of its recursion.
"""

import ast
import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")


def apart(work: Callable[..., T], *arguments: Any) -> T:
    """Return what `work` returns, done in a fresh thread with this one's context."""
    with ThreadPoolExecutor(max_workers=1) as threads:
        return threads.submit(copy_context().run, work, *arguments).result()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what the coroutine returns, run to its end in a fresh loop."""
    return apart(asyncio.run, coroutine)


def parse(source: str) -> ast.Module:
    """Return the syntax tree of a module."""
    return apart(ast.parse, source)
