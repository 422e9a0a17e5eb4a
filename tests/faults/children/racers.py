"""One process that posts the same form many times at one moment, which it shares with its rivals."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.faults.children.visitor import Visitor


def run(
    *,
    port: int,
    path: str,
    posted: dict[str, str],
    cookies: dict[str, str],
    requests: int,
    starts_at: float,
) -> list[dict[str, Any]]:
    """Post `requests` times at the moment `starts_at` of the machine's monotonic clock."""
    known = Visitor(port, dict(cookies))
    if not any("csrf" in name for name in known.cookies):
        known.get(path)

    def post(_: int) -> dict[str, Any]:
        time.sleep(max(0.0, starts_at - time.monotonic()))
        answer = Visitor(port, dict(known.cookies)).post(path, posted)
        return {"status": answer.status, "location": answer.location, "text": answer.text}

    with ThreadPoolExecutor(requests) as pool:
        return list(pool.map(post, range(requests)))
