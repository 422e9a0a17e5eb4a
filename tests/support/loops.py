"""Runs a coroutine in a thread of its own: after a browser test, this thread has Playwright's loop."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what the coroutine returns, run to its end in a fresh loop."""
    with ThreadPoolExecutor(max_workers=1) as threads:
        return threads.submit(copy_context().run, asyncio.run, coroutine).result()
